"""Translations: taken from the sources, kept as `locale/<app>/<language>/LC_MESSAGES/django.po`, compiled beside it.

A string belongs to the app whose folder, or folder under `templates/`, uses it; what no app owns belongs to `config`.
Used by several, it belongs to the innermost (staff before customers before …), so that it stands in one catalog only
and is translated in one way. Entries are sorted and carry no line numbers: branches seldom collide.
"""

import io
import os
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

APPS = ("staff", "customers", "loyalty", "complaints", "cancellations", "config")  # innermost first
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_now": None,  # `gettext` where `_` is lazy
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")

Id = str | tuple[str, ...]
Key = tuple[str, Id]  # context, text (and its plural)


def languages() -> list[str]:
    """Those that need a catalog: all but the one the sources are written in."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def po_path(app: str, language: str) -> Path:
    return Path(settings.BASE_DIR) / "locale" / app / language / "LC_MESSAGES" / "django.po"


def _sources(app: str) -> Iterator[Path]:
    base = Path(settings.BASE_DIR)
    yield from sorted(path for path in (base / app).rglob("*.py") if "migrations" not in path.parts)
    templates = [*(base / app / "templates").rglob("*"), *(base / "templates").rglob("*")]
    for path in sorted(templates):
        if not path.is_file():
            continue
        owner = path.relative_to(base / "templates").parts[0] if path.is_relative_to(base / "templates") else app
        if (owner if owner in APPS else "config") == app:
            yield path


def _python(path: Path) -> bytes:
    """The source as Babel's Python reader takes it; of a template, what it says through gettext."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text.encode()
    # templatize blots out everything but the strings; what indentation is left would confuse a reader of Python
    return "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines()).encode()


def strings() -> dict[str, dict[Key, list[str]]]:
    """By app: every string of the sources with the comments written for translators. Raises ValueError naming a file
    that cannot be read."""
    found: dict[str, dict[Key, list[str]]] = {}
    seen: set[Key] = set()
    plain = {}  # a text used both alone and with a plural needs one entry only: the plural's
    for app in APPS:
        own = found[app] = {}
        for path in _sources(app):
            try:
                source = io.BytesIO(_python(path))
                messages = list(extract("python", source, KEYWORDS, ["Translators:"], strip_comment_tags=True))
            except (tokenize.TokenError, SyntaxError, UnicodeDecodeError) as error:
                raise ValueError(f"{path}: {error}") from error
            for _line, text, comments, context in messages:
                key: Key = (context or "", text)
                singular = (key[0], text if isinstance(text, str) else text[0])
                if not singular[1]:
                    continue
                if key in own:
                    own[key] += [comment for comment in comments if comment not in own[key]]
                elif key not in seen:
                    seen.add(key)
                    own[key] = list(comments)
                plain.setdefault(singular, set()).add(key)
    for keys in plain.values():
        if len(keys) > 1:
            for app in APPS:
                for key in keys:
                    if isinstance(key[1], str):
                        found[app].pop(key, None)
    return found


def read(app: str, language: str) -> Catalog:
    path = po_path(app, language)
    if not path.exists():
        return Catalog(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _key(message: Message) -> Key:
    return message.context or "", tuple(message.id) if isinstance(message.id, (list, tuple)) else message.id


def _entries(catalog: Catalog) -> dict[Key, Message]:
    return {_key(message): message for message in catalog if message.id}


def _header(catalog: Catalog, language: str) -> bytes:
    """Only what readers of the file need: no dates, no names, nothing to collide on."""
    return (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    ).encode()


def update(apps: tuple[str, ...] = APPS) -> None:
    """Bring these apps' catalogs in line with the sources. A string that moved to another app keeps its translation;
    what nobody says any longer is dropped."""
    wanted = strings()
    for language in languages():
        kept = {app: _entries(read(app, language)) for app in APPS}
        for app in apps:
            catalog = Catalog(language)
            for context, text in sorted(wanted[app], key=repr):
                known = [old for name in (app, *APPS) if (old := kept[name].get((context, text))) and _said(old)]
                catalog.add(
                    text,
                    known[0].string if known else None,
                    flags=known[0].flags if known else (),
                    auto_comments=wanted[app][context, text],
                    context=context or None,
                )
            path = po_path(app, language)
            if not len(catalog):
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            out = io.BytesIO()
            write_po(out, catalog, width=100, no_location=True, omit_header=True, sort_output=True)
            path.write_bytes(_header(catalog, language) + out.getvalue())


def _said(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, (list, tuple)) else bool(message.string)


@dataclass(frozen=True, slots=True)
class Fault:
    app: str
    language: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"locale/{self.app}/{self.language}: {self.what}: {self.text!r}"


def faults() -> Iterator[Fault]:
    """What stands between the catalogs and complete, current translations."""
    wanted = strings()
    for language in languages():
        for app in APPS:
            catalog = read(app, language)
            entries = _entries(catalog)
            for key in wanted[app].keys() - entries.keys():
                yield Fault(app, language, "not in the catalog; run manage.py messages", _first(key[1]))
            for key, message in entries.items():
                if key not in wanted[app]:
                    yield Fault(app, language, "obsolete; run manage.py messages", _first(key[1]))
                elif message.fuzzy:
                    yield Fault(app, language, "fuzzy", _first(key[1]))
                elif not _said(message):
                    yield Fault(app, language, "not translated", _first(key[1]))
                elif (want := _placeholders(message.id)) != (have := _placeholders(message.string)):
                    yield Fault(app, language, f"placeholders differ ({_list(want)} / {_list(have)})", _first(key[1]))


def _first(text: Id) -> str:
    return text if isinstance(text, str) else text[0]


def _list(placeholders: frozenset[str]) -> str:
    return ", ".join(sorted(placeholders)) or "none"


def _placeholders(text: Id) -> frozenset[str]:
    """Of a plural all forms together: the singular may say “a day” without its number."""
    forms = [text] if isinstance(text, str) else text
    return frozenset(name for form in forms for name in PLACEHOLDER.findall(form.replace("%%", "")))


def compile_stale() -> int:
    """Compile each catalog newer than its .mo and answer how many. Cheap when nothing changed; safe to race."""
    count = 0
    for po in sorted((Path(settings.BASE_DIR) / "locale").glob("*/*/LC_MESSAGES/django.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as file:
            catalog = read_po(file, locale=po.parts[-3])
        part = mo.with_suffix(f".{os.getpid()}")
        with part.open("wb") as file:
            write_mo(file, catalog)
        part.replace(mo)
        count += 1
    return count
