"""What the demo company may offer, what it has learned of each kind, and why its customers call."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cancellations import terms
from cancellations.models import Incentive, IncentiveVersion, Reason, ReasonIncentive
from cancellations.models.incentives import Kind
from staff.models import User

HISTORY = timedelta(days=730)

# code, kind, (English, Swedish, German), terms, lever, cool-down, monthly budget, what to say in English
Catalogue = tuple[str, str, tuple[str, str, str], dict[str, Any], str, int, int | None, tuple[str, str, str]]
CATALOGUE: list[Catalogue] = [
    (
        "ten-off-6",
        Kind.PERCENT_OFF,
        ("Discount 10 %", "Rabatt 10 %", "Rabatt 10 %"),
        {"percent": 10, "months": 6},
        "1",
        180,
        None,
        (
            "We can take ten per cent off for half a year.",
            "Vi kan dra av tio procent i ett halvår.",
            "Wir können ein halbes Jahr lang zehn Prozent nachlassen.",
        ),
    ),
    (
        "twenty-off-6",
        Kind.PERCENT_OFF,
        ("Discount 20 %", "Rabatt 20 %", "Rabatt 20 %"),
        {"percent": 20, "months": 6},
        "1",
        180,
        4000,
        (
            "For half a year you would pay a fifth less.",
            "I ett halvår skulle du betala en femtedel mindre.",
            "Ein halbes Jahr lang zahlen Sie ein Fünftel weniger.",
        ),
    ),
    (
        "half-off-3",
        Kind.PERCENT_OFF,
        ("Half price", "Halva priset", "Halber Preis"),
        {"percent": 50, "months": 3},
        "0.8",
        365,
        2500,
        ("Three months at half the price.", "Tre månader till halva priset.", "Drei Monate zum halben Preis."),
    ),
    (
        "five-off-12",
        Kind.AMOUNT_OFF,
        ("Five off", "Fem av", "Fünf weniger"),
        {"amount": 5, "months": 12},
        "1",
        180,
        None,
        (
            "Five euros less each month, for a year.",
            "Fem euro mindre varje månad, i ett år.",
            "Ein Jahr lang jeden Monat fünf Euro weniger.",
        ),
    ),
    (
        "month-free",
        Kind.FREE_MONTHS,
        ("A free month", "En gratis månad", "Ein Freimonat"),
        {"months": 1},
        "1",
        180,
        None,
        ("The next month is on us.", "Nästa månad bjuder vi på.", "Der nächste Monat geht auf uns."),
    ),
    (
        "pause-2",
        Kind.PAUSE,
        ("Pause", "Paus", "Pause"),
        {"months": 2},
        "1.2",
        180,
        None,
        (
            "You can pause for two months and keep your number and your price.",
            "Du kan pausa i två månader och behålla nummer och pris.",
            "Sie können zwei Monate pausieren und behalten Nummer und Preis.",
        ),
    ),
    (
        "smaller-plan",
        Kind.PLAN_CHANGE,
        ("Smaller plan", "Mindre abonnemang", "Kleinerer Tarif"),
        {"plan": "mobile-5", "monthly_price": "14.90", "monthly_margin": "6.20"},
        "1",
        0,
        None,
        (
            "A smaller plan would fit what you use.",
            "Ett mindre abonnemang räcker för det du använder.",
            "Ein kleinerer Tarif reicht für das, was Sie nutzen.",
        ),
    ),
    (
        "premium-tv-4",
        Kind.ADDON,
        ("Premium TV", "Premium-TV", "Premium-TV"),
        {"what": "Premium TV", "monthly_cost": "4.50", "months": 4},
        "1.1",
        180,
        None,
        (
            "Premium TV with all sports, free for four months.",
            "Premium-TV med all sport, gratis i fyra månader.",
            "Premium-TV mit allem Sport, vier Monate gratis.",
        ),
    ),
    (
        "coffee-stamps",
        Kind.BONUS_STAMPS,
        ("Coffee stamps", "Kaffestämplar", "Kaffeestempel"),
        {"stamps": 5, "stamp_cost": "0.40"},
        "1",
        90,
        None,
        (
            "Five stamps on your coffee card, today.",
            "Fem stämplar på ditt kaffekort, i dag.",
            "Fünf Stempel auf Ihre Kaffeekarte, heute noch.",
        ),
    ),
    (
        "mesh-gift",
        Kind.GIFT,
        ("Mesh router as a gift", "Mesh-router i present", "Mesh-Router als Geschenk"),
        {"what": "Mesh router", "cost": "38.00"},
        "1",
        365,
        None,
        (
            "A second router, so that the signal reaches every room.",
            "En router till, så att det når varje rum.",
            "Ein zweiter Router, damit das Signal jedes Zimmer erreicht.",
        ),
    ),
    (
        "moving-fee",
        Kind.FEE_WAIVER,
        ("Moving fee", "Flyttavgift", "Umzugsgebühr"),
        {"what": "Moving fee", "amount": "29.00"},
        "1",
        180,
        None,
        (
            "We move your connection with you, without the fee.",
            "Vi flyttar med dig, utan avgift.",
            "Wir ziehen mit Ihnen um, ohne Gebühr.",
        ),
    ),
    (
        "price-lock-12",
        Kind.PRICE_LOCK,
        ("Price lock", "Låst pris", "Preisgarantie"),
        {"months": 12, "expected_rise": "6.00"},
        "0.9",
        180,
        None,
        (
            "The same price for a year, if you stay for that year.",
            "Samma pris i ett år, om du stannar året ut.",
            "Ein Jahr lang derselbe Preis, wenn Sie das Jahr bleiben.",
        ),
    ),
    (
        "repair-visit",
        Kind.SERVICE_FIX,
        ("Repair visit", "Teknikerbesök", "Technikerbesuch"),
        {"what": "Repair visit", "cost": "45.00"},
        "1.2",
        90,
        None,
        (
            "A technician comes this week and finds the fault.",
            "En tekniker kommer i veckan och hittar felet.",
            "Diese Woche kommt ein Techniker und findet den Fehler.",
        ),
    ),
    (
        "training-call",
        Kind.SERVICE_FIX,
        ("Setup help by phone", "Hjälp att komma igång", "Einrichtungshilfe"),
        {"what": "Setup help", "cost": "9.00"},
        "1",
        90,
        None,
        (
            "A colleague calls and sets everything up with you.",
            "En kollega ringer och ställer in allt med dig.",
            "Eine Kollegin ruft an und richtet alles mit Ihnen ein.",
        ),
    ),
    (
        "cinema",
        Kind.CUSTOM,
        ("Two cinema tickets", "Två biobiljetter", "Zwei Kinokarten"),
        {"what": "Two cinema tickets", "cost": "16.00"},
        "0.7",
        180,
        None,
        ("Two cinema tickets as a thank you.", "Två biobiljetter som tack.", "Zwei Kinokarten als Dankeschön."),
    ),
]
RULES: dict[str, dict[str, Any]] = {
    "smaller-plan": {"applicable": {"all": [{"var": "monthly_price", "op": "ge", "value": 20}]}},
    "pause-2": {"suitable": {"all": [{"var": "reason_category", "op": "not_in", "value": ["competitor"]}]}},
    "moving-fee": {"applicable": {"all": [{"var": "reason_category", "op": "in", "value": ["moving"]}]}},
    "repair-visit": {"applicable": {"all": [{"var": "reason_category", "op": "in", "value": ["product", "service"]}]}},
    "half-off-3": {"eligible": {"all": [{"var": "tenure_months", "op": "ge", "value": 12}]}},
    "price-lock-12": {"applicable": {"all": [{"var": "in_debt", "op": "is", "value": False}]}},
}
# What helps whom: reason category → kinds with the share that accepts and, of those, the share still there on day 90.
HELPS: dict[str, dict[str, tuple[float, float]]] = {
    "price": {
        "percent_off": (0.52, 0.70),
        "amount_off": (0.44, 0.74),
        "plan_change": (0.35, 0.85),
        "price_lock": (0.3, 0.9),
    },
    "product": {"service_fix": (0.48, 0.82), "gift": (0.35, 0.7), "percent_off": (0.25, 0.4)},
    "service": {"service_fix": (0.36, 0.72), "bonus_stamps": (0.18, 0.6), "free_months": (0.34, 0.55)},
    "competitor": {"percent_off": (0.36, 0.52), "addon": (0.42, 0.72), "price_lock": (0.22, 0.8)},
    "needs": {"plan_change": (0.46, 0.86), "pause": (0.35, 0.6)},
    "moving": {"fee_waiver": (0.5, 0.85), "pause": (0.32, 0.65)},
    "household": {"pause": (0.4, 0.62), "plan_change": (0.3, 0.8)},
    "unused": {"pause": (0.44, 0.55), "plan_change": (0.36, 0.75), "addon": (0.2, 0.5)},
    "billing": {"free_months": (0.3, 0.6)},
    "unknown": {"percent_off": (0.28, 0.5), "addon": (0.22, 0.6)},
}
WEIGHTS = {
    "price": 30,
    "competitor": 24,
    "product": 13,
    "unused": 9,
    "moving": 8,
    "service": 7,
    "needs": 5,
    "household": 2,
    "billing": 1,
    "unknown": 9,
}
COMPETITORS = ("Telenord", "Bredblick", "Alpenfunk", "Nordwave", "KabelPlus")


def publish(now: datetime) -> list[IncentiveVersion]:
    author, publisher = User.objects.get(username="mark"), User.objects.get(username="sofia")
    versions = []
    for code, kind, names, fields, lever, cooldown, budget, said in CATALOGUE:
        incentive = Incentive.objects.create(
            code=code,
            kind=kind,
            name=names[0],
            name_sv=names[1],
            name_de=names[2],
            wording=said[0],
            wording_sv=said[1],
            wording_de=said[2],
        )
        versions.append(
            IncentiveVersion(
                incentive=incentive,
                number=1,
                state=IncentiveVersion.State.PUBLISHED,
                terms=terms.clean(kind, fields),
                rules={"eligible": None, "applicable": None, "suitable": None} | RULES.get(code, {}),
                lever=Decimal(lever),
                cooldown_days=cooldown,
                monthly_budget=budget,
                author=author,
                publisher=publisher,
                published_at=now - HISTORY,
            )
        )
    return IncentiveVersion.objects.bulk_create(versions)


def guess(catalogue: Sequence[IncentiveVersion]) -> None:
    """Marketing's map: right in direction, a little too hopeful."""
    rows = []
    for reason in Reason.objects.select_related("category").order_by("pk"):
        for version in catalogue:
            helps = HELPS[reason.category.code].get(version.incentive.kind)
            if helps and not reason.never_offer:
                accepts, stays = helps
                rows.append(
                    ReasonIncentive(
                        reason=reason,
                        incentive=version.incentive,
                        accepts=Decimal(str(round(min(accepts + 0.05, 0.9), 2))),
                        stays=Decimal(str(stays)),
                    )
                )
    ReasonIncentive.objects.bulk_create(rows)
