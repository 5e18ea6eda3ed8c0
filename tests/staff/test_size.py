"""Nobody fills the disk with what no form takes."""

import pytest
from django.test import Client

from tests.factories import UserFactory


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/complaints/write-to-us/", "/accounts/login/", "/api/v1/complaints/", "/nowhere/"]
)
def test_what_is_larger_than_any_form_is_refused_unread(settings, address):
    client = Client(enforce_csrf_checks=True)
    settings.LARGEST_REQUEST = 1000
    body = b"x" * 1001

    def read(*_args):
        raise AssertionError("it was read")

    for user in (None, UserFactory(role="agent")):
        if user:
            client.force_login(user)
        request = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": type("Body", (), {"read": read, "readline": read})()}
        answer = client.post(address, content_type="multipart/form-data; boundary=x", **request)
        assert answer.status_code == 413
    assert client.post("/accounts/login/", {"login": "x" * 500}).status_code != 413


def test_a_mail_server_that_never_answers_does_not_hold_the_worker_for_ever(settings):
    assert settings.EMAIL_TIMEOUT <= 60
