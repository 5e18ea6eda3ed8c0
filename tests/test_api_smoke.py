"""Every described operation of the API, fed with made-up input: it answers as described, never with a fault of ours."""

import json

import pytest
import requests
import schemathesis
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.factories import SubscriptionFactory

CHECKS = [content_type_conformance, response_schema_conformance]


def brief(operation):
    """A dozen examples where a body or a query is made up, a handful where there is only a key."""
    return settings(
        max_examples=12 if operation.body or operation.query else 5,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


def operations():
    described = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    return [result.ok() for result in described.get_all_operations()]


def as_received(answer: HttpResponse, sent: requests.PreparedRequest) -> Response:
    headers = {name.lower(): [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, answer.getvalue(), sent, elapsed=0, verify=True)


@pytest.mark.django_db
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_operation_answers_as_described(operation, client_as):
    record = SubscriptionFactory()
    client = client_as("administrator")  # raises what the API does not answer

    @brief(operation)
    @given(case=operation.as_strategy())
    def try_it(case):
        for name, value in case.path_parameters.items():  # something that is there, now and then
            if isinstance(value, int) and value % 2:
                case.path_parameters[name] = record.pk if "subscription" in operation.path else record.customer_id
        wanted = case.as_transport_kwargs(base_url="http://localhost")
        sent = requests.Request(
            wanted["method"], wanted["url"], params=wanted.get("params"), json=wanted.get("json")
        ).prepare()
        answer = client.generic(
            sent.method,
            sent.path_url,
            data=json.dumps(wanted.get("json") or {}),
            content_type="application/json",
            headers={name: str(value) for name, value in (case.headers or {}).items() if str(value).isascii()},
        )
        case.validate_response(as_received(answer, sent), checks=CHECKS)

    try_it()
