"""What tills send and are answered, as the API's schema tells it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField
from django.utils.translation import gettext as _
from rest_framework import serializers

from loyalty.models import Membership, Programme, Receipt, Reward


class EnrolSerializer(serializers.Serializer[Any]):
    programme = serializers.SlugRelatedField("code", queryset=Programme.objects.all())
    customer = serializers.CharField(max_length=30, required=False, default="", help_text="Customer number.")
    card = serializers.CharField(max_length=80, required=False, default="", help_text="Left out: one is drawn.")


class LineSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1, max_value=9999)
    sku = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    quantity = serializers.IntegerField(min_value=1, max_value=9999, default=1)
    amount = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=0, default=Decimal(0))
    kind = serializers.ChoiceField(["sale", "reward", "gift_card", "void"], default="sale")
    reward = serializers.IntegerField(
        min_value=1,
        max_value=BigIntegerField.MAX_BIGINT,
        required=False,
        allow_null=True,
        default=None,
        help_text="The reward that a line of kind `reward` was paid with.",
    )

    def validate(self, line: dict[str, Any]) -> dict[str, Any]:
        if line["reward"] and line["kind"] != "reward":
            raise serializers.ValidationError({"reward": [_("Only a line of kind “reward” is paid with one.")]})
        return line


class ReceiptKeySerializer(serializers.Serializer[Any]):
    store = serializers.CharField(max_length=40)
    business_date = serializers.DateField()
    number = serializers.CharField(max_length=80)


class ReceiptSerializer(ReceiptKeySerializer):
    source = serializers.CharField(max_length=40, default="till")
    occurred_at = serializers.DateTimeField()
    card = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    cashier = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    lines = LineSerializer(many=True, min_length=1, max_length=500)

    def validate_occurred_at(self, moment: datetime) -> datetime:
        if moment.year < 1990:
            raise serializers.ValidationError(_("This is before there were tills: check the date."))
        return moment


class ReturnSerializer(ReceiptSerializer):
    original = ReceiptKeySerializer(help_text="The sale it takes back; `lines` carry the sale's line numbers.")


class PriceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    points = serializers.IntegerField()


class MemberSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    programme = serializers.CharField()
    customer = serializers.CharField(allow_blank=True)
    cards = serializers.ListField(child=serializers.CharField())
    unit = serializers.ChoiceField(Programme.Unit.values)
    balance = serializers.IntegerField(help_text="Negative: owed.")
    needed = serializers.IntegerField(allow_null=True)
    rewards = serializers.ListField(child=serializers.IntegerField(), help_text="Open rewards, oldest first.")
    tier = serializers.CharField(allow_blank=True)
    prices = PriceSerializer(many=True, help_text="What points can buy.")


class CountedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(Receipt.State.values)
    stamps = serializers.IntegerField()
    trace = serializers.ListField(child=serializers.DictField(), help_text="Why, as data.")
    says = serializers.ListField(child=serializers.CharField(), help_text="Why, in words.")
    balance = serializers.IntegerField(allow_null=True)
    rewards = serializers.ListField(child=serializers.IntegerField())


class TracedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(Receipt.Kind.values)
    number = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    stamps = serializers.IntegerField()
    says = serializers.ListField(child=serializers.CharField(), help_text="Why, in words.")


class BalanceSerializer(MemberSerializer):
    receipts = TracedSerializer(many=True, help_text="The last ten, the youngest first: why the balance is what it is.")


class RewardSerializer(serializers.ModelSerializer[Reward]):
    class Meta:
        model = Reward
        fields = ["id", "name", "state", "issued_at", "expires_at", "redeemed_at"]
        read_only_fields = fields


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class StatusSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(Membership.Status.choices)
    balance = serializers.IntegerField(help_text="Kept for thirty days after closing.")


class SpendSerializer(serializers.Serializer[Any]):
    card = serializers.CharField(max_length=80)
    reward = serializers.CharField(max_length=120, help_text="The name of one of the member's `prices`.")


class CardSerializer(serializers.Serializer[Any]):
    card = serializers.CharField(max_length=80)
