"""Offer → treatment → want: what a documented use needs done first, and who near by does it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from marketplace.carbon.baselines import baseline_for
from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE, library
from marketplace.matching.core.beyond.costs import transport_cny_per_t
from marketplace.matching.core.beyond.users import LEAST_GRADE
from marketplace.matching.core.knowledge import DATA, Application, Knowledge
from marketplace.materials import tables
from marketplace.places import road_km

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Process:
    """A kind of treatment; `pretreatments` are the words of the application base that ask for it."""

    slug: str
    name_en: str
    name_zh: str
    pretreatments: tuple[str, ...]

    def name(self, language: str) -> str:
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, slots=True)
class Place:
    """A point in WGS-84 degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a plant does for others, per tonne it takes.

    `takes` is a material, or a family whose materials it all takes. `gives` is the material it turns that into; empty
    when it only prepares what it takes. `yield_fraction`: tonnes given per tonne taken, above 0 and at most 1.
    """

    id: str
    process: str
    takes: str
    gives: str
    capacity_t: Decimal
    yield_fraction: Decimal
    cny_per_t: Decimal
    emission_kgco2e_per_t: Decimal
    place: Place
    hw_codes: tuple[str, ...] = ()
    enterprise: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """What passes through a chain: the offered material, its price and how much; `is_waste` as in the ledger."""

    material: str
    place: Place
    quantity_t: Decimal
    price_cny_per_t: Decimal | None = None
    is_hazardous: bool = False
    hw_code: str = ""
    is_waste: bool = True


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain reckoned per tonne of the offer; quantities per month.

    `net_avoided_kgco2e_per_t` is after treatment and both ways; `cny_per_tco2e` is None when nothing is avoided.
    """

    treatment: Treatment
    application: Application
    to_treatment_km: float
    to_user_km: float
    taken_t: Decimal
    given_t: Decimal
    treatment_cny_per_t: Decimal
    transport_cny_per_t: Decimal
    cny_per_t: Decimal
    net_avoided_kgco2e_per_t: float
    cny_per_tco2e: Decimal | None

    @property
    def distance_km(self) -> float:
        return round(self.to_treatment_km + self.to_user_km, 1)


@cache
def processes(path: Path = DATA / "processes.csv") -> Mapping[str, Process]:
    """All kinds of treatment, by slug."""
    return {
        row["slug"]: Process(row["slug"], row["name_en"], row["name_zh"], tables.terms(row["pretreatments"]))
        for row in tables.rows(path)
    }


def takes(base: Knowledge, treatment: Treatment, stage: Stage) -> bool:
    """Does this plant take this material, with the licence it needs?"""
    material = base.taxonomy.materials.get(stage.material)
    if material is None or treatment.takes not in (material.slug, material.family):
        return False
    if not stage.is_hazardous:
        return True
    return stage.hw_code in treatment.hw_codes if stage.hw_code else bool(treatment.hw_codes)


def application_after(base: Knowledge, treatment: Treatment, material: str, use: str) -> Application | None:
    """The documented use that the treatment opens; None when it opens none.

    A treatment that only prepares must be the one that the use names as its pre-treatment; one that makes another
    material opens the uses of that one.
    """
    if treatment.gives:
        return base.of_pair(treatment.gives, use)
    application = base.of_pair(material, use)
    process = processes().get(treatment.process)
    if application is None or process is None or application.pretreatment_en not in process.pretreatments:
        return None
    return application


def opened_applications(base: Knowledge, treatment: Treatment, material: str) -> list[Application]:
    """The documented uses that the treatment opens for a material it takes, best grade first, niche ones left out."""
    opened = base.of_material(treatment.gives or material)
    return [a for a in opened if a.grade >= LEAST_GRADE and application_after(base, treatment, material, a.use) is a]


def opens_a_use(base: Knowledge, process: str, takes: str, gives: str) -> bool:
    """Whether a kind of treatment of a material or family opens any documented use."""
    if gives:
        return any(a.grade >= LEAST_GRADE for a in base.of_material(gives))
    materials = [m for m in base.taxonomy if takes in (m.slug, m.family)]
    phrases = processes()[process].pretreatments
    return any(
        a.grade >= LEAST_GRADE and a.pretreatment_en in phrases for m in materials for a in base.of_material(m.slug)
    )


def may_serve(base: Knowledge, treatment: Treatment, stage: Stage, application: Application) -> bool:
    """May what leaves the treatment go into this use?

    What is still hazardous only where the use may take hazard; food and feed never out of a plant that holds licences
    for hazardous waste.
    """
    use, is_hazardous = base.uses[application.use], is_hazardous_after(base, treatment, stage)
    if use.is_food_or_feed:
        return not (is_hazardous or stage.is_hazardous or treatment.hw_codes)
    return use.may_take_hazard or not is_hazardous


def is_hazardous_after(base: Knowledge, treatment: Treatment, stage: Stage) -> bool:
    """Preparing takes no hazard away; making another material does, when that one is not hazardous itself."""
    if not treatment.gives:
        return stage.is_hazardous
    return base.taxonomy.materials[treatment.gives].is_hazardous


def chain(stage: Stage, treatment: Treatment, application: Application, user: Place) -> Chain:
    """The sums of one chain.

    Per tonne of the offer, with y the yield: what is displaced and what disposal is avoided count only for the y
    tonnes that arrive (what is lost on the way is still waste); the treatment's own emissions replace the default
    reprocessing of the use; the first way carries 1 t, the second y t.

    Raises:
        ValueError: the yield is not above 0 and at most 1.
    """
    share = treatment.yield_fraction
    if not 0 < share <= 1:
        raise ValueError(f"a yield lies above 0 and at most at 1, got {share}")
    first = road_km(stage.place.lat, stage.place.lon, treatment.place.lat, treatment.place.lon)
    second = road_km(treatment.place.lat, treatment.place.lon, user.lat, user.lon)
    transport = transport_cny_per_t(first) + (share * transport_cny_per_t(second)).quantize(_CENT)
    cost = (stage.price_cny_per_t or Decimal(0)) + treatment.cny_per_t + transport
    truck = float(library()[TRANSPORT_FACTOR_BY_MODE["truck"]].value)
    net = float(_gross(stage, treatment, application)) - truck * (first + float(share) * second)
    taken = min(stage.quantity_t, treatment.capacity_t)
    return Chain(
        treatment=treatment,
        application=application,
        to_treatment_km=round(first, 1),
        to_user_km=round(second, 1),
        taken_t=taken,
        given_t=(taken * share).quantize(Decimal("0.001")),
        treatment_cny_per_t=treatment.cny_per_t,
        transport_cny_per_t=transport,
        cny_per_t=cost,
        net_avoided_kgco2e_per_t=round(net, 1),
        cny_per_tco2e=(cost * 1000 / Decimal(repr(net))).quantize(Decimal(1)) if net > 0 else None,
    )


def _gross(stage: Stage, treatment: Treatment, application: Application) -> Decimal:
    """kg CO2e per tonne of the offer before transport."""
    factors = library()
    per_given = factors[baseline_for(stage.material).disposal_factor].value if stage.is_waste else Decimal(0)
    if application.substitution_ratio is not None:
        per_given += factors[application.displaced_factor].value * application.substitution_ratio
    return treatment.yield_fraction * per_given - treatment.emission_kgco2e_per_t
