"""What a tonne avoided costs in each suggestion of a page."""

from collections.abc import Sequence

from marketplace.listings.models import Kind, Listing
from marketplace.matching.core.beyond.costs import Abatement, abatement
from marketplace.matching.service import Suggestion


def abatement_of(listing: Listing, suggestions: Sequence[Suggestion]) -> dict[int, Abatement]:
    """By the other listing's id: the offer's price and the way against what the match avoids."""
    return {
        s.listing.id: abatement(
            (listing if listing.kind is Kind.OFFER else s.listing).price_cny_per_t,
            s.match.distance_km,
            s.match.net_avoided_kgco2e_per_t,
        )
        for s in suggestions
    }
