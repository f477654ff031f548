"""Uses and documented applications: what each material is used for, and what it replaces. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from marketplace.materials import tables
from marketplace.materials.taxonomy import Taxonomy

DATA = Path(__file__).parents[1] / "data"


TYPICAL_GSD = Decimal("1.5")  # of a ratio that is a use's rule of thumb, not documented for the material
LEAST_GRADE = 2  # a use at research stage displaces nothing yet
NOTHING = "none"  # in a row of applications: this material displaces nothing there, whatever is typical


@dataclass(frozen=True, slots=True)
class Typical:
    """What a use displaces tonne by tonne with materials of some families, where a row says nothing of its own.

    `ratio`: tonnes of `factor`'s product per tonne of material as received, on the cautious side. `reprocessing`: the
    step counted where the row names none.
    """

    factor: str
    ratio: Decimal
    reprocessing: str
    families: frozenset[str]


@dataclass(frozen=True, slots=True)
class Use:
    """What a buyer does with a material: a step of a process in a sector.

    `former`: slugs of uses that were merged into this one; what is stored under them is this.
    """

    slug: str
    name_en: str
    name_zh: str
    terms_en: tuple[str, ...]
    terms_zh: tuple[str, ...]
    sector_en: str
    sector_zh: str
    is_food_or_feed: bool
    may_take_hazard: bool
    former: tuple[str, ...] = ()
    typical: Typical | None = None

    def name(self, language: str) -> str:
        return self.name_zh if language == "zh" else self.name_en

    @property
    def terms(self) -> tuple[str, ...]:
        return (self.name_en, self.name_zh, *self.terms_en, *self.terms_zh)


@dataclass(frozen=True, slots=True)
class Application:
    """A documented use of a material.

    `grade`: 3 established, 2 after common pre-treatment or in part, 1 niche or research. `substitution_ratio`:
    tonnes of `displaced_factor`'s product not made per tonne of material as received; None when nothing fits.
    """

    material: str
    use: str
    grade: int
    maturity: str
    pretreatment_en: str
    pretreatment_zh: str
    replaces_en: str
    replaces_zh: str
    displaced_factor: str
    substitution_ratio: Decimal | None
    substitution_gsd: Decimal
    reprocessing_factor: str
    condition_en: str
    condition_zh: str
    source: str

    def replaces(self, language: str) -> str:
        return self.replaces_zh if language == "zh" else self.replaces_en

    def condition(self, language: str) -> str:
        return self.condition_zh if language == "zh" else self.condition_en

    def pretreatment(self, language: str) -> str:
        return self.pretreatment_zh if language == "zh" else self.pretreatment_en


class Knowledge:
    """The application base over a taxonomy, looked up by material, by use, or by both."""

    def __init__(self, tree: Taxonomy, uses: Mapping[str, Use], applications: list[Application]) -> None:
        self.taxonomy = tree
        self.uses = uses
        self.applications = applications
        self._now = {old: use.slug for use in uses.values() for old in use.former}
        self._by_material: dict[str, list[Application]] = defaultdict(list)
        self._by_use: dict[str, list[Application]] = defaultdict(list)
        self._by_pair: dict[tuple[str, str], Application] = {}
        for application in sorted(applications, key=lambda a: -a.grade):
            self._by_material[application.material].append(application)
            self._by_use[application.use].append(application)
            self._by_pair[application.material, application.use] = application

    def of_material(self, material: str) -> list[Application]:
        """Applications of a material, established ones first."""
        return self._by_material.get(material, [])

    def of_use(self, use: str) -> list[Application]:
        """Applications that serve a use, established ones first."""
        return self._by_use.get(self._now.get(use, use), [])

    def of_pair(self, material: str, use: str) -> Application | None:
        """The application of a material in a use, which may go by a former slug."""
        return self._by_pair.get((material, self._now.get(use, use)))


def load_knowledge(tree: Taxonomy, folder: Path = DATA) -> Knowledge:
    """Read `uses.csv` and `applications/*.csv`.

    Raises:
        ValueError: a row names an unknown material or use, or stands twice; the message says which file.
    """
    uses: dict[str, Use] = {}
    for row in tables.rows(folder / "uses.csv"):
        if row["slug"] in uses:
            raise ValueError(f"uses.csv: use {row['slug']} twice")
        uses[row["slug"]] = _use(row)
    applications: list[Application] = []
    known: set[tuple[str, str]] = set()
    for path in sorted((folder / "applications").glob("*.csv")):
        for row in tables.rows(path):
            if row["material"] not in tree.materials or row["use"] not in uses:
                raise ValueError(f"{path.name}: unknown material or use: {row['material']}, {row['use']}")
            pair = row["material"], row["use"]
            if pair in known:
                raise ValueError(f"{path.name}: {' as '.join(pair)} twice")
            known.add(pair)
            family = tree.materials[row["material"]].family
            applications.append(_with_typical(_application(row), uses[row["use"]].typical, family))
    return Knowledge(tree, uses, applications)


def _use(row: Mapping[str, str]) -> Use:
    return Use(
        slug=row["slug"],
        name_en=row["name_en"],
        name_zh=row["name_zh"],
        terms_en=tables.terms(row["terms_en"]),
        terms_zh=tables.terms(row["terms_zh"]),
        sector_en=row["sector_en"],
        sector_zh=row["sector_zh"],
        is_food_or_feed=row["food_or_feed"] == "yes",
        may_take_hazard=row["max_hazard"] == "hazardous",
        former=tuple(row["former"].split()),
        typical=_typical(row),
    )


def _typical(row: Mapping[str, str]) -> Typical | None:
    if not row["displaced_factor"]:
        return None
    return Typical(
        row["displaced_factor"],
        Decimal(row["substitution_ratio"]),
        row["reprocessing_factor"],
        frozenset(row["displaced_by"].split()),
    )


def _with_typical(application: Application, typical: Typical | None, family: str) -> Application:
    """The application with what is typical of its use, where its own row says nothing."""
    if application.displaced_factor == NOTHING:
        return replace(application, displaced_factor="", substitution_ratio=None)
    if application.displaced_factor or typical is None or application.grade < LEAST_GRADE:
        return application
    if family not in typical.families:
        return application
    own_step = application.reprocessing_factor
    return replace(
        application,
        displaced_factor=typical.factor,
        substitution_ratio=typical.ratio,
        substitution_gsd=TYPICAL_GSD,
        reprocessing_factor=typical.reprocessing if own_step == NOTHING else own_step,
    )


def _application(row: Mapping[str, str]) -> Application:
    ratio = row["substitution_ratio"].strip()
    return Application(
        material=row["material"],
        use=row["use"],
        grade=int(row["grade"]),
        maturity=row["maturity"],
        pretreatment_en=row["pretreatment_en"],
        pretreatment_zh=row["pretreatment_zh"],
        replaces_en=row["replaces_en"],
        replaces_zh=row["replaces_zh"],
        displaced_factor=row["displaced_factor"].strip(),
        substitution_ratio=Decimal(ratio) if ratio else None,
        substitution_gsd=Decimal(row["substitution_gsd"].strip() or "1.3"),
        reprocessing_factor=row["reprocessing_factor"].strip() or "none",
        condition_en=row["condition_en"],
        condition_zh=row["condition_zh"],
        source=row["source"],
    )
