"""Formats for templates: the same functions that rows are formatted with."""

from django import template

from staff import formats

register = template.Library()
for name in ("money", "percent", "number", "day", "moment", "clock"):
    register.filter(name, getattr(formats, name))
