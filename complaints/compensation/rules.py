"""How much goodwill the guidance suggests, and what needs a second pair of eyes. Pure: values in, reasons out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from complaints.models.compensation import Basis
from complaints.models.guidance import Matrix, MatrixCell, RemedyKind
from staff import formats
from staff.authority import Authority
from staff.errors import DomainError

CENT = Decimal("0.01")
NOTHING = Decimal(0)
MOST_COUNTED = 4  # weeks and contacts beyond these change nothing more
SHARE_OF_REVENUE = Decimal("0.25")  # goodwill of twelve months against what the customer pays in twelve
MANY_CLAIMS = 3
TIMES_PEERS = 3
NEEDS_TEXT = {RemedyKind.PRODUCT_VOUCHER, RemedyKind.GIFT, RemedyKind.REPAIR}
NOT_MONEY = {RemedyKind.VALUE_VOUCHER, RemedyKind.PRODUCT_VOUCHER, RemedyKind.GIFT, RemedyKind.STAMPS}
AUTHORITY_GOODWILL = "goodwill"  # kinds of staff.AuthorityLimit
AUTHORITY_REDRESS = "redress"


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts about a case that move an award. Money a year and a day; counts as of now."""

    weeks_open: int = 0
    contacts: int = 1
    is_repeat: bool = False
    is_vulnerable: bool = False
    is_breached: bool = False
    is_contributory: bool = False
    yearly_margin: Decimal = NOTHING
    yearly_revenue: Decimal = NOTHING
    goodwill_year: Decimal = NOTHING  # all apps, twelve months, without this award
    claims_year: int = 1
    peers_claims: float = 1.0  # mean over the customers who complained in twelve months
    evidence_missing: bool = False
    item_price: Decimal | None = None
    neighbours_awarded: int = 0  # others at the same address who were given something in twelve months
    split_awards: int = 0  # other cases of this customer awarded by the same agent within thirty days


@dataclass(frozen=True, slots=True)
class Modifier:
    """One circumstance: its share of the middle, and that in money."""

    code: str
    count: int
    share: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Guidance:
    """goodwill = clamp(mid · (1 + Σ shares), low, high), in cents."""

    low: Decimal
    mid: Decimal
    high: Decimal
    preferred: Sequence[str]
    modifiers: Sequence[Modifier]
    unclamped: Decimal
    goodwill: Decimal

    def band(self, amount: Decimal) -> str:
        return "below" if amount < self.low else "above" if amount > self.high else "within"


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def guide(matrix: Matrix, cell: MatrixCell, situation: Situation) -> Guidance:
    """What the matrix says about this case. Customer value counts by how far the yearly margin is from the usual one,
    at most `matrix.customer_value` (≤ 15 %) either way; 0 switches it off."""
    counted = {
        "per_week": min(situation.weeks_open, MOST_COUNTED),
        "per_contact": min(max(situation.contacts - 1, 0), MOST_COUNTED),
        "repeat": int(situation.is_repeat),
        "vulnerable": int(situation.is_vulnerable),
        "breach": int(situation.is_breached),
        "contributory": int(situation.is_contributory),
    }
    shares = {code: (count, count * getattr(matrix, code)) for code, count in counted.items()}
    distance = situation.yearly_margin / matrix.typical_value - 1
    shares["customer_value"] = (1, matrix.customer_value * max(Decimal(-1), min(Decimal(1), distance)))
    modifiers = [
        Modifier(code, count, share.quantize(Decimal("0.001")), cents(cell.mid * share))
        for code, (count, share) in shares.items()
        if share
    ]
    unclamped = cents(cell.mid * (1 + sum((share for _count, share in shares.values()), NOTHING)))
    return Guidance(
        low=cell.low,
        mid=cell.mid,
        high=cell.high,
        preferred=cell.preferred,
        modifiers=modifiers,
        unclamped=unclamped,
        goodwill=max(cell.low, min(unclamped, cell.high)),
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """One remedy as somebody proposes it."""

    kind: str
    basis: str
    amount: Decimal = NOTHING
    what: str = ""
    stamps: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """A whole proposal."""

    wishes: Sequence[Wish]
    voucher_for_owed: bool = False
    consent: str = ""
    deviation: str = ""
    split: Mapping[str, Decimal] = field(init=False)

    def __post_init__(self) -> None:
        split = dict.fromkeys(Basis.values, NOTHING)
        for wish in self.wishes:
            split[wish.basis] += wish.amount
        object.__setattr__(self, "split", split)

    @property
    def redress(self) -> Decimal:
        return self.split[Basis.OWED] + self.split[Basis.LOSS]

    @property
    def goodwill(self) -> Decimal:
        return self.split[Basis.GOODWILL]

    @property
    def total(self) -> Decimal:
        return self.redress + self.goodwill


def priced(terms: Terms, matrix: Matrix | None) -> Terms:
    """The same terms, stamps at what the guidance says one costs, whatever amount was typed: so that limits and caps
    hold for them as for money."""
    cost = (matrix or Matrix()).stamp_cost
    wishes = [
        replace(wish, amount=cents(cost * wish.stamps)) if wish.kind == RemedyKind.STAMPS and wish.stamps else wish
        for wish in terms.wishes
    ]
    return replace(terms, wishes=wishes)


def check_terms(terms: Terms, guidance: Guidance | None, *, has_card: bool) -> None:
    """Raises DomainError that says what to mend: nothing proposed, a kind without what it needs, money owed replaced by
    a voucher without consent, or a goodwill off the guidance without a reason."""
    if not terms.wishes:
        raise DomainError(_("Choose at least one remedy; an apology is one."), code="award_empty")
    for wish in terms.wishes:
        _check_wish(wish)
        if wish.kind == RemedyKind.STAMPS and not has_card:
            raise DomainError(_("The customer has no loyalty card. Enrol first, or choose another remedy."))
        if wish.basis == Basis.OWED and wish.kind in NOT_MONEY and not (terms.voucher_for_owed and terms.consent):
            raise DomainError(
                _("What is owed by law is paid in money, unless the customer agreed to something else: record how."),
                code="consent_missing",
                field="consent",
            )
    if guidance and guidance.band(terms.goodwill) != "within" and not terms.deviation and terms.goodwill:
        raise DomainError(
            _("The guidance says %(low)s to %(high)s. Say why this case is different.")
            % {"low": formats.money(guidance.low), "high": formats.money(guidance.high)},
            code="deviation_unexplained",
            field="deviation",
        )


def _check_wish(wish: Wish) -> None:
    kind = RemedyKind(wish.kind)
    if not wish.amount.is_finite() or wish.amount < 0 or wish.amount != wish.amount.quantize(CENT):
        raise DomainError(_("Amounts are not below zero and have at most two decimals."), code="award_bad_amount")
    if kind == RemedyKind.APOLOGY:
        if wish.basis != Basis.APOLOGY or wish.amount:
            raise DomainError(_("An apology carries no amount."), code="award_bad_amount")
        return
    if wish.basis == Basis.APOLOGY:
        raise DomainError(_("Say what “%(kind)s” is for: owed, loss or goodwill.") % {"kind": kind.label})
    if kind == RemedyKind.STAMPS:
        if not wish.stamps or wish.stamps > 100:
            raise DomainError(_("Say how many stamps: 1 to 100."))
    elif wish.stamps is not None:
        raise DomainError(_("Only bonus stamps have a number of stamps."))
    elif not wish.amount and kind != RemedyKind.REPAIR:
        raise DomainError(_("Say how much “%(kind)s” is worth.") % {"kind": kind.label}, code="award_bad_amount")
    if kind in NEEDS_TEXT and not wish.what:
        raise DomainError(_("Say what exactly: which product, gift or repair."))


@dataclass(frozen=True, slots=True)
class Totals:
    """What was given already under the limits, without this proposal."""

    case: Decimal = NOTHING  # with linked duplicates
    customer_year: Decimal = NOTHING
    agent_day: Decimal = NOTHING


def reasons_to_ask(
    terms: Terms,
    guidance: Guidance | None,
    situation: Situation,
    *,
    matrix: Matrix | None,
    goodwill: tuple[Authority, Totals],
    redress: tuple[Authority, Totals],
) -> list[str]:
    """Codes of why a colleague must agree; none: it is agreed at once. Never a refusal, and what is owed by law or
    proven is asked about only because of the limit on money, never because of a signal."""
    reasons = []
    for amount, (authority, totals), code in (
        (terms.goodwill, goodwill, "limit_goodwill"),
        (terms.redress, redress, "limit_redress"),
    ):
        if amount and not covers(authority, totals, amount):
            reasons.append(code)
    if not terms.goodwill:
        return reasons
    if guidance is None or guidance.band(terms.goodwill) == "above":
        reasons.append("above_band" if guidance else "no_guidance")
    year = situation.goodwill_year + terms.goodwill
    if matrix and matrix.cap_customer_year is not None and year > matrix.cap_customer_year:
        reasons.append("cap_customer_year")
    if (
        matrix
        and matrix.cap_item is not None
        and situation.item_price
        and terms.goodwill > cents(situation.item_price * matrix.cap_item)
    ):
        reasons.append("cap_item")
    return reasons + signals(terms, situation)


def covers(authority: Authority, totals: Totals, amount: Decimal) -> bool:
    return authority.covers(
        case=totals.case + amount, customer_year=totals.customer_year + amount, agent_day=totals.agent_day + amount
    )


def signals(terms: Terms, situation: Situation) -> list[str]:
    """What asks for a second look at goodwill. All look back at most twelve months, so they end by themselves."""
    found = {
        "many_claims": situation.claims_year >= MANY_CLAIMS
        and situation.claims_year > TIMES_PEERS * situation.peers_claims,
        "goodwill_of_revenue": situation.yearly_revenue > 0
        and situation.goodwill_year + terms.goodwill > SHARE_OF_REVENUE * situation.yearly_revenue,
        "evidence_missing": situation.evidence_missing,
        "same_address": situation.neighbours_awarded > 0,
        "splitting": situation.split_awards > 0,
    }
    return [code for code, there in found.items() if there]


def reason_text(code: str) -> str:
    """Why a colleague is asked, in words."""
    return {
        "limit_goodwill": _("The goodwill is above the limit."),
        "limit_redress": _("What is owed or lost is above the limit."),
        "above_band": _("More than the guidance allows."),
        "no_guidance": _("There is no guidance for this category and severity."),
        "cap_customer_year": _("The customer's goodwill of twelve months goes above the cap."),
        "cap_item": _("More goodwill than the item's price allows."),
        "many_claims": _("Far more complaints in twelve months than other complainants."),
        "goodwill_of_revenue": _("Goodwill of twelve months is above a quarter of what the customer pays."),
        "evidence_missing": _("Evidence is expected in this category and none is attached."),
        "same_address": _("Somebody else at this address was given something in the last twelve months."),
        "splitting": _("The same agent awarded another case of this customer within thirty days."),
    }.get(code, code)


def told(mid: Decimal, modifiers: Sequence[tuple[str, int, Decimal]], rest: Decimal) -> list[tuple[str, str]]:
    """How the guidance comes to its figure: each circumstance (code, count, money) with its money, and what the band
    takes off or adds."""
    lines = [(_("Middle of the guidance"), formats.money(mid))]
    lines += [(modifier_text(code, count), signed(amount)) for code, count, amount in modifiers]
    return [*lines, (_("Kept within the band"), signed(rest))] if rest else lines


def signed(amount: Decimal) -> str:
    return f"+{formats.money(amount)}" if amount > 0 else formats.money(amount)


def modifier_text(code: str, count: int) -> str:
    return {
        "per_week": _("Open for %(count)d weeks"),
        "per_contact": _("Had to contact us %(count)d more times"),
        "repeat": _("Same failure within 90 days"),
        "vulnerable": _("Vulnerable customer"),
        "breach": _("We missed a deadline"),
        "contributory": _("Partly the customer's own fault"),
        "customer_value": _("Customer value"),
    }[code] % {"count": count}
