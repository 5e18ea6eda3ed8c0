"""What the worker does for vouchers. Cron is in UTC, the last day of a voucher local: so it looks every hour."""

from django.utils import timezone
from procrastinate.contrib.django import app

from complaints.actions import vouchers as actions


@app.periodic(cron="5 * * * *")
@app.task(queueing_lock="voucher_expiry", pass_context=False)
def expire_vouchers(timestamp: int) -> int:
    """Entries for what expired at the last local midnight; reservations whose time is over; old guesses."""
    now = timezone.now()
    actions.lapse_holds(now=now)
    actions.forget_guesses(now=now)
    return actions.expire_due(now=now)


@app.periodic(cron="30 2 * * *")
@app.task(queueing_lock="voucher_self_check", pass_context=False)
def check_vouchers(timestamp: int) -> int:
    """How many vouchers are out of balance with their ledger; more than none fails the job, so that people look."""
    if wrong := actions.self_check():
        raise RuntimeError(f"{len(wrong)} vouchers are out of balance with their ledger: {wrong[:20]}")
    return 0
