"""What the worker does for loyalty at night, and now and then."""

import logging
from contextlib import suppress

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from loyalty.actions import outreach
from loyalty.actions.campaigns import end_due, end_spent
from loyalty.actions.duplicates import notice_duplicates
from loyalty.actions.expiry import expire_all
from loyalty.actions.retention import notice
from loyalty.actions.returns import match_parked_returns
from loyalty.actions.tiers import settle_all_tiers
from loyalty.models import Forecast, Receipt
from loyalty.queries.ledger import faults
from loyalty.queries.programmes import redemption, sales_lines
from loyalty.rules.forecast import Replay, read

logger = logging.getLogger(__name__)
AWAKE = range(8, 20)  # local hours in which campaigns write to people


@app.periodic(cron="*/10 * * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-parked")
def match_parked(timestamp: int) -> None:
    """Returns whose sale has come meanwhile are counted."""
    match_parked_returns(now=timezone.now())


@app.periodic(cron="15 2 * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-expire")
def expire(timestamp: int) -> None:
    """Stamps and rewards past their life. Run again it does nothing."""
    done = expire_all(now=timezone.now())
    logger.info("loyalty expired %(stamps)s stamps, %(rewards)s rewards", done)


@app.periodic(cron="30 2 * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-tiers")
def settle_tiers(timestamp: int) -> None:
    """Tiers as the trailing days have it this morning. Run again it does nothing."""
    logger.info("loyalty tiers changed for %s members", settle_all_tiers(now=timezone.now()))


@app.periodic(cron="45 2 * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-check")
def check_ledger(timestamp: int) -> None:
    """Compare every cached balance with its ledger. A fault fails the job, loudly, and names the memberships."""
    if found := faults():
        numbers = [row["membership"] for row in found]
        logger.error("loyalty ledger and cached balances differ: memberships %s", numbers)
        raise RuntimeError(f"The ledger and the cached balances differ for memberships {numbers}")


@app.periodic(cron="15 4 * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-lapsing")
def notice_lapsing(timestamp: int) -> None:
    """Who stays away, who came back. Run again it does nothing."""
    logger.info("loyalty noticed %s members about to lapse", notice(now=timezone.now()))


@app.periodic(cron="45 4 * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-duplicates")
def notice_twice(timestamp: int) -> None:
    """Members who may be one. Run again it does nothing."""
    logger.info("loyalty noticed %s pairs that may be one person", notice_duplicates(now=timezone.now()))


@app.periodic(cron="7 * * * *")
@app.task(queue="loyalty", queueing_lock="loyalty-campaigns")
def tick_campaigns(timestamp: int) -> None:
    """End what ran out of days or money, and go on with what runs. Run again it does nothing twice."""
    now = timezone.now()
    end_due(now=now)
    end_spent(now=now)
    for pk in outreach.live(now):
        with suppress(AlreadyEnqueued):  # the last hour's is still to come
            reach_out.configure(lock=f"campaign-{pk}", queueing_lock=f"campaign-{pk}").defer(campaign_id=pk)


@app.task(queue="loyalty")
def reach_out(*, campaign_id: int) -> None:
    """Draw who is reached and bring them what is theirs: by day only, nobody wants a mail at four in the morning."""
    now = timezone.now()
    outreach.draw(campaign_id, now=now)
    if timezone.localtime(now).hour not in AWAKE:
        return
    while outreach.handle(campaign_id, now=timezone.now()):
        pass  # the next batch


@app.task(queue="loyalty")
def forecast(*, forecast_id: int) -> None:
    """Replay a year's receipts through a draft, telling how far it is. Run again it starts over."""
    row = Forecast.objects.select_related("version").get(pk=forecast_id)
    if row.state == Forecast.State.DONE:
        return
    version = row.version
    row.total = Receipt.objects.filter(kind="sale", business_date__range=(row.since, row.until)).count()
    row.state, row.done = Forecast.State.RUNNING, 0
    row.save(update_fields=["state", "total", "done"])
    try:
        replay = Replay(version.terms)
        for sale in read(sales_lines(row.since, row.until)):
            replay.add(sale)
            if replay.sales % 1000 == 0:
                Forecast.objects.filter(pk=row.pk).update(done=replay.sales)
        row.result = replay.result(version.reward_cost, version.margin, redemption(version.programme_id))
        row.state = Forecast.State.DONE
    except Exception:  # the job fails with it
        row.state = Forecast.State.FAILED
        raise
    finally:
        row.done, row.finished_at = row.total if row.state == Forecast.State.DONE else row.done, timezone.now()
        row.save(update_fields=["state", "done", "result", "finished_at"])
