"""Faults of the data files that a reviewer would want to know. Pure."""

import re
from collections import defaultdict

from marketplace.carbon.baselines import baselines
from marketplace.carbon.library import library
from marketplace.knowledge import knowledge
from marketplace.materials.codes import low_title
from marketplace.materials.refusable import refusable_faults
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.text import normalise
from marketplace.materials.thesaurus import thesaurus_faults
from marketplace.materials.units import UNITS


def faults() -> list[str]:
    """One sentence per fault; an empty list when all is well."""
    uses = frozenset(knowledge().uses)
    return [
        *_material_faults(),
        *_synonym_faults(),
        *_application_faults(),
        *_typical_faults(),
        *thesaurus_faults(uses),
        *refusable_faults(),
    ]


def _material_faults() -> list[str]:
    found = []
    for m in taxonomy():
        if not (m.name_en and m.name_zh):
            found.append(f"{m.slug}: a name is missing in one language")
        found += [f"{m.slug}: the EU list has no code {code}" for code in m.low_codes if low_title(code) is None]
        if m.sw_code and not re.fullmatch(r"SW\d\d", m.sw_code):
            found.append(f"{m.slug}: {m.sw_code} is no SW kind")
        if m.hw_code and not re.fullmatch(r"HW\d\d", m.hw_code):
            found.append(f"{m.slug}: {m.hw_code} is no HW category")
        if m.unit not in UNITS:
            found.append(f"{m.slug}: unknown unit {m.unit}")
        if m.hw_code and m.hazard == "none":
            found.append(f"{m.slug}: has a category HW but is not hazardous")
        if m.slug not in baselines():
            found.append(f"{m.slug}: carbon/data/baselines.csv names no usual treatment")
    return found


def _synonym_faults() -> list[str]:
    owners: dict[str, set[str]] = defaultdict(set)
    for m in taxonomy():
        for term in m.terms:
            owners[normalise(term)].add(m.slug)
    return [f"“{term}” names {', '.join(sorted(slugs))}" for term, slugs in sorted(owners.items()) if len(slugs) > 1]


def _application_faults() -> list[str]:
    base, factors, found, seen = knowledge(), library(), [], set()
    for a in base.applications:
        if (a.material, a.use) in seen:
            found.append(f"{a.material} → {a.use} stands twice")
        seen.add((a.material, a.use))
        for factor in (a.displaced_factor, a.reprocessing_factor):
            if factor and factor not in factors:
                found.append(f"{a.material} → {a.use}: unknown factor {factor}")
        if bool(a.displaced_factor) != (a.substitution_ratio is not None):
            found.append(f"{a.material} → {a.use}: displaced product and ratio belong together")
        if not a.source:
            found.append(f"{a.material} → {a.use}: no source")
    without = {m.slug for m in taxonomy()} - {a.material for a in base.applications}
    return [*found, *(f"{slug}: no documented use" for slug in sorted(without))]


def _typical_faults() -> list[str]:
    """What is typical of a use must be a product made by the tonne, of families that exist and serve the use."""
    base, factors, found = knowledge(), library(), []
    for use in base.uses.values():
        typical = use.typical
        if typical is None:
            continue
        for factor in (typical.factor, typical.reprocessing):
            if factor not in factors or factors[factor].unit != "kgCO2e/t":
                found.append(f"uses.csv: {use.slug}: {factor} is no factor per tonne")
        if typical.ratio <= 0:
            found.append(f"uses.csv: {use.slug}: ratio {typical.ratio} is not positive")
        served = {base.taxonomy.materials[a.material].family for a in base.of_use(use.slug)}
        found += [f"uses.csv: {use.slug}: no material of {f} serves it" for f in sorted(typical.families - served)]
    return found
