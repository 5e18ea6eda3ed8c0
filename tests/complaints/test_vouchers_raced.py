"""Vouchers under real threads, real commits and a real kill -9."""

import os
import signal
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection

from complaints.actions import redemption
from complaints.actions import vouchers as actions
from complaints.models import Voucher
from staff.errors import DomainError
from staff.models import User
from tests.complaints.vouchers import a_voucher, ledger, teller
from tests.conftest import NOON
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def race(count: int, act: Callable[[int], object]) -> list[object]:
    """`act(n)` in `count` threads; the result or the refusal's code of each."""
    answers = at_once(*(partial(act, number) for number in range(count)))
    return [answer.code if isinstance(answer, DomainError) else answer for answer in answers]


def test_fifty_threads_redeeming_one_voucher_spend_it_once():
    voucher, by = a_voucher("50.00"), teller()
    results = race(50, lambda n: redemption.redeem(voucher.pk, amount=D(50), by=by, now=NOON) and "spent")
    assert sorted(results) == ["spent"] + ["voucher_not_redeemable"] * 49
    assert ledger(voucher) == [("issue", D(50)), ("redeem", D(-50))]


def test_forty_debits_of_one_of_a_voucher_worth_twenty_succeed_twenty_times():
    voucher, by = a_voucher("20.00"), teller()
    results = race(40, lambda n: redemption.redeem(voucher.pk, amount=D(1), by=by, now=NOON) and "spent")
    assert results.count("spent") == 20
    assert Voucher.objects.values_list("state", "balance").get(pk=voucher.pk) == ("spent", D(0))


def test_one_key_pressed_by_eight_threads_has_one_effect():
    voucher, by = a_voucher("20.00"), teller()
    entries = race(8, lambda n: redemption.redeem(voucher.pk, amount=D(5), by=by, now=NOON, key="one").pk)
    assert len(set(entries)) == 1
    assert ledger(voucher) == [("issue", D(20)), ("redeem", D(-5))]


def test_baskets_in_opposite_order_do_not_wait_in_a_circle():
    one, two, by = a_voucher("40.00"), a_voucher("40.00"), teller()

    def pay(number: int):
        order = (one.pk, two.pk) if number % 2 else (two.pk, one.pk)
        return len(redemption.redeem_several(dict.fromkeys(order, D(2)), by=by, now=NOON))

    assert race(20, pay) == [2] * 20
    assert set(Voucher.objects.values_list("balance", flat=True)) == {D(0)}


def test_captures_releases_and_redemptions_at_once_leave_a_sound_ledger():
    voucher, by = a_voucher("30.00"), teller()
    holds = [redemption.reserve(voucher.pk, amount=D(5), by=by, now=NOON) for _ in range(6)]

    def act(number: int):
        hold = holds[number % 6]
        if number % 3 == 0:
            return redemption.capture(hold.pk, by=by, now=NOON) and "captured"
        if number % 3 == 1:
            return redemption.release(hold.pk, by=by, now=NOON) and "released"
        return redemption.redeem(voucher.pk, amount=D(5), by=by, now=NOON) and "redeemed"

    results = race(18, act)
    spent = -sum(amount for kind, amount in ledger(voucher) if kind == "redeem")
    assert spent == 5 * (results.count("captured") + results.count("redeemed"))
    assert actions.self_check() == []


def pay_without_pause(one: Voucher, two: Voucher, by: User, ready: int) -> None:
    """The life of the child: pay with both vouchers again and again, until killed."""
    try:
        while True:
            redemption.redeem_several({one.pk: D("0.01"), two.pk: D("0.01")}, by=by, now=NOON)
            os.write(ready, b".")
    finally:
        os._exit(1)


def test_killed_in_the_middle_leaves_nothing_or_all():
    """A child process pays with two vouchers at a time, without pause, and is killed at twelve different moments."""
    one, two, by = a_voucher("90000.00"), a_voucher("90000.00"), teller()
    before = one.balance
    for moment in range(12):
        ready, told = os.pipe()
        connection.close()  # parent and child each open their own
        if (child := os.fork()) == 0:
            pay_without_pause(one, two, by, told)
        assert os.read(ready, 1) == b"."
        time.sleep(moment * 0.0007)
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        os.close(ready)
        os.close(told)
        redemption.redeem_several({one.pk: D(1), two.pk: D(1)}, by=by, now=NOON)  # no lock was left behind
        one.refresh_from_db()
        two.refresh_from_db()
        assert one.balance == two.balance < before - 1
        assert actions.self_check() == []
        before = one.balance
