"""How entries come into the ledger: the membership's row is locked, its figures go through `rules.account`, and all
that follows is written at once. Nothing else writes the ledger, the rewards or the cached balance."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from django.db import connection
from django.db.models import Model, Q
from django.db.models.base import ModelState
from django.utils.translation import gettext as _

from loyalty.errors import CardRefused, Moved
from loyalty.models import CardToken, LedgerEntry, Membership, ProgrammeVersion, Reward, RewardEvent
from loyalty.queries.terms import version_at
from loyalty.rules.account import CONVERT, UNCONVERT, Account
from loyalty.rules.cards import normalise
from staff.errors import DomainError
from staff.models import User

M = TypeVar("M", bound=Model)
COPY_FROM = 200  # rows from which COPY beats INSERT


def resolve(number: str) -> int:
    """The membership behind a card number, through merges. Raises CardRefused with the reason; one or two queries."""
    card = CardToken.objects.select_related("membership", "replaced_by").filter(number=normalise(number)).first()
    if card is None:
        raise CardRefused(_("No card has this number."), code="card_unknown", field="card")
    refuse_dead(card)
    return card.membership.merged_into_id or card.membership_id


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
    if any(row.merged_into_id for row in rows.values()):
        raise Moved(_("This card was merged with another at this moment. Try again."))
    leads = {}
    if missing := asked - set(rows):
        leads = dict(Membership.objects.filter(pk__in=missing).values_list("pk", "merged_into_id"))
    if any(leads.get(pk) not in rows for pk in missing):
        raise Moved(_("This card was merged with another at this moment. Try again."))
    return {pk: rows[leads.get(pk, pk)] for pk in asked}


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
class Posting:
    """What one account did, and the circumstances its entries share unless a change has its own in `extra`."""

    membership: Membership
    account: Account
    version: ProgrammeVersion | None
    occurred_at: datetime


def write(postings: Sequence[Posting], *, by: User | None, now: datetime) -> list[Reward]:
    """Put the changes of locked memberships into the books: entries, rewards and their events, cached figures.

    Four statements for one membership, the same for thousands. Returns the rewards made.
    """
    entries: list[LedgerEntry] = []
    made: list[Reward] = []
    on_the_way: list[Reward] = []
    revoked: list[int] = []
    touched: dict[int, Membership] = {}
    for posting in postings:
        version, membership = posting.version, posting.membership
        touched[membership.pk] = membership
        for change in posting.account.changes:
            given = {"occurred_at": posting.occurred_at, **change.extra}
            terms: ProgrammeVersion | None = given.pop("version", version)
            price = given.pop("price", None)
            for name in ("receipt", "line", "other"):
                if value := given.pop(name, None):
                    given[f"{name}_id"] = value.pk
            expires = None
            if terms and terms.stamp_days and change.stamps > 0:
                expires = given["occurred_at"] + timedelta(days=terms.stamp_days)
            entry = fresh(
                LedgerEntry,
                membership_id=membership.pk,
                seq=change.seq,
                kind=change.kind,
                stamps=change.stamps,
                balance=change.balance,
                recorded_at=now,
                expires_at=expires,
                by_id=by.pk if by else None,
                version_id=terms.pk if terms else None,
                **given,
            )
            entries.append(entry)
            if change.kind == CONVERT:
                chosen = {"name": price.name, "cost": price.cost} if price else {}
                made.append(_reward(membership, terms, now, {"convert": entry}, stamps=-change.stamps, **chosen))
            elif change.kind == UNCONVERT and change.reward:
                revoked.append(change.reward)
            for cycle, level in change.reached:
                assert terms is not None  # noqa: S101 it is the terms that say what is due
                step = next(step for step in terms.terms.interim if step.at == level)
                on_the_way.append(
                    _reward(membership, terms, now, None, level=level, cycle=cycle, name=step.name, cost=step.cost)
                )
            revoked += change.fell
        membership.balance = posting.account.balance
        membership.seq = posting.account.seq
        membership.cycle = posting.account.cycle
        membership.cycle_needed = posting.account.cycle_needed
        posting.account.changes = []
    insert(entries)
    for reward in made:
        reward.convert_id = reward.convert.pk  # type: ignore[union-attr]  # these were made by one
    made += on_the_way
    insert(made)
    told = [(pk, RewardEvent.Kind.REVOKED) for pk in revoked] + [(row.pk, RewardEvent.Kind.ISSUED) for row in made]
    events = [fresh(RewardEvent, reward_id=pk, kind=kind, at=now, by_id=by.pk if by else None) for pk, kind in told]
    if revoked:
        Reward.objects.filter(pk__in=revoked).update(state=Reward.State.REVOKED)
    insert(events)
    save_figures(list(touched.values()))
    return made


def _reward(
    membership: Membership,
    version: ProgrammeVersion | None,
    now: datetime,
    known: dict[str, Model] | None,
    **given: Any,
) -> Reward:
    lives = version.reward_days if version else None
    values = {
        "membership_id": membership.pk,
        "cost": version.reward_cost if version else Decimal(0),
        "stamps": 0,
        "issued_at": now,
        "expires_at": now + timedelta(days=lives) if lives else None,
    }
    return fresh(Reward, known, **values | given)


def save_figures(memberships: Sequence[Membership]) -> None:
    """The caches of locked memberships, in one statement."""
    if not memberships:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_membership m SET balance = v.balance, seq = v.seq, cycle = v.cycle,"
            " cycle_needed = v.cycle_needed, last_visit_at = v.last_visit_at, tier = v.tier"
            " FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::timestamptz[], %s::text[])"
            " AS v(id, balance, seq, cycle, cycle_needed, last_visit_at, tier) WHERE m.id = v.id",
            [
                [m.pk for m in memberships],
                [m.balance for m in memberships],
                [m.seq for m in memberships],
                [m.cycle for m in memberships],
                [m.cycle_needed for m in memberships],
                [m.last_visit_at for m in memberships],
                [m.tier for m in memberships],
            ],
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """How rows of a model are written: its columns but the key, and which values need preparing."""

    name: str
    columns: str
    read: Callable[[Any], tuple[Any, ...]]
    prepared: tuple[tuple[int, Callable[..., Any]], ...]

    @classmethod
    @cache
    def of(cls, model: type[Model]) -> "_Table":
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        structured = ("JSONField", "ArrayField")
        return cls(
            model._meta.db_table,
            ", ".join(f'"{field.column}"' for field in fields),
            attrgetter(*(field.attname for field in fields)),
            tuple(
                (place, field.get_db_prep_save)
                for place, field in enumerate(fields)
                if field.get_internal_type() in structured
            ),
        )

    def values(self, row: Model) -> list[Any]:
        values = list(self.read(row))
        for place, prepare in self.prepared:
            values[place] = prepare(values[place], connection)
        return values


def insert(rows: Sequence[M]) -> None:
    """Insert new rows and give them their numbers: one INSERT for a few, COPY for many. Column defaults are not
    looked at: a row made by `fresh` or its model's constructor has them."""
    if not rows:
        return
    table = _Table.of(type(rows[0]))
    with connection.cursor() as cursor:
        if len(rows) < COPY_FROM:
            values = [table.values(row) for row in rows]
            places = f"({', '.join(['%s'] * len(values[0]))})"
            cursor.execute(
                f'INSERT INTO "{table.name}" ({table.columns}) VALUES {", ".join([places] * len(rows))} RETURNING id',  # noqa: S608 names of our own tables
                [value for row in values for value in row],
            )
            numbers = [number for (number,) in cursor.fetchall()]
        else:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table.name, len(rows)]
            )
            numbers = [number for (number,) in cursor.fetchall()]
            with cursor.copy(f'COPY "{table.name}" (id, {table.columns}) FROM STDIN') as copy:
                for row, number in zip(rows, numbers, strict=True):
                    copy.write_row([number, *table.values(row)])
    for row, number in zip(rows, numbers, strict=True):
        row.pk = number
        row._state.adding, row._state.db = False, connection.alias


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
