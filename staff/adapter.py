"""Nobody signs up here: people are made by an administrator or come from the company's own directory."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class ClosedDoor(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class ClosedSocialDoor(DefaultSocialAccountAdapter):
    """A login by OpenID Connect finds the person by e-mail address; one who is unknown stays outside."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return False
