"""Two years of complaints for the demo company: deterministic by seed, clocks as the actions would have set them."""

from datetime import datetime, time, timedelta
from random import Random

from django.utils import timezone

from complaints import clocks
from complaints.actions.timekeeping import FOLLOW_UP, target_of
from complaints.calendars import best, hours_of
from complaints.clocks import Hours, add_work
from complaints.compensation import demo as compensation
from complaints.demo_stories import ANSWERS, NOTES, QUESTIONS, REPLIES, STORIES
from complaints.models import (
    Breach,
    CaseMove,
    CaseNumber,
    Category,
    Clock,
    ComplaintCase,
    Cycle,
    Message,
    Pause,
    Policy,
    RootCause,
    Survey,
)
from complaints.rules import priority_for
from complaints.states import ENDED, State
from customers.models import Customer, Subscription
from staff.models import Team, User

CASES, LATELY = 1100, 90
S, Kind = State, Message.Kind


class _Company:
    """What every story needs, read once."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.random, self.now = Random(f"complaints-{seed}"), now
        self.customers = list(Customer.objects.order_by("pk")[:4000])
        self.subscriptions = {
            one.customer_id: one for one in Subscription.objects.filter(customer__in=self.customers).order_by("-pk")
        }
        self.agents = list(User.objects.filter(username__in=["asa", "jonas", "mira"]).order_by("pk"))
        self.teams = list(Team.objects.filter(name__in=["North", "South"]).order_by("name"))
        self.categories = {one.code: one for one in Category.objects.select_related("parent")}
        self.causes = {one.code: one for one in RootCause.objects.all()}
        self.policies = list(
            Policy.objects.select_related("calendar").prefetch_related("calendar__intervals", "calendar__exceptions")
        )
        self._hours: dict[int, Hours] = {}

    def hours(self, policy: Policy) -> Hours:
        if policy.calendar_id not in self._hours:
            self._hours[policy.calendar_id] = hours_of(policy.calendar)
        return self._hours[policy.calendar_id]


def load(*, seed: int, now: datetime) -> None:
    company = _Company(seed, now)
    if not company.customers or not company.agents:
        return
    random = company.random
    start = now - timedelta(days=730)
    received = sorted(
        [_moment(random, start, now) for _ in range(CASES)]
        + [_moment(random, now - timedelta(days=7), now) for _ in range(LATELY)]
    )
    last = {one.year: one.last for one in CaseNumber.objects.all()}
    cases, lives = [], []
    for at in received:
        year = timezone.localdate(at).year
        last[year] = last.get(year, 0) + 1
        case, life = _case(company, at, f"K-{year}-{last[year]:05d}")
        cases.append(case)
        lives.append(life)
    for year, number in last.items():
        CaseNumber.objects.update_or_create(year=year, defaults={"last": number})
    cycles = [Cycle(case=case, number=1, started_at=case.received_at, ended_at=case.closed_at) for case in cases]
    watches = []
    for case, cycle, life in zip(cases, cycles, lives, strict=True):
        watches += _clocks(company, case, cycle, life)
    ComplaintCase.objects.bulk_create(cases, batch_size=500)
    Cycle.objects.bulk_create(cycles, batch_size=1000)
    Clock.objects.bulk_create(watches, batch_size=1000)
    Breach.objects.bulk_create(
        [
            Breach(clock=one, due_at=one.due_at, policy_id=one.policy_id, noticed_at=one.due_at)
            for one in watches
            if not one.is_paused and one.due_at < (one.met_at or now)
        ],
        batch_size=1000,
    )
    Pause.objects.bulk_create(
        Pause(case=case, started_at=begin, ended_at=end, reason=case.title)
        for case, life in zip(cases, lives, strict=True)
        for begin, end in life["pauses"]
    )
    CaseMove.objects.bulk_create(
        [
            CaseMove(subject=case, from_state=a, to_state=b, by=case.assignee if b != S.ACKNOWLEDGED else None, at=at)
            for case, life in zip(cases, lives, strict=True)
            for a, b, at in life["moves"]
        ],
        batch_size=1000,
    )
    Message.objects.bulk_create(
        [Message(case=case, **said) for case, life in zip(cases, lives, strict=True) for said in life["messages"]],
        batch_size=1000,
    )
    Survey.objects.bulk_create(_surveys(company, cases), batch_size=1000)
    compensation.load(seed=seed, now=now)


def _moment(random: Random, start: datetime, end: datetime) -> datetime:
    """Mostly on working days in daytime; a little more of late, as the company grows."""
    while True:
        at = start + (end - start) * random.random() ** 0.85
        local = timezone.localtime(at)
        if local.weekday() < 5 or random.random() < 0.25:
            hour = min(max(int(random.gauss(13, 3)), 7), 20)
            moment = timezone.make_aware(datetime.combine(local.date(), time(hour, random.randrange(60))))
            if moment < end:
                return moment


def _case(company: _Company, at: datetime, number: str) -> tuple[ComplaintCase, dict]:
    random, now = company.random, company.now
    code, severity, product, cause, fault, languages = random.choice(STORIES)
    customer = random.choice(company.customers)
    title, story, wanted = languages.get(customer.language, languages["en"])
    weeks = random.randint(2, 6)
    severity = min(max(severity + random.choice((-1, 0, 0, 0, 1)), 1), 4)
    priority, _why = priority_for(severity=severity, vulnerable=customer.is_vulnerable)
    subscription = company.subscriptions.get(customer.pk)
    agent = random.choice(company.agents)
    case = ComplaintCase(
        number=number,
        customer=customer,
        channel=random.choices(["phone", "email", "web", "letter", "shop"], [40, 28, 17, 9, 6])[0],
        received_at=at,
        recorded_at=min(at + timedelta(minutes=random.choice((1, 3, 8, 600))), now),
        recorded_by=agent,
        category=company.categories[code],
        severity=severity,
        priority=priority,
        title=title.format(weeks=weeks),
        happened=story.format(weeks=weeks),
        wanted=wanted,
        product=product,
        item_price=random.choice((79, 129, 149)) if product else None,
        reference=f"{random.randrange(10_000, 99_999)}" if product else "",
        subscription=subscription,
        was_active=subscription is not None and (subscription.ends_on is None or subscription.ends_on > at.date()),
        team=random.choice(company.teams) if company.teams else None,
        due_at=at + FOLLOW_UP,
    )
    return case, _life(company, case, agent, cause, fault)


def _life(company: _Company, case: ComplaintCase, agent: User, cause: str, fault: str) -> dict:
    """How far it has come by now: moves, messages, pauses, and the case's own fields."""
    random, now = company.random, company.now
    policy = best(
        company.policies, category=case.category, priority=case.priority, day=timezone.localdate(case.received_at)
    )
    hours = company.hours(policy)
    life: dict = {"moves": [], "messages": [], "pauses": [], "policy": policy}
    language = case.customer.language if case.customer.language in REPLIES else "en"

    def worked(at: datetime, share: float, minutes: int) -> datetime:
        return add_work(hours, at, timedelta(minutes=max(minutes * share, 5)))

    def move(to: str, at: datetime) -> bool:
        if at > now:
            return False
        life["moves"].append((case.state, to, at))
        case.state = to
        return True

    def say(at: datetime, **fields: object) -> None:
        life["messages"].append({"at": at, "language": language, **fields})

    def write(at: datetime, purpose: str, body: str, **fields: object) -> None:
        say(at, kind=Kind.EMAIL, direction="out", purpose=purpose, subject=case.title, body=body, **fields)

    if case.channel in ("email", "web"):
        kind = Kind.EMAIL if case.channel == "email" else Kind.WEB
        say(case.received_at, kind=kind, direction="in", body=case.happened, sender=case.customer.email)
        move(S.ACKNOWLEDGED, case.recorded_at)
        write(case.recorded_at, "acknowledgement", case.number, is_automatic=True)
    first = worked(case.recorded_at, random.lognormvariate(-0.9, 0.7), policy.first_response_minutes)
    if first > now:
        case.assignee = agent if random.random() < 0.5 else None
        return life
    case.assignee = agent
    move(S.INVESTIGATING, first)
    say(first, kind=Kind.CALL, direction="out", purpose="progress", body=case.title, by=agent)
    case.first_response_at = first
    if random.random() < 0.25:
        say(first, kind=Kind.NOTE, direction="internal", body=random.choice(NOTES), by=agent)
    at = first
    if random.random() < 0.22:
        asked = worked(first, 0.1, policy.resolution_minutes)
        if move(S.WAITING_CUSTOMER, asked):
            write(asked, "question", QUESTIONS[language], by=agent)
            back = asked + timedelta(hours=random.randint(5, 120))
            case.chase_at = asked + timedelta(days=7)
            if back > now:
                life["pauses"].append((asked, None))
                return life
            life["pauses"].append((asked, back))
            say(back, kind=Kind.EMAIL, direction="in", body=REPLIES[language], sender=case.customer.email)
            move(S.INVESTIGATING, back)
            case.chase_at, at = None, back
    answered = worked(at, random.lognormvariate(-0.75, 0.6), policy.resolution_minutes)
    drafted = answered - timedelta(minutes=20)
    if drafted > now or drafted <= at:
        answered = max(answered, at + timedelta(minutes=40))
        drafted = answered - timedelta(minutes=20)
    if not move(S.DECISION_DRAFTED, drafted):
        return life
    outcome = random.choices(["upheld", "partly_upheld", "rejected", "goodwill"], [48, 20, 22, 10])[0]
    if random.random() > 0.75:
        cause = random.choice(list(company.causes))
    case.outcome, case.root_cause = outcome, company.causes[cause]
    case.fault = fault
    if not move(S.RESPONDED, answered):
        case.draft_subject, case.draft_body = case.title, ANSWERS[outcome][language]
        return life
    write(answered, "answer", ANSWERS[outcome][language], by=agent)
    case.responded_at = answered
    closed = answered + timedelta(days=random.choice((0, 1, 3, 7)), hours=1)
    if move(S.CLOSED, closed):
        case.closed_at = closed
    return life


def _clocks(company: _Company, case: ComplaintCase, cycle: Cycle, life: dict) -> list[Clock]:
    policy, now = life["policy"], company.now
    hours, rows = company.hours(policy), []
    for kind in Clock.Kind:
        met = case.first_response_at if kind == Clock.Kind.FIRST_RESPONSE else case.responded_at
        one = Clock(
            case=case,
            cycle=cycle,
            kind=kind,
            policy=policy,
            target=target_of(policy, kind),
            started_at=case.received_at,
            met_at=met,
        )
        if kind == Clock.Kind.STATUTORY:
            one.due_at = clocks.statutory(hours.zone, received=case.received_at, days=policy.statutory_days)
            one.elapsed = int((met - case.received_at).total_seconds()) if met else None
        else:
            reading = clocks.operational(
                hours,
                received=case.received_at,
                target=timedelta(seconds=one.target),
                pauses=life["pauses"],
                now=met or now,
            )
            one.is_paused = reading.due is None
            one.due_at = reading.due or clocks.statutory(hours.zone, received=case.received_at, days=30)
            one.elapsed = int(reading.elapsed.total_seconds()) if met else None
        one.warn_at = None if met or one.is_paused else one.due_at
        if not met and one.due_at < now:
            one.warned, one.warn_at, case.escalated_at = 100, None, case.escalated_at or one.due_at
        rows.append(one)
    running = [one.due_at for one in rows if not one.met_at and not one.is_paused]
    if case.state not in ENDED and running:
        case.due_at = min(running)
    elif case.responded_at:
        case.due_at = case.responded_at + FOLLOW_UP
    return rows


def _surveys(company: _Company, cases: list[ComplaintCase]) -> list[Survey]:
    random, rows = company.random, []
    for case in cases:
        if case.state != S.CLOSED or not case.customer.email:
            continue
        survey = Survey(case=case, cycle_number=1, asked_at=case.closed_at)
        if random.random() < 0.34:
            liking = {"upheld": 4.2, "partly_upheld": 3.3, "goodwill": 3.6}.get(case.outcome, 2.2)
            survey.answered_at = min(case.closed_at + timedelta(hours=random.randint(1, 90)), company.now)
            survey.outcome, survey.process, survey.treatment = (
                min(max(round(random.gauss(mean, 0.9)), 1), 5) for mean in (liking, liking - 0.2, liking + 0.5)
            )
        rows.append(survey)
    return rows
