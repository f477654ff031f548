"""Why a pair is suggested: the material and use behind it, what it saves, and the reasons as facts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.core.columns import Columns
from marketplace.matching.core.features import NAMED, NAMES, Query, distance_km
from marketplace.matching.core.knowledge import Application, Knowledge
from marketplace.matching.core.model import GROUPS
from marketplace.matching.core.picking import Picked
from marketplace.matching.core.tables import TRUCK_KGCO2E_PER_TKM, KnowledgeTables
from marketplace.matching.core.values import Match, Reason

SMALLEST_SHARE = 0.004


@dataclass(frozen=True, slots=True)
class Cause:
    """The material that carries a match, whether both name it, the use it serves and how far it has to go.

    `material` and `use` are slugs, empty when nothing is known; `gross_kgco2e_per_t` is the benefit before transport.
    """

    material: str
    is_named: bool
    use: str
    application: Application | None
    distance_km: float
    gross_kgco2e_per_t: float | None

    @property
    def break_even_km(self) -> float | None:
        """Where the truck has eaten the benefit; None when there is none to begin with."""
        gross = self.gross_kgco2e_per_t
        return round(gross / TRUCK_KGCO2E_PER_TKM, 1) if gross is not None and gross > 0 else None

    @property
    def net_kgco2e_per_t(self) -> float | None:
        """The benefit after transport."""
        gross = self.gross_kgco2e_per_t
        return round(gross - TRUCK_KGCO2E_PER_TKM * self.distance_km, 1) if gross is not None else None


def causes(query: Query, columns: Columns, picked: Picked, base: Knowledge, tables: KnowledgeTables) -> list[Cause]:
    """What each picked row's match rests on."""
    rows, every = picked.rows, np.arange(len(picked.rows))
    of_slots, weights = columns.materials[:, rows], columns.material_weights[:, rows] / np.float32(255)
    same_slot = np.minimum(weights, query.same[of_slots]).argmax(axis=0)
    same_material = of_slots[same_slot, every]
    both_name = (columns.named[rows] >> same_slot) & 1 & query.names[same_material]
    slots = columns.uses[:, rows] if query.is_offer else of_slots
    of_use = columns.use_weights[:, rows] / np.float32(255) if query.is_offer else weights
    strength = of_use * query.applies[slots]
    theirs = slots[strength.argmax(axis=0), every]
    mine, is_applied = query.partner[theirs], strength.max(axis=0) > 0
    distances = distance_km(query.columns, columns, rows)
    slugs = (*tables.material_slugs, "")
    found = []
    for k in every:
        material, use = slugs[same_material[k]], ""
        if is_applied[k]:
            numbers = (mine[k], theirs[k]) if query.is_offer else (theirs[k], mine[k])
            material, use = slugs[numbers[0]], tables.use_slugs[numbers[1]]
        applied, shared = picked.features[0][k], picked.features[1][k]
        if shared >= NAMED > applied:  # the material itself is wanted: assume its best established use
            material = slugs[same_material[k]]
            use = next((a.use for a in base.of_material(material)), "")
        found.append(_cause(base, tables, material, bool(both_name[k]), use, float(distances[k])))
    return found


def _cause(base: Knowledge, tables: KnowledgeTables, material: str, is_named: bool, use: str, distance: float) -> Cause:
    if not use:
        return Cause(material, is_named, "", None, distance, None)
    gross = float(tables.gross[tables.number_of_material[material], tables.number_of_use[use]])
    application = base.of_pair(material, use)
    return Cause(material, is_named, use, application, distance, None if np.isnan(gross) else gross)


def match_of(offer: str, want: str, score: float, cause: Cause, reasons: tuple[Reason, ...]) -> Match:
    """A suggestion as pages and files take it."""
    return Match(
        offer=offer,
        want=want,
        score=score,
        reasons=reasons,
        distance_km=round(cause.distance_km, 1),
        break_even_km=cause.break_even_km,
        net_avoided_kgco2e_per_t=cause.net_kgco2e_per_t,
        use=cause.use,
    )


def reasons_of(shares: Sequence[float], cause: Cause, values: Sequence[float]) -> tuple[Reason, ...]:
    """The groups of features that moved the score, strongest first, and what any pair starts with."""
    reasons = [
        Reason(name, share, _facts(name, cause, values))
        for name, share in zip(GROUPS, shares[:-1], strict=True)
        if abs(share) >= SMALLEST_SHARE
    ]
    rest = sum(shares) - sum(r.share for r in reasons)
    return (*sorted(reasons, key=lambda r: -abs(r.share)), Reason("prior", rest))


def _facts(group: str, cause: Cause, values: Sequence[float]) -> dict[str, str]:
    if group == "application" and cause.application:
        a = cause.application
        return {"material": a.material, "use": a.use, "grade": str(a.grade), "source": a.source}
    if group == "material":
        same, family, code = (values[number] for number in _NUMBERS["material"])
        kind = "same" if same >= family and cause.material else "family"
        kind = "code" if code > max(same, family) else kind
        return {"kind": kind, "material": cause.material, "named": "yes" if cause.is_named else "no"}
    if group == "nearness":
        found = {"distance_km": f"{cause.distance_km:.1f}"}
        return found | ({"break_even_km": f"{cause.break_even_km:.0f}"} if cause.break_even_km else {})
    return {"value": f"{values[_NUMBERS[group][0]]:.2f}"}


_NUMBERS = {group: [NAMES.index(name) for name in names] for group, names in GROUPS.items()}
