"""How entries come into the ledger: the membership's row is locked, its figures go through `rules.account`, and all
that follows is written at once. Nothing else writes the ledger, the rewards or the cached balance."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import JSONField, Model, Q
from django.db.models.base import ModelState
from django.utils.translation import gettext as _

from loyalty.errors import CardRefused, Moved
from loyalty.models import CardToken, LedgerEntry, Membership, ProgrammeVersion, Receipt, Reward, RewardEvent
from loyalty.queries.terms import version_at
from loyalty.rules.account import CONVERT, UNCONVERT, Account
from loyalty.rules.cards import normalise
from staff.errors import DomainError
from staff.models import User

M = TypeVar("M", bound=Model)
COPY_FROM = 200  # rows from which COPY beats INSERT
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
    rows = {row.pk: row for row in Membership.objects.raw(LOCK, [list(asked)])}
    leads = check_leads(rows, asked)
    return {pk: rows[leads.get(pk, pk)] for pk in asked}


def check_leads(rows: Mapping[int, Membership], asked: Set[int]) -> dict[int, int]:
    """Where those of `asked` lead that are not among the locked rows themselves; a query only for them. Raises Moved
    when one was merged or parted while the locks were waited for."""
    leads: dict[int, int] = {}
    if missing := asked - rows.keys():
        leads = dict(Membership.objects.filter(pk__in=missing).values_list("pk", "merged_into_id"))
    if any(row.merged_into_id for row in rows.values()) or any(leads.get(pk) not in rows for pk in missing):
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
        rows = Reward.objects.filter(Q(state=issued) | Q(level__isnull=False), membership__in=accounts)
        for owner, pk, stamps, level, cycle, state in (
            rows.exclude(state=Reward.State.REVOKED)
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
NO_LINES: Mapping[tuple[int, int], int] = {}


def write(
    postings: Sequence[Posting],
    *,
    by: User | None,
    now: datetime,
    lines: Mapping[tuple[int, int], int] = NO_LINES,
) -> list[Reward]:
    """Put the changes of locked memberships into the books: entries, rewards and their events, cached figures.
    `lines` are the stored lines by receipt and number, of changes that name one.

    Four statements for one membership, the same for thousands. Returns the rewards made.
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
    numbers = insert_rows(LedgerEntry._meta.db_table, ENTRY, entries)
    for reward, place in full:
        reward.convert_id = numbers[place]
    made = [reward for reward, _place in full] + on_the_way
    insert(made)
    told = [(pk, RewardEvent.Kind.REVOKED) for pk in revoked] + [(row.pk, RewardEvent.Kind.ISSUED) for row in made]
    if revoked:
        Reward.objects.filter(pk__in=revoked).update(state=Reward.State.REVOKED)
    insert([fresh(RewardEvent, reward_id=pk, kind=kind, at=now, by_id=by_id) for pk, kind in told])
    save_figures(list({posting.membership.pk: posting.membership for posting in postings}.values()))
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
    return fresh(Reward, **values | given)


def array(values: Iterable[object]) -> str:
    """An array as PostgreSQL reads it, for a statement that says its type. As a literal its length is known to the
    planner; the driver's own list takes ten times as long to write."""
    return "{" + ",".join("NULL" if value is None else _quoted(str(value)) for value in values) + "}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


FIGURES = ("id", "balance", "seq", "cycle", "cycle_needed", "last_visit_at", "tier")
SAVE = """
UPDATE loyalty_membership m SET balance = v.balance, seq = v.seq, cycle = v.cycle, cycle_needed = v.cycle_needed,
  last_visit_at = v.last_visit_at, tier = v.tier
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::timestamptz[], %s::text[])
  AS v(id, balance, seq, cycle, cycle_needed, last_visit_at, tier)
WHERE m.id = v.id
"""


def save_figures(memberships: Sequence[Membership]) -> None:
    """The caches of locked memberships, in one statement."""
    if not memberships:
        return
    with connection.cursor() as cursor:
        cursor.execute(SAVE, [array([getattr(member, name) for member in memberships]) for name in FIGURES])


@dataclass(frozen=True, slots=True)
class _Table:
    """How rows of a model are written: its columns but the key, and where structured values stand."""

    name: str
    columns: str
    read: Callable[[Any], tuple[Any, ...]]
    structured: tuple[int, ...]

    @classmethod
    @cache
    def of(cls, model: type[Model]) -> "_Table":
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        return cls(
            model._meta.db_table,
            ", ".join(f'"{field.column}"' for field in fields),
            attrgetter(*(field.attname for field in fields)),
            tuple(place for place, field in enumerate(fields) if isinstance(field, JSONField)),
        )

    def values(self, row: Model) -> list[Any]:
        values = list(self.read(row))
        for place in self.structured:
            if values[place] is not None:
                values[place] = json.dumps(values[place])
        return values


def insert(rows: Sequence[M]) -> None:
    """Insert new rows and give them their numbers. Column defaults are not looked at: a row made by `fresh` or its
    model's constructor has them."""
    if not rows:
        return
    table = _Table.of(type(rows[0]))
    numbers = insert_rows(table.name, table.columns, [table.values(row) for row in rows])
    for row, number in zip(rows, numbers, strict=True):
        row.pk = number
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def insert_rows(table: str, columns: str, rows: Sequence[Sequence[Any]]) -> list[int]:
    """Insert rows of all these columns of one of our tables, and tell their numbers in the same order: one INSERT for
    a few, COPY for many, which wants two statements."""
    if not rows:
        return []
    with connection.cursor() as cursor:
        if len(rows) < COPY_FROM:
            places = f"({', '.join(['%s'] * len(rows[0]))})"
            cursor.execute(
                f'INSERT INTO "{table}" ({columns}) VALUES {", ".join([places] * len(rows))} RETURNING id',  # noqa: S608 names of our own tables
                [value for row in rows for value in row],
            )
            return [number for (number,) in cursor.fetchall()]
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(rows)]
        )
        numbers = [number for (number,) in cursor.fetchall()]
        with cursor.copy(f'COPY "{table}" (id, {columns}) FROM STDIN') as copy:
            for number, row in zip(numbers, rows, strict=True):
                copy.write_row((number, *row))
        return numbers


@cache
def _blanks(model: type[Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    fixed: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    for field in model._meta.concrete_fields:
        value = field.get_default()
        if isinstance(value, list | dict):
            made.append((field.attname, field.get_default))
        else:
            fixed[field.attname] = value
    return fixed, made


def fresh(model: type[M], known: dict[str, Model] | None = None, **given: Any) -> M:
    """A new row from its columns' values (`store_id`, not `store`), as unpickling makes one: a fifth of the time of
    the constructor. `known`: related records that need not be asked for again."""
    fixed, made = _blanks(model)
    row = model.__new__(model)
    row.__dict__.update(fixed)
    for name, default in made:
        row.__dict__[name] = default()
    row.__dict__.update(given)
    row._state = ModelState()
    if known:
        row._state.fields_cache = known
    return row


def stored(model: type[M], columns: dict[str, Any]) -> M:
    """A row as it stands in the books, from all its columns; `from_db` at a fifth of the time."""
    row = model.__new__(model)
    row.__dict__.update(columns)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row
