"""Awards, their remedies, vouchers and guidance in the admin: lists to search, and the same actions as at the desk."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from complaints.actions import awards, matrix, remedies, vouchers
from complaints.models import (
    Award,
    AwardApproval,
    AwardMove,
    Matrix,
    MatrixCell,
    Remedy,
    RemedyMove,
    Voucher,
    VoucherEntry,
    VoucherExtension,
)
from staff.models import User
from staff.records import Moves, Numbered, ReadOnly

NOTE = "admin"


def may(request: HttpRequest, permission: str) -> bool:
    return isinstance(request.user, User) and request.user.has_perm(f"complaints.{permission}")


class Below(admin.TabularInline):
    """Rows that belong to the record, to read."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Remedies(Below):
    model = Remedy
    fields = ("kind", "basis", "amount", "what", "state", "reference", "voucher")
    ordering = ("pk",)


class Approvals(Below):
    model = AwardApproval
    fields = ("requested_by", "requested_at", "verdict", "decided_by", "decided_at", "note")
    ordering = ("pk",)


class AwardMoves(Moves):
    model = AwardMove


@admin.register(Award)
class AwardAdmin(Numbered):
    list_display = ("case", "sentence", "state", "owed", "loss", "goodwill", "band", "proposed_by", "proposed_at")
    list_filter = ("state", "proposed_at")
    list_select_related = ("case", "proposed_by")
    search_fields = ("case__number__exact",)
    ordering = ("-pk",)
    inlines = (Remedies, Approvals, AwardMoves)
    actions = ("withdraw",)

    @admin.action(description=_("Withdraw"), permissions=["propose"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Award]) -> None:
        self.each(request, rows, partial(awards.withdraw, note=NOTE))

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return may(request, "propose_award")


class RemedyMoves(Moves):
    model = RemedyMove


@admin.register(Remedy)
class RemedyAdmin(Numbered):
    list_display = ("award_case", "kind", "basis", "amount", "what", "state", "reference", "done_at")
    list_filter = ("state", "kind")
    list_select_related = ("award__case",)
    search_fields = ("award__case__number__exact",)
    ordering = ("-pk",)
    inlines = (RemedyMoves,)
    actions = ("complete",)

    @admin.display(description=_("complaint"), ordering="award__case")
    def award_case(self, remedy: Remedy) -> str:
        return remedy.award.case.number

    @admin.action(description=_("Done"), permissions=["propose"])
    def complete(self, request: HttpRequest, rows: QuerySet[Remedy]) -> None:
        self.each(request, rows, partial(remedies.complete, note=NOTE))

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return may(request, "propose_award")


class Entries(Below):
    model = VoucherEntry
    fields = ("at", "kind", "amount", "by", "reference", "note")
    ordering = ("pk",)
    show_change_link = False


class Extensions(Below):
    model = VoucherExtension
    fields = ("at", "before", "after", "by", "reason")
    ordering = ("pk",)
    show_change_link = False


@admin.register(Voucher)
class VoucherAdmin(Numbered):
    """Found by its last four characters: the whole code is nowhere in the database."""

    list_display = ("__str__", "customer", "kind", "product", "face", "balance", "valid_until", "state", "issued_at")
    list_filter = ("state", "issued_at")
    list_select_related = ("customer",)
    search_fields = ("last_four__exact",)
    search_help_text = _("The last four characters.")
    ordering = ("-issued_at", "-pk")
    inlines = (Entries, Extensions)
    actions = ("void",)

    @admin.action(description=_("Void"), permissions=["void"])
    def void(self, request: HttpRequest, rows: QuerySet[Voucher]) -> None:
        self.each(request, rows, partial(vouchers.void, note=NOTE))

    def has_void_permission(self, request: HttpRequest) -> bool:
        return may(request, "void_voucher")


class Cells(Below):
    model = MatrixCell
    fields = ("category", "severity", "low", "mid", "high", "preferred")
    ordering = ("category__order", "category", "severity")
    show_change_link = False


@admin.register(Matrix)
class MatrixAdmin(ReadOnly):
    """Written and changed at the desk, where a draft shows all its cells at once."""

    list_display = ("name", "valid_from", "author", "publisher", "published_at", "cap_customer_year")
    list_filter = ("valid_from",)
    list_select_related = ("author", "publisher")
    search_fields = ("name",)
    ordering = ("-valid_from", "-pk")
    inlines = (Cells,)
    actions = ("publish",)

    @admin.action(description=_("Publish"), permissions=["publish"])
    def publish(self, request: HttpRequest, rows: QuerySet[Matrix]) -> None:
        self.each(request, rows, matrix.publish)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may(request, "publish_matrix")
