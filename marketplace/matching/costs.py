"""What a tonne avoided costs in a suggestion: one reckoning for every page."""

from marketplace.listings.models import Listing
from marketplace.matching.core.beyond.costs import Abatement, abatement
from marketplace.matching.core.values import Match
from marketplace.matching.listing_values import offer_and_want


def abatement_of(one: Listing, other: Listing, match: Match) -> Abatement:
    """The price and the way of a pair against what their match avoids.

    The price is the offer's; where the offer leaves it open, what the want pays. With neither only the way counts.
    """
    offer, want = offer_and_want(one, other)
    price = offer.price_cny_per_t if offer.price_cny_per_t is not None else want.price_cny_per_t
    return abatement(price, match.distance_km, match.net_avoided_kgco2e_per_t)
