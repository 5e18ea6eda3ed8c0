"""When a subscription ends, and what may be offered."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cancellations import rules
from cancellations.models import OPEN_STATES, CancellationCase, Reason
from customers.models import Customer, Subscription
from staff.errors import DomainError, WrongState

DAYS = st.dates(date(1999, 1, 1), date(2060, 12, 31))
NOTICE = st.integers(0, 24)


@pytest.mark.parametrize(
    ("received", "contract_end", "notice", "ends"),
    [
        (date(2026, 11, 18), date(2027, 1, 31), 1, date(2027, 1, 31)),  # in time for the contract's end
        (date(2026, 12, 31), date(2027, 1, 31), 1, date(2027, 1, 31)),  # on the last day for it
        (date(2027, 1, 1), date(2027, 1, 31), 1, date(2027, 2, 1)),  # a day late: by the month
        (date(2026, 11, 18), date(2026, 6, 30), 1, date(2026, 12, 18)),  # the contract ran out before
        (date(2026, 11, 18), None, 1, date(2026, 12, 18)),  # month by month
        (date(2027, 1, 31), None, 1, date(2027, 2, 28)),  # month's end
        (date(2028, 1, 31), None, 1, date(2028, 2, 29)),  # leap year
        (date(2027, 12, 31), None, 2, date(2028, 2, 29)),  # over New Year
        (date(2026, 11, 18), None, 0, date(2026, 11, 18)),  # no notice period
    ],
)
def test_end_of_term(received, contract_end, notice, ends):
    assert rules.end_of_term(received, contract_end, notice) == ends


@given(DAYS, st.none() | DAYS, NOTICE)
def test_end_of_term_keeps_contract_and_notice(received, contract_end, notice):
    ends = rules.end_of_term(received, contract_end, notice)
    assert ends >= rules.add_months(received, notice) >= received
    assert ends == contract_end or ends == rules.add_months(received, notice)
    if contract_end and contract_end >= rules.add_months(received, notice):
        assert ends == contract_end


@given(DAYS, st.integers(0, 60), st.none() | DAYS, NOTICE)
def test_a_later_notice_never_ends_earlier_than_the_contract_allows(received, days, contract_end, notice):
    later = received + timedelta(days=days)
    if contract_end is None:
        assert rules.end_of_term(later, None, notice) >= rules.end_of_term(received, None, notice)
    assert rules.end_of_term(later, contract_end, notice) >= rules.add_months(later, notice)


@given(DAYS, NOTICE)
def test_months_are_added_on_the_same_day_or_the_months_last(day, months):
    later = rules.add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == min(day.day, monthrange(later.year, later.month)[1])


TODAY = date(2026, 11, 18)


def test_modes_of_ending():
    subscription = Subscription(contract_end=date(2027, 1, 31), notice_months=1)
    modes = CancellationCase.EndMode

    def ends(mode, chosen=None, received=TODAY):
        return rules.end_date(mode, subscription, received=received, today=TODAY, chosen=chosen)

    assert ends(modes.END_OF_TERM) == date(2027, 1, 31)
    assert ends(modes.IMMEDIATE) == TODAY
    assert ends(modes.DATE, date(2026, 12, 24)) == date(2026, 12, 24)
    # a letter found late: the end lies never in the past
    subscription.contract_end = None
    assert ends(modes.END_OF_TERM, received=date(2026, 1, 1)) == TODAY
    for wrong in (None, date(2026, 11, 17), date(2031, 1, 1)):
        with pytest.raises(DomainError) as refusal:
            ends(modes.DATE, wrong)
        assert refusal.value.field == "ends_on"


def _can_offer(customer=None, reason=None, presented=0, **case):
    case = CancellationCase(**{"state": "offering", "permission": "granted"} | case)
    customer = customer or Customer(country="SE")
    rules.check_can_offer(case, customer, [reason] if reason else [], presented=presented)


def test_what_may_be_offered(settings):
    settings.KVAR_OFFERS_BY_COUNTRY = {"FR": "0", "DE": "1"}
    _can_offer()
    _can_offer(presented=1)
    for code, arguments in {
        "offers_used_up": {"presented": 2},
        "permission_first": {"permission": "unasked"},
        "no_offers": {"permission": "refused"},
    }.items():
        with pytest.raises(rules.NoOffers) as refusal:
            _can_offer(**arguments)
        assert refusal.value.code == code
    for arguments in (
        {"customer": Customer(country="SE", is_bereaved=True)},
        {"customer": Customer(country="FR")},
        {"customer": Customer(country="DE"), "presented": 1},
        {"reason": Reason(never_offer=True)},
    ):
        with pytest.raises(rules.NoOffers):
            _can_offer(**arguments)
    for state in set(CancellationCase.State.values) - set(OPEN_STATES):
        with pytest.raises(WrongState):
            _can_offer(state=state)


def test_a_longer_contract_needs_consent_and_nobody_vulnerable():
    rules.check_may_extend("percent_off", Customer(is_vulnerable=True), consent=False)
    rules.check_may_extend("price_lock", Customer(), consent=True)
    with pytest.raises(rules.NoOffers) as refusal:
        rules.check_may_extend("price_lock", Customer(), consent=False)
    assert refusal.value.code == "consent_first"
    with pytest.raises(rules.NoOffers) as refusal:
        rules.check_may_extend("price_lock", Customer(is_vulnerable=True), consent=True)
    assert refusal.value.code == "vulnerable"
