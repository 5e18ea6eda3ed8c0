"""What the frame around every page shows."""

from django.http import HttpRequest

from staff.navigation import entrances


def frame(request: HttpRequest) -> dict[str, object]:
    """The navigation for this person; nothing for parts, which stand inside a frame already."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {}
    return {"entrances": entrances(user)}
