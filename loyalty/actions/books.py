"""How entries come into the ledger: the membership's row is locked, its figures go through `rules.account`, and all
that follows is written at once. Nothing else writes the ledger, the rewards or the cached balance."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import Q
from django.utils.translation import gettext as _

from loyalty.actions import rows
from loyalty.actions.rows import Sheet
from loyalty.errors import CardRefused, Moved
from loyalty.models import CardToken, LedgerEntry, Membership, ProgrammeVersion, Receipt, Reward, RewardEvent
from loyalty.queries.terms import version_at
from loyalty.rules.account import CONVERT, UNCONVERT, Account
from loyalty.rules.cards import normalise
from staff.errors import DomainError
from staff.models import User

NOTHING = Decimal(0)


def resolve(number: str) -> int:
    """The membership behind a card number, through merges. Raises CardRefused with the reason; one or two queries."""
    card = CardToken.objects.select_related("membership", "replaced_by").filter(number=normalise(number)).first()
    if card is None:
        raise unknown_card()
    refuse_dead(card)
    return card.membership.merged_into_id or card.membership_id


def unknown_card() -> CardRefused:
    return CardRefused(_("No card has this number."), code="card_unknown", field="card")


class Token(Protocol):
    """What says whether a card is alive: the record, or what a query told of it."""

    @property
    def status(self) -> str: ...
    @property
    def replaced_by_id(self) -> int | None: ...


def refuse_dead(card: Token) -> None:
    if card.replaced_by_id:
        raise CardRefused(_("This card was replaced by another; use the new one."), code="card_replaced", field="card")
    if card.status == CardToken.Status.LOST:
        raise CardRefused(_("This card was reported lost. Replace it."), code="card_lost", field="card")
    if card.status == CardToken.Status.BLOCKED:
        raise CardRefused(_("This card is blocked."), code="card_blocked", field="card")


def lock(pk: int) -> Membership:
    """The membership, locked; of a merged one, what it was merged into. One query, two for a merged one."""
    return lock_all([pk])[pk]


LOCK = """
SELECT m.* FROM loyalty_membership m
WHERE m.id IN (SELECT coalesce(merged_into_id, id) FROM loyalty_membership WHERE id = ANY(%s))
ORDER BY m.id FOR UPDATE OF m
"""


def lock_all(pks: Sequence[int]) -> dict[int, Membership]:
    """Memberships by the number asked for, locked in key order, so that two who need the same never wait in a ring.

    A merge is followed before its lock. Raises Moved when one was merged or parted at this very moment: whoever holds
    a lock must not reach for another out of order.
    """
    asked = set(pks)
    found = {row.pk: row for row in Membership.objects.raw(LOCK, [list(asked)])}
    leads = check_leads(found, asked)
    return {pk: found[leads.get(pk, pk)] for pk in asked}


def check_leads(held: Mapping[int, Membership], asked: Set[int]) -> dict[int, int]:
    """Where those of `asked` lead that are not among the locked rows themselves; a query only for them. Raises Moved
    when one was merged or parted while the locks were waited for."""
    leads: dict[int, int] = {}
    if missing := asked - held.keys():
        leads = dict(Membership.objects.filter(pk__in=missing).values_list("pk", "merged_into_id"))
    if any(row.merged_into_id for row in held.values()) or any(leads.get(pk) not in held for pk in missing):
        raise Moved(_("This card was merged with another at this moment. Try again."))
    return leads


def refuse_inactive(membership: Membership) -> None:
    if membership.status == Membership.Status.BLOCKED:
        raise CardRefused(_("This membership is blocked. Ask a team lead."), code="membership_blocked")
    if membership.status == Membership.Status.CLOSED:
        raise CardRefused(_("This membership was closed."), code="membership_closed")


def terms_now(programme_id: int, at: datetime) -> ProgrammeVersion:
    """As `version_at`, for gifts and corrections that need terms. Raises DomainError when none are in force."""
    version = version_at(programme_id, at)
    if version is None:
        raise DomainError(_("This programme has no terms in force now. Publish a version first."), code="no_terms")
    return version


def account_of(membership: Membership, version: ProgrammeVersion | None, *, for_debit: bool = False) -> Account:
    """The membership's figures, and its rewards where they matter: for a debit, or with rewards on the way to a full
    card. None or one query."""
    needs_rewards = for_debit or (version is not None and version.interim)
    return accounts_of([membership], with_rewards=bool(needs_rewards))[membership.pk]


def accounts_of(memberships: Iterable[Membership], *, with_rewards: bool) -> dict[int, Account]:
    """The figures of locked memberships by number; none or one query."""
    accounts = {m.pk: Account(m.balance, m.seq, m.cycle_needed, m.cycle) for m in memberships}
    if with_rewards and accounts:
        issued = Reward.State.ISSUED
        given = Reward.objects.filter(Q(state=issued) | Q(level__isnull=False), membership__in=accounts)
        for owner, pk, stamps, level, cycle, state in (
            given.exclude(state=Reward.State.REVOKED)
            .order_by("issued_at", "pk")
            .values_list("membership_id", "pk", "stamps", "level", "cycle", "state")
        ):
            if level is None:
                accounts[owner].open_rewards.append((pk, stamps))
            else:
                accounts[owner].interim[cycle, level] = pk if state == issued else None
    return accounts


def stamp_cost(version: ProgrammeVersion) -> Decimal:
    """What one stamp is worth at cost of goods."""
    return (version.reward_cost / version.stamps_needed).quantize(Decimal("0.0001"))


@dataclass(slots=True)
class About:
    """What entries belong to: the terms that count, when it happened, the receipt that says so."""

    version: ProgrammeVersion | None
    occurred_at: datetime
    receipt: Receipt | None = None  # new ones have their number once they are stored


@dataclass(slots=True)
class Posting:
    """What one account did, and what those of its changes belong to that were told nothing else."""

    membership: Membership
    account: Account
    version: ProgrammeVersion | None
    occurred_at: datetime


ENTRY = (
    "membership_id, seq, kind, stamps, balance, occurred_at, recorded_at, expires_at, version_id, receipt_id, line_id,"
    " rule, other_id, reason, note, cost, key, by_id"
)
EVENT = "reward_id, kind, at, by_id, receipt_id, note"
REVOKE = "UPDATE loyalty_reward SET state = 'revoked' WHERE id = ANY(%s::bigint[])"
NO_LINES: Mapping[tuple[int, int], int] = {}


def write(
    postings: Sequence[Posting],
    *,
    by: User | None,
    now: datetime,
    lines: Mapping[tuple[int, int], int] = NO_LINES,
    first: Sequence[Sheet] = (),
) -> list[Reward]:
    """Put the changes of locked memberships into the books: entries, rewards and their events, cached figures.
    `lines` are the numbers of lines by receipt and line, of changes that name one; `first` is written before.

    One query, another where rewards are made; thousands of memberships take one more a table. Returns the rewards made.
    """
    entries: list[tuple[Any, ...]] = []
    full: list[tuple[Reward, int]] = []  # with the place of the entry that made it
    on_the_way: list[Reward] = []
    revoked: list[int] = []
    by_id = by.pk if by else None
    for posting in postings:
        membership, account = posting.membership, posting.account
        common, owner = About(posting.version, posting.occurred_at), membership.id
        for change in account.changes:
            about, extra, stamps = change.about or common, change.extra, change.stamps
            terms, receipt_id = about.version, about.receipt.id if about.receipt else None
            expires = None
            if terms and terms.stamp_days and stamps > 0:
                expires = about.occurred_at + timedelta(days=terms.stamp_days)
            other = extra.get("other")
            entries.append(
                (
                    owner,
                    change.seq,
                    change.kind,
                    stamps,
                    change.balance,
                    about.occurred_at,
                    now,
                    expires,
                    terms.id if terms else None,
                    receipt_id,
                    lines[receipt_id, extra["line"]] if receipt_id and "line" in extra else None,
                    extra.get("rule", ""),
                    other.pk if other else None,
                    extra.get("reason", ""),
                    extra.get("note", ""),
                    extra.get("cost", NOTHING),
                    extra.get("key"),
                    by_id,
                )
            )
            if change.kind == CONVERT:
                price = extra.get("price")
                chosen = {"name": price.name, "cost": price.cost} if price else {}
                full.append((_reward(membership, terms, now, stamps=-stamps, **chosen), len(entries) - 1))
            elif change.kind == UNCONVERT and change.reward:
                revoked.append(change.reward)
            steps = {step.at: step for step in terms.terms.interim} if terms and change.reached else {}
            for cycle, level in change.reached:
                step = steps[level]
                on_the_way.append(
                    _reward(membership, terms, now, level=level, cycle=cycle, name=step.name, cost=step.cost)
                )
            revoked += change.fell
        membership.balance, membership.seq = account.balance, account.seq
        membership.cycle, membership.cycle_needed = account.cycle, account.cycle_needed
        account.changes = []
    made = [reward for reward, _place in full] + on_the_way
    sheets = [*first]
    if made:
        asked = [rows.numbers(Reward, len(made))] + ([rows.numbers(LedgerEntry, len(entries))] if full else [])
        taken, *numbered = map(rows.read_numbers, rows.ask(*asked))
        for reward, place in full:
            reward.convert_id = numbered[0][place]
        if full:
            entries = [(number, *entry) for number, entry in zip(numbered[0], entries, strict=True)]
    sheets.append(Sheet(LedgerEntry._meta.db_table, f"id, {ENTRY}" if full else ENTRY, entries))
    if made:
        sheets.append(rows.sheet_of(made, taken))
    told = [(pk, RewardEvent.Kind.REVOKED) for pk in revoked] + [(row.pk, RewardEvent.Kind.ISSUED) for row in made]
    sheets.append(Sheet(RewardEvent._meta.db_table, EVENT, [(pk, kind, now, by_id, None, "") for pk, kind in told]))
    then: list[rows.Statement] = [(REVOKE, [rows.array(revoked)])] if revoked else []
    if members := list({posting.membership.id: posting.membership for posting in postings}.values()):
        then.append(_figures(members))
    rows.write(sheets, *then)
    return made


def _reward(membership: Membership, version: ProgrammeVersion | None, now: datetime, **given: Any) -> Reward:
    lives = version.reward_days if version else None
    values: dict[str, Any] = {
        "membership_id": membership.pk,
        "cost": version.reward_cost if version else NOTHING,
        "stamps": 0,
        "issued_at": now,
        "expires_at": now + timedelta(days=lives) if lives else None,
    }
    return rows.fresh(Reward, **values | given)


FIGURES = ("id", "balance", "seq", "cycle", "cycle_needed", "last_visit_at", "tier")
SAVE = """
UPDATE loyalty_membership m SET balance = v.balance, seq = v.seq, cycle = v.cycle, cycle_needed = v.cycle_needed,
  last_visit_at = greatest(m.last_visit_at, v.last_visit_at), tier = v.tier
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::timestamptz[], %s::text[])
  AS v(id, balance, seq, cycle, cycle_needed, last_visit_at, tier)
WHERE m.id = v.id
"""


def _figures(memberships: Sequence[Membership]) -> rows.Statement:
    """The caches of locked memberships. A visit that was not looked up stays as it is."""
    told = [member.__dict__ for member in memberships]
    return SAVE, [rows.array([one.get(name) for one in told]) for name in FIGURES]


def save_figures(memberships: Sequence[Membership]) -> None:
    """The caches of locked memberships, in one statement."""
    if memberships:
        rows.ask(_figures(memberships))
