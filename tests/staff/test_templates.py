"""What no page may get wrong, read from the sources."""

import re
from pathlib import Path

import pytest
from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy
from lucide import _load_icon

from staff.forms import ShortSelect

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ICON = re.compile(r"""(?:\{% lucide |\bicon=|\bicon\|default:)"([\w-]+)\"""")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_icons_exist_and_nothing_is_inline(template):
    text = template.read_text()
    for icon in ICON.findall(text):
        _load_icon(icon)
    assert not re.search(r"\sstyle=", text), "inline styles are refused by the content security policy"
    assert not re.search(r"<style|\son(click|change|load|submit|input)=|hx-on", text)
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "application/json" in attributes


@pytest.mark.parametrize("value", [None, "", "b", 2, "nothing of these"])
def test_a_short_select_is_drawn_as_djangos_own(value):
    choices = [("", "any"), ("b", gettext_lazy("Yes")), (2, "<two>")]
    attrs = {"id": "id_x", "required": True, "aria-describedby": "id_x_error"}
    for language in ("en", "sv"):
        with translation.override(language):
            own, short = forms.Select({"class": "c"}, choices), ShortSelect({"class": "c"}, choices)
            drawn = own.render("x", value, attrs)
            assert short.render("x", value, attrs) == short.render("x", value, attrs) == drawn
