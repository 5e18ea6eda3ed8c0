"""Facts → beliefs. Every model is computed from the facts known at its moment and nothing else, so a rebuild from
scratch gives the same tables, bit by bit.

A is learned from every answer at once; q, u and R0 only from cases whose 90 days are over. R0 comes from those to whom
nothing was suggested: the hold-out, overridden or not, and the calls that "no incentive" led (by intention to treat).
"""

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import structlog
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from cancellations.engine import beliefs
from cancellations.engine.beliefs import OLDEST, Array, Catalogue, Facts, Model, Posterior
from cancellations.engine.lookup import NOT_TOLD, Believed
from cancellations.models import Belief, Incentive, IncentiveVersion, LearnedModel, Reason, ReasonIncentive
from cancellations.models.offers import OfferState
from customers.models import Customer

log = structlog.get_logger(__name__)

YES = [
    OfferState.ACCEPTED,
    OfferState.PENDING_FULFILMENT,
    OfferState.APPLIED,
    OfferState.FAILED,
    OfferState.COMPLETED,
    OfferState.REVOKED,
]
QUANTITIES = ("accept", "stay_accepted", "stay_refused", "stay_none")

# Every answered offer: its call, when it was put and in which order, its version, the call's reason and the customer's
# segment (as places on the axes), its age in days, the answer, and what became of the customer: -1 not yet known,
# 0 gone, 1 stayed.
OFFERS = """
    select o.case_id, (date_part('epoch', o.presented_at) * 1000000)::bigint, o.id, o.incentive_version_id,
           coalesce(c.reason_id, 0), array_position(%(segments)s::text[], cu.segment) - 1,
           date_part('epoch', %(as_of)s - o.presented_at)::int / 86400,
           (o.state = any(%(yes)s))::int,
           case when c.window_until <= %(as_of)s::date then coalesce(c.paying_on_day_90::int, -1) else -1 end
    from cancellations_offer o
    join cancellations_cancellationcase c on c.id = o.case_id
    join customers_customer cu on cu.id = c.customer_id
    where o.presented_at is not null and o.presented_at <= %(as_of)s
      and o.answered_at is not null and o.answered_at <= %(as_of)s and o.state <> 'presented'
"""
# Every call to which nothing was suggested and whose window is over: reason, segment, age in days, whether the customer
# stayed.
NONE = """
    select coalesce(c.reason_id, 0), array_position(%(segments)s::text[], cu.segment) - 1,
           date_part('epoch', %(as_of)s - s.at)::int / 86400, c.paying_on_day_90::int
    from cancellations_suggestion s
    join cancellations_cancellationcase c on c.id = s.case_id
    join customers_customer cu on cu.id = c.customer_id
    where s.superseded_at is null and s.at <= %(as_of)s and (s.hold_out or s.chosen_id is null)
      and c.paying_on_day_90 is not null and c.window_until <= %(as_of)s::date
"""
TEXTS = 32  # a text holds a gigabyte at most: enough for half a billion offers


def catalogue(as_of: datetime) -> Catalogue:
    """The axes as they are now: every incentive, every reason and "not told", every segment; what marketing guesses,
    and how old that is. Three queries."""
    incentives = list(Incentive.objects.order_by("pk").values_list("pk", "kind"))
    guesses = list(ReasonIncentive.objects.values_list("incentive_id", "reason_id", "accepts", "stays", "said_at"))
    return Catalogue(
        incentives=[pk for pk, _kind in incentives],
        kinds=[kind for _pk, kind in incentives],
        reasons=[NOT_TOLD, *Reason.objects.order_by("pk").values_list("pk", flat=True)],
        segments=[value for value, _label in Customer.Segment.choices],
        mapped={(i, reason): float(accepts) for i, reason, accepts, *_rest in guesses},
        mapped_stay={(i, reason): float(stays) for i, reason, _accepts, stays, _at in guesses if stays is not None},
        said={(i, r): int(beliefs.age(max((as_of - at).days, 0))) for i, r, _accepts, _stays, at in guesses},
    )


def gather(axes: Catalogue, as_of: datetime) -> Facts:
    """The counts known at `as_of`; five statements whatever the number of cases, and some 150 bytes for each.

    Only the last offer of a call answers for what became of the customer.
    """
    facts = Facts.empty(len(axes.incentives), len(axes.reasons), len(axes.segments), OLDEST + 1)
    versions = IncentiveVersion.objects.order_by("pk").values_list("pk", "incentive_id")
    version, incentive = np.array(versions, dtype=np.int64).reshape(-1, 2).T
    values = {
        "yes": [str(state) for state in YES],
        "segments": list(axes.segments),
        "as_of": as_of,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # every case is read: joins by hash beat a million steps through indexes, which the planner may think fewer
        cursor.execute("set local work_mem = '128MB'; set local enable_nestloop = off")
        case, put, pk, of, r, s, days, yes, stayed = _columns(cursor, OFFERS, values, 9)
        at = (
            np.searchsorted(axes.incentives, incentive[np.searchsorted(version, of)]),  # the axes are in order
            np.searchsorted(axes.reasons, r),
            s,
            np.minimum(beliefs.age(days), OLDEST),
        )
        _count(facts.presented, at)
        _count(facts.accepted, at, yes == 1)
        order = np.lexsort((pk, put, case))
        last = np.zeros(len(case), dtype=bool)
        last[order] = np.append(case[order][1:] != case[order][:-1], True)[: len(case)]
        for answer, mature, kept in (
            (1, facts.mature_accepted, facts.stayed_accepted),
            (0, facts.mature_refused, facts.stayed_refused),
        ):
            known = last & (stayed >= 0) & (yes == answer)
            _count(mature, at, known)
            _count(kept, at, known & (stayed == 1))
        r, s, days, stayed = _columns(cursor, NONE, values, 4)
        at = np.searchsorted(axes.reasons, r), s, np.minimum(beliefs.age(days), OLDEST)
        _count(facts.mature_none, at)
        _count(facts.stayed_none, at, stayed == 1)
        cursor.execute("set local work_mem = default; set local enable_nestloop = default")
    return facts


def _columns(cursor: Any, sql: str, values: Mapping[str, Any], width: int) -> NDArray[np.int64]:
    """The integers of a query, a row for each of its columns: written out in a few long texts, which numpy reads, since
    a million tuples would take Python longer than the database needs."""
    names = ", ".join(f"c{n}" for n in range(width))
    cursor.execute(
        f"select string_agg(concat_ws(' ', {names}), ' ') from ({sql}) facts ({names}) group by c0 %% {TEXTS}",  # noqa: S608  names and numbers of this module
        values,
    )
    parts = [np.fromstring(text, dtype=np.int64, sep=" ") for (text,) in cursor.fetchall()]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts]).reshape(-1, width).T


def _count(table: Array, at: tuple[NDArray[np.int64], ...], of: NDArray[np.bool_] | None = None) -> None:
    """Add one to the table's cell for each fact, or for those of them that `of` names."""
    cells = np.ravel_multi_index(at, table.shape)
    table += np.bincount(cells if of is None else cells[of], minlength=table.size).reshape(table.shape)


# --- a model as it is stored -----------------------------------------------------------------------------------------
def _pack(axes: Catalogue, model: Model) -> bytes:
    arrays: dict[str, np.ndarray] = {
        "incentives": np.array(axes.incentives, dtype=np.int64),
        "kinds": np.array(axes.kinds, dtype=str),
        "reasons": np.array(axes.reasons, dtype=np.int64),
        "segments": np.array(axes.segments, dtype=str),
        "mapped": np.array(sorted((i, r, share) for (i, r), share in axes.mapped.items())).reshape(-1, 3),
        "map_cases": model.map_cases,
    }
    for name in QUANTITIES:
        posterior: Posterior = getattr(model, name)
        arrays[f"{name}.levels"] = np.array(posterior.levels)
        for level in range(len(posterior.levels)):
            for part in ("mean", "strength", "k", "n"):
                arrays[f"{name}.{part}.{level}"] = np.round(getattr(posterior, part)[level], 9)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpack(data: bytes) -> Believed:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        posteriors = []
        for name in QUANTITIES:
            levels = tuple(str(level) for level in arrays[f"{name}.levels"])
            parts = [
                tuple(arrays[f"{name}.{part}.{level}"] for level in range(len(levels)))
                for part in ("mean", "strength", "k", "n")
            ]
            posteriors.append(Posterior(levels, *parts, kappas=()))
        axes = Catalogue(
            incentives=arrays["incentives"].tolist(),
            kinds=arrays["kinds"].tolist(),
            reasons=arrays["reasons"].tolist(),
            segments=arrays["segments"].tolist(),
            mapped={(int(i), int(r)): share for i, r, share in arrays["mapped"].tolist()},
        )
        return Believed(axes, Model(*posteriors, map_cases=arrays["map_cases"]))


def _digest(believed: Believed) -> str:
    """Of the numbers, not of their packing."""
    digest = hashlib.sha256()
    for name in QUANTITIES:
        posterior: Posterior = getattr(believed.model, name)
        for part in (*posterior.mean, *posterior.strength):
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


@lru_cache(maxsize=3)
def believed(model_id: int) -> Believed:
    """The unpacked tables of a model, kept in the process: they never change. One query the first time."""
    return _unpack(bytes(LearnedModel.objects.values_list("arrays", flat=True).get(pk=model_id)))


def learn(*, as_of: datetime) -> LearnedModel:
    """Compute and keep the model of this moment; again for the same moment it replaces it by the same numbers.

    About ten queries, whatever the number of cases.
    """
    axes = catalogue(as_of)
    facts = gather(axes, as_of)
    model = beliefs.learn(facts, axes.prior())
    packed = _pack(axes, model)
    about = {
        "numpy": np.__version__,
        "change": {name: int(getattr(model, name).change or 0) for name in QUANTITIES},
        "kappas": {
            name: dict(zip(getattr(model, name).levels, map(float, getattr(model, name).kappas), strict=True))
            for name in QUANTITIES
        },
    }
    fields = {
        "created_at": timezone.now(),
        "facts": int(facts.presented.sum() + facts.mature_none.sum()),
        "arrays": packed,
        "digest": _digest(_unpack(packed)),
        "about": about,
    }
    with transaction.atomic():
        kept, _created = LearnedModel.objects.update_or_create(as_of=as_of, defaults=fields)
        kept.beliefs.all().delete()
        Belief.objects.bulk_create(_rows(kept, axes, model), batch_size=2_000)
    believed.cache_clear()
    log.info("learned", model=kept.pk, facts=kept.facts, digest=kept.digest[:12])
    return kept


def _rows(kept: LearnedModel, axes: Catalogue, model: Model) -> list[Belief]:
    """What people look at: kinds, incentives, and those reasons of which there is data or a guess. An incentive's
    leaves are read from the tables themselves (`queries.beliefs`)."""
    rows: list[Belief] = []
    kinds = sorted(set(axes.kinds)) or [""]
    for name in QUANTITIES:
        posterior: Posterior = getattr(model, name)
        for level, mean, strength, k, n in zip(
            posterior.levels, posterior.mean, posterior.strength, posterior.k, posterior.n, strict=True
        ):
            if level in ("kind×reason", "incentive×reason×segment"):
                continue
            for at in np.ndindex(mean.shape):
                where: dict[str, object] = {}
                if level == "kind":
                    where["kind"] = kinds[at[0]]
                elif level.startswith("incentive"):
                    where |= {"incentive_id": axes.incentives[at[0]], "kind": axes.kinds[at[0]]}
                if level == "reason×segment":
                    if not n[at]:
                        continue
                    where |= {"reason_id": axes.reasons[at[0]] or None, "segment": axes.segments[at[1]]}
                elif level.endswith("reason"):
                    guessed = level != "reason" and (axes.incentives[at[0]], axes.reasons[at[1]]) in axes.mapped
                    if not n[at] and not guessed:
                        continue
                    where["reason_id"] = axes.reasons[at[-1]] or None
                rows.append(
                    Belief(
                        model=kept,
                        quantity=name,
                        level=level,
                        k=float(k[at]),
                        n=float(n[at]),
                        mean=float(mean[at]),
                        strength=float(strength[at]),
                        **where,
                    )
                )
    return rows
