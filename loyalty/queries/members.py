"""Members and their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from loyalty import cards
from loyalty.models import (
    CardToken,
    Kind,
    LedgerEntry,
    Membership,
    Merge,
    Programme,
    ProgrammeVersion,
    Receipt,
    Reward,
    StampRequest,
)
from loyalty.queries.terms import tier_progress, version_at
from loyalty.rules.cards import grouped, normalise
from loyalty.rules.trace import say
from loyalty.terms import Price, Terms
from loyalty.words import amount_of
from staff import formats
from staff.decisions import Verdict
from staff.paging import Page, keyset_page
from staff.statements import kept

SIZE = 25
STOPPED = (Membership.Status.BLOCKED, Membership.Status.CLOSED)
TONES = {"active": "green", "blocked": "red"}
LEDGER = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A member in the list."""

    url: str
    name: str
    card: str
    programme: str
    stamps: str
    tier: str
    since: str
    visit: str
    status: str
    tone: str


def with_merged(pk: int) -> QuerySet[Membership, Any]:
    """A membership and those merged into it, as a subquery that goes by index on both sides."""
    merged = Membership.objects.filter(merged_into=pk).values("pk")
    return Membership.objects.filter(pk=pk).values("pk").union(merged, all=True)


def cards_of(pk: int) -> QuerySet[CardToken]:
    """The cards of a member and of those merged into it that no other has replaced, the youngest first."""
    return CardToken.objects.filter(membership__in=with_merged(pk), replaced_by=None).order_by("-pk")


def replaceable(pk: int) -> list[tuple[int, str]]:
    """The cards of a member that may be lost: number of the record, and as printed; one query."""
    return [(card, grouped(number)) for card, number in cards_of(pk).values_list("pk", "number")]


def extendable(pk: int) -> list[tuple[int, str]]:
    """The rewards of a member that end some day or did: number, and what each is; one query."""
    states = (Reward.State.ISSUED, Reward.State.EXPIRED)
    rows = Reward.objects.filter(membership=pk, state__in=states, expires_at__isnull=False)
    rows = rows.select_related("membership__programme").order_by("-expires_at", "-pk")[:30]
    return [
        (row.pk, f"{row.name or row.membership.programme.reward_name} · {formats.day(row.expires_at)}") for row in rows
    ]


def name_of(member: Membership) -> str:
    return member.customer.name if member.customer else _("Nameless card")


def members_page(rows: QuerySet[Membership], cursor: str | None) -> Page[Any]:
    """Members, the youngest first; one query."""
    rows = rows.select_related("customer").annotate(programme_name=F("programme__name"))
    return keyset_page(rows, order=["-id"], cursor=cursor, size=SIZE)


def listed(members: Sequence[Any], now: datetime) -> list[Row]:
    """A page of them written out, with the youngest card in use; one query."""
    if not members:
        return []
    rows = CardToken.objects.filter(membership__in=[member.pk for member in members], status=CardToken.Status.ACTIVE)
    numbers = dict(rows.order_by("pk").values_list("membership", "number"))
    words = {value: str(label) for value, label in Membership.Status.choices}
    place = reverse("loyalty:member", args=[0]).removesuffix("0/")
    return [
        Row(
            url=f"{place}{member.pk}/",
            name=name_of(member),
            card=grouped(numbers[member.pk]) if member.pk in numbers else "–",
            programme=member.programme_name,
            stamps=formats.number(member.balance),
            tier=member.tier,
            since=formats.day(member.enrolled_at),
            visit=formats.when(member.last_visit_at, now) if member.last_visit_at else "–",
            status=words[member.status],
            tone=TONES.get(member.status, ""),
        )
        for member in members
    ]


def find(text: str) -> int | None:
    """The membership of a card number, dead cards too, merges followed; one query."""
    card = CardToken.objects.select_related("membership").filter(number=normalise(text)[:64]).first()
    return (card.membership.merged_into_id or card.membership_id) if card else None


@dataclass(frozen=True, slots=True)
class Told:
    """A receipt as it is read aloud."""

    pk: int
    at: str
    title: str
    where: str
    sentences: Sequence[str]
    tone: str
    stamps: str
    by: str


@dataclass(frozen=True, slots=True)
class Line:
    at: str
    kind: str
    stamps: str
    balance: int
    note: str
    by: str
    tone: str
    merged: bool  # of a card that was merged into this one, whose balance it tells


@dataclass(slots=True)
class Detail:
    """All that a member's page shows, written out."""

    member: Membership
    name: str
    version: ProgrammeVersion | None
    needed: int
    says: str
    picture: SafeString
    unit: str
    prices: list[dict[str, Any]]
    expiring: str
    next_tier: str
    open_rewards: list[dict[str, Any]]
    used_rewards: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    receipts: list[Told]
    merges: list[dict[str, Any]]
    waiting: list[str]
    changes: list[str]

    @property
    def usable(self) -> bool:
        """Whether anything can be given, redeemed or replaced here: neither blocked nor closed."""
        return self.member.status not in STOPPED

    @property
    def card(self) -> CardToken | None:
        return next((row["card"] for row in self.cards if row["alive"]), None)


def terms_of(pk: int, now: datetime) -> Terms | None:
    """The terms in force for a member; two queries."""
    version = version_at(Membership.objects.values_list("programme_id", flat=True).get(pk=pk), now)
    return version.terms if version else None


def detail(member: Membership, now: datetime) -> Detail:
    """A member's page; six queries, whatever happened, and one more each for tiers and for lifetimes."""
    version = version_at(member.programme_id, now)
    terms = version.terms if version else None
    needed = member.cycle_needed or (cards.goal_of(terms, member.balance) if terms else 1)
    rewards = _rewards(member.pk)
    points = bool(terms and terms.prices)
    return Detail(
        member=member,
        name=name_of(member),
        version=version,
        needed=needed,
        says=cards.says(member.balance, needed, member.programme.unit),
        picture=cards.face(terms, member.balance, needed=needed),
        unit=_("Points") if points else _("Stamps"),
        prices=[_price(price, member.balance) for price in (terms.prices if terms else ())],
        expiring=expiring(member, now) if version and version.stamp_days else "",
        next_tier=_next_tier(member, version, now) if version and version.tiers else "",
        open_rewards=[_reward(r, now) for r in rewards if r.state == Reward.State.ISSUED],
        used_rewards=[_reward(r, now) for r in rewards if r.state != Reward.State.ISSUED][:8],
        cards=[_card(c) for c in _tokens(member.pk)],
        receipts=[_told(r, now) for r in _receipts(member.pk)],
        merges=[
            {"pk": m.pk, "text": f"{name_of(m.source)} · {formats.day(m.at)} · {m.by.short_name}"}
            for m in _merges(member.pk)
        ],
        waiting=[f"{r.get_kind_display()}: {r.amount:.0f} · {r.reason}" for r in _waiting(member.pk)],
        changes=_changes(member) if member.status in STOPPED else [],
    )


@kept
def _rewards(pk: int) -> QuerySet[Reward]:
    return Reward.objects.filter(membership=pk).order_by("-issued_at", "-pk")[:30]


@kept
def _tokens(pk: int) -> QuerySet[CardToken]:
    rows = CardToken.objects.filter(membership__in=with_merged(pk)).select_related("replaced_by")
    return rows.order_by("-pk")[:20]


@kept
def _receipts(pk: int) -> QuerySet[Receipt]:
    rows = Receipt.objects.filter(membership__in=with_merged(pk)).select_related("store", "by")
    return rows.order_by("-occurred_at", "-pk")[:20]


@kept
def _merges(pk: int) -> QuerySet[Merge]:
    return Merge.objects.filter(target=pk, undone_at=None).select_related("source__customer", "by").order_by("pk")


@kept
def _waiting(pk: int) -> QuerySet[StampRequest]:
    return StampRequest.objects.filter(membership=pk, verdict=Verdict.PENDING).order_by("pk")


def _changes(member: Membership) -> list[str]:
    """Who stopped it, when and why; one query."""
    last = member.status_changes.select_related("by").order_by("-at", "-pk")[:1]
    return [" · ".join(filter(None, (formats.moment(row.at), row.by.short_name, row.note))) for row in last]


def ledger(pk: int, cursor: str | None, now: datetime) -> tuple[list[Line], str]:
    """A page of the entries of a member and of those merged into it, the youngest first, and where the next begins;
    one query."""
    rows = LedgerEntry.objects.filter(membership__in=with_merged(pk)).select_related("by")
    page = keyset_page(rows, order=["-recorded_at", "-id"], cursor=cursor, size=LEDGER)
    return [_line(entry, now, of=pk) for entry in page.rows], page.next or ""


def _price(price: Price, balance: int) -> dict[str, Any]:
    short = price.points - max(balance, 0)
    return {
        "name": price.name,
        "points": amount_of(price.points, points=True),
        "missing": _("%s missing") % amount_of(short, points=True) if short > 0 else "",
    }


def _next_tier(member: Membership, version: ProgrammeVersion, now: datetime) -> str:
    """“12 more to Gold”; nothing at the top. One query."""
    reached = tier_progress([member.pk], version, now).get(member.pk, 0)
    above = min((tier for tier in version.terms.tiers if tier.start > reached), key=lambda t: t.start, default=None)
    if above is None:
        return ""
    return _("%(count)s more to %(tier)s") % {"count": formats.number(above.start - reached), "tier": above.name}


def expiring(member: Membership, now: datetime, within: int = 60) -> str:
    """What expires next in the coming days, lot by lot, first in, first out (“120 points expire on 3 Jan”). One
    query."""
    lots = (
        member.entries.filter(stamps__gt=0)
        .exclude(kind=Kind.UNCONVERT)
        .values_list("expires_at")
        .annotate(stamps=Sum("stamps"))
        .order_by(F("expires_at").asc(nulls_last=True))
    )
    rows = list(lots)
    used = sum(stamps for _at, stamps in rows) - member.balance
    for at, stamps in rows:
        left = stamps - max(used, 0)
        used -= stamps
        if left > 0:
            if at is None or at > now + timedelta(days=within):
                return ""
            told = amount_of(left, points=member.programme.unit == Programme.Unit.POINT)
            return _("%(stamps)s expire on %(day)s") % {"stamps": told, "day": formats.day(at)}
    return ""


def _reward(reward: Reward, now: datetime) -> dict[str, Any]:
    return {
        "pk": reward.pk,
        "issued": formats.when(reward.issued_at, now),
        "until": formats.day(reward.expires_at) if reward.expires_at else "",
        "state": reward.get_state_display(),
        "name": reward.name,
        "for_points": bool(reward.name and reward.convert_id),
        "is_redeemed": reward.state == Reward.State.REDEEMED,
        "redeemed": formats.when(reward.redeemed_at, now) if reward.redeemed_at else "",
    }


def _card(card: CardToken) -> dict[str, Any]:
    alive = card.status == CardToken.Status.ACTIVE
    text = card.get_status_display()
    if card.replaced_by:
        text = _("replaced by %s") % grouped(card.replaced_by.number)
    return {
        "card": card,
        "pk": card.pk,
        "number": grouped(card.number),
        "alive": alive,
        "replaceable": card.replaced_by_id is None,
        "text": text,
        "since": formats.day(card.issued_at),
        "tone": "green" if alive else "red",
    }


def _told(receipt: Receipt, now: datetime) -> Told:
    sign = "−" if receipt.kind == Receipt.Kind.RETURN else "+"
    number = receipt.number if receipt.source != "desk" else ""
    kind = _("Return") if receipt.kind == Receipt.Kind.RETURN else _("Receipt")
    return Told(
        pk=receipt.pk,
        at=formats.when(receipt.occurred_at, now),
        title=f"{kind} {number[:24]}".strip() if number else _("Stamped at the desk"),
        where=receipt.store.name,
        sentences=say(receipt.trace),
        tone={"counted": "green", "held": "amber", "parked": "amber", "refused": "red"}.get(receipt.state, ""),
        stamps=f"{sign}{receipt.stamps}" if receipt.stamps else "0",
        by=receipt.by.short_name if receipt.by else receipt.cashier,
    )


def _line(entry: LedgerEntry, now: datetime, *, of: int) -> Line:
    note = " · ".join(filter(None, (entry.get_reason_display(), entry.note)))
    return Line(
        at=formats.when(entry.occurred_at, now),
        kind=entry.get_kind_display(),
        stamps=f"{entry.stamps:+d}".replace("-", "−"),
        balance=entry.balance,
        note=note,
        by=entry.by.short_name if entry.by else "",
        tone="green" if entry.stamps > 0 else "",
        merged=entry.membership_id != of,
    )


def programme_choices() -> QuerySet[Programme]:
    return Programme.objects.filter(is_open=True).order_by("name")
