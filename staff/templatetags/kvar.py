"""Formats for templates, the same functions that rows are formatted with; and what need not be drawn anew each time."""

from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from zipfile import ZipFile

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from staff import formats
from staff.saved import filters, views

register = template.Library()
for name in ("money", "percent", "number", "day", "moment", "clock"):
    register.filter(name, getattr(formats, name))


@cache
def _icons() -> ZipFile:
    """The package's archive. Its own tag opens it, and reads the list of 1,700 names, anew for each icon."""
    return ZipFile(BytesIO(files("lucide").joinpath("lucide.zip").read_bytes()))


@register.simple_tag
@lru_cache(maxsize=1024)
def lucide(name: str, size: int = 24) -> SafeString:
    """An icon, drawn once in each process: a dense page has a hundred. Raises KeyError for one that does not exist."""
    svg = " ".join(_icons().read(f"{name}.svg").decode().split())
    for there, here in (
        (' xmlns="http://www.w3.org/2000/svg"', ""),  # which HTML does not need
        (" >", ">"),
        ("> <", "><"),
        (' width="24" height="24"', f' width="{size}" height="{size}"'),
    ):
        svg = svg.replace(there, here)
    return mark_safe(svg)  # noqa: S308  the package's own drawing


@register.filter
@lru_cache(maxsize=2048)
def tag(shown: formats.Tag) -> SafeString:
    """A word in its colour, with its icon: drawn once in each process."""
    icon = lucide(shown.icon, size=14) if shown.icon else ""
    return format_html('<span class="tag {}">{}{}</span>', shown.tone, icon, shown.text)


@register.simple_tag
def still(template_name: str, **looks: object) -> SafeString:
    """A part of the frame that depends on the language and `looks` alone, drawn once for each of them in each process.

    `looks` are hashable and few, and never anything personal: what was drawn stays in memory.
    """
    drawn = _drawn.__wrapped__ if settings.DEBUG else _drawn
    return drawn(template_name, get_language(), tuple(looks.items()))


@register.inclusion_tag("parts/saved_views.html", takes_context=True)
def saved_views(context: template.Context, page: str) -> dict[str, object]:
    """This person's saved views of a list as chips, with a dialog to keep and change them. One query."""
    request = context["request"]
    query = filters(request.GET.urlencode())
    rows = [
        {"pk": pk, "name": name, "query": kept, "on": kept == query} for pk, name, kept in views(request.user.pk, page)
    ]
    return {
        "page": page,
        "views": rows,
        "query": query,
        "is_new": bool(query) and not any(row["on"] for row in rows),
        "here": request.get_full_path(),
        "path": request.path,
        "csrf_token": context.get("csrf_token"),
    }


@lru_cache(maxsize=512)
def _drawn(template_name: str, language: str, looks: tuple[tuple[str, object], ...]) -> SafeString:
    return get_template(template_name).render(dict(looks))
