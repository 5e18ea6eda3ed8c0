"""What the customer app itself tells on the timeline: notes, letters, contracts, changed details."""

from collections.abc import Sequence
from datetime import date, datetime, time

from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Change, Customer, Delivery, Document, Note, Subscription
from customers.timeline import Entry
from staff import formats


def notes(customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
    rows = Note.objects.filter(_until("at", before), customer=customer_id).select_related("by").order_by("-at", "-id")
    return [
        Entry(note.at, f"note-{note.pk}", "notes", _("Note"), detail=note.text, by=note.by.short_name)
        for note in rows[:limit]
    ]


_TONES = {Delivery.State.FAILED: "red", Delivery.State.UNADDRESSED: "amber", Delivery.State.SENT: "green"}


def letters(customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
    """Documents with how far their e-mail came, and e-mails without a document."""
    newest = Delivery.objects.filter(document=OuterRef("pk")).order_by("-id")
    state, to = Subquery(newest.values("state")[:1]), Subquery(newest.values("to")[:1])
    documents = (
        Document.objects.filter(_until("created_at", before), customer=customer_id)
        .order_by("-created_at", "-id")
        .values_list("created_at", "pk", "title", state, to)
    )
    mails = (
        Delivery.objects.filter(_until("created_at", before), customer=customer_id, document=None)
        .order_by("-created_at", "-id")
        .values_list("created_at", -F("pk"), "subject", "state", "to")
    )
    rows = documents[:limit].union(mails[:limit], all=True).order_by("-created_at")[:limit]
    states = dict(Delivery.State.choices)
    return [
        Entry(
            at,
            f"document-{pk}" if pk > 0 else f"mail-{-pk}",
            "letters",
            title,
            detail=" · ".join(filter(None, (_("E-mail"), to, str(states[state])))) if state else "",
            url=reverse("customers:document", args=[pk]) if pk > 0 else "",
            tone=_TONES.get(state, ""),
        )
        for at, pk, title, state, to in rows
    ]


def contracts(customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
    """When each subscription began and ended: a handful, read whole."""
    entries = []
    for one in Subscription.objects.filter(customer=customer_id).select_related("plan"):
        price = _("%(price)s a month") % {"price": formats.money(one.monthly_price)}
        entries.append(
            Entry(
                _midnight(one.started_on),
                f"subscription-{one.pk}-start",
                "contracts",
                _("%(plan)s began") % {"plan": one.plan},
                detail=price,
                tone="green",
            )
        )
        if one.status == Subscription.Status.ENDED and one.ends_on:
            entries.append(
                Entry(
                    _midnight(one.ends_on),
                    f"subscription-{one.pk}-end",
                    "contracts",
                    _("%(plan)s ended") % {"plan": one.plan},
                    detail=price,
                    tone="red",
                )
            )
    entries.sort(key=lambda entry: (entry.at, entry.key), reverse=True)
    return [entry for entry in entries if before is None or entry.at <= before][:limit]


def changes(customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
    rows = Change.objects.filter(_until("at", before), customer=customer_id).select_related("by").order_by("-at", "-id")
    return [
        Entry(
            change.at,
            f"change-{change.pk}",
            "changes",
            _("Details changed") if change.fields else _("Customer created"),
            detail=" · ".join(_said(name, *values) for name, values in change.fields.items()),
            by=change.by.short_name,
        )
        for change in rows[:limit]
    ]


def _said(name: str, old: object, new: object) -> str:
    """“City: Malmö → Lund”; a flag only by its new value."""
    field = Customer._meta.get_field(name)
    label = str(field.verbose_name).capitalize()
    if isinstance(new, bool):
        return f"{label}: {_('yes') if new else _('no')}"
    choices = dict(field.flatchoices)
    return f"{label}: {choices.get(old, old) or '–'} → {choices.get(new, new) or '–'}"


def _until(field: str, before: datetime | None) -> Q:
    return Q(**{f"{field}__lte": before}) if before else Q()


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
