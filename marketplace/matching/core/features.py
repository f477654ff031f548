"""Features of an offer and a want, each between 0 and 1, none of which may hurt when it grows. Pure."""

import math
from dataclasses import dataclass

from marketplace.matching.core.concepts import Concepts
from marketplace.matching.core.knowledge import Application, Knowledge
from marketplace.matching.core.values import MatchListing
from marketplace.places import road_km

NAMES = ("application", "material", "family", "text", "code", "quantity", "dates", "nearness")
GRADE_WEIGHT = {3: 1.0, 2: 0.72, 1: 0.3}
NAMED = 0.6  # from here on a concept was named, not guessed
HALF_KM = 60.0  # at this distance nearness is one half


@dataclass(frozen=True, slots=True)
class Evidence:
    """The feature values of a pair, and what they rest on."""

    values: tuple[float, ...]
    application: Application | None
    material: str
    is_named: bool
    distance_km: float

    def value(self, name: str) -> float:
        return self.values[NAMES.index(name)]


class FeatureReader:
    """Computes the features of pairs over one knowledge base."""

    def __init__(self, base: Knowledge) -> None:
        self._base = base

    def evidence(
        self, offer: MatchListing, want: MatchListing, of_offer: Concepts, of_want: Concepts, text: float
    ) -> Evidence:
        """The features of one pair; `text` is the cosine of the two texts."""
        application, applies = self._application(of_offer, of_want)
        material, same = _same_material(of_offer, of_want)
        if same >= NAMED and applies < NAMED:  # the want names the material and no use: assume its best established one
            application = next(iter(self._base.of_material(material)), None)
        distance = road_km(offer.lat, offer.lon, want.lat, want.lon)
        values = (
            applies,
            same,
            self._same_family(of_offer, of_want),
            min(1.0, max(0.0, text)),
            _shared_code(offer, want),
            quantity_fit(offer.monthly_t, want.monthly_t),
            dates_fit(offer, want),
            nearness(distance),
        )
        is_named = material in of_offer.named and material in of_want.named
        return Evidence(values, application, material, is_named, distance)

    def _application(self, of_offer: Concepts, of_want: Concepts) -> tuple[Application | None, float]:
        """The strongest documented use of the offered material that the want asks for."""
        best, strength = None, 0.0
        for material, is_material in of_offer.materials.items():
            for use, is_use in of_want.uses.items():
                application = self._base.of_pair(material, use)
                if application is None:
                    continue
                weight = is_material * is_use * GRADE_WEIGHT[application.grade]
                if weight > strength:
                    best, strength = application, weight
        return best, strength

    def _same_family(self, of_offer: Concepts, of_want: Concepts) -> float:
        family = lambda slug: self._base.taxonomy.materials[slug].family  # noqa: E731
        return max(
            (
                min(a, b)
                for m, a in of_offer.materials.items()
                for n, b in of_want.materials.items()
                if family(m) == family(n)
            ),
            default=0.0,
        )


def quantity_fit(offered_t: float, wanted_t: float) -> float:
    """1 when one quantity can serve the other, falling with the ratio; 0.5 when one is unknown."""
    if offered_t <= 0 or wanted_t <= 0:
        return 0.5
    ratio = min(offered_t, wanted_t) / max(offered_t, wanted_t)
    return 1.0 / (1.0 + 0.5 * abs(math.log10(max(ratio, 1e-6))))


def dates_fit(offer: MatchListing, want: MatchListing) -> float:
    """1 when the availabilities overlap (or are unknown), else falling with the gap: half at 30 days."""
    if not (offer.available_from and offer.available_until and want.available_from and want.available_until):
        return 1.0
    gap = max((offer.available_from - want.available_until).days, (want.available_from - offer.available_until).days)
    return 1.0 if gap <= 0 else 1.0 / (1.0 + gap / 30.0)


def nearness(distance_km: float) -> float:
    """1 at the gate, one half at 60 km."""
    return 1.0 / (1.0 + distance_km / HALF_KM)


def _same_material(of_offer: Concepts, of_want: Concepts) -> tuple[str, float]:
    shared = of_offer.materials.keys() & of_want.materials.keys()
    best = max(shared, key=lambda s: (min(of_offer.materials[s], of_want.materials[s]), s), default="")
    return best, min(of_offer.materials[best], of_want.materials[best]) if best else 0.0


def _shared_code(offer: MatchListing, want: MatchListing) -> float:
    return 1.0 if set(offer.codes) & set(want.codes) - {""} else 0.0
