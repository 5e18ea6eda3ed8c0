"""How entries come into the ledger: the membership's row is locked, its figures go through `rules.account`, and all
that follows is written at once. Nothing else writes the ledger, the rewards or the cached balance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, Q
from django.db.models.functions import Coalesce
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


def refuse_dead(card: CardToken) -> None:
    if card.replaced_by_id:
        raise CardRefused(_("This card was replaced by another; use the new one."), code="card_replaced", field="card")
    if card.status == CardToken.Status.LOST:
        raise CardRefused(_("This card was reported lost. Replace it."), code="card_lost", field="card")
    if card.status == CardToken.Status.BLOCKED:
        raise CardRefused(_("This card is blocked."), code="card_blocked", field="card")


def lock(pk: int) -> Membership:
    """The membership, locked; of a merged one, what it was merged into. One query, two for a merged one."""
    return lock_all([pk])[pk]


def lock_all(pks: Sequence[int]) -> dict[int, Membership]:
    """Memberships by the number asked for, locked in key order, so that two who need the same never wait in a ring.

    A merge is followed before its lock. Raises Moved when one was merged or parted at this very moment: whoever holds
    a lock must not reach for another out of order.
    """
    asked = set(pks)
    wanted = Membership.objects.filter(pk__in=asked).values(lead=Coalesce("merged_into_id", "pk"))
    rows = {
        row.pk: row for row in Membership.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    }
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
    events: list[RewardEvent] = []
    revoked: list[int] = []
    touched: dict[int, Membership] = {}
    for posting in postings:
        version, membership = posting.version, posting.membership
        touched[membership.pk] = membership
        for change in posting.account.changes:
            given: dict[str, Any] = {
                "version": version,
                "occurred_at": posting.occurred_at,
            } | change.extra
            terms = given["version"]
            expires = None
            if terms and terms.stamp_days and change.stamps > 0:
                expires = given["occurred_at"] + timedelta(days=terms.stamp_days)
            for name in ("version", "receipt", "line", "other"):  # numbers are cheaper to set than records
                if name in given:
                    value = given.pop(name)
                    given[f"{name}_id"] = value.pk if value else None
            price = given.pop("price", None)
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
                **given,
            )
            entries.append(entry)
            if change.kind == CONVERT:
                reward = _reward(membership, terms, now, stamps=-change.stamps)
                reward.convert = entry
                if price:
                    reward.name, reward.cost = price.name, price.cost
                made.append(reward)
            elif change.kind == UNCONVERT and change.reward:
                revoked.append(change.reward)
            for cycle, level in change.reached if terms else ():
                step = next(step for step in terms.terms.interim if step.at == level)
                on_the_way.append(
                    _reward(membership, terms, now, level=level, cycle=cycle, name=step.name, cost=step.cost)
                )
            revoked += change.fell
        membership.balance = posting.account.balance
        membership.seq = posting.account.seq
        membership.cycle = posting.account.cycle
        membership.cycle_needed = posting.account.cycle_needed
        posting.account.changes = []
    insert(entries)
    for reward in made:
        if reward.convert:
            reward.convert_id = reward.convert.pk
    made += on_the_way
    insert(made)
    events += [RewardEvent(reward_id=pk, kind=RewardEvent.Kind.REVOKED, at=now, by=by) for pk in revoked]
    events += [RewardEvent(reward_id=reward.pk, kind=RewardEvent.Kind.ISSUED, at=now, by=by) for reward in made]
    if revoked:
        Reward.objects.filter(pk__in=revoked).update(state=Reward.State.REVOKED)
    insert(events)
    save_figures(list(touched.values()))
    return made


def _reward(membership: Membership, version: ProgrammeVersion | None, now: datetime, **given: Any) -> Reward:
    lives = version.reward_days if version else None
    return fresh(
        Reward,
        **{
            "membership_id": membership.pk,
            "cost": version.reward_cost if version else Decimal(0),
            "stamps": 0,
            "issued_at": now,
            "expires_at": now + timedelta(days=lives) if lives else None,
        }
        | given,
    )


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


def insert(rows: Sequence[M]) -> None:
    """Insert new rows and give them their numbers: INSERT for a few, COPY for many."""
    if not rows:
        return
    model = type(rows[0])
    if len(rows) < COPY_FROM:
        model._default_manager.bulk_create(rows)
        return
    meta = model._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in (meta.pk, *fields))
    read = attrgetter(*(field.attname for field in fields))
    prepared = [
        (place, field.get_db_prep_save)
        for place, field in enumerate(fields, 1)
        if field.get_internal_type() in ("JSONField", "ArrayField")
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [meta.db_table, meta.pk.column, len(rows)],
        )
        numbers = [number for (number,) in cursor.fetchall()]
        with cursor.copy(f'COPY "{meta.db_table}" ({names}) FROM STDIN') as copy:
            for row, number in zip(rows, numbers, strict=True):
                row.pk = number
                row._state.adding, row._state.db = False, connection.alias
                values = [number, *read(row)]
                for place, prepare in prepared:
                    values[place] = prepare(values[place], connection)
                copy.write_row(values)


@cache
def _blanks(model: type[Model]) -> list[tuple[str, Any]]:
    return [(field.attname, field.get_default) for field in model._meta.concrete_fields]


def fresh(model: type[M], **given: Any) -> M:
    """A new row from its columns' values (`store_id`, not `store`): half the time of the constructor's keywords."""
    return model(*[given[name] if name in given else default() for name, default in _blanks(model)])
