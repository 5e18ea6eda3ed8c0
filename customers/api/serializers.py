from typing import Any

from django.utils.translation import gettext as _
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers

from customers.actions import EDITABLE
from customers.models import Customer, Subscription


class SubscriptionSerializer(serializers.ModelSerializer):
    plan = serializers.SlugRelatedField(slug_field="code", read_only=True)
    plan_name = serializers.CharField(source="plan.name", read_only=True)

    class Meta:
        model = Subscription
        fields = (
            "id",
            "customer",
            "plan",
            "plan_name",
            "status",
            "monthly_price",
            "started_on",
            "contract_end",
            "notice_months",
            "ends_on",
        )
        read_only_fields = fields


class CustomerSerializer(serializers.ModelSerializer):
    """A customer as the list shows one."""

    name = serializers.CharField(read_only=True)
    phone = PhoneNumberField(read_only=True)
    subscriptions = SubscriptionSerializer(source="running", many=True, read_only=True)

    class Meta:
        model = Customer
        fields = ("id", "number", "name", *EDITABLE, "unsubscribed_at", "version", "subscriptions")
        read_only_fields = fields


class BadgeSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    tone = serializers.CharField()


class FactSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()
    value = serializers.CharField()


class BandSerializer(serializers.Serializer[Any]):
    """The header band of the customer's pages, in the reader's language."""

    name = serializers.CharField()
    number = serializers.CharField()
    badges = BadgeSerializer(many=True)
    facts = FactSerializer(many=True)
    goodwill = serializers.DecimalField(max_digits=12, decimal_places=2)
    monthly_margin = serializers.DecimalField(max_digits=12, decimal_places=2)


class HistoryEntrySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    by = serializers.CharField()


class TimelineSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(help_text="The cursor of the page after this one; empty at the end.")
    results = HistoryEntrySerializer(many=True)


class CustomerNoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)


class EditSerializer(serializers.ModelSerializer):
    """The details to change, and the `version` they were read at."""

    version = serializers.IntegerField(min_value=1)
    phone = PhoneNumberField(required=False, allow_blank=True)

    class Meta:
        model = Customer
        fields = ("version", *EDITABLE)
        extra_kwargs = {name: {"required": False} for name in EDITABLE}

    def validate_country(self, value: str) -> str:
        return value.upper()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        names = ("given_name", "family_name", "company")
        kept = {name: attrs.get(name, getattr(self.instance, name, "")) for name in names}
        if not any(kept.values()):
            raise serializers.ValidationError({"family_name": [_("Give a name: a person's or a company's.")]})
        return attrs
