"""What the API's description shares, and that it is made once."""

from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers


class RefusalSerializer(serializers.Serializer[Any]):
    """A refusal of the trade: see `staff.api.exception_handler`."""

    code = serializers.CharField()
    detail = serializers.CharField()


REFUSED = OpenApiResponse(RefusalSerializer, description="Refused: nothing happened.")


class KeptSchema(SchemaGenerator):
    """Made once in each process for each language: it is the same for everybody, and takes as long as twenty pages."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        return _schema(get_language(), self.api_version)


@lru_cache(maxsize=8)
def _schema(language: str | None, version: str | None) -> Any:
    return SchemaGenerator(api_version=version).get_schema(request=None, public=True)
