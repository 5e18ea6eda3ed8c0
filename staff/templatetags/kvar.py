"""Formats for templates, the same functions that rows are formatted with; and what need not be drawn anew each time."""

from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from lucide.templatetags.lucide import lucide as draw

from staff import formats

register = template.Library()
for name in ("money", "percent", "number", "day", "moment", "clock"):
    register.filter(name, getattr(formats, name))


@register.simple_tag
@lru_cache(maxsize=1024)
def lucide(name: str, size: int = 24) -> str:
    """An icon, serialised once in each process: a dense page has a hundred, and the package copies a tree for each."""
    return draw(name, size=size)


@register.simple_tag
def still(template_name: str, **looks: object) -> SafeString:
    """A part of the frame that depends on the language and `looks` alone, drawn once for each of them in each process.

    `looks` are hashable and few, and never anything personal: what was drawn stays in memory.
    """
    drawn = _drawn.__wrapped__ if settings.DEBUG else _drawn
    return drawn(template_name, get_language(), tuple(looks.items()))


@lru_cache(maxsize=512)
def _drawn(template_name: str, language: str, looks: tuple[tuple[str, object], ...]) -> SafeString:
    return get_template(template_name).render(dict(looks))
