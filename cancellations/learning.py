"""Facts → beliefs. Every model is computed from the facts known at its moment and nothing else, so a rebuild from
scratch gives the same tables, bit by bit.

A is learned from every answer at once; q, u and R0 only from cases whose 90 days are over. R0 comes from those to whom
nothing was suggested: the hold-out, overridden or not, and the calls that "no incentive" led (by intention to treat).
"""

import hashlib
import io
from datetime import datetime
from functools import lru_cache

import numpy as np
import structlog
from django.db import connection, transaction
from django.utils import timezone

from cancellations.engine import beliefs
from cancellations.engine.beliefs import Catalogue, Facts, Model, Posterior
from cancellations.engine.lookup import NOT_TOLD, Believed
from cancellations.models import Belief, Incentive, LearnedModel, Reason, ReasonIncentive
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
MAX_AGE = 72  # buckets of half a month: three years; older facts stand in the last
QUANTITIES = ("accept", "stay_accepted", "stay_refused", "stay_none")

# One row per incentive × reason × segment × age: how many were offered it, said yes; of those whose window is over, how
# many said yes or no and stayed. Only the last offer of a call answers for what became of the customer.
OFFERS = """
with answered as (
    select v.incentive_id, coalesce(c.reason_id, 0) as reason, cu.segment, o.state = any(%(yes)s) as yes,
           least(extract(epoch from %(as_of)s - o.presented_at)::int / 86400 / %(days)s, %(oldest)s) as age,
           c.paying_on_day_90 as stayed,
           c.paying_on_day_90 is not null and c.window_until <= %(as_of)s::date
           and row_number() over (partition by o.case_id order by o.presented_at desc, o.id desc) = 1 as mature
    from cancellations_offer o
    join cancellations_incentiveversion v on v.id = o.incentive_version_id
    join cancellations_cancellationcase c on c.id = o.case_id
    join customers_customer cu on cu.id = c.customer_id
    where o.presented_at is not null and o.presented_at <= %(as_of)s
      and o.answered_at is not null and o.answered_at <= %(as_of)s and o.state <> 'presented'
)
select incentive_id, reason, segment, age,
       count(*) filter (where yes), count(*),
       count(*) filter (where mature and yes and stayed), count(*) filter (where mature and yes),
       count(*) filter (where mature and not yes and stayed), count(*) filter (where mature and not yes)
from answered group by 1, 2, 3, 4
"""
NONE = """
select coalesce(c.reason_id, 0), cu.segment,
       least(extract(epoch from %(as_of)s - s.at)::int / 86400 / %(days)s, %(oldest)s) as age,
       count(*) filter (where c.paying_on_day_90), count(*)
from cancellations_suggestion s
join cancellations_cancellationcase c on c.id = s.case_id
join customers_customer cu on cu.id = c.customer_id
where s.superseded_at is null and s.at <= %(as_of)s and (s.hold_out or s.chosen_id is null)
  and c.paying_on_day_90 is not null and c.window_until <= %(as_of)s::date
group by 1, 2, 3
"""


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
        said={(i, r): max((as_of - at).days, 0) // beliefs.BUCKET_DAYS for i, r, _accepts, _stays, at in guesses},
    )


def gather(axes: Catalogue, as_of: datetime) -> Facts:
    """The counts known at `as_of`; two queries whatever the number of cases."""
    facts = Facts.empty(len(axes.incentives), len(axes.reasons), len(axes.segments), MAX_AGE + 1)
    incentive = {key: i for i, key in enumerate(axes.incentives)}
    reason = {key: i for i, key in enumerate(axes.reasons)}
    segment = {key: i for i, key in enumerate(axes.segments)}
    values = {"yes": [str(state) for state in YES], "as_of": as_of, "days": beliefs.BUCKET_DAYS, "oldest": MAX_AGE}
    with connection.cursor() as cursor:
        cursor.execute(OFFERS, values)
        for i, r, s, age, *counts in cursor.fetchall():
            at = incentive[i], reason[r], segment[s], age
            for table, count in zip(
                (
                    facts.accepted,
                    facts.presented,
                    facts.stayed_accepted,
                    facts.mature_accepted,
                    facts.stayed_refused,
                    facts.mature_refused,
                ),
                counts,
                strict=True,
            ):
                table[at] = count
        cursor.execute(NONE, values)
        for r, s, age, stayed, mature in cursor.fetchall():
            facts.stayed_none[reason[r], segment[s], age] = stayed
            facts.mature_none[reason[r], segment[s], age] = mature
    return facts


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
    """What people look at: kinds, incentives, and those reasons of which there is data or a guess."""
    rows: list[Belief] = []
    kinds = sorted(set(axes.kinds)) or [""]
    for name in QUANTITIES:
        posterior: Posterior = getattr(model, name)
        for level, mean, strength, k, n in zip(
            posterior.levels, posterior.mean, posterior.strength, posterior.k, posterior.n, strict=True
        ):
            if level in ("kind×reason", "incentive×reason×segment", "reason×segment"):
                continue
            for at in np.ndindex(mean.shape):
                where: dict[str, object] = {}
                if level == "kind":
                    where["kind"] = kinds[at[0]]
                elif level.startswith("incentive"):
                    where |= {"incentive_id": axes.incentives[at[0]], "kind": axes.kinds[at[0]]}
                if level.endswith("reason"):
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
