"""Phone numbers by the million: the same answer as the phone library's, of which only the patterns are asked."""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

_KINDS = ("mobile", "fixed_line")  # nearly all; of the rest the library is asked
_NOISE = str.maketrans("", "", " -./()\u00a0\t")
# The country of a code, the first where several share one (+44, +1): what is possible there is possible.
_HOMES = {str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}


@cache
def _pattern(region: str) -> re.Pattern[str] | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.leading_digits or region == "IT":  # in Italy a zero belongs to the number
        return None
    kinds = (getattr(metadata, kind) for kind in _KINDS)
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


@cache
def _code(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region) or "")


@cache
def _begins_with_zero(region: str) -> bool:
    """Whether numbers are dialled with a zero inside the country, and the country is its code's own."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    return metadata is not None and metadata.national_prefix_for_parsing == "0" and _HOMES[_code(region)] == region


def to_e164(text: str, region: str) -> str:
    """The number as it is stored, or ValueError when there is no such number in any notation of `region`."""
    plain = text.replace("(0)", "").translate(_NOISE)
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    code, national, home = "", "", region
    if plain.startswith("+"):
        for length in (2, 3, 1):
            if plain[1 : 1 + length] in _HOMES:
                code, national = plain[1 : 1 + length], plain[1 + length :]
                home = _HOMES[code]
                break
    elif plain.startswith("0") and _begins_with_zero(region):
        code, national = _code(region), plain[1:]
    pattern = _pattern(home) if code else None
    if pattern and national.isascii() and pattern.fullmatch(national):
        return f"+{code}{national}"
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(text) from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(text)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
