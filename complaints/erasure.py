"""What complaints and vouchers do when a customer is erased."""

from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import (
    Attachment,
    Award,
    AwardApproval,
    AwardMove,
    CaseChange,
    CaseMove,
    ComplaintCase,
    Message,
    Pause,
    Remedy,
    RemedyMove,
    Survey,
    VoucherEntry,
    VoucherExtension,
)
from customers.erasure import Part, erasures
from staff.erasure import erase

WRITTEN = ("title", "happened", "wanted", "reference", "draft_subject", "draft_body")


def still_open(customer: int) -> list[str]:
    """Open complaints. A voucher's balance is none of it: it belongs to whoever shows the code."""
    cases = ComplaintCase.objects.filter(customer=customer, is_open=True).order_by("pk")
    return [_("complaint %(number)s") % {"number": number} for number in cases.values_list("number", flat=True)]


def forget(customer: int) -> list[str]:
    cases = ComplaintCase.objects.filter(customer=customer)
    erase(cases, *WRITTEN)
    cases.update(version=F("version") + 1)  # a form that is open somewhere is yesterday's
    erase(CaseMove.objects.filter(subject__customer=customer), "note")
    erase(CaseChange.objects.filter(case__customer=customer, field__in=WRITTEN), "before", "after")
    erase(Message.objects.filter(case__customer=customer), "subject", "body", "sender", "message_id")
    erase(Pause.objects.filter(case__customer=customer), "reason")
    erase(Survey.objects.filter(case__customer=customer), "comment")
    erase(Award.objects.filter(case__customer=customer), "consent", "deviation", "sentence")
    erase(AwardMove.objects.filter(subject__case__customer=customer), "note")
    erase(AwardApproval.objects.filter(award__case__customer=customer), "reason", "note")
    erase(Remedy.objects.filter(award__case__customer=customer), "what", "reference")
    erase(RemedyMove.objects.filter(subject__award__case__customer=customer), "note")
    erase(VoucherEntry.objects.filter(voucher__customer=customer), "note")
    erase(VoucherExtension.objects.filter(voucher__customer=customer), "reason")
    papers = Attachment.objects.filter(case__customer=customer)
    for file in papers.values_list("file", flat=True):
        transaction.on_commit(partial(default_storage.delete, file), robust=True)
    papers.delete()
    return list(cases.values_list("number", flat=True))


def register() -> None:
    erasures.register(
        "complaints",
        Part(
            still_open,
            forget,
            goes=gettext_lazy(
                "All that was written in complaints, by the customer and about him or her: texts, messages, notes, "
                "letters, attached files, remarks on surveys, compensation and vouchers."
            ),
            stays=gettext_lazy(
                "Complaints with their category, severity, steps, deadlines and outcome, marks of surveys, awards, and "
                "the ledger of vouchers. What a voucher is still worth can be spent by whoever has the code."
            ),
        ),
    )
