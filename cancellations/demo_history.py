"""Two years of the demo company's calls with what became of them: the engine learns from these."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from cancellations import candidates, letters, rules, suggestions, variables
from cancellations.demo_catalogue import COMPETITORS, HELPS, HISTORY, WEIGHTS
from cancellations.engine import choice, ranking, values
from cancellations.engine.ranking import Offers
from cancellations.engine.special import beta_interval
from cancellations.models import (
    CancellationCase,
    CaseMove,
    CaseNumber,
    Fulfilment,
    IncentiveVersion,
    Notice,
    Offer,
    OfferDecision,
    OfferMove,
    Reason,
    Suggestion,
)
from cancellations.models.offers import OfferState
from customers.models import Document, Subscription
from staff.decisions import Verdict
from staff.models import User

State = CancellationCase.State


@dataclass
class _Past:
    """Rows to be written at once; children point to the parents' objects, which have keys by then."""

    cases: list[CancellationCase] = field(default_factory=list)
    moves: list[CaseMove] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    offer_moves: list[OfferMove] = field(default_factory=list)
    decisions: list[OfferDecision] = field(default_factory=list)
    fulfilments: list[Fulfilment] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)

    def write(self) -> None:
        Document.objects.bulk_create(self.documents, batch_size=200)
        CancellationCase.objects.bulk_create(self.cases, batch_size=1000)
        CaseMove.objects.bulk_create(self.moves, batch_size=1000)
        Notice.objects.bulk_create(self.notices, batch_size=1000)
        Suggestion.objects.bulk_create(self.suggestions, batch_size=1000)
        Offer.objects.bulk_create(self.offers, batch_size=1000)
        OfferMove.objects.bulk_create(self.offer_moves, batch_size=1000)
        OfferDecision.objects.bulk_create(self.decisions, batch_size=1000)
        Fulfilment.objects.bulk_create(self.fulfilments, batch_size=1000)


def tell(random: Random, catalogue: Sequence[IncentiveVersion], staff: dict[str, User], now: datetime) -> None:
    reasons = list(Reason.objects.select_related("category").order_by("pk"))
    today = timezone.localdate(now)
    subscriptions = list(Subscription.objects.select_related("customer", "plan").order_by("pk"))
    plan: list[tuple[datetime, Subscription, str]] = []
    running = []
    for one in subscriptions:
        if one.status == Subscription.Status.ACTIVE:
            running.append(one)
        elif one.ends_on and one.status == Subscription.Status.ENDED and (today - one.ends_on) < HISTORY:
            days = (today - one.ends_on).days + random.randint(20, 70)
            plan.append((now - timedelta(days=days, minutes=random.randint(0, 500)), one, "left"))
        elif one.ends_on and one.status == Subscription.Status.ENDING:
            plan.append((now - timedelta(days=random.randint(1, 25), minutes=random.randint(0, 500)), one, "leaving"))
    stayed = random.sample(running, min(len(running) // 4, max(len(plan), 300)))
    for one in stayed:
        oldest = min((today - one.started_on).days - 1, HISTORY.days)
        if oldest > 2:
            at = now - timedelta(days=random.randint(1, oldest), minutes=random.randint(0, 500))
            plan.append((at, one, "stayed"))
    plan = [(_office_hours(random, at), one, fate) for at, one, fate in plan]
    plan.sort(key=lambda row: (row[0], row[1].pk))
    agents = [staff[name] for name in ("asa", "jonas", "mira")]
    numbers = dict[int, int]()
    past = _Past()
    for at, one, fate in plan:
        year = timezone.localdate(at).year
        numbers[year] = numbers.get(year, 0) + 1
        _Call(random, past, catalogue, reasons, staff, now).tell(
            f"X-{year}-{numbers[year]:05d}", at, one, fate, random.choice(agents)
        )
    past.write()
    CaseNumber.objects.bulk_create([CaseNumber(year=year, last=last) for year, last in numbers.items()])


def _office_hours(random: Random, at: datetime) -> datetime:
    local = timezone.localtime(at)
    return local.replace(hour=random.randint(8, 17), minute=random.randint(0, 59)) - timedelta(
        days=max(local.weekday() - 4, 0)
    )


@dataclass
class _Call:
    random: Random
    past: _Past
    catalogue: Sequence[IncentiveVersion]
    reasons: Sequence[Reason]
    staff: dict[str, User]
    now: datetime

    def tell(self, number: str, at: datetime, one: Subscription, fate: str, agent: User) -> None:
        random = self.random
        reason = self._reason()
        mature = at + timedelta(days=91) < self.now
        hold_out = random.random() < (0.14 if fate != "stayed" else 0.06)
        silent = reason.never_offer or one.customer.is_bereaved
        heard = not silent and random.random() > 0.14
        case = CancellationCase(
            number=number,
            subscription=one,
            customer=one.customer,
            state=State.OPENED,
            reason=reason,
            competitor=random.choice(COMPETITORS) if reason.names_competitor else "",
            permission="granted" if heard else "unasked" if silent else "refused",
            price_before=one.monthly_price,
            opened_by=agent,
            agent=agent,
            team_id=agent.team_id,
            opened_at=at,
            noticed_at=at,
            touched_at=at,
        )
        self.past.cases.append(case)
        clock = at
        clock = self._move(case, State.NOTICE_RECORDED, clock, agent, seconds=2)
        notice = Notice(case=case, received_at=at, by=agent)
        self.past.notices.append(notice)
        accepted = None
        if heard:
            clock = self._move(case, State.OFFERING, clock, agent, seconds=random.randint(40, 200))
            accepted = self._offers(case, clock, agent, fate, hold_out=hold_out, mature=mature)
        clock += timedelta(seconds=random.randint(60, 400))
        case.closed_at = case.touched_at = clock
        case.window_until = timezone.localdate(clock) + rules.SAVE_WINDOW
        self._end(case, clock, agent, fate, accepted=accepted is not None, mature=mature)
        notice.receipt = self._paper(case, clock, accepted)

    def _reason(self) -> Reason:
        code = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        return self.random.choice([reason for reason in self.reasons if reason.category.code == code])

    def _move(self, case: CancellationCase, to: str, at: datetime, by: User | None, *, seconds: int = 0) -> datetime:
        at += timedelta(seconds=seconds)
        self.past.moves.append(CaseMove(subject=case, from_state=case.state, to_state=to, by=by, at=at))
        case.state = to
        case.version += 1
        return at

    def _end(
        self, case: CancellationCase, at: datetime, agent: User, fate: str, *, accepted: bool, mature: bool
    ) -> None:
        random = self.random
        if fate in ("left", "leaving") and not accepted:
            case.ends_on = case.subscription.ends_on
            self._move(case, State.CANCELLED_SCHEDULED, at, agent)
            if fate == "left" and case.ends_on:
                end = timezone.make_aware(datetime.combine(case.ends_on, datetime.min.time())) + timedelta(days=1)
                self._move(case, State.CANCELLED_EFFECTIVE, max(at, min(end, self.now)), None)
        elif fate == "left":
            self._move(case, State.SAVED_PENDING, at, agent)
            self._move(case, State.BOOMERANG, min(at + timedelta(days=random.randint(15, 60)), self.now), None)
        elif accepted and random.random() < 0.1:
            self._move(case, State.RATE_RENEGOTIATED, at, agent)
        elif accepted or random.random() < 0.45:
            self._move(case, State.SAVED_PENDING, at, agent)
            if mature:
                self._move(case, State.SAVED_CONFIRMED, at + timedelta(days=90), None)
        else:
            self._move(case, State.NOTICE_WITHDRAWN, at, agent)
        if mature:
            case.paying_on_day_90 = fate == "stayed"

    def _offers(
        self, case: CancellationCase, at: datetime, agent: User, fate: str, *, hold_out: bool, mature: bool
    ) -> Offer | None:
        random = self.random
        helps = HELPS[case.reason.category.code] if case.reason else {}
        known = [version for version in self.catalogue if version.incentive.kind in helps]
        contract = values.Contract(case.subscription.monthly_price, case.subscription.monthly_margin)
        priced = [(v, values.cost(v.incentive.kind, v.terms, contract)) for v in known]
        priced = [(v, cost) for v, cost in priced if cost <= values.value(contract) / 2] or priced[:1]
        suggestion = _decide(case, priced, helps, at, agent, hold_out=hold_out, seed=random.getrandbits(53))
        self.past.suggestions.append(suggestion)
        chosen, cost = next(((v, cost) for v, cost in priced if v.pk == suggestion.chosen_id), (None, Decimal(0)))
        if chosen is None:
            return None
        row = next(row for row in suggestion.candidates if row["version"] == chosen.pk)
        accepts = random.random() < (0.7 if fate == "stayed" else 0.0 if fate == "leaving" else 0.28)
        offer = Offer(
            case=case,
            incentive_version=chosen,
            suggestion=suggestion,
            was_lead=True,
            state=OfferState.SUGGESTED,
            terms=chosen.terms,
            cost=cost,
            gain=Decimal(row["gain"]),
            customer_value=values.value(contract),
            propensity=suggestion.propensity,
            explanation=dict(row),
            created_at=at,
            by=agent,
        )
        self.past.offers.append(offer)
        if cost > 60:
            at = self._approval(offer, at, agent)
        self._offer_move(offer, OfferState.PRESENTED, at, agent)
        offer.presented_at = at
        offer.answered_at = at = at + timedelta(seconds=random.randint(20, 120))
        self._offer_move(offer, OfferState.ACCEPTED if accepts else OfferState.REFUSED, at, agent)
        if not accepts:
            return None
        if chosen.incentive.kind in rules.EXTENDING:
            offer.consent_at = offer.presented_at
        self._fulfil(offer, contract, at, agent, mature=mature, left=fate == "left")
        return offer

    def _approval(self, offer: Offer, at: datetime, agent: User) -> datetime:
        manager = self.staff[self.random.choice(("sofia", "erik"))]
        self._offer_move(offer, OfferState.NEEDS_APPROVAL, at, agent)
        decided = at + timedelta(seconds=self.random.randint(12, 95))
        self.past.decisions.append(
            OfferDecision(
                offer=offer,
                verdict=Verdict.APPROVED,
                amount=offer.cost,
                requested_by=agent,
                requested_at=at,
                due_at=at + rules.ANSWER_WITHIN,
                looked_at_by=manager,
                decided_by=manager,
                decided_at=decided,
                terms_before=offer.terms,
            )
        )
        self._offer_move(offer, OfferState.APPROVED, decided, manager)
        return decided + timedelta(seconds=15)

    def _offer_move(self, offer: Offer, to: str, at: datetime, by: User | None) -> None:
        self.past.offer_moves.append(OfferMove(subject=offer, from_state=offer.state, to_state=to, by=by, at=at))
        offer.state = to
        offer.version += 1

    def _fulfil(
        self, offer: Offer, contract: values.Contract, at: datetime, agent: User, *, mature: bool, left: bool
    ) -> None:
        prices = values.prices(offer.incentive_version.incentive.kind, offer.terms, contract)
        starts = timezone.localdate(at)
        ends = rules.add_months(starts, prices.months) if prices.months else None
        lead = self.staff["lead"]
        self._offer_move(offer, OfferState.PENDING_FULFILMENT, at, agent)
        fulfilment = Fulfilment(
            offer=offer,
            price_before=contract.price,
            price_during=prices.during,
            price_after=prices.after,
            starts_on=starts,
            ends_on=ends,
            remind_on=ends - timedelta(days=14) if ends else None,
        )
        self.past.fulfilments.append(fulfilment)
        done = at + timedelta(days=self.random.randint(1, 3))
        if done < self.now:
            self._offer_move(offer, OfferState.APPLIED, done, lead)
            fulfilment.by, fulfilment.at = lead, done
            over = ends is None or ends < timezone.localdate(self.now)
            if left:
                self._offer_move(offer, OfferState.REVOKED, min(done + timedelta(days=40), self.now), None)
            elif over:
                stop = timezone.make_aware(datetime.combine(ends or starts, datetime.min.time())) + timedelta(days=3)
                self._offer_move(offer, OfferState.COMPLETED, min(max(stop, done), self.now), None)
            if ends and ends - timedelta(days=14) < timezone.localdate(self.now):
                fulfilment.reminded_at = min(done + timedelta(days=30), self.now)

    def _paper(self, case: CancellationCase, at: datetime, accepted: Offer | None) -> Document:
        if accepted is not None:
            fulfilment = next(f for f in reversed(self.past.fulfilments) if f.offer is accepted)
            letter = letters.confirmation_letter(case, accepted, fulfilment, now=at)
        elif case.ends_on:
            letter = letters.receipt_letter(case, now=at)
        else:
            letter = letters.stays_letter(case, now=at)
        document = Document(customer=case.customer, **letters.written(case, letter, now=at), created_at=at)
        self.past.documents.append(document)
        if accepted is not None:
            fulfilment.confirmation = document
        return document


KNOWN = 40  # callers behind each figure of the past


def _decide(
    case: CancellationCase,
    priced: list[tuple[IncentiveVersion, Decimal]],
    helps: dict[str, tuple[float, float]],
    at: datetime,
    agent: User,
    *,
    hold_out: bool,
    seed: int,
) -> Suggestion:
    """A decision of the past by the engine's own draw, so that it replays as one of today does."""
    contract = values.Contract(case.subscription.monthly_price, case.subscription.monthly_margin)
    worth, none = values.value(contract), (14.0, 26.0)
    shares = [helps[version.incentive.kind] for version, _cost in priced]
    offers = Offers.of(
        [version.pk for version, _cost in priced],
        accept=[(KNOWN * accepts, KNOWN * (1 - accepts)) for accepts, _stays in shares],
        stay_accepted=[(KNOWN * stays, KNOWN * (1 - stays)) for _accepts, stays in shares],
        stay_refused=[none] * len(priced),
        value=float(worth),
        cost=[float(cost) for _version, cost in priced],
        tried=KNOWN,
    )
    parameters = {"none": none, "map_cases": 0.0, "draws": 100, "others": [], **offers.as_json()}
    chosen = suggestions.choose(parameters, seed, silent=hold_out)
    probability = dict(zip(chosen.keys, chosen.vector, strict=True))
    expected = ranking.expect(offers, none)
    low, high = beta_interval(offers.accept[:, 0], offers.accept[:, 1])
    rows: list[candidates.Candidate] = [
        {
            "version": version.pk,
            "kind": version.incentive.kind,
            "shown": True,
            "score": round(float(expected.score[i]), 4),
            "gain": f"{expected.gain[i]:.2f}",
            "cost": f"{cost:.2f}",
            "value": f"{worth:.2f}",
            "accept": shares[i][0],
            "low": round(float(low[i]), 4),
            "high": round(float(high[i]), 4),
            "scope": "reason",
            "accepted": round(shares[i][0] * KNOWN),
            "presented": KNOWN,
            "stays": shares[i][1],
            "stays_without": 0.35,
            "probability": probability[version.pk],
            "refusals": [],
        }
        for i, (version, cost) in enumerate(priced)
    ]
    today = timezone.localdate(at)
    found = variables.of_case(case, today=today, value=worth, goodwill=Decimal(0), accepted=0, days_since=None)
    return Suggestion(
        case=case,
        at=at,
        by=agent,
        reason=case.reason,
        features={"segment": case.customer.segment, "fingerprint": "demo", "values": suggestions.plain(found)},
        candidates=sorted(rows, key=lambda row: -row["score"]),
        parameters=parameters,
        vector={str(key): p for key, p in probability.items()},
        chosen_id=chosen.lead or None,
        propensity=chosen.propensity,
        seed=seed,
        model_version="demo",
        hold_out=hold_out,
        epsilon=choice.EPSILON,
    )
