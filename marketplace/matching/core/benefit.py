"""What a documented use saves per tonne, and how far the material could travel for it. Pure.

The same factors and the same method as the ledger (METHOD.md §2, §5), per tonne of one delivery.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from marketplace.carbon.baselines import baseline_for
from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE, library
from marketplace.matching.core.knowledge import Application

_TRUCK = TRANSPORT_FACTOR_BY_MODE["truck"]


@dataclass(frozen=True, slots=True)
class Benefit:
    """kg CO2e per tonne before transport, and the truck's kg CO2e per tonne-kilometre."""

    gross_kgco2e_per_t: Decimal
    transport_kgco2e_per_tkm: Decimal

    def net(self, distance_km: float) -> float:
        """kg CO2e per tonne after transport."""
        return float(self.gross_kgco2e_per_t) - float(self.transport_kgco2e_per_tkm) * distance_km

    @property
    def break_even_km(self) -> float | None:
        """Where transport eats the benefit; None when there is none to begin with."""
        if self.gross_kgco2e_per_t <= 0 or self.transport_kgco2e_per_tkm <= 0:
            return None
        return round(float(self.gross_kgco2e_per_t / self.transport_kgco2e_per_tkm), 1)


@cache
def benefit_of(application: Application, is_waste: bool = True) -> Benefit:
    """The benefit of a documented use, with the usual treatment as baseline when the material is waste."""
    factors, baseline = library(), baseline_for(application.material)
    gross = factors[baseline.disposal_factor].value if is_waste else Decimal(0)
    if application.substitution_ratio is not None:
        gross += factors[application.displaced_factor].value * application.substitution_ratio
    gross -= factors[application.reprocessing_factor].value
    return Benefit(gross, factors[_TRUCK].value)
