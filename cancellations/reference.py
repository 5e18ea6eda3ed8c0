"""The reasons every company starts with; marketing and data entry change them in the admin afterwards."""

from django.db import transaction

from cancellations.models import Reason, ReasonCategory

# code, (English, Swedish, German), reasons: code, (English, Swedish, German), flags
Name = tuple[str, str, str]
REASONS: list[tuple[str, Name, list[tuple[str, Name, set[str]]]]] = [
    (
        "price",
        ("Price", "Pris", "Preis"),
        [
            ("price-increase", ("Price increase", "Prishöjning", "Preiserhöhung"), set()),
            ("price-too-high", ("Too expensive", "För dyrt", "Zu teuer"), set()),
            ("price-cheaper-elsewhere", ("Cheaper elsewhere", "Billigare hos andra", "Anderswo günstiger"), set()),
            ("price-budget", ("Tight budget", "Ansträngd ekonomi", "Knappes Budget"), set()),
            ("price-campaign-over", ("Discount ran out", "Rabatten tog slut", "Rabatt ausgelaufen"), set()),
        ],
    ),
    (
        "product",
        ("Product or quality", "Produkt eller kvalitet", "Produkt oder Qualität"),
        [
            ("product-outages", ("Outages", "Avbrott", "Ausfälle"), set()),
            ("product-slow", ("Too slow", "För långsamt", "Zu langsam"), set()),
            ("product-content", ("Content or channels missing", "Innehåll saknas", "Inhalte fehlen"), set()),
            ("product-equipment", ("Trouble with equipment", "Problem med utrustning", "Probleme mit Geräten"), set()),
        ],
    ),
    (
        "service",
        ("Service experience", "Service och bemötande", "Service-Erfahrung"),
        [
            ("service-attitude", ("How I was treated", "Hur jag blev bemött", "Wie ich behandelt wurde"), set()),
            ("service-waiting", ("Waiting times", "Väntetider", "Wartezeiten"), set()),
            ("service-unsolved", ("Problem never solved", "Problemet löstes aldrig", "Problem nie gelöst"), set()),
        ],
    ),
    (
        "competitor",
        ("Competitor", "Konkurrent", "Mitbewerber"),
        [
            ("competitor-offer", ("Better offer", "Bättre erbjudande", "Besseres Angebot"), {"names_competitor"}),
            ("competitor-product", ("Better product", "Bättre produkt", "Besseres Produkt"), {"names_competitor"}),
            (
                "competitor-bundle",
                ("All from one provider", "Allt hos en", "Alles aus einer Hand"),
                {"names_competitor"},
            ),
        ],
    ),
    (
        "needs",
        ("Needs changed", "Ändrade behov", "Bedarf geändert"),
        [
            ("needs-less", ("Needs less", "Behöver mindre", "Braucht weniger"), set()),
            ("needs-more", ("Needs more", "Behöver mer", "Braucht mehr"), set()),
            ("needs-business-closed", ("Business closed", "Företaget upphör", "Betrieb eingestellt"), set()),
        ],
    ),
    (
        "moving",
        ("Moving", "Flytt", "Umzug"),
        [
            ("moving-abroad", ("Abroad", "Utomlands", "Ins Ausland"), set()),
            ("moving-not-served", ("We do not serve the address", "Vi finns inte där", "Dort nicht verfügbar"), set()),
            ("moving-together", ("Moving in with someone", "Flyttar ihop", "Zieht zusammen"), set()),
        ],
    ),
    (
        "household",
        ("Household", "Hushållet", "Haushalt"),
        [
            ("household-death", ("A death", "Dödsfall", "Todesfall"), {"never_offer"}),
            ("household-separation", ("Separation", "Separation", "Trennung"), set()),
            ("household-illness", ("Illness or care", "Sjukdom eller vård", "Krankheit oder Pflege"), set()),
        ],
    ),
    (
        "unused",
        ("Not using it", "Använder inte", "Nutzt es nicht"),
        [
            ("unused-no-time", ("No time for it", "Har inte tid", "Keine Zeit dafür"), set()),
            ("unused-season", ("Only part of the year", "Bara delar av året", "Nur zeitweise im Jahr"), set()),
            ("unused-double", ("Has it twice", "Har dubbelt", "Doppelt vorhanden"), set()),
        ],
    ),
    (
        "billing",
        ("Billing dispute", "Tvist om faktura", "Rechnungsstreit"),
        [
            ("billing-wrong", ("Wrong invoice", "Fel på fakturan", "Falsche Rechnung"), {"opens_complaint"}),
            (
                "billing-not-agreed",
                ("Charged without agreement", "Inte överenskommet", "Ohne Zusage berechnet"),
                {"opens_complaint"},
            ),
        ],
    ),
    (
        "unknown",
        ("Unknown or not told", "Okänt eller inte sagt", "Unbekannt oder nicht gesagt"),
        [
            ("unknown-not-told", ("Does not want to say", "Vill inte säga", "Möchte es nicht sagen"), set()),
            ("unknown-other", ("Something else", "Något annat", "Etwas anderes"), set()),
        ],
    ),
]


@transaction.atomic
def load_reasons() -> int:
    """Add the reasons that are missing (by code); what was edited stays as it is. Returns how many were added."""
    added = 0
    for position, (code, (en, sv, de), reasons) in enumerate(REASONS, start=1):
        category, made = ReasonCategory.objects.get_or_create(
            code=code, defaults={"name": en, "name_sv": sv, "name_de": de, "order": position * 10}
        )
        added += made
        for place, (reason_code, (r_en, r_sv, r_de), flags) in enumerate(reasons, start=1):
            _reason, made = Reason.objects.get_or_create(
                code=reason_code,
                defaults={
                    "category": category,
                    "name": r_en,
                    "name_sv": r_sv,
                    "name_de": r_de,
                    "order": place * 10,
                    **dict.fromkeys(flags, True),
                },
            )
            added += made
        if not category.reasons.filter(code=category.unsaid_code).exists():
            category.unsaid()
            added += 1
    return added
