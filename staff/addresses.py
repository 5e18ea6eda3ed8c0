"""Whose request this is, as far as an address tells: what throttles count by."""

from ipaddress import IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address of who asks: behind KVAR_TRUSTED_PROXIES proxies the one that the outermost of them saw.

    What a client writes into X-Forwarded-For itself stands further left and is never believed. The peer's address when
    the header is shorter than it must be or no address; None where there is neither.
    """
    try:
        return str(get_adapter(request).get_client_ip(request))
    except (ImproperlyConfigured, PermissionDenied):
        return _valid(request.META.get("REMOTE_ADDR", ""))


def _valid(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def network_of(address: str | None) -> str:
    """What to count by: an IPv4 address, or the /64 that one household or company has of IPv6 at the least."""
    found = ip_address(address) if address else None
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address or "unknown"
