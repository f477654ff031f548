"""Several small offers for one want, one offer for several wants: from a listing's matches, with the joint figures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from marketplace.accounts.policy import Viewer
from marketplace.calendar import today
from marketplace.knowledge import knowledge
from marketplace.listings.models import Form, Kind, Listing, ListingState, Rhythm
from marketplace.listings.quantities import monthly_t
from marketplace.matching import service
from marketplace.matching.core.beyond.blends import Combination, Objective, Part, blend, split
from marketplace.matching.core.beyond.composition import JointFigure, joint_figures
from marketplace.matching.core.beyond.costs import transport_cny_per_t
from marketplace.matching.core.values import Match
from marketplace.matching.models import Dismissal
from marketplace.matching.page import MOST_RANKED
from marketplace.materials.figures import figures_of

MOST_STARTS = 6  # first days that are tried, in order of time
LIKELY = 0.55  # where pages begin to say so; a part that may fall out spoils the whole
LEAST_DAYS = 28  # that parts of a recurring stream must run side by side
_KILOGRAM = Decimal("0.001")
_LIQUID, _GAS = {Form.LIQUID, Form.SLUDGE}, {Form.GAS}


@dataclass(frozen=True, slots=True)
class Partner:
    """A match that may become a part: what is left of the other listing, per month or once."""

    listing: Listing
    match: Match
    part: Part
    way_cny_per_t: Decimal


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One partner's part of a combination; money and emissions per tonne."""

    partner: Partner
    quantity_t: Decimal
    fraction: float

    @property
    def listing(self) -> Listing:
        return self.partner.listing

    @property
    def match(self) -> Match:
        return self.partner.match

    @property
    def net_avoided_kgco2e_per_t(self) -> float:
        return self.partner.part.net_avoided_kgco2e_per_t


@dataclass(frozen=True, slots=True)
class Together:
    """A combination as a page shows it, with what it is best at; quantities per month when `is_recurring`.

    `from_day` is the first day on which all parts are there, `until_day` the last.
    """

    objectives: tuple[Objective, ...]
    made: Combination
    rows: list[ShareRow]
    is_recurring: bool
    from_day: date
    until_day: date
    figures: list[JointFigure]

    @property
    def covered(self) -> float:
        """Share of what was asked for or offered."""
        return float(self.made.total_t / self.made.goal_t)

    @property
    def cny_per_t(self) -> Decimal:
        """Price and way of a mean tonne; of a split the way less what is paid."""
        return (self.made.cny / self.made.total_t).quantize(Decimal("0.01"))

    @property
    def net_avoided_kgco2e_per_t(self) -> float:
        return self.made.net_avoided_kgco2e / float(self.made.total_t)

    @property
    def mean_km(self) -> float:
        """Kilometres of a mean tonne."""
        return sum(row.fraction * row.match.distance_km for row in self.rows)

    @property
    def farthest_km(self) -> float:
        return max(row.match.distance_km for row in self.rows)

    @property
    def has_all_prices(self) -> bool:
        return all(row.listing.price_cny_per_t is not None for row in self.rows)


def combinations(listing: Listing, who: Viewer, dismissals: Sequence[Dismissal] = ()) -> list[Together]:
    """The cheapest and the cleanest way to fill a want from several offers, or to share an offer out; one when the
    same is both, none when there is no such way or the listing is not open.
    """
    if listing.state not in (ListingState.OPEN, ListingState.DRAFT, ListingState.PAUSED):
        return []
    goal_t = left_t(listing)
    if goal_t <= 0:
        return []
    partners = _partners(listing, who, dismissals)
    found: list[Together] = []
    for objective in Objective:
        made = _earliest(listing, partners, goal_t, objective)
        same = next((k for k, t in enumerate(found) if made and t.made == made.made), None)
        if made and same is None:
            found.append(made)
        elif made and same is not None:
            found[same] = replace(found[same], objectives=(*found[same].objectives, objective))
    return found


def left_t(listing: Listing) -> Decimal:
    """Tonnes that nobody has reserved: of a single lot the rest, of a stream so much a month over its whole time."""
    if listing.rhythm is Rhythm.ONCE:
        return listing.free_t.quantize(_KILOGRAM, ROUND_FLOOR)
    each = monthly_t(listing.quantity_t, listing.rhythm)
    return (each * listing.free_t / listing.total_t).quantize(_KILOGRAM, ROUND_FLOOR)


def _partners(listing: Listing, who: Viewer, dismissals: Sequence[Dismissal]) -> list[Partner]:
    """Likely matches that avoid something, of a rhythm that goes with the listing's."""
    ranked = service.ranked_partners(listing, who, dismissals, MOST_RANKED, explain=False)
    return [
        _partner(listing, other, match)
        for other, match in ranked
        if match.score >= LIKELY
        and (match.net_avoided_kgco2e_per_t or 0) > 0  # a part that avoids nothing is no reason for a truck
        and _goes_with(listing, other)
    ]


def _goes_with(listing: Listing, other: Listing) -> bool:
    """A stream is filled by streams; a single lot also by a month of one."""
    return listing.rhythm is Rhythm.ONCE or other.rhythm is not Rhythm.ONCE


def _partner(listing: Listing, other: Listing, match: Match) -> Partner:
    way = transport_cny_per_t(match.distance_km)
    price = other.price_cny_per_t or Decimal(0)
    offer = other if other.kind is Kind.OFFER else listing
    part = Part(
        id=str(other.id),
        quantity_t=left_t(other),
        cny_per_t=way + price if other.kind is Kind.OFFER else way - price,
        net_avoided_kgco2e_per_t=match.net_avoided_kgco2e_per_t or 0.0,
        group=_group(offer, match),
        is_hazardous=offer.is_hazardous,
    )
    return Partner(other, match, part, way)


def _group(offer: Listing, match: Match) -> str:
    """What may be mixed: what replaces the same product in the same use, in the same state of matter.

    Lime and sand both go into aerated concrete, and neither stands in for the other.
    """
    application = knowledge().of_pair(offer.material, match.use)
    role = (application.replaces_en if application else "") or offer.material
    return ":".join((match.use, role, _state_of_matter(offer)))


def _state_of_matter(offer: Listing) -> str:
    return "gas" if offer.form in _GAS else "liquid" if offer.form in _LIQUID else "solid"


def _earliest(listing: Listing, partners: Sequence[Partner], goal_t: Decimal, objective: Objective) -> Together | None:
    """The combination that can start first; parts must be there on its first day."""
    seen: list[set[str]] = []
    for day in _starts(listing, partners):
        there = [p for p in partners if _is_there(listing, p.listing, day)]
        ids = {p.part.id for p in there}
        if len(ids) < 2 or any(ids <= former for former in seen):
            continue
        seen.append(ids)
        parts = [p.part for p in there]
        made = blend(parts, goal_t, objective) if listing.kind is Kind.WANT else split(goal_t, parts, objective)
        if made:
            return _together(listing, {p.part.id: p for p in there}, made, objective, day)
    return None


def _starts(listing: Listing, partners: Sequence[Partner]) -> list[date]:
    first = max(today(), listing.available_from)
    later = {p.listing.available_from for p in partners if first < p.listing.available_from <= listing.available_until}
    return [first, *sorted(later)][:MOST_STARTS]


def _is_there(listing: Listing, other: Listing, day: date) -> bool:
    last = min(other.available_until, listing.available_until)
    days = LEAST_DAYS if listing.rhythm is not Rhythm.ONCE else 1
    return other.available_from <= day and last >= day + timedelta(days=days - 1)


def _together(
    listing: Listing, partner_by_id: dict[str, Partner], made: Combination, objective: Objective, day: date
) -> Together:
    rows = [ShareRow(partner_by_id[s.part.id], s.quantity_t, float(s.quantity_t / made.total_t)) for s in made.shares]
    parts = [(row.quantity_t, figures_of(row.listing.text)) for row in rows]
    return Together(
        objectives=(objective,),
        made=made,
        rows=rows,
        is_recurring=listing.rhythm is not Rhythm.ONCE,
        from_day=day,
        until_day=min(listing.available_until, *(row.listing.available_until for row in rows)),
        figures=joint_figures(parts, figures_of(listing.text)) if listing.kind is Kind.WANT else [],
    )
