"""What the worker does for loyalty at night, and now and then."""

import logging

from django.utils import timezone
from procrastinate.contrib.django import app

from loyalty import actions
from loyalty.queries.ledger import faults

logger = logging.getLogger(__name__)


@app.periodic(cron="*/10 * * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-parked")
def match_parked(timestamp: int) -> None:
    """Returns whose sale has come meanwhile are counted."""
    actions.match_parked_returns(now=timezone.now())


@app.periodic(cron="15 2 * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-expire")
def expire(timestamp: int) -> None:
    """Stamps and rewards past their life. Run again it does nothing."""
    done = actions.expire_all(now=timezone.now())
    logger.info("loyalty expired %(stamps)s stamps, %(rewards)s rewards", done)


@app.periodic(cron="45 2 * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-check")
def check_ledger(timestamp: int) -> None:
    """Compare every cached balance with its ledger. A fault fails the job, loudly, and names the memberships."""
    if found := faults():
        numbers = [row["membership"] for row in found]
        logger.error("loyalty ledger and cached balances differ: memberships %s", numbers)
        raise RuntimeError(f"The ledger and the cached balances differ for memberships {numbers}")
