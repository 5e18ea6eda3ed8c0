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


def authority_of(user: User, kind: str) -> Authority:
    """One query. Without any limit for the kind a person may give nothing: default deny."""
    limits = AuthorityLimit.objects.filter(role__user=user, kind=kind).values_list(
        "per_case", "per_customer_year", "per_agent_day"
    )
    columns = list(zip(*limits, strict=True))
    if not columns:
        return Authority()
    return Authority(*(None if None in column else max(column) for column in columns))
