"""How money, dates and spans of time are written, by locale. Rows are formatted before a template sees them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale, dates, numbers
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from phonenumber_field.phonenumber import PhoneNumber

Amount = Decimal | int


@dataclass(frozen=True, slots=True)
class Tag:
    """A word with a colour and perhaps an icon, drawn by `{{ …|tag }}`; never anything personal, since it is kept."""

    text: str
    tone: str = ""
    icon: str = ""


def locale(language: str | None = None) -> Locale:
    """Babel's locale for the language given, else for the one in force. British, not American, dates for English."""
    return _locale(language or get_language() or settings.LANGUAGE_CODE)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse({"en": "en_GB", "sv": "sv_SE", "de": "de_DE"}.get(code, "en_GB"))


def money(amount: Amount | None, language: str | None = None) -> str:
    """“€49.90”, “49,90 €”; an en dash for None."""
    return "–" if amount is None else _money(amount, settings.KVAR_CURRENCY, locale(language))


@lru_cache(maxsize=4096)  # prices repeat, and so do the days below: a page writes hundreds of them
def _money(amount: Amount, currency: str, here: Locale) -> str:
    return numbers.format_currency(amount, currency, locale=here)


def percent(share: float | Decimal | None, language: str | None = None) -> str:
    """A share of 1 as whole percent: 0.347 → “35%” (sv, de: “35 %”)."""
    return "–" if share is None else _percent(round(share, 2), locale(language))


@lru_cache(maxsize=512)
def _percent(share: float | Decimal, here: Locale) -> str:
    return numbers.format_percent(share, locale=here)


def number(value: Amount | float | None, language: str | None = None) -> str:
    return "–" if value is None else numbers.format_decimal(value, locale=locale(language))


def day(value: date | datetime | None, language: str | None = None) -> str:
    """“31 Jan 2027”, never wrapped (its spaces do not break). A moment is given its local day."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = timezone.localdate(value)
    return _day(value, locale(language))


@lru_cache(maxsize=4096)
def _day(value: date, here: Locale) -> str:
    return dates.format_date(value, format="medium", locale=here).replace(" ", "\u00a0")


def short_day(value: date, language: str | None = None) -> str:
    """Without its year: “31 Jan”."""
    return _short_day(value, locale(language))


@lru_cache(maxsize=1024)
def _short_day(value: date, here: Locale) -> str:
    return dates.format_skeleton("MMMd", value, locale=here).replace(" ", "\u00a0")


def month(value: date, language: str | None = None) -> str:
    """“Jan 2027”."""
    return _month(value, locale(language))


@lru_cache(maxsize=256)
def _month(value: date, here: Locale) -> str:
    return dates.format_skeleton("yMMM", value, locale=here).replace(" ", "\u00a0")


def phone(value: PhoneNumber | str | None) -> str:
    """“+46 70 123 45 67”, never wrapped; empty for none. Asking a PhoneNumber whether it is true would parse it."""
    return value.as_international.replace(" ", "\u00a0") if isinstance(value, PhoneNumber) else value or ""


def weekday(value: date, language: str | None = None) -> str:
    """“Sunday 22 November”, “Sonntag, 22. November”."""
    here = locale(language)
    return dates.format_date(value, "EEEE, d. MMMM" if here.language == "de" else "EEEE d MMMM", locale=here)


def moment(value: datetime | None, language: str | None = None) -> str:
    """Local day and time: “31 Jan 2027, 10:58”."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    return f"{day(local.date(), language)}, {clock(value, language)}"


def clock(value: datetime, language: str | None = None) -> str:
    """Local time of day: “10:58”."""
    return dates.format_time(timezone.localtime(value).time(), format="short", locale=locale(language))


def when(value: datetime, now: datetime) -> str:
    """Today only the time, else the day: for dense rows."""
    return clock(value) if timezone.localdate(value) == timezone.localdate(now) else day(value)


def span(seconds: float) -> str:
    """The largest unit that says enough: “3 min”, “5 h”, “2 days”."""
    seconds = abs(seconds)
    if seconds < 60:
        return ngettext("%d second", "%d seconds", int(seconds)) % int(seconds)
    if seconds < 3600:
        return ngettext("%d minute", "%d minutes", int(seconds // 60)) % int(seconds // 60)
    if seconds < 48 * 3600:
        return ngettext("%d hour", "%d hours", int(seconds // 3600)) % int(seconds // 3600)
    return ngettext("%d day", "%d days", int(seconds // 86400)) % int(seconds // 86400)


def months(count: int) -> str:
    """“7 years 8 months” in short: “7 y 8 m”."""
    years, rest = divmod(max(count, 0), 12)
    parts = [ngettext("%d year", "%d years", years) % years] if years else []
    if rest or not years:
        parts.append(ngettext("%d month", "%d months", rest) % rest)
    return " ".join(parts)
