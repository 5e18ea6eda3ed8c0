"""Learning from 1,000,000 decided cases: nine tenths with an offer, one tenth held out, over three years.

Everything is written in one transaction, without triggers, and rolled back.
"""

from datetime import date, timedelta
from time import perf_counter

from django.db import connection, transaction
from django.utils import timezone

from bench.suggestion import publish
from cancellations import learning
from cancellations.models import IncentiveVersion, Reason
from customers.models import Customer, Plan, Subscription

CASES = 1_000_000
CUSTOMERS = 30_000

FILL_CASES = """
insert into cancellations_cancellationcase (id, number, subscription_id, customer_id, state, version, reason_id,
    reason_note, competitor, permission, end_mode, price_before, opened_at, noticed_at, touched_at, closed_at,
    window_until, paying_on_day_90, referred_to)
select -n, 'L-' || n, %(subscription)s, (%(customers)s::bigint[])[1 + n %% cardinality(%(customers)s::bigint[])],
       'notice_withdrawn', 1, (%(reasons)s::bigint[])[1 + (n * 7) %% cardinality(%(reasons)s::bigint[])], '', '',
       'granted', 'end_of_term', 50, at, at, at, at, (at + interval '90 days')::date,
       case when at < %(now)s - interval '91 days' then n %% 5 < 2 end, ''
from (select n, %(now)s - interval '1 second' * (n * 94) as at from generate_series(1, %(cases)s) n) one
"""
FILL_SUGGESTIONS = """
insert into cancellations_suggestion (id, case_id, at, reason_id, features, candidates, parameters, vector, chosen_id,
    propensity, seed, model_version, hold_out, overridden, epsilon)
select id, id, opened_at, reason_id, '{}', '[]', '{}', '{}', case when id %% 10 <> 0 then %(version)s end, 1, 0, '',
       id %% 10 = 0, false, 0
from cancellations_cancellationcase where id < 0
"""
FILL_OFFERS = """
insert into cancellations_offer (id, case_id, incentive_version_id, suggestion_id, was_lead, state, version, terms,
    cost, gain, customer_value, explanation, created_at, presented_at, answered_at)
select id, id, (%(versions)s::bigint[])[1 + (-id * 13) %% cardinality(%(versions)s::bigint[])], id, true,
       case when id %% 3 = 0 then 'completed' else 'refused' end, 1, '{}', 10, 10, 100, '{}', opened_at, opened_at,
       opened_at
from cancellations_cancellationcase where id < 0 and id %% 10 <> 0
"""


def main() -> None:
    publish()
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")  # no triggers, no checks of foreign keys
        started = perf_counter()
        values = _people() | {
            "now": now,
            "cases": CASES,
            "reasons": list(Reason.objects.order_by("pk").values_list("pk", flat=True)),
            "versions": list(IncentiveVersion.objects.filter(state="published").values_list("pk", flat=True)),
        }
        values["version"] = values["versions"][0]
        for fill in (FILL_CASES, FILL_SUGGESTIONS, FILL_OFFERS):
            cursor.execute(fill, values)
        cursor.execute("analyze cancellations_cancellationcase, cancellations_suggestion, cancellations_offer")
        filled = perf_counter()
        model = learning.learn(as_of=now + timedelta(seconds=1))
        learned = perf_counter()
        print(f"{CASES:,} decided cases ({model.facts:,} facts) in {filled - started:.0f} s")
        incentives, reasons = len(learning.catalogue(timezone.now()).incentives), len(values["reasons"])
        print(f"learned in {learned - filled:.1f} s: {incentives} incentives, {reasons} reasons")
        transaction.set_rollback(True)
    learning.believed.cache_clear()


def _people() -> dict[str, object]:
    segments = [value for value, _label in Customer.Segment.choices]
    people = Customer.objects.bulk_create(
        (
            Customer(
                number=f"L-{n}",
                family_name="Bench",
                customer_since=date(2020, 1, 1),
                segment=segments[n % len(segments)],
            )
            for n in range(CUSTOMERS)
        ),
        batch_size=5_000,
    )
    plan = Plan.objects.get_or_create(
        code="bench-offers", defaults={"name": "Plan", "monthly_price": 50, "monthly_margin": 20}
    )[0]
    subscription = Subscription.objects.create(
        customer=people[0], plan=plan, monthly_price=50, monthly_margin=20, started_on=date(2020, 1, 1)
    )
    return {"customers": [one.pk for one in people], "subscription": subscription.pk}
