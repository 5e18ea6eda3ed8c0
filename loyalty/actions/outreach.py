"""What a running campaign brings to its customers: drawn once, handled one by one, each at most once."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from customers import letters
from customers.actions import unsubscribe
from customers.models import Customer, Delivery
from loyalty.actions.gifts import bonus
from loyalty.cards import goal_of
from loyalty.contracts import Gave, givers
from loyalty.errors import NotAMember
from loyalty.models import Campaign, Gift, Given, Mailing, Membership, Message, Occasion, Programme, Reach, Why
from loyalty.queries import audience
from loyalty.queries.spending import totals
from loyalty.queries.terms import version_at
from loyalty.rules.mailings import fill, uses
from loyalty.words import amount_of
from staff.errors import DomainError

logger = logging.getLogger(__name__)
SALT = "loyalty.unsubscribe"
PATIENCE = 20  # mails not taken one after the other: the server is down, not the address wrong
CATCH_UP = 3  # days of birthdays that a worker come back from a fault still brings
NOTHING = Decimal(0)
HAND = 0x6B766172  # names our locks among all that this database may hold

DRAW = """
INSERT INTO loyalty_reach (campaign_id, customer_id, year, arm, at)
SELECT %s, w.id, %s,
       CASE WHEN ('x' || substr(md5(%s || ':' || w.id), 1, 8))::bit(32)::bigint %% 100 < %s
            THEN 'held' ELSE 'treated' END, %s
FROM ({rows}) w(id) ON CONFLICT DO NOTHING
"""


def draw(campaign_id: int, *, now: datetime) -> int:
    """Who is reached today: the whole audience on the first day, and who has a birthday (today, or in the last days
    that no worker saw). Who is held out is drawn by a hash of campaign and customer, so that a person is on the same
    side each year. Run again it draws nobody twice. One statement an occasion; returns how many were drawn."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign_id)
        today = timezone.localdate(now)
        if not campaign.is_live(today):
            return 0
        drawn, occasions = 0, audience.occasions(campaign)
        if campaign.reached_at is None:
            if Occasion.START in occasions:
                drawn += _draw(campaign, 0, None, now)
            campaign.reached_at = now
            campaign.save(update_fields=["reached_at"])
        if Occasion.BIRTHDAY in occasions:
            days = [today - timedelta(days=back) for back in range(CATCH_UP)]
            for year in sorted({day.year for day in days}):
                own = [day for day in days if day.year == year and day >= campaign.starts_on]
                drawn += _draw(campaign, year, own, now) if own else 0
        return drawn


def _draw(campaign: Campaign, year: int, days: list[date] | None, now: datetime) -> int:
    rows = audience.audience(campaign, now, days=days).order_by().values_list("pk", flat=True)
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            DRAW.format(rows=sql),
            [campaign.pk, year, f"campaign-{campaign.pk}", campaign.hold_out, now, *params],
        )
        return int(cursor.rowcount)


def handle(campaign_id: int, *, now: datetime, limit: int = 200) -> int:
    """Bring the next customers what is theirs, each in a transaction of his or her own; how many were handled.

    One hand at a time, by a lock in the database: what is left of the budget is read once and reckoned on, so that no
    gift or mail exceeds it. Whose mail must go out with the gift and is not taken keeps his or her turn for later.
    """
    campaign = Campaign.objects.select_related("programme").get(pk=campaign_id)
    if not campaign.is_live(timezone.localdate(now)):
        return 0
    todo = Reach.objects.filter(campaign=campaign, handled_at=None).order_by("pk").values_list("pk", flat=True)
    handled = refused = 0
    with _alone(campaign.pk) as is_alone:
        if not is_alone:
            return 0
        parts = Parts(campaign)
        left = campaign.budget - totals([campaign.pk])[campaign.pk]
        for pk in list(todo[:limit]):
            try:
                with transaction.atomic():
                    reach = _turn(pk)
                    if reach is None:
                        continue
                    cost = _bring(parts, reach, left, now) if reach.arm == Reach.Arm.TREATED else NOTHING
                    _handled(reach, now)
            except letters.NotSent:
                logger.warning("campaign mail not taken: campaign %s, reach %s", campaign_id, pk)
                refused += 1
                if refused == PATIENCE:
                    break
            except Exception:  # one person's fault must not stop everybody else's turn; it is told and counted
                logger.exception("campaign turn failed: campaign %s, reach %s", campaign_id, pk)
                with transaction.atomic():
                    if (reach := _turn(pk)) is None:
                        continue
                    _failed(parts, reach, now)
                    _handled(reach, now)
                handled += 1
            else:
                left -= cost
                handled, refused = handled + 1, 0
    return handled


@contextmanager
def _alone(campaign_id: int) -> Iterator[bool]:
    """Whether nobody else works on this campaign; a lock of the session, which a dead worker loses."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [HAND, campaign_id])
        (is_mine,) = cursor.fetchone()
        try:
            yield is_mine
        finally:
            if is_mine:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [HAND, campaign_id])


def _turn(pk: int) -> Reach | None:
    """Whose turn it is, locked; None when somebody else has it or it is over."""
    rows = Reach.objects.select_for_update(of=("self",), skip_locked=True).select_related("customer")
    return rows.filter(pk=pk, handled_at=None).first()


def _handled(reach: Reach, now: datetime) -> None:
    reach.handled_at = now
    reach.save(update_fields=["handled_at"])


class Parts:
    """A campaign with its mailings and gifts by occasion; two queries."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.mailings = {mailing.occasion: mailing for mailing in campaign.mailings.all()}
        self.gifts: dict[str, list[Gift]] = {}
        for gift in campaign.gifts.order_by("pk"):
            self.gifts.setdefault(gift.occasion, []).append(gift)

    def of(self, reach: Reach) -> tuple[Mailing | None, list[Gift]]:
        occasion = Occasion.BIRTHDAY if reach.year else Occasion.START
        return self.mailings.get(occasion), self.gifts.get(occasion, [])


def _bring(parts: Parts, reach: Reach, left: Decimal, now: datetime) -> Decimal:
    """Gifts first, then the mail that tells of them; what both cost."""
    customer = reach.customer
    mailing, gifts = parts.of(reach)
    why_no_mail = _why_no_mail(customer, mailing, left)
    is_told = mailing is not None and not why_no_mail
    if mailing and is_told:
        left -= mailing.unit_cost  # the mail that tells of gifts is paid before them
    cost, why = NOTHING, ""
    given: list[Gave] = []
    with translation.override(customer.language):
        for gift in gifts:
            gave, why = _give(gift, reach, parts.campaign, left - cost, is_told, now)
            Given.objects.create(gift=gift, reach=reach, why=why, cost=gave.cost if gave else NOTHING, at=now)
            if gave:
                cost += gave.cost
                given.append(gave)
        if mailing is None:
            return cost
        if not why_no_mail and gifts and not given and uses(_own(mailing, customer.language)[1], "gift"):
            why_no_mail = why  # a mail that tells of a gift that was not given
        if why_no_mail:
            Message.objects.create(mailing=mailing, reach=reach, why=why_no_mail, at=now)
            return cost
        delivery = _send(mailing, customer, parts.campaign, given, now)
    Message.objects.create(mailing=mailing, reach=reach, delivery=delivery, cost=mailing.unit_cost, at=now)
    return cost + mailing.unit_cost


def _send(mailing: Mailing, customer: Customer, campaign: Campaign, given: Sequence[Gave], now: datetime) -> Delivery:
    """Queue the mail; one that holds what nobody else may read goes out here and now, and is kept without it. Raises
    NotSent."""
    link = unsubscribe_link(customer.pk)
    headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    said = ", ".join(gave.said for gave in given)
    kept = ", ".join(gave.said if gave.kept is None else gave.kept for gave in given)
    subject, body = written(mailing, customer, campaign, gift=kept, now=now)
    if kept == said:
        return letters.send(customer, subject=subject, body=body, headers=headers, now=now)
    whole = written(mailing, customer, campaign, gift=said, now=now)
    letters.hand_over(EmailMessage(*whole, to=[customer.email], headers=headers))
    return Delivery.objects.create(
        customer=customer,
        to=customer.email,
        subject=subject,
        body=body,
        headers=headers,
        state=Delivery.State.SENT,
        attempts=1,
        created_at=now,
        sent_at=now,
    )


def _failed(parts: Parts, reach: Reach, now: datetime) -> None:
    """Nothing was brought; what was meant says so."""
    mailing, gifts = parts.of(reach)
    Given.objects.bulk_create(Given(gift=gift, reach=reach, why=Why.FAILED, at=now) for gift in gifts)
    if mailing:
        Message.objects.create(mailing=mailing, reach=reach, why=Why.FAILED, at=now)


def _why_no_mail(customer: Customer, mailing: Mailing | None, left: Decimal) -> str:
    if mailing is None:
        return ""
    if not customer.takes_marketing:
        return Why.NO_CONSENT
    if not customer.email:
        return Why.NO_ADDRESS
    return Why.BUDGET if left < mailing.unit_cost else ""


def _give(
    gift: Gift, reach: Reach, campaign: Campaign, left: Decimal, is_told: bool, now: datetime
) -> tuple[Gave | None, str]:
    giver = givers.get(gift.kind)
    if giver is None:
        return None, Why.REFUSED
    if giver.must_tell and not is_told:
        return None, Why.UNTOLD
    try:
        with transaction.atomic():
            gave = giver.give(
                reach.customer,
                gift.amount,
                programme_id=campaign.programme_id,
                note=gift.note,
                valid_days=gift.valid_days,
                key=f"gift-{gift.pk}-{reach.pk}",
                now=now,
            )
            if gave.cost > left:
                transaction.set_rollback(True)
                return None, Why.BUDGET
    except DomainError:
        return None, Why.REFUSED
    except Exception:  # one record's fault must not stop everybody else's gift; it is told and counted
        logger.exception("campaign gift failed: gift %s, reach %s", gift.pk, reach.pk)
        return None, Why.FAILED
    return gave, ""


def give_stamps_to(
    customer: Customer,
    amount: Decimal,
    *,
    programme_id: int | None,
    note: str,
    valid_days: int,
    key: str,
    now: datetime,
) -> Gave:
    """The giver “stamps”: on the card of the campaign's programme, else on the one used last. Raises NotAMember."""
    cards = Membership.objects.filter(customer=customer, status=Membership.Status.ACTIVE)
    if programme_id:
        cards = cards.filter(programme=programme_id)
    card = cards.select_related("programme").order_by("-last_visit_at", "-pk").first()
    if card is None:
        raise NotAMember(_("The customer has no loyalty card. Enrol first."))
    entry = bonus(card.pk, int(amount), note=note, by=None, now=now, key=key)
    return Gave(entry.cost, amount_of(int(amount), points=card.programme.unit == Programme.Unit.POINT))


def written(
    mailing: Mailing, customer: Customer, campaign: Campaign, *, gift: str, now: datetime, language: str = ""
) -> tuple[str, str]:
    """Subject and text in the customer's language, with how to be left in peace below. Two queries for a member."""
    subject, body = _own(mailing, language or customer.language)
    values = values_of(customer, campaign, gift=gift, now=now)
    with translation.override(_code(language or customer.language)):
        foot = _("You get this because you agreed to. No more of it: %s") % unsubscribe_link(customer.pk)
    return fill(subject, values), f"{fill(body, values)}\n\n{settings.KVAR_COMPANY}\n{foot}"


def _code(language: str) -> str:
    return language[:2] if language[:2] in ("en", "sv", "de") else "en"


def _own(mailing: Mailing, language: str) -> tuple[str, str]:
    """Subject and text as they were written for this language."""
    code = _code(language)
    return getattr(mailing, f"subject_{code}"), getattr(mailing, f"body_{code}")


def values_of(customer: Customer, campaign: Campaign, *, gift: str, now: datetime) -> dict[str, str]:
    """The variables of `rules.mailings` for a customer; two queries."""
    values = {
        "first_name": customer.given_name or customer.company or customer.name,
        "name": customer.name,
        "company": settings.KVAR_COMPANY,
        "gift": gift,
    }
    cards = Membership.objects.filter(customer=customer.pk, status=Membership.Status.ACTIVE).select_related("programme")
    if campaign.programme_id:
        cards = cards.filter(programme=campaign.programme_id)
    card = cards.order_by("-last_visit_at", "-pk").first()
    if card:
        version = version_at(card.programme_id, now)
        needed = card.cycle_needed or (goal_of(version.terms, card.balance) if version else 0)
        values |= {
            "programme": card.programme.name,
            "reward": card.programme.reward_name,
            "stamps": str(card.balance),
            "left": str(max(needed - card.balance, 0)),
        }
    elif campaign.programme:
        values |= {"programme": campaign.programme.name, "reward": campaign.programme.reward_name}
    return values


def unsubscribe_link(customer_id: int) -> str:
    token = signing.Signer(salt=SALT).sign(str(customer_id))
    return f"{settings.KVAR_PUBLIC_URL.rstrip('/')}{reverse('loyalty:unsubscribe', args=[token])}"


def customer_of(token: str) -> Customer | None:
    """Whom a link speaks for; None when it was changed. It never grows old: old mails are read late. One query."""
    try:
        pk = int(signing.Signer(salt=SALT).unsign(token))
    except signing.BadSignature:
        return None
    return Customer.objects.filter(pk=pk).first()


def stop_mails(token: str, *, now: datetime) -> Customer | None:
    """The customer's word by the link; three queries."""
    customer = customer_of(token)
    return unsubscribe(customer.pk, now=now) if customer else None


def live(now: datetime) -> Sequence[int]:
    """Campaigns that run today; one query."""
    today = timezone.localdate(now)
    running = Campaign.objects.filter(state="running", starts_on__lte=today)
    return list(running.exclude(ends_on__lt=today).order_by("pk").values_list("pk", flat=True))
