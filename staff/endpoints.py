"""Endpoints that several apps are built from."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from staff.api import NothingSerializer, answered_once


class Once(APIView):
    """A POST with one effect, whose request is `asks`: the key, the effect and the answer are one transaction."""

    asks: type[serializers.Serializer[Any]] = NothingSerializer
    run: Callable[..., Response]  # each endpoint's own: `run(request, data, **place)` acts and answers

    def post(self, request: Request, **place: Any) -> Response:
        form = self.asks(data=request.data)
        form.is_valid(raise_exception=True)
        return answered_once(request, lambda: self.run(request, form.validated_data, **place))
