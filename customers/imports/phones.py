"""Phone numbers by the million: the same answer as the phone library's, of which only the patterns are asked."""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

_KINDS = ("mobile", "fixed_line", "voip", "personal_number", "uan", "toll_free", "shared_cost", "premium_rate", "pager")
_NOISE = str.maketrans("", "", " -./()\u00a0\t")
_LONE_COUNTRY = {
    str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if len(regions) == 1
}


@cache
def _pattern(region: str) -> re.Pattern[str] | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    kinds = (getattr(metadata, kind) for kind in _KINDS)
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


@cache
def _code(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region) or "")


def to_e164(text: str, region: str) -> str:
    """The number as it is stored, or ValueError when there is no such number in any notation of `region`."""
    plain = text.replace("(0)", "").translate(_NOISE)
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    code, national, home = "", "", region
    if plain.startswith("+"):
        for length in (2, 3, 1):
            if plain[1 : 1 + length] in _LONE_COUNTRY:
                code, national = plain[1 : 1 + length], plain[1 + length :]
                home = _LONE_COUNTRY[code]
                break
    elif plain.startswith("0") and _LONE_COUNTRY.get(_code(region)) == region:
        code, national = _code(region), plain[1:]
    pattern = _pattern(home) if code and home != "IT" else None
    if pattern and national.isascii() and pattern.fullmatch(national):
        return f"+{code}{national}"
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(text) from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(text)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
