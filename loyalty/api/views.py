"""API v1 for tills and shops: enrol, tell receipts and returns, ask for the balance and why, redeem.

Every write asks for an `Idempotency-Key`: its row, its effect and its answer are one transaction. The same key and
body give the stored answer again, another body is refused with 409. Besides, a receipt is known by source, store,
business date and number: told again under another key it changes nothing.
"""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers.models import Customer
from loyalty import actions
from loyalty.actions import books
from loyalty.api.serializers import (
    BalanceSerializer,
    CardSerializer,
    CountedSerializer,
    EnrolSerializer,
    MemberSerializer,
    NoteSerializer,
    ReceiptSerializer,
    ReturnSerializer,
    RewardSerializer,
    SpendSerializer,
    StatusSerializer,
)
from loyalty.cards import goal_of
from loyalty.models import Membership, Receipt, Reward
from loyalty.queries.members import with_merged
from loyalty.queries.terms import version_at
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts
from loyalty.rules.trace import say
from staff.api import KEY, NothingSerializer
from staff.endpoints import Once
from staff.schema import REFUSED
from staff.statements import kept


def member_body(member: Membership) -> dict[str, Any]:
    """Five queries."""
    version = version_at(member.programme_id, timezone.now())
    return {
        "id": member.pk,
        "programme": member.programme.code,
        "customer": member.customer.number if member.customer else "",
        "cards": list(member.cards.filter(status="active").order_by("-pk").values_list("number", flat=True)),
        "unit": member.programme.unit,
        "balance": member.balance,
        "needed": member.cycle_needed or (goal_of(version.terms, member.balance) if version else None),
        "rewards": open_rewards(member),
        "tier": member.tier,
        "prices": [{"name": price.name, "points": price.points} for price in (version.terms.prices if version else ())],
    }


@kept
def _open_rewards(pk: int) -> QuerySet[Reward, int]:
    rows = Reward.objects.filter(membership=pk, state=Reward.State.ISSUED)
    return rows.order_by("issued_at", "pk").values_list("pk", flat=True)


def open_rewards(member: Membership) -> list[int]:
    """One query."""
    return _open_rewards(member.pk)


def traced(member: Membership) -> list[dict[str, Any]]:
    """The last receipts of the member and of the cards merged into it; one query."""
    rows = Receipt.objects.filter(membership__in=with_merged(member.pk)).order_by("-occurred_at", "-pk")[:10]
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "number": row.number,
            "occurred_at": row.occurred_at,
            "stamps": row.stamps,
            "says": say(row.trace),
        }
        for row in rows
    ]


def receipt_body(receipt: Receipt) -> dict[str, Any]:
    member = receipt.membership
    return {
        "id": receipt.pk,
        "state": receipt.state,
        "stamps": receipt.stamps,
        "trace": receipt.trace,
        "says": say(receipt.trace),
        "balance": member.balance if member else None,
        "rewards": open_rewards(member) if member else [],
    }


class Enrol(Once):
    asks = EnrolSerializer
    permissions = {"POST": "loyalty.enrol_member"}

    @extend_schema(
        operation_id="loyalty_enrol",
        request=EnrolSerializer,
        parameters=[KEY],
        responses={201: MemberSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """Enrol a customer, or hand out a nameless card."""
        return super().post(request, **place)

    def run(self, request: Request, data: dict[str, Any], **place: Any) -> Response:
        customer = get_object_or_404(Customer, number=data["customer"]) if data["customer"] else None
        member = actions.enrol(
            data["programme"].pk,
            customer_id=customer.pk if customer else None,
            card=data["card"],
            by=request.user,
            now=timezone.now(),
        )
        return Response(member_body(member), status=status.HTTP_201_CREATED)


class Close(Once):
    asks = NoteSerializer
    permissions = {"POST": "loyalty.enrol_member"}
    act = staticmethod(actions.close)

    @extend_schema(
        operation_id="loyalty_close",
        request=NoteSerializer,
        parameters=[KEY],
        responses={200: StatusSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """End a membership at the member's wish."""
        return super().post(request, **place)

    def run(self, request: Request, data: dict[str, Any], **place: Any) -> Response:
        get_object_or_404(Membership, pk=place["pk"])
        member = self.act(place["pk"], by=request.user, now=timezone.now(), note=data["note"])
        return Response(StatusSerializer(member).data)


class Reopen(Close):
    act = staticmethod(actions.reopen)

    @extend_schema(
        operation_id="loyalty_reopen",
        request=NoteSerializer,
        parameters=[KEY],
        responses={200: StatusSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """A closed membership is active again, with all that has not lapsed meanwhile."""
        return Once.post(self, request, **place)


class Receipts(Once):
    asks: type[serializers.Serializer[Any]] = ReceiptSerializer
    permissions = {"POST": "loyalty.stamp_card"}

    @extend_schema(
        operation_id="loyalty_receipt",
        request=ReceiptSerializer,
        parameters=[KEY],
        responses={200: CountedSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """Tell a sale. Without a card it is kept and can be claimed later."""
        return super().post(request, **place)

    def run(self, request: Request, data: dict[str, Any], **place: Any) -> Response:
        original = data.get("original")
        facts = ReceiptFacts(
            source=data["source"],
            store=data["store"],
            business_date=data["business_date"],
            number=data["number"],
            occurred_at=data["occurred_at"],
            card=data["card"],
            cashier=data["cashier"],
            lines=tuple(Line(**line) for line in data["lines"]),
            total=sum(line["amount"] for line in data["lines"]),
            original=(data["source"], original["store"], original["business_date"], original["number"])
            if original
            else None,
        )
        receipt = actions.record_receipt(facts, by=request.user, now=timezone.now())
        return Response(receipt_body(receipt))


class Returns(Receipts):
    asks = ReturnSerializer

    @extend_schema(
        operation_id="loyalty_return",
        request=ReturnSerializer,
        parameters=[KEY],
        responses={200: CountedSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """Tell a return. Before its sale is known it waits."""
        return super().post(request, **place)


class Spend(Once):
    asks = SpendSerializer
    permissions = {"POST": "loyalty.redeem_reward"}

    @extend_schema(
        operation_id="loyalty_spend",
        request=SpendSerializer,
        parameters=[KEY],
        responses={201: RewardSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """Spend points on a reward; redeem it as it is handed over."""
        return super().post(request, **place)

    def run(self, request: Request, data: dict[str, Any], **place: Any) -> Response:
        pk = books.resolve(data["card"])
        reward = actions.spend_points(pk, reward=data["reward"], by=request.user, now=timezone.now())
        return Response(RewardSerializer(reward).data, status=status.HTTP_201_CREATED)


class Redeem(Once):
    permissions = {"POST": "loyalty.redeem_reward"}

    @extend_schema(
        operation_id="loyalty_redeem",
        request=NothingSerializer,
        parameters=[KEY],
        responses={200: RewardSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """Hand over the free one. A reward is redeemed once, by one till."""
        return super().post(request, **place)

    def run(self, request: Request, data: dict[str, Any], **place: Any) -> Response:
        get_object_or_404(Reward, pk=place["pk"])
        reward = actions.redeem(place["pk"], by=request.user, now=timezone.now())
        return Response(RewardSerializer(reward).data)


class UndoRedeem(Redeem):
    @extend_schema(
        operation_id="loyalty_undo_redeem",
        request=NothingSerializer,
        parameters=[KEY],
        responses={200: RewardSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """The free one was not taken: the reward is open again."""
        return Once.post(self, request, **place)

    def run(self, request: Request, data: dict[str, Any], **place: Any) -> Response:
        get_object_or_404(Reward, pk=place["pk"])
        reward = actions.undo_redeem(place["pk"], by=request.user, now=timezone.now())
        return Response(RewardSerializer(reward).data)


class TurnBack(Redeem):
    @extend_schema(
        operation_id="loyalty_turn_back",
        request=NothingSerializer,
        parameters=[KEY],
        responses={200: RewardSerializer, 409: REFUSED},
    )
    def post(self, request: Request, **place: Any) -> Response:
        """A reward chosen for points becomes its points again, while it is open."""
        return Once.post(self, request, **place)

    def run(self, request: Request, data: dict[str, Any], **place: Any) -> Response:
        get_object_or_404(Reward, pk=place["pk"])
        reward = actions.turn_back(place["pk"], by=request.user, now=timezone.now())
        return Response(RewardSerializer(reward).data)


class Balance(APIView):
    permissions = {"POST": "loyalty.view_membership"}

    @extend_schema(
        operation_id="loyalty_balance", request=CardSerializer, responses={200: BalanceSerializer, 409: REFUSED}
    )
    def post(self, request: Request) -> Response:
        """What is on a card, and why. The number travels in the body, never in an address."""
        form = CardSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        pk = books.resolve(form.validated_data["card"])
        member = Membership.objects.select_related("programme", "customer").get(pk=pk)
        return Response(BalanceSerializer(member_body(member) | {"receipts": traced(member)}).data)


class Trace(APIView):
    permissions = {"GET": "loyalty.view_membership"}

    @extend_schema(operation_id="loyalty_trace", responses=CountedSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """What came of a receipt, and why."""
        return Response(receipt_body(get_object_or_404(Receipt.objects.select_related("membership"), pk=pk)))
