"""What no page may get wrong, read from the sources."""

import re
from pathlib import Path

import pytest
from lucide import _load_icon

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
