"""Without a password: a passkey in the browser's own authenticator, and the company's directory by OpenID Connect."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import expect

from config.settings import openid_connect
from tests.browser.conftest import log_out

pytestmark = pytest.mark.browser
PASSWORD = "stay-with-kvar"


def test_a_passkey_is_added_and_opens_the_desk(page, live_server, user_as, axe):
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    browser.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    at = live_server.url.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, not to a number
    user = user_as("agent", username="vera")
    user.set_password(PASSWORD)
    user.save()

    page.goto(at)
    page.get_by_label("Login").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("nav.nav")).to_be_visible()
    page.goto(at + "/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    axe(page)
    page.locator("#mfa_webauthn_add").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() == 1

    log_out(page)
    page.goto(at)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.locator("nav.nav")).to_be_visible()


class Directory(ThreadingHTTPServer):
    """A company's OpenID provider: everybody it is asked about is `self.email`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.email, self.asked = "", {}


class Answers(BaseHTTPRequestHandler):
    server: Directory

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def say(self, answer: dict) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/authorize":
            self.server.asked = {key: values[0] for key, values in parse_qs(address.query).items()}
            back = urlencode({"code": "once", "state": self.server.asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{self.server.asked['redirect_uri']}?{back}")
            self.end_headers()
        elif address.path == "/userinfo":
            self.say(self.person())
        else:
            self.say(
                {
                    "issuer": self.server.url,
                    "authorization_endpoint": self.server.url + "/authorize",
                    "token_endpoint": self.server.url + "/token",
                    "userinfo_endpoint": self.server.url + "/userinfo",
                    "jwks_uri": self.server.url + "/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert sent["code"] == ["once"]
        assert sent["client_secret"] == ["between-us"]
        now = int(time.time())
        token = {"iss": self.server.url, "aud": "kvar", "iat": now, "exp": now + 60, **self.person()}
        signed = jwt.encode(token, "a key that only this provider of a test knows", algorithm="HS256")
        self.say({"access_token": "t", "token_type": "Bearer", "id_token": signed})

    def person(self) -> dict:
        return {"sub": self.server.email, "email": self.server.email, "email_verified": True, "name": "Vera Ek"}


@pytest.fixture
def directory(settings):
    server = Directory()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": openid_connect(server.url, "kvar", "between-us", "Company login")
    }
    yield server
    server.shutdown()


def test_the_companys_directory_opens_the_desk_to_whom_kvar_knows(page, live_server, user_as, directory, axe):
    user_as("agent", username="vera", email="vera@example.com")
    directory.email = "vera@example.com"
    page.goto(live_server.url)
    axe(page)
    page.get_by_role("link", name="Company login").click()
    expect(page.locator("nav.nav")).to_be_visible()
    assert directory.asked["client_id"] == "kvar"


def test_whom_the_directory_knows_and_kvar_does_not_stays_outside(page, live_server, directory):
    directory.email = "stranger@example.com"
    page.goto(live_server.url)
    page.get_by_role("link", name="Company login").click()
    expect(page.locator("nav.nav")).to_have_count(0)
