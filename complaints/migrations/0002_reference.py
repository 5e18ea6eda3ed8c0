"""What a desk needs on its first day: office hours, a promise, categories, causes, texts, and the notices of two
countries. All of it is data: change it in the admin."""

from datetime import date, time

from django.conf import settings
from django.db import migrations

CATEGORIES = [
    ("faulty-product", "Faulty product", "Felaktig produkt", "Defektes Produkt"),
    ("service-fault", "Service fault", "Störning i tjänsten", "Störung des Dienstes"),
    ("delivery", "Delivery", "Leverans", "Lieferung"),
    ("billing", "Billing", "Faktura", "Rechnung"),
    ("contract", "Contract", "Avtal", "Vertrag"),
    ("treatment", "How I was met", "Bemötande", "Umgang mit mir"),
    ("privacy", "Privacy", "Personuppgifter", "Datenschutz"),
    ("other", "Something else", "Något annat", "Etwas anderes"),
]
CAUSES = [
    ("batch-defect", "Defective batch", "Fel i en hel leverans", "Fehlerhafte Charge"),
    ("wear", "Wear", "Slitage", "Verschleiß"),
    ("outage", "Outage", "Avbrott", "Ausfall"),
    ("carrier", "Carrier", "Transportör", "Spedition"),
    ("system-error", "Error in a system", "Systemfel", "Systemfehler"),
    ("process-gap", "Gap in a process", "Lucka i en rutin", "Lücke im Ablauf"),
    ("wrong-information", "Wrong information given", "Felaktig information", "Falsche Auskunft"),
    ("training", "Missing training", "Bristande utbildning", "Fehlende Schulung"),
    ("understaffed", "Too few people", "För få personer", "Zu wenig Personal"),
    ("customer-expectation", "Expectation not met", "Förväntan inte uppfylld", "Erwartung nicht erfüllt"),
    ("not-found", "Not found", "Inte funnen", "Nicht gefunden"),
]
NOTICES = [
    (
        "SE",
        "sv",
        "Allmänna reklamationsnämnden",
        "Är du inte nöjd med vårt beslut kan du som konsument kostnadsfritt vända dig till Allmänna "
        "reklamationsnämnden (ARN), Box 174, 101 23 Stockholm, www.arn.se. Anmälan ska göras inom ett år från det att "
        "du första gången klagade hos oss. Vi medverkar i nämndens prövning.",
    ),
    (
        "SE",
        "en",
        "National Board for Consumer Disputes",
        "If you do not accept our decision you may, as a consumer, turn free of charge to the National Board for "
        "Consumer Disputes (Allmänna reklamationsnämnden, ARN), Box 174, 101 23 Stockholm, Sweden, www.arn.se, within "
        "one year of your first complaint to us. We take part in its procedure.",
    ),
    (
        "SE",
        "de",
        "Allmänna reklamationsnämnden",
        "Wenn Sie mit unserer Entscheidung nicht einverstanden sind, können Sie sich als Verbraucher innerhalb eines "
        "Jahres nach Ihrer ersten Beschwerde kostenfrei an die Allmänna reklamationsnämnden (ARN), Box 174, "
        "101 23 Stockholm, Schweden, www.arn.se wenden. Wir nehmen am Verfahren teil.",
    ),
    (
        "DE",
        "de",
        "Universalschlichtungsstelle des Bundes",
        "Hinweis nach § 37 VSBG: Zuständig ist die Universalschlichtungsstelle des Bundes, Zentrum für Schlichtung "
        "e.V., Straßburger Straße 8, 77694 Kehl am Rhein, www.universalschlichtungsstelle.de. Wir sind bereit, an "
        "einem Streitbeilegungsverfahren vor dieser Stelle teilzunehmen.",
    ),
    (
        "DE",
        "en",
        "Universalschlichtungsstelle des Bundes",
        "Notice under § 37 VSBG: the competent body is the Universalschlichtungsstelle des Bundes, Zentrum für "
        "Schlichtung e.V., Straßburger Straße 8, 77694 Kehl am Rhein, Germany, www.universalschlichtungsstelle.de. "
        "We are willing to take part in its dispute-resolution procedure.",
    ),
    (
        "DE",
        "sv",
        "Universalschlichtungsstelle des Bundes",
        "Upplysning enligt § 37 VSBG: behörigt organ är Universalschlichtungsstelle des Bundes, Zentrum für "
        "Schlichtung e.V., Straßburger Straße 8, 77694 Kehl am Rhein, Tyskland, www.universalschlichtungsstelle.de. "
        "Vi är beredda att delta i dess tvistlösningsförfarande.",
    ),
]
TEMPLATES = [
    (
        "received",
        "acknowledgement",
        {
            "en": (
                "Complaint received",
                "We have received your complaint",
                "Hello {customer},\n\nthank you for telling us. Your complaint “{title}” of {received} has the number "
                "{number}. We look into it and answer by {due} at the latest.\n\nSimply reply to this message if you "
                "want to add something.\n\n{company}",
            ),
            "sv": (
                "Klagomål mottaget",
                "Vi har tagit emot ditt klagomål",
                "Hej {customer},\n\ntack för att du hör av dig. Ditt klagomål ”{title}” från den {received} har "
                "nummer {number}. Vi undersöker saken och svarar senast {due}.\n\nSvara på det här meddelandet om du "
                "vill lägga till något.\n\n{company}",
            ),
            "de": (
                "Beschwerde eingegangen",
                "Ihre Beschwerde ist eingegangen",
                "Guten Tag {customer},\n\nvielen Dank für Ihre Nachricht. Ihre Beschwerde „{title}“ vom {received} "
                "hat die Nummer {number}. Wir gehen der Sache nach und antworten bis spätestens {due}.\n\nAntworten "
                "Sie einfach auf diese Nachricht, wenn Sie etwas ergänzen möchten.\n\n{company}",
            ),
        },
    ),
    (
        "question",
        "question",
        {
            "en": (
                "A question",
                "A question about your complaint",
                "Hello {customer},\n\nto settle your complaint {number} we need to know a little more:\n\n\n\n"
                "Kind regards\n{agent}, {company}",
            ),
            "sv": (
                "En fråga",
                "En fråga om ditt klagomål",
                "Hej {customer},\n\nför att kunna avgöra ditt klagomål {number} behöver vi veta lite mer:\n\n\n\n"
                "Vänliga hälsningar\n{agent}, {company}",
            ),
            "de": (
                "Eine Frage",
                "Eine Frage zu Ihrer Beschwerde",
                "Guten Tag {customer},\n\num Ihre Beschwerde {number} zu klären, brauchen wir noch eine Auskunft:\n\n"
                "\n\nFreundliche Grüße\n{agent}, {company}",
            ),
        },
    ),
    (
        "still-working",
        "progress",
        {
            "en": (
                "Still working on it",
                "Your complaint: where it stands",
                "Hello {customer},\n\nwe are still looking into your complaint {number} and will answer by {due}."
                "\n\nKind regards\n{agent}, {company}",
            ),
            "sv": (
                "Vi arbetar vidare",
                "Ditt klagomål: så långt har vi kommit",
                "Hej {customer},\n\nvi undersöker fortfarande ditt klagomål {number} och svarar senast {due}."
                "\n\nVänliga hälsningar\n{agent}, {company}",
            ),
            "de": (
                "Wir sind noch dabei",
                "Ihre Beschwerde: der Stand",
                "Guten Tag {customer},\n\nwir prüfen Ihre Beschwerde {number} noch und antworten bis {due}."
                "\n\nFreundliche Grüße\n{agent}, {company}",
            ),
        },
    ),
    (
        "upheld",
        "answer",
        {
            "en": (
                "Answer: you are right",
                "Our answer to your complaint",
                "Hello {customer},\n\nwe have looked into your complaint of {received}, and you are right. We are "
                "sorry.\n\nWhat happened:\n\nWhat we do now:\n{remedies}\n\nKind regards\n{agent}, {company}",
            ),
            "sv": (
                "Svar: du har rätt",
                "Vårt svar på ditt klagomål",
                "Hej {customer},\n\nvi har undersökt ditt klagomål från den {received}, och du har rätt. Vi ber om "
                "ursäkt.\n\nVad som hände:\n\nVad vi gör nu:\n{remedies}\n\nVänliga hälsningar\n{agent}, {company}",
            ),
            "de": (
                "Antwort: Sie haben recht",
                "Unsere Antwort auf Ihre Beschwerde",
                "Guten Tag {customer},\n\nwir haben Ihre Beschwerde vom {received} geprüft, und Sie haben recht. Wir "
                "bitten um Entschuldigung.\n\nWas geschehen ist:\n\nWas wir nun tun:\n{remedies}\n\nFreundliche Grüße\n"
                "{agent}, {company}",
            ),
        },
    ),
    (
        "rejected",
        "answer",
        {
            "en": (
                "Answer: rejected",
                "Our answer to your complaint",
                "Hello {customer},\n\nwe have looked into your complaint of {received} and cannot follow it. Our "
                "reasons:\n\n\n\nKind regards\n{agent}, {company}\n\n{notice}",
            ),
            "sv": (
                "Svar: avslag",
                "Vårt svar på ditt klagomål",
                "Hej {customer},\n\nvi har undersökt ditt klagomål från den {received} och kan inte bifalla det. "
                "Skälen är:\n\n\n\nVänliga hälsningar\n{agent}, {company}\n\n{notice}",
            ),
            "de": (
                "Antwort: abgelehnt",
                "Unsere Antwort auf Ihre Beschwerde",
                "Guten Tag {customer},\n\nwir haben Ihre Beschwerde vom {received} geprüft und können ihr nicht "
                "folgen. Unsere Gründe:\n\n\n\nFreundliche Grüße\n{agent}, {company}\n\n{notice}",
            ),
        },
    ),
]


def load(apps, schema_editor):
    calendar = apps.get_model("complaints", "Calendar").objects.create(
        name="Office hours", time_zone=settings.TIME_ZONE, country=settings.KVAR_COUNTRY
    )
    interval = apps.get_model("complaints", "CalendarInterval")
    interval.objects.bulk_create(
        interval(calendar=calendar, weekday=weekday, opens=time(8), closes=time(17)) for weekday in range(5)
    )
    policy = apps.get_model("complaints", "Policy")
    for name, priority, first, resolution in (
        ("General", None, 9 * 60, 5 * 9 * 60),
        ("Urgent", 1, 2 * 60, 9 * 60),
        ("High", 2, 4 * 60, 3 * 9 * 60),
    ):
        policy.objects.create(
            name=name,
            priority=priority,
            calendar=calendar,
            first_response_minutes=first,
            resolution_minutes=resolution,
            statutory_days=30,
            effective_from=date(2000, 1, 1),
        )
    for model, rows in (("Category", CATEGORIES), ("RootCause", CAUSES)):
        table = apps.get_model("complaints", model)
        table.objects.bulk_create(
            table(code=code, name=name, name_sv=sv, name_de=de, order=10 * order)
            for order, (code, name, sv, de) in enumerate(rows, start=1)
        )
    notice = apps.get_model("complaints", "DisputeNotice")
    notice.objects.bulk_create(
        notice(country=country, language=language, body_name=body, text=text)
        for country, language, body, text in NOTICES
    )
    template = apps.get_model("complaints", "Template")
    template.objects.bulk_create(
        template(code=code, purpose=purpose, language=language, name=name, subject=subject, body=body)
        for code, purpose, languages in TEMPLATES
        for language, (name, subject, body) in languages.items()
    )


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop, elidable=False)]
