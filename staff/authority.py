"""How much this person may give away without asking."""

from dataclasses import dataclass
from decimal import Decimal

from staff.models import AuthorityLimit, User

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Authority:
    """The widest limits among a person's roles, in money (or stamps). None means no bound."""

    per_case: Decimal | None = NOTHING
    per_customer_year: Decimal | None = NOTHING
    per_agent_day: Decimal | None = NOTHING

    def covers(self, *, case: Decimal, customer_year: Decimal, agent_day: Decimal) -> bool:
        """Whether totals that already include the new gift stay within every limit."""
        return all(
            limit is None or total <= limit
            for total, limit in (
                (case, self.per_case),
                (customer_year, self.per_customer_year),
                (agent_day, self.per_agent_day),
            )
        )


AMOUNTS = ("per_case", "per_customer_year", "per_agent_day")


def authority_of(user: User, kind: str) -> Authority:
    """The person's own limits. Without any of this kind a person may give nothing: default deny.

    No query for who is logged in (`staff.backends`), one for anybody else.
    """
    if (known := getattr(user, "limits", None)) is not None:
        rows = [tuple(one[name] and Decimal(one[name]) for name in AMOUNTS) for one in known if one["kind"] == kind]
    else:
        rows = list(AuthorityLimit.objects.filter(role__user=user, kind=kind).values_list(*AMOUNTS))
    columns = list(zip(*rows, strict=True))
    if not columns:
        return Authority()
    return Authority(*(None if None in column else max(column) for column in columns))
