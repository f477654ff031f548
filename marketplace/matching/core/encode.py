"""From listings to columns: concepts, codes, amounts, place in the text space. Pure (numpy)."""

import math
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache

import numpy as np

from marketplace.matching.core import columns as layout
from marketplace.matching.core.columns import CODES, FIGURES, FULL_WEIGHT, SLOTS, Columns
from marketplace.matching.core.concepts import ConceptReader, Concepts, ListingReading, read_listing
from marketplace.matching.core.features import NAMED
from marketplace.matching.core.knowledge import Knowledge
from marketplace.matching.core.latent import LatentSpace
from marketplace.matching.core.tables import KnowledgeTables, tables_of
from marketplace.matching.core.values import MatchListing
from marketplace.materials.figures import component_slugs, figures_in

MOST_KEPT = 20_000


class Encoder:
    """Reads listings over one knowledge base."""

    def __init__(self, base: Knowledge) -> None:
        self.tables: KnowledgeTables = tables_of(base)
        self._kept: OrderedDict[MatchListing, Columns] = OrderedDict()
        self._component_number = {s: i + 1 for i, s in enumerate(component_slugs())}
        self._concepts = ConceptReader(base)
        self.refusals = self._concepts.refusals
        self._space = LatentSpace(base)

    def encode(self, listings: Sequence[MatchListing]) -> Columns:
        """The columns of listings of one kind, in order; `ids` counts from 0 unless an id is a number."""
        arrays = layout.empty(len(listings))
        readings = [read_listing(x) for x in listings]
        concepts = self._concepts.of(listings, readings)
        arrays["materials"][:], arrays["uses"][:] = self.tables.material_count, self.tables.use_count
        for row, (listing, found) in enumerate(zip(listings, concepts, strict=True)):
            self._write_concepts(arrays, row, found)
            self._write_facts(arrays, row, listing)
            self._write_figures(arrays, row, readings[row])
            self._write_flags(arrays, row, listing, found)
            self._write_barred(arrays, row, listing, found)
        arrays["vectors"][:] = self._space.vectors(concepts)
        return Columns(**arrays)

    def encode_kept(self, listings: Sequence[MatchListing]) -> Columns:
        """The same for a few listings that are likely to come again; the newest MOST_KEPT are remembered.

        Threads may do this at once: each step leaves a mapping of true columns.
        """
        missing = list(dict.fromkeys(x for x in listings if x not in self._kept))
        if len(missing) > MOST_KEPT // 2:
            return self.encode(listings)
        fresh = self.encode(missing)
        known = {x: kept for x in listings if (kept := self._kept.get(x))}
        known |= {x: fresh.take([row]) for row, x in enumerate(missing)}
        self._kept.update({x: known[x] for x in missing})
        for _ in range(len(self._kept) - MOST_KEPT):
            self._kept.popitem(last=False)
        return layout.stack([known[x] for x in listings])

    def refused(self, offer: MatchListing, want: MatchListing) -> tuple[str, ...]:
        """Materials and kinds of the offer that the want refuses."""
        (of_offer,), (of_want,) = self._concepts.read([offer]), self._concepts.read([want])
        return self.refusals.between(of_offer.contents, of_want.refused, of_want.own)

    def _write_concepts(self, arrays: dict[str, np.ndarray], row: int, found: Concepts) -> None:
        named = 0
        for slot, (slug, weight) in enumerate(list(found.materials.items())[:SLOTS]):
            arrays["materials"][slot, row] = self.tables.number_of_material[slug]
            arrays["material_weights"][slot, row] = round(weight * FULL_WEIGHT)
            named |= (slug in found.named) << slot
        for slot, (slug, weight) in enumerate(list(found.uses.items())[:SLOTS]):
            arrays["uses"][slot, row] = self.tables.number_of_use[slug]
            arrays["use_weights"][slot, row] = round(weight * FULL_WEIGHT)
        arrays["named"][row] = named

    def _write_facts(self, arrays: dict[str, np.ndarray], row: int, listing: MatchListing) -> None:
        arrays["ids"][row] = int(listing.id) if _is_number(listing.id) else row
        arrays["enterprises"][row] = _enterprise_number(listing.enterprise)
        for k, code in enumerate([c for c in listing.codes if c][:CODES]):
            arrays["codes"][k, row] = layout.code_number(code)
        if listing.monthly_t > 0:
            arrays["log_t"][row] = math.log10(listing.monthly_t)
        arrays["lat"][row], arrays["lon"][row] = listing.lat, listing.lon
        arrays["from_day"][row] = layout.day_number(listing.available_from)
        arrays["until_day"][row] = layout.day_number(listing.available_until)
        if listing.price_cny_per_t is not None:
            arrays["price"][row] = listing.price_cny_per_t

    def _write_figures(self, arrays: dict[str, np.ndarray], row: int, reading: ListingReading) -> None:
        for k, figure in enumerate(figures_in(*reading)[:FIGURES]):
            arrays["components"][k, row] = self._component_number[figure.component]
            arrays["lows"][k, row] = np.nan if figure.low is None else float(figure.low) * _SCALE[figure.unit]
            arrays["highs"][k, row] = np.nan if figure.high is None else float(figure.high) * _SCALE[figure.unit]

    def _write_flags(self, arrays: dict[str, np.ndarray], row: int, listing: MatchListing, found: Concepts) -> None:
        flags = layout.HAZARDOUS * listing.is_hazardous | layout.ACCEPTS_HAZARD * listing.accepts_hazard
        if listing.is_offer:
            known = [slug for slug in found.materials if slug in found.named]
            if not known or any(self.tables.food_safe[self.tables.number_of_material[slug]] for slug in known):
                flags |= layout.FOOD_SAFE
            arrays["licences"][row] = layout.licence_bit(listing.hw_code)
        else:
            # A guess must not hide all that is no food from a want of another kind.
            asked = [slug for slug, weight in found.uses.items() if weight >= NAMED and slug in found.asked]
            if asked and all(self.tables.is_food_use[self.tables.number_of_use[slug]] for slug in asked):
                flags |= layout.NEEDS_FOOD_SAFE
            arrays["licences"][row] = sum({layout.licence_bit(code) for code in listing.hw_codes})
        arrays["flags"][row] = flags

    def _write_barred(self, arrays: dict[str, np.ndarray], row: int, listing: MatchListing, found: Concepts) -> None:
        if listing.is_offer:
            numbers = self.refusals.offered_numbers(found.contents)
        else:
            numbers = self.refusals.refused_numbers(found.refused, found.own)
            arrays["flags"][row] |= layout.REFUSES * bool(numbers)
        arrays["barred"][row, : len(numbers)] = numbers


@cache
def encoder_for(base: Knowledge) -> Encoder:
    """The encoder over a knowledge base; more than a second to make, so everybody in a process shares one."""
    return Encoder(base)


# Shares become per cent (a litre of liquor taken as a kilogram), calorific values MJ/kg.
_SCALE = {
    "%": 1.0,
    "ppm": 1e-4,
    "mg/kg": 1e-4,
    "mg/L": 1e-4,
    "g/kg": 0.1,
    "g/L": 0.1,
    "MJ/kg": 1.0,
    "kcal/kg": 0.0041868,
    "": 1.0,
}


def _enterprise_number(enterprise: str) -> int:
    """A number that is the same for the same enterprise; 0 for none."""
    if not enterprise:
        return 0
    return int(enterprise) if _is_number(enterprise) else -1 - zlib.crc32(enterprise.encode())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
