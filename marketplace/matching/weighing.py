"""A figure of a pair beside its score: how the quantities fit. Pure."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class QuantityFit:
    """Tonnes per month of both sides; `share` is the smaller over the larger, 0 to 1."""

    offered_t: Decimal
    wanted_t: Decimal

    @property
    def share(self) -> float:
        larger = max(self.offered_t, self.wanted_t)
        return float(min(self.offered_t, self.wanted_t) / larger) if larger > 0 else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the offer covers the want."""
        return self.offered_t >= self.wanted_t
