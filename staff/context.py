"""What the frame around every page shows."""

from django.http import HttpRequest

from staff.navigation import current, entrances


def frame(request: HttpRequest) -> dict[str, object]:
    """The navigation for this person; nothing for parts, which stand inside a frame already."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {}
    offered = entrances(user)
    return {"entrances": offered, "current_entrance": current(request.path, offered)}
