"""Who could use a material without having said so: plants whose trade and permits fit a documented use. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marketplace.matching.core.benefit import benefit_of
from marketplace.matching.core.knowledge import DATA, Application, Knowledge
from marketplace.materials import tables
from marketplace.places import road_km

HALF_KM = 60.0  # a plant so far away counts half of one next door
_GRADE_WEIGHT = {3: 1.0, 2: 0.7, 1: 0.3}
LEAST_GRADE = 2  # what is niche or research is no reason to disturb somebody


@dataclass(frozen=True, slots=True)
class Stock:
    """What is to be used: a material at a place (WGS-84 degrees). `hw_code` is empty when it is not known."""

    material: str
    lat: float
    lon: float
    is_hazardous: bool = False
    hw_code: str = ""
    is_waste: bool = True


@dataclass(frozen=True, slots=True)
class Plant:
    """A site of an enterprise; `hw_codes` are its valid and verified licences."""

    key: str
    enterprise: str
    industry: str
    lat: float
    lon: float
    hw_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PossibleUser:
    """A plant with what it could use the material for, best use first.

    `weight` orders and is no probability. `net_avoided_kgco2e_per_t` is after transport, of the first use.
    """

    plant: Plant
    applications: tuple[Application, ...]
    weight: float
    distance_km: float
    is_licensed: bool
    net_avoided_kgco2e_per_t: float
    break_even_km: float | None


@cache
def closeness_by_sector(path: Path = DATA / "sectors.csv") -> Mapping[str, Mapping[str, float]]:
    """How far each industry belongs to each sector of the uses: 1 wholly, 0 (left out) not at all.

    Raises:
        ValueError: a closeness is not above 0 and at most 1.
    """
    found: dict[str, dict[str, float]] = {}
    for row in tables.rows(path):
        closeness = float(row["closeness"])
        if not 0 < closeness <= 1:
            raise ValueError(f"{path.name}: closeness of {row['sector']} and {row['industry']} is {closeness}")
        found.setdefault(row["sector"], {})[row["industry"]] = closeness
    return found


def usable_applications(base: Knowledge, stock: Stock) -> list[Application]:
    """The documented uses to suggest for a stock; a hazardous one only where the use may take hazard."""
    return [
        a
        for a in base.of_material(stock.material)
        if a.grade >= LEAST_GRADE and (not stock.is_hazardous or base.uses[a.use].may_take_hazard)
    ]


def industries_using(base: Knowledge, stock: Stock) -> dict[str, list[tuple[float, Application]]]:
    """The uses by industry, each with its weight between 0 and 1, strongest first."""
    found: dict[str, list[tuple[float, Application]]] = {}
    for application in usable_applications(base, stock):
        sector = closeness_by_sector().get(base.uses[application.use].sector_en, {})
        for industry, closeness in sector.items():
            found.setdefault(industry, []).append((closeness * _GRADE_WEIGHT[application.grade], application))
    for uses in found.values():
        uses.sort(key=lambda pair: (-pair[0], pair[1].use))
    return found


def possible_users(base: Knowledge, stock: Stock, plants: Sequence[Plant], most: int) -> list[PossibleUser]:
    """The best plants for a stock, one per enterprise, best first; hazard and licence exclude before ranking."""
    by_industry = industries_using(base, stock)
    allowed = [p for p in plants if p.industry in by_industry and may_take(p, stock)]
    ranked = sorted(
        (_user(stock, plant, by_industry[plant.industry]) for plant in allowed),
        key=lambda u: (-u.weight, u.distance_km, u.plant.key),
    )
    best_of_each: dict[str, PossibleUser] = {}
    for user in ranked:
        best_of_each.setdefault(user.plant.enterprise, user)
    return list(best_of_each.values())[:most]


def may_take(plant: Plant, stock: Stock) -> bool:
    """Hazardous waste only with a licence for its category; for any one while the category is unknown."""
    if not stock.is_hazardous:
        return True
    return stock.hw_code in plant.hw_codes if stock.hw_code else bool(plant.hw_codes)


def _user(stock: Stock, plant: Plant, uses: list[tuple[float, Application]]) -> PossibleUser:
    distance = road_km(stock.lat, stock.lon, plant.lat, plant.lon)
    benefit = benefit_of(uses[0][1], stock.is_waste)
    return PossibleUser(
        plant=plant,
        applications=tuple(application for _, application in uses),
        weight=uses[0][0] / (1.0 + distance / HALF_KM),
        distance_km=round(distance, 1),
        is_licensed=stock.is_hazardous,
        net_avoided_kgco2e_per_t=round(benefit.net(distance), 1),
        break_even_km=benefit.break_even_km,
    )
