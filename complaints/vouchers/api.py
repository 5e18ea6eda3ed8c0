"""API v1 for tills and shops: look up, reserve, capture, release, redeem, reverse.

Whatever moves or holds money asks for an `Idempotency-Key`: its row, its effect and its answer are one transaction.
The same key and body give the stored answer again, another body is refused with 409.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import models
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from complaints.actions import redemption
from complaints.models import Reservation, Voucher, VoucherEntry
from complaints.vouchers.rules import HOLD, LONGEST_HOLD, TooManyGuesses, UnknownVoucher
from staff.addresses import client_address
from staff.api import KEY, NothingSerializer, key_of
from staff.endpoints import Once
from staff.errors import DomainError
from staff.schema import REFUSED


def _money(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=10, decimal_places=2, **kwargs)


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=80, help_text="As printed or scanned; hyphens and case do not matter.")


class VoucherSerializer(serializers.ModelSerializer[Voucher]):
    free = serializers.SerializerMethodField(help_text="The balance less what tills hold at the moment.")
    is_valid = serializers.SerializerMethodField(help_text="Whether it can be redeemed today.")

    class Meta:
        model = Voucher
        fields = ["id", "kind", "product", "state", "last_four", "face", "balance", "free", "valid_until", "is_valid"]
        read_only_fields = fields

    def get_free(self, voucher: Voucher) -> str:
        return str(voucher.balance - voucher.reservations.standing(timezone.now()).total())

    def get_is_valid(self, voucher: Voucher) -> bool:
        return voucher.is_valid_on(timezone.localdate())


class EntrySerializer(serializers.ModelSerializer[VoucherEntry]):
    balance = _money(source="voucher.balance", read_only=True, help_text="The voucher's balance after this entry.")

    class Meta:
        model = VoucherEntry
        fields = ["id", "voucher", "kind", "amount", "balance", "at", "reference", "reverses"]
        read_only_fields = fields


class ReservationSerializer(serializers.ModelSerializer[Reservation]):
    class Meta:
        model = Reservation
        fields = ["id", "voucher", "state", "amount", "reference", "created_at", "expires_at", "ended_at"]
        read_only_fields = fields


class RedeemSerializer(serializers.Serializer[Any]):
    amount = _money(required=False, allow_null=True, default=None, help_text="Left out: all that is free.")
    reference = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class ReserveSerializer(RedeemSerializer):
    seconds = serializers.IntegerField(
        min_value=1, max_value=int(LONGEST_HOLD.total_seconds()), default=int(HOLD.total_seconds())
    )


class CaptureSerializer(serializers.Serializer[Any]):
    amount = _money(required=False, allow_null=True, default=None, help_text="Left out: the whole reservation.")


class ReverseSerializer(RedeemSerializer):
    note = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class PartSerializer(serializers.Serializer[Any]):
    voucher = serializers.IntegerField(min_value=1)
    amount = _money(required=False, allow_null=True, default=None)


class BasketSerializer(serializers.Serializer[Any]):
    vouchers = PartSerializer(many=True, min_length=1, max_length=20)
    reference = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class Till(Once):
    """A write on one voucher, reservation or entry (`model`), whose answer is drawn by `answers`."""

    model: type[models.Model] = Voucher
    answers: type[serializers.BaseSerializer[Any]]
    many = False
    act: Callable[..., Any]  # each endpoint's own: `act(pk, data, by=, now=, key=)`

    def run(self, request: Request, data: dict[str, Any], pk: int = 0) -> Response:
        key = f"api-{request.user.pk}-{key_of(request)}"
        try:
            done = self.act(pk, dict(data), by=request.user, now=timezone.now(), key=key)
        except self.model.DoesNotExist as error:
            raise NotFound from error
        return Response(self.answers(done, many=self.many).data, status=status.HTTP_201_CREATED)


def described(name: str, summary: str, asks: Any, answers: Any) -> Callable[..., Any]:
    """The OpenAPI entry of a POST with one effect."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        request=asks,
        responses={201: answers, 409: REFUSED},
        parameters=[KEY],
        tags=["vouchers"],
    )


class Lookup(APIView):
    permissions = {"POST": "complaints.redeem_voucher"}

    @extend_schema(
        summary="Find a voucher by its code",
        request=CodeSerializer,
        responses={200: VoucherSerializer, 404: REFUSED, 429: REFUSED},
        tags=["vouchers"],
    )
    def post(self, request: Request) -> Response:
        """The code travels in the body. Mistyped and never issued get the same answer; guessing is throttled."""
        asked = CodeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            found = redemption.find(
                asked.validated_data["code"], by=request.user, address=client_address(request), now=timezone.now()
            )
        except UnknownVoucher as error:
            return _refusal(error, status.HTTP_404_NOT_FOUND)
        except TooManyGuesses as error:
            return _refusal(error, status.HTTP_429_TOO_MANY_REQUESTS)
        return Response(VoucherSerializer(found).data)


def _refusal(error: DomainError, code: int) -> Response:
    return Response({"code": error.code, "detail": str(error), "field": "code"}, status=code)


class Detail(APIView):
    permissions = {"GET": "complaints.view_voucher"}

    @extend_schema(summary="A voucher as it stands", responses=VoucherSerializer, tags=["vouchers"])
    def get(self, request: Request, pk: int) -> Response:
        return Response(VoucherSerializer(get_object_or_404(Voucher, pk=pk)).data)


class Redeem(Till):
    permissions = {"POST": "complaints.redeem_voucher"}
    asks, answers = RedeemSerializer, EntrySerializer

    @described("voucher_redeem", "Redeem a voucher, whole or in part", RedeemSerializer, EntrySerializer)
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk=pk)

    def act(self, pk: int, data: dict[str, Any], **common: Any) -> VoucherEntry:
        return redemption.redeem(pk, **data, **common)


class RedeemSeveral(Till):
    permissions = {"POST": "complaints.redeem_voucher"}
    asks, answers, many = BasketSerializer, EntrySerializer, True

    @described(
        "voucher_redeem_several",
        "Pay one purchase with several vouchers, all or none",
        BasketSerializer,
        EntrySerializer(many=True),
    )
    def post(self, request: Request) -> Response:
        return super().post(request)

    def act(self, pk: int, data: dict[str, Any], **common: Any) -> list[VoucherEntry]:
        amounts = {part["voucher"]: part["amount"] for part in data["vouchers"]}
        if len(amounts) < len(data["vouchers"]):
            raise serializers.ValidationError({"vouchers": [_("Name each voucher once.")]})
        if Voucher.objects.filter(pk__in=amounts).count() < len(amounts):
            raise serializers.ValidationError({"vouchers": [_("One of these vouchers does not exist.")]})
        return redemption.redeem_several(amounts, reference=data["reference"], **common)


class Reserve(Till):
    permissions = {"POST": "complaints.redeem_voucher"}
    asks, answers = ReserveSerializer, ReservationSerializer

    @described("voucher_reserve", "Hold an amount while the customer pays", ReserveSerializer, ReservationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk=pk)

    def act(self, pk: int, data: dict[str, Any], **common: Any) -> Reservation:
        return redemption.reserve(
            pk,
            amount=data["amount"],
            reference=data["reference"],
            lasting=timedelta(seconds=data["seconds"]),
            by=common["by"],
            now=common["now"],
        )


class Capture(Till):
    permissions = {"POST": "complaints.redeem_voucher"}
    model = Reservation
    asks, answers = CaptureSerializer, EntrySerializer

    @described("voucher_capture", "Turn a reservation into a redemption", CaptureSerializer, EntrySerializer)
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk=pk)

    def act(self, pk: int, data: dict[str, Any], **common: Any) -> VoucherEntry:
        return redemption.capture(pk, **data, **common)


class Release(Till):
    permissions = {"POST": "complaints.redeem_voucher"}
    model = Reservation
    asks, answers = NothingSerializer, ReservationSerializer

    @described("voucher_release", "Give a reservation up", None, ReservationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk=pk)

    def act(self, pk: int, data: dict[str, Any], **common: Any) -> Reservation:
        return redemption.release(pk, by=common["by"], now=common["now"])


class Reverse(Till):
    permissions = {"POST": "complaints.reverse_redemption"}
    model = VoucherEntry
    asks, answers = ReverseSerializer, EntrySerializer

    @described("voucher_reverse", "Take back a redemption, whole or in part", ReverseSerializer, EntrySerializer)
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk=pk)

    def act(self, pk: int, data: dict[str, Any], **common: Any) -> VoucherEntry:
        return redemption.reverse(pk, **data, **common)
