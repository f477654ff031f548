"""From hits to matches: what the snapshot and the delta found, as one list; and what people put aside."""

from collections.abc import Mapping, Sequence

import numpy as np

from marketplace.listings.models import Listing
from marketplace.matching import feedback
from marketplace.matching.core.columns import Columns
from marketplace.matching.core.features import Query, distance_km
from marketplace.matching.core.rank import Matcher
from marketplace.matching.core.values import Match
from marketplace.matching.models import Dismissal, DismissalReason
from marketplace.matching.serving.live import Hit, KeepColumns

ROUNDING_KM = 0.01  # columns keep places to a metre or two: who stands where the too far one stands is as far


def merged(ranker: Matcher, query: Query, own_id: str, hits: Sequence[Hit], most: int, explain: bool) -> list[Match]:
    """The best of all hits, equal scores by the listing's number."""
    found: list[tuple[float, int, Match]] = []
    for hit in hits:
        ids = hit.columns.ids[hit.picked.rows].tolist()
        matches = ranker.matches(query, own_id, hit.columns, hit.picked, [str(i) for i in ids], explain)
        found += [(-match.score, listing_id, match) for listing_id, match in zip(ids, matches, strict=True)]
    return [match for _, _, match in sorted(found, key=lambda x: x[:2])[:most]]


def unless_dismissed(
    query: Query, listing: Listing, dismissals: Sequence[Dismissal], number_of_material: Mapping[str, int]
) -> KeepColumns | None:
    """Leaves out what was dismissed and what falls under the same reason, as `feedback.still_wanted` does in SQL.

    `query` is that of the listing.
    """
    if not dismissals:
        return None
    own = [d for d in dismissals if d.listing_id == listing.id]
    ids = np.array([d.other_id for d in own])
    unwanted = [d.other.material for d in own if d.reason is DismissalReason.MATERIAL]
    materials = np.array([number_of_material[slug] for slug in unwanted])
    partners = np.array([d.other.enterprise_id for d in dismissals if d.reason is DismissalReason.PARTNER])
    limit_km = feedback.farthest_km(listing, dismissals)

    def keep(columns: Columns, rows: np.ndarray) -> np.ndarray:
        kept = ~np.isin(columns.ids[rows], ids) & ~np.isin(columns.enterprises[rows], partners)
        kept &= ~np.isin(columns.materials[0, rows], materials)
        if limit_km is not None:
            kept &= distance_km(query.columns, columns, rows) < limit_km - ROUNDING_KM
        return np.asarray(kept)

    return keep
