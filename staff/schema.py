"""What the API's description shares."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers


class RefusalSerializer(serializers.Serializer[Any]):
    """A refusal of the trade: see `staff.api.exception_handler`."""

    code = serializers.CharField()
    detail = serializers.CharField()


REFUSED = OpenApiResponse(RefusalSerializer, description="Refused: nothing happened.")
