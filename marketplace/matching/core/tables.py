"""The knowledge base as arrays: which material serves which use, how well, and what that saves. Pure (numpy)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE, library
from marketplace.matching.core.benefit import benefit_of
from marketplace.matching.core.knowledge import Knowledge

GRADE_WEIGHT = {3: 1.0, 2: 0.72, 1: 0.3}
TRUCK_KGCO2E_PER_TKM = float(library()[TRANSPORT_FACTOR_BY_MODE["truck"]].value)


@dataclass(frozen=True, slots=True)
class KnowledgeTables:
    """Numbers stand for slugs in the order of the files; one more row or column stands for "none".

    `grades`, `gross` (materials + 1, uses + 1): weight of the documented use, 0 when there is none, and kg CO2e a
    tonne saves in it before transport, NaN when unknown. `gross_established`: the same of a material's best use.
    `food_safe`: materials with a documented use as food or feed; `is_food_use`: uses that are one.
    """

    material_slugs: tuple[str, ...]
    use_slugs: tuple[str, ...]
    family_of: np.ndarray
    family_count: int
    grades: np.ndarray
    gross: np.ndarray
    gross_established: np.ndarray
    food_safe: np.ndarray
    is_food_use: np.ndarray
    number_of_material: Mapping[str, int]
    number_of_use: Mapping[str, int]

    @property
    def material_count(self) -> int:
        return len(self.material_slugs)

    @property
    def use_count(self) -> int:
        return len(self.use_slugs)


def tables_of(base: Knowledge) -> KnowledgeTables:
    """The arrays of a knowledge base."""
    materials, uses = tuple(m.slug for m in base.taxonomy), tuple(base.uses)
    number, use_number = {s: i for i, s in enumerate(materials)}, {s: i for i, s in enumerate(uses)}
    families = list(base.taxonomy.families)
    family_of = [families.index(base.taxonomy.materials[s].family) for s in materials]
    shape = (len(materials) + 1, len(uses) + 1)
    grades, gross = np.zeros(shape, np.float32), np.full(shape, np.nan, np.float32)
    established, food_safe = np.full(shape[0], np.nan, np.float32), np.zeros(shape[0], bool)
    is_food_use = np.array([*(u.is_food_or_feed for u in base.uses.values()), False])
    for application in reversed(base.applications):
        i, j = number[application.material], use_number[application.use]
        grades[i, j] = GRADE_WEIGHT[application.grade]
        gross[i, j] = float(benefit_of(application).gross_kgco2e_per_t)
        food_safe[i] |= is_food_use[j]
    for slug, i in number.items():
        if found := base.of_material(slug):
            established[i] = gross[i, use_number[found[0].use]]
    return KnowledgeTables(
        materials,
        uses,
        np.array([*family_of, len(families)]),
        len(families),
        grades,
        gross,
        established,
        food_safe,
        is_food_use,
        number,
        use_number,
    )
