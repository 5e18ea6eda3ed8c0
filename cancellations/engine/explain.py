"""How sure we are of a share, in numbers: frozen with the decision, put into words by the page in any language."""

from dataclasses import dataclass

from cancellations.engine.special import beta_interval

LITTLE_DATA = 30


def interval(a: float, b: float) -> tuple[float, float]:
    """The likely range of Beta(a, b), 90 %."""
    low, high = beta_interval(a, b)
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share: its mean, its 90 % interval, and the k of n cases behind it. `scope` names the cases:
    "reason" (callers with this reason) or "incentive" (all who were offered it)."""

    scope: str
    k: int
    n: int
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, a: float, b: float, *, scope: str, k: float, n: float) -> "Share":
        low, high = interval(a, b)
        return cls(scope, round(k), round(n), a / (a + b), low, high)

    @property
    def is_little(self) -> bool:
        """Under 30 cases a figure is said to rest on little data."""
        return self.n < LITTLE_DATA
