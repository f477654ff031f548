"""What the matcher takes and gives: plain values, so that files, tests and pages use one interface. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class MatchListing:
    """An offer or a want as the matcher sees it.

    `material` is the taxonomy's slug when a person chose it, else empty. `monthly_t` is tonnes per month (a
    single lot counts as one month's). `hw_codes` of a want: categories its enterprise is licensed for; empty
    with `accepts_hazard` means any. `lat`, `lon`: WGS-84 degrees.
    """

    id: str
    is_offer: bool
    title: str
    description: str
    lat: float
    lon: float
    language: str = "en"
    material: str = ""
    codes: tuple[str, ...] = ()
    monthly_t: float = 0.0
    is_hazardous: bool = False
    hw_code: str = ""
    accepts_hazard: bool = False
    hw_codes: tuple[str, ...] = ()
    available_from: date | None = None
    available_until: date | None = None
    price_cny_per_t: float | None = None
    enterprise: str = ""

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.description}"


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause of a match: `kind` and its facts make the sentence; `share` is its part of the score, signed."""

    kind: str
    share: float
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """A ranked suggestion.

    `score`: probability that the offer is useful to the want, 0 to 1. `net_avoided_kgco2e_per_t`: per tonne of
    the offer after transport, None when no documented use is known; `break_even_km`: one way, None when there is
    no benefit to lose or nothing is known.
    """

    offer: str
    want: str
    score: float
    reasons: tuple[Reason, ...]
    distance_km: float
    break_even_km: float | None
    net_avoided_kgco2e_per_t: float | None
    use: str = ""
