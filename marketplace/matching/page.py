"""The page of matches: which suggestions stand on it, in which order, and the figures of each."""

import enum
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.knowledge import knowledge
from marketplace.listings.models import Kind, Listing
from marketplace.listings.quantities import monthly_t
from marketplace.matching.core.benefit_interval import NetInterval, net_interval
from marketplace.matching.core.beyond.costs import Abatement
from marketplace.matching.core.values import Match
from marketplace.matching.costs import abatement_of
from marketplace.matching.listing_values import offer_and_want
from marketplace.matching.service import Suggestion
from marketplace.matching.shares import ShareBar, stacked
from marketplace.matching.weighing import QuantityFit

MOST_RANKED = 96  # the best partners of a listing; filters and orders choose among these
STEP = 12
REASONS = 3
SAME_FIGURE_KG = 0.6  # figures are rounded to 0.1 kg, distances to 0.1 km


class Sort(enum.StrEnum):
    BEST = "best"
    NEAR = "near"
    AVOIDED = "avoided"
    PRICE = "price"
    QUANTITY = "quantity"


class View(enum.StrEnum):
    CARDS = "cards"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class MatchWish:
    """What a person wants to see of a listing's matches; empty values hide nothing."""

    sort: Sort = Sort.BEST
    view: View = View.CARDS
    within_km: Decimal | None = None
    family: str = ""
    least_score: float = 0.0
    is_hazardous: bool | None = None
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    shown: int = STEP


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A suggestion with the figures beside it; `bars` are its strongest reasons and the rest, adding up to the score.

    `interval` is None where no documented use is known.
    """

    suggestion: Suggestion
    bars: list[tuple[str, ShareBar]]
    rest: ShareBar
    fit: QuantityFit
    interval: NetInterval | None
    cost: Abatement

    @property
    def listing(self) -> Listing:
        return self.suggestion.listing

    @property
    def match(self) -> Match:
        return self.suggestion.match

    @property
    def cost_cny_per_t_avoided(self) -> Decimal | None:
        """Price and way; None where nothing is avoided or the price is still open, so that rows can be compared."""
        return self.cost.cny_per_tco2e if self.cost.has_price else None


@dataclass(frozen=True, slots=True)
class MatchesPage:
    """The rows shown, how many pass the filters (`found`) of all (`total`), and the families among all."""

    rows: list[MatchRow]
    found: int
    total: int
    families: Mapping[str, int]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more partners than were ranked."""
        return self.total >= MOST_RANKED


def matches_page(listing: Listing, suggestions: Sequence[Suggestion], wish: MatchWish) -> MatchesPage:
    """The suggestions that pass the filters, in the order wished, as many as are to be shown."""
    kept = ordered(listing, suggestions, wish)
    return MatchesPage(
        rows=[row_of(listing, s) for s in kept[: wish.shown]],
        found=len(kept),
        total=len(suggestions),
        families=Counter(s.listing.family for s in suggestions),
    )


def ordered(listing: Listing, suggestions: Sequence[Suggestion], wish: MatchWish) -> list[Suggestion]:
    """All suggestions that pass the filters, in the order wished."""
    return sorted((s for s in suggestions if not hidden_by(s, wish)), key=_order(listing, wish.sort))


def hidden_by(suggestion: Suggestion, wish: MatchWish) -> list[str]:
    """The filters that keep a suggestion off the page, by their names in the address."""
    other, match = suggestion.listing, suggestion.match
    price = other.price_cny_per_t
    hides = {
        "within": wish.within_km is not None and match.distance_km > wish.within_km,
        "family": bool(wish.family) and other.family != wish.family,
        "least": match.score < wish.least_score,
        "hazard": wish.is_hazardous is not None and concerns_hazard(other) is not wish.is_hazardous,
        "price_from": wish.price_from is not None and (price is None or price < wish.price_from),
        "price_to": wish.price_to is not None and (price is None or price > wish.price_to),
    }
    return [name for name, is_hidden in hides.items() if is_hidden]


def concerns_hazard(listing: Listing) -> bool:
    """Whether an offer is hazardous waste, or a want takes it."""
    return listing.is_hazardous if listing.kind is Kind.OFFER else listing.accepts_hazard


def row_of(listing: Listing, suggestion: Suggestion) -> MatchRow:
    """The figures of one suggestion beside its listing."""
    other, match = suggestion.listing, suggestion.match
    offer, _ = offer_and_want(listing, other)
    told = suggestion.sentences[:REASONS]
    bars = stacked([s.share for s in told], match.score)
    return MatchRow(
        suggestion=suggestion,
        bars=[(s.text, bar) for s, bar in zip(told, bars, strict=False)],
        rest=bars[-1],
        fit=quantity_fit(listing, other),
        interval=_interval(offer, match),
        cost=abatement_of(listing, other, match),
    )


def quantity_fit(one: Listing, other: Listing) -> QuantityFit:
    """Tonnes per month of the pair's offer and want."""
    return QuantityFit(*(monthly_t(x.quantity_t, x.rhythm) for x in offer_and_want(one, other)))


def _interval(offer: Listing, match: Match) -> NetInterval | None:
    """The interval around the match's own figure, by the documented use that it rests on."""
    if match.net_avoided_kgco2e_per_t is None:
        return None
    distance_km = Decimal(str(match.distance_km))
    named = [r.facts["material"] for r in match.reasons if r.facts.get("material")]
    for material in dict.fromkeys([*named, offer.material]):
        application = knowledge().of_pair(material, match.use)
        if application is None:
            continue
        for is_waste in (True, False):
            found = net_interval(application, distance_km, is_waste)
            if abs(float(found.net) - match.net_avoided_kgco2e_per_t) < SAME_FIGURE_KG:
                return found
    return None


def _order(listing: Listing, sort: Sort) -> Callable[[Suggestion], tuple[bool, float, float, int]]:
    """Sort keys; what is unknown comes last, equals stand by score, then by number."""
    # A buyer looks for the lowest price, a supplier for the highest.
    towards = 1 if listing.kind is Kind.WANT else -1

    def key(s: Suggestion) -> tuple[bool, float, float, int]:
        net, price = s.match.net_avoided_kgco2e_per_t, s.listing.price_cny_per_t
        value = {
            Sort.BEST: 0.0,
            Sort.NEAR: s.match.distance_km,
            Sort.AVOIDED: None if net is None else -net,
            Sort.PRICE: None if price is None else towards * float(price),
            Sort.QUANTITY: -quantity_fit(listing, s.listing).share,
        }[sort]
        return value is None, value or 0.0, -s.match.score, s.listing.id

    return key
