"""What no page may get wrong, read from the sources."""

import re
from pathlib import Path

import pytest
from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy
from lucide.templatetags.lucide import lucide as drawn_by_the_package

from staff.forms import ShortSelect
from staff.templatetags.kvar import lucide

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ICON = re.compile(r"""(?:\{% lucide |\bicon=|\bicon\|default:)"([\w-]+)\"""")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_icons_exist_and_nothing_is_inline(template):
    text = template.read_text()
    for icon in ICON.findall(text):
        lucide(icon)
    assert not re.search(r"\sstyle=", text), "inline styles are refused by the content security policy"
    assert not re.search(r"<style|\son(click|change|load|submit|input)=|hx-on", text)
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "application/json" in attributes


@pytest.mark.parametrize(("name", "size"), [("phone", 18), ("wallet", 24), ("circle-alert", 14)])
def test_an_icon_is_drawn_as_by_its_package_without_the_space_between(name, size):
    drawn = drawn_by_the_package(name, size=size)
    assert lucide(name, size) == re.sub(r"(?<=>)\s+", "", drawn).strip()
    with pytest.raises(KeyError):
        lucide("no-such-icon")


@pytest.mark.parametrize("value", [None, "", "b", 2, "nothing of these"])
def test_a_short_select_is_drawn_as_djangos_own(value):
    choices = [("", "any"), ("b", gettext_lazy("Yes")), (2, "<two>")]
    attrs = {"id": "id_x", "required": True, "aria-describedby": "id_x_error"}
    for language in ("en", "sv"):
        with translation.override(language):
            own, short = forms.Select({"class": "c"}, choices), ShortSelect({"class": "c"}, choices)
            drawn = own.render("x", value, attrs)
            assert short.render("x", value, attrs) == short.render("x", value, attrs) == drawn
