"""The translation catalogs, on a small project of its own."""

import re
from pathlib import Path

import pytest

from config import catalogs

TEMPLATE = """{% load i18n %}
  <p title="{% translate "Say “hello” to åäö" %}">{% blocktranslate trimmed with name=x.y %}
      Dear {{ name }},
      goodbye (it's over)
    {% endblocktranslate %}</p>
{% blocktranslate count n=rows|length %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}
    {{ value|default:_("nothing") }} {% translate "May" context "month" %} """
SOURCE = 'A = _("Nothing " "left")\nB = ngettext("%d day", "%d days", 2)\nC = _("a day")\nD = gettext_lazy("a day")\n'


@pytest.fixture
def project(tmp_path: Path, settings) -> Path:
    settings.BASE_DIR = tmp_path
    for path, text in {
        "staff/models.py": 'X = _("shared")\n',
        "loyalty/rules.py": SOURCE + 'Y = _("shared")\n',
        "templates/loyalty/page.html": TEMPLATE,
        "templates/base.html": '{% load i18n %}{% translate "frame" %}',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def translate(app: str, **texts: str) -> None:
    path = catalogs.po_path(app, "sv")
    text = path.read_text()
    for msgid, msgstr in texts.items():
        text = text.replace(f'msgid "{msgid}"\nmsgstr ""', f'msgid "{msgid}"\nmsgstr "{msgstr}"')
    path.write_text(text)


def test_strings_are_found_in_python_and_templates_and_belong_to_the_innermost_app(project):
    found = catalogs.strings()
    assert set(found["loyalty"]) == {
        ("", "Nothing left"),
        ("", ("%d day", "%d days")),
        ("", "a day"),
        ("", "Say “hello” to åäö"),
        ("", "Dear %(name)s, goodbye (it's over)"),
        ("", ("%(n)s row", "%(n)s rows")),
        ("", "nothing"),
        ("month", "May"),
    }
    assert set(found["staff"]) == {("", "shared")}
    assert set(found["config"]) == {("", "frame")}


def test_a_string_that_moves_keeps_its_translation_and_one_nobody_says_is_dropped(project):
    catalogs.update()
    translate("staff", shared="delad")
    (project / "staff/models.py").write_text("")
    (project / "loyalty/rules.py").write_text('Y = _("shared")\n')
    catalogs.update()
    entries = {m.id: m.string for m in catalogs.read("loyalty", "sv") if m.id}
    assert entries["shared"] == "delad"
    assert "Nothing left" not in entries
    assert not catalogs.po_path("staff", "sv").exists()


def test_updating_twice_changes_no_byte(project):
    catalogs.update()
    before = {path: path.read_bytes() for path in project.rglob("*.po")}
    catalogs.update()
    assert {path: path.read_bytes() for path in project.rglob("*.po")} == before
    assert len(before) == 6


def test_faults_name_what_is_missing_fuzzy_obsolete_or_has_other_placeholders(project):
    catalogs.update()
    loyalty = catalogs.po_path("loyalty", "sv")
    translate("loyalty", **{"Nothing left": "Inget kvar", "a day": "en dag", "nothing": "inget"})
    text = loyalty.read_text().replace('msgid "nothing"', '#, fuzzy\nmsgid "nothing"')
    text = text.replace('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "en dag"\nmsgstr[1] "%s dagar"', 1)
    loyalty.write_text(text + '\nmsgid "gone"\nmsgstr "borta"\n')
    (project / "staff/models.py").write_text('X = _("shared")\nZ = _("new")\n')
    said = {(f.app, f.what.split(";")[0].split(" (")[0], f.text) for f in catalogs.faults() if f.language == "sv"}
    assert ("loyalty", "fuzzy", "nothing") in said
    assert ("loyalty", "obsolete", "gone") in said
    assert ("loyalty", "not translated", "Say “hello” to åäö") in said
    assert ("staff", "not in the catalog", "new") in said
    assert any(what == "placeholders differ" for _, what, _ in said)
    assert not any(text in ("Nothing left", "a day") for _, _, text in said)


def test_compiling_takes_only_what_is_newer(project):
    catalogs.update()
    assert catalogs.compile_stale() == 6
    assert catalogs.compile_stale() == 0


def test_texts_are_marked_only_by_names_that_the_extraction_knows(settings):
    sources = [path for app in catalogs.APPS for path in (settings.BASE_DIR / app).rglob("*.py")]
    aliases = {name for path in sources for name in re.findall(r"gettext\w* as (\w+)", path.read_text())}
    assert aliases - set(catalogs.KEYWORDS) == set()
