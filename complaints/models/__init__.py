"""The records of a complaint. One import for the rest of the house: `from complaints.models import ComplaintCase`."""

from complaints.models.cases import (
    CaseChange,
    CaseMove,
    CaseNumber,
    Category,
    ComplaintCase,
    DisputeNotice,
    Presence,
    RootCause,
)
from complaints.models.clocks import (
    Breach,
    Calendar,
    CalendarException,
    CalendarInterval,
    Clock,
    Cycle,
    Pause,
    Policy,
)
from complaints.models.compensation import Award, AwardApproval, AwardMove, Remedy, RemedyMove
from complaints.models.guidance import Matrix, MatrixCell
from complaints.models.messages import Attachment, Message, Template
from complaints.models.surveys import Survey
from complaints.models.vouchers import FailedLookup, Reservation, Voucher, VoucherEntry, VoucherExtension

__all__ = [
    "Attachment",
    "Award",
    "AwardApproval",
    "AwardMove",
    "Breach",
    "Calendar",
    "CalendarException",
    "CalendarInterval",
    "CaseChange",
    "CaseMove",
    "CaseNumber",
    "Category",
    "Clock",
    "ComplaintCase",
    "Cycle",
    "DisputeNotice",
    "FailedLookup",
    "Matrix",
    "MatrixCell",
    "Message",
    "Pause",
    "Policy",
    "Presence",
    "Remedy",
    "RemedyMove",
    "Reservation",
    "RootCause",
    "Survey",
    "Template",
    "Voucher",
    "VoucherEntry",
    "VoucherExtension",
]
