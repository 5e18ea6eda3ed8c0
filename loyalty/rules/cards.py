"""Card numbers: twelve digits that a typing error does not turn into somebody else's."""

import secrets


def new_number() -> str:
    """Eleven random digits and Luhn's check digit (ISO/IEC 7812-1)."""
    digits = str(secrets.randbelow(9 * 10**10) + 10**10)
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def normalise(typed: str) -> str:
    """What a scanner or a hand typed, as it is stored: spaces gone, capitals; the dashes of our own numbers gone."""
    if typed.isdigit():
        return typed
    text = "".join(typed.split()).upper()
    plain = text.replace("-", "")
    return plain if plain.isdigit() else text


def grouped(number: str) -> str:
    """“7101 2345 6783”: as printed."""
    if not number.isdigit():
        return number
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
