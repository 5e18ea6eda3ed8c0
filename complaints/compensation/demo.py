"""Guidance, awards and vouchers of the demo company's two years of complaints, as the actions would have left them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from complaints.actions import draft
from complaints.actions.awards import decline, propose, sentence
from complaints.compensation.rules import Terms, Wish
from complaints.demo_stories import ANSWERS
from complaints.models import (
    Award,
    AwardMove,
    Category,
    ComplaintCase,
    Matrix,
    MatrixCell,
    Remedy,
    RemedyMove,
    RootCause,
    Voucher,
    VoucherEntry,
)
from complaints.models.compensation import AwardState, Basis, RemedyState
from complaints.models.guidance import RemedyKind
from complaints.states import State
from complaints.vouchers import codes
from staff.models import User

D = Decimal
K = RemedyKind
# category: middle for a moderate case, preferred kinds
GUIDANCE = {
    "faulty-product": ("20", [K.PRODUCT_VOUCHER, K.VALUE_VOUCHER]),
    "service-fault": ("25", [K.CREDIT, K.VALUE_VOUCHER]),
    "delivery": ("15", [K.VALUE_VOUCHER, K.GIFT]),
    "billing": ("15", [K.CREDIT]),
    "contract": ("20", [K.CREDIT, K.VALUE_VOUCHER]),
    "treatment": ("12", [K.VALUE_VOUCHER, K.GIFT]),
    "privacy": ("40", [K.CREDIT]),
    "other": ("10", [K.VALUE_VOUCHER]),
}
BY_SEVERITY = {1: D("0.5"), 2: D(1), 3: D(2), 4: D(4)}
COMPENSATED = 0.7


def load(*, seed: int, now: datetime) -> None:
    """After the complaints; deterministic by seed. Vouchers get codes nobody knows: reissue one to hold it."""
    random = Random(f"compensation-{seed}")
    people = {user.username: user for user in User.objects.filter(is_demo=True)}
    if not {"mark", "sofia"} <= people.keys():
        return
    matrix = _guidance(people, now)
    cells = {(cell.category_id, cell.severity): cell for cell in matrix.cells.all()}
    cases = (
        ComplaintCase.objects.filter(outcome__in=["upheld", "partly_upheld", "goodwill"], responded_at__isnull=False)
        .select_related("customer", "category", "assignee")
        .defer("search")
        .order_by("pk")
    )
    agents = [people[name] for name in ("asa", "jonas", "mira") if name in people]
    awarded = [
        _award(
            random, case, cells.get((case.category_id, case.severity)), matrix, case.assignee or random.choice(agents)
        )
        for case in cases
        if random.random() < COMPENSATED
    ]
    Award.objects.bulk_create([award for award, _remedies in awarded], batch_size=500)
    remedies = [remedy for _award, rows in awarded for remedy in rows]
    vouchers, entries = _vouchers(random, remedies, now)
    Voucher.objects.bulk_create(vouchers, batch_size=500)
    VoucherEntry.objects.bulk_create(entries, batch_size=1000)
    Remedy.objects.bulk_create(remedies, batch_size=500)
    AwardMove.objects.bulk_create(
        [
            AwardMove(subject=award, from_state=a, to_state=b, by=award.proposed_by, at=award.proposed_at)
            for award, _rows in awarded
            for a, b in (("pending", "approved"), ("approved", "done"))
        ],
        batch_size=1000,
    )
    RemedyMove.objects.bulk_create(
        [
            RemedyMove(subject=one, from_state=a, to_state=b, by=one.award.proposed_by, at=one.award.proposed_at)
            for one in remedies
            for a, b in (("proposed", "agreed"), ("agreed", "done"))
        ],
        batch_size=1000,
    )
    _waiting(people, cells, now)


def _guidance(people: dict[str, User], now: datetime) -> Matrix:
    matrix = Matrix.objects.create(
        name=f"Guidance {now.year - 2}",
        valid_from=date(now.year - 2, 1, 1),
        author=people["mark"],
        created_at=now - timedelta(days=740),
        cap_customer_year=D(150),
    )
    categories = {category.code: category for category in Category.objects.all()}
    MatrixCell.objects.bulk_create(
        MatrixCell(
            matrix=matrix,
            category=categories[code],
            severity=severity,
            low=D(middle) * factor / 2,
            mid=D(middle) * factor,
            high=D(middle) * factor * 2,
            preferred=[K.APOLOGY] if severity == 1 and code == "treatment" else preferred,
        )
        for code, (middle, preferred) in GUIDANCE.items()
        if code in categories
        for severity, factor in BY_SEVERITY.items()
    )
    matrix.publisher, matrix.published_at = people["sofia"], now - timedelta(days=739)
    matrix.save()
    return matrix


def _award(
    random: Random, case: ComplaintCase, cell: MatrixCell | None, matrix: Matrix, by: User
) -> tuple[Award, list[Remedy]]:
    goodwill = D(0)
    kind = K.VALUE_VOUCHER
    if cell:
        drawn = float(cell.mid) * random.lognormvariate(0, 0.35)
        goodwill = min(max(D(round(drawn)), cell.low), cell.high)
        kind = K(random.choice(cell.preferred or [K.VALUE_VOUCHER]))
    if kind == K.APOLOGY:
        goodwill = D(0)
    owed = D(random.choice(("0", "0", "0", "24.95", "49.90"))) if case.category.code != "treatment" else D(0)
    wishes = [Wish(K.APOLOGY, Basis.APOLOGY)]
    if goodwill:
        needs = {K.PRODUCT_VOUCHER: case.product or "Router", K.GIFT: "Chocolates and a card"}
        wishes.insert(0, Wish(kind, Basis.GOODWILL, goodwill, needs.get(kind, "")))
    if owed:
        wishes.append(Wish(K.CREDIT, Basis.OWED, owed))
    terms = Terms(wishes)
    at = case.responded_at or case.received_at
    guidance = cell and {
        "low": str(cell.low),
        "mid": str(cell.mid),
        "high": str(cell.high),
        "modifiers": [],
        "unclamped": str(cell.mid),
        "goodwill": str(cell.mid),
        "preferred": cell.preferred,
    }
    award = Award(
        case=case,
        state=AwardState.DONE,
        matrix=matrix,
        owed=owed,
        loss=D(0),
        goodwill=goodwill,
        guided=cell.mid if cell else None,
        band="within" if cell else "none",
        explanation={
            "category": case.category.code,
            "severity": case.severity,
            "facts": {"goodwill_year": "0", "yearly_revenue": "0"},
            "guidance": guidance,
            "comparables": None,
            "split": {basis: str(amount) for basis, amount in terms.split.items()},
            "limit": "30",
            "reasons": [],
            "deviation": "",
        },
        sentence=sentence(terms, case.customer.language),
        proposed_by=by,
        proposed_at=at,
        version=3,
    )
    return award, [
        Remedy(
            award=award,
            kind=wish.kind,
            basis=wish.basis,
            state=RemedyState.DONE,
            amount=wish.amount,
            what=wish.what,
            done_at=at,
            version=3,
        )
        for wish in wishes
    ]


def _vouchers(random: Random, remedies: list[Remedy], now: datetime) -> tuple[list[Voucher], list[VoucherEntry]]:
    """Each voucher with a ledger that adds up: most are redeemed within weeks, some in parts, some expire."""
    vouchers, entries = [], []
    for remedy in remedies:
        if remedy.kind not in (K.VALUE_VOUCHER, K.PRODUCT_VOUCHER) or remedy.done_at is None:
            continue
        code = codes.complete("".join(random.choice(codes.ALPHABET) for _ in range(codes.LENGTH - 1)))
        at, by = remedy.done_at, remedy.award.proposed_by
        valid_until = timezone.localdate(at) + timedelta(days=365)
        voucher = Voucher(
            kind="product" if remedy.kind == K.PRODUCT_VOUCHER else "value",
            customer=remedy.award.case.customer,
            case=remedy.award.case,
            product=remedy.what if remedy.kind == K.PRODUCT_VOUCHER else "",
            face=remedy.amount,
            balance=remedy.amount,
            valid_until=valid_until,
            issued_at=at,
            issued_by=by,
            fingerprint=codes.fingerprint(code),
            last_four=code[-4:],
        )
        entries.append(VoucherEntry(voucher=voucher, kind="issue", amount=voucher.face, at=at, by=by))
        moment = at
        while voucher.balance and random.random() < 0.8:
            moment += timedelta(days=random.expovariate(1 / 25) + 1)
            if moment >= now or timezone.localdate(moment) > valid_until:
                break
            part = voucher.balance
            if voucher.kind == "value" and random.random() < 0.35:
                part = (part / 2).quantize(D("0.01"))
            reference = f"R-{random.randrange(10_000, 99_999)}"
            entries.append(
                VoucherEntry(voucher=voucher, kind="redeem", amount=-part, at=moment, by=by, reference=reference)
            )
            voucher.balance -= part
        expires = timezone.make_aware(datetime.combine(valid_until + timedelta(days=1), datetime.min.time()))
        if voucher.balance and expires < now:
            entries.append(VoucherEntry(voucher=voucher, kind="expire", amount=-voucher.balance, at=expires))
            voucher.balance, voucher.state = D(0), "expired"
        elif not voucher.balance:
            voucher.state = "spent"
        remedy.voucher = voucher
        vouchers.append(voucher)
    return vouchers, entries


def _waiting(people: dict[str, User], cells: dict[tuple[int, int], MatrixCell], now: datetime) -> None:
    """Three proposals above the agent's limit: one while the case is still looked into, one that an answer waits for,
    and one that came back."""
    cases = (
        ComplaintCase.objects.filter(state=State.INVESTIGATING, category__code="faulty-product")
        .exclude(product="")
        .select_related("customer", "category", "assignee")
        .order_by("-received_at", "-pk")
    )
    cause = RootCause.objects.filter(code="batch-defect").first()
    for place, case in enumerate(cases[:3]):
        cell = cells.get((case.category_id, case.severity))
        agent = case.assignee
        if cell is None or cause is None or agent is None:
            continue
        at = now - timedelta(minutes=9 + 20 * place)
        if place:
            draft(
                case.pk,
                outcome=ComplaintCase.Outcome.UPHELD,
                root_cause=cause,
                fault=ComplaintCase.Fault.OURS,
                subject=case.title,
                body=ANSWERS["upheld"][case.customer.language],
                version=case.version,
                by=agent,
                now=at,
            )
        terms = Terms(
            [Wish(K.PRODUCT_VOUCHER, Basis.GOODWILL, cell.high + 20, case.product), Wish(K.APOLOGY, Basis.APOLOGY)],
            deviation="The third box in a month: replace it and be done.",
        )
        award = propose(case.pk, terms, by=agent, now=at)
        if place == 2:
            note = "Offer a repair first: the last box had nothing but a loose plug."
            decline(award.approvals.get().pk, by=people["sofia"], now=at + timedelta(minutes=3), note=note)
