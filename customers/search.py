"""Finding a customer by whatever the caller says: a name as heard, a number, the last digits of a phone, an e-mail."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.urls import reverse
from jellyfish import jaro_winkler_similarity
from phonenumber_field.phonenumber import PhoneNumber

from staff.models import User
from staff.search import Hit

# How many rows are looked at to find the best among them: “anna” alone is a name of thirty thousand in a million.
CANDIDATES = 200
TIERS = (1, 2, 3, 4)  # whole words, beginnings, sounds, consonants: see search.sql

# The tiers are one plan whose later parts run only when the earlier ones gave too little.
_TIER = """
    (SELECT {tier}, id, number, given_name, family_name, company, email, phone, city
     FROM customers_customer
     WHERE search @@ customers_query(%(typed)s, {tier})
     LIMIT {candidates})
"""
_TIERS = " UNION ALL ".join(_TIER.format(tier=tier, candidates=CANDIDATES) for tier in TIERS)
_SQL = f"SELECT * FROM ({_TIERS}) tiers LIMIT {CANDIDATES}"  # noqa: S608  made of the constants above

Row = tuple[int, int, str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    pk: int
    name: str
    number: str
    phone: str  # as it is read
    email: str
    city: str
    exact: bool  # the customer number or the e-mail address was typed in full


def find(typed: str, limit: int) -> list[Found]:
    """The customers that `typed` may mean, best first; one indexed query.

    Every word must be met, in any order. Whole words go before beginnings, beginnings before what only sounds alike;
    within each the closest spelling first. Among more than CANDIDATES equals, some are shown and not others.
    """
    typed = " ".join(typed.replace("\x00", "").split())
    if not typed:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"typed": typed})
        rows = cursor.fetchall()
    words = typed.casefold().split()
    plain = _plain(typed)
    best: dict[int, tuple[tuple[object, ...], Row]] = {}
    for row in rows:
        tier, pk, number, given, family, company, email, *_rest = row
        if pk in best:
            continue
        theirs = f"{given} {family} {company}".casefold().split()
        likeness = sum(max((jaro_winkler_similarity(word, their) for their in theirs), default=0) for word in words)
        exact = plain in (_plain(number), email.casefold())
        best[pk] = ((not exact, tier, -round(likeness, 6), family, given, pk), row)
    return [_found(row, exact=not key[0]) for key, row in sorted(best.values(), key=lambda pair: pair[0])[:limit]]


def _found(row: Row, *, exact: bool) -> Found:
    _tier, pk, number, given, family, company, email, phone, city = row
    name = " ".join(filter(None, (given, family))) or company
    return Found(pk, name, number, phone and PhoneNumber.from_string(phone).as_international, email, city, exact)


def _plain(text: str) -> str:
    return text.casefold() if "@" in text else "".join(filter(str.isalnum, text)).casefold()


def hits(user: User, text: str, limit: int) -> Sequence[Hit]:
    """Customers for the search field on every page; one query."""
    if not user.has_perm("customers.view_customer"):
        return []
    return [
        Hit(
            title=found.name,
            url=reverse("customers:detail", args=[found.pk]),
            detail=" · ".join(filter(None, (found.number, found.phone, found.city))),
            icon="user",
            exact=found.exact,
        )
        for found in find(text, limit)
    ]
