"""Chains offer → treatment → want for a listing, or through one treatment: candidates from the database, sums pure."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

from marketplace.accounts.policy import Viewer
from marketplace.knowledge import knowledge, mentions_of
from marketplace.listings.models import Kind, Listing, ListingState, Nature, Rhythm
from marketplace.matching.beyond import chain_partners
from marketplace.matching.beyond.combining import left_t
from marketplace.matching.beyond.treatments import as_treatments, offered_treatments
from marketplace.matching.core.beyond.blends import Objective
from marketplace.matching.core.beyond.chains import (
    Chain,
    Place,
    Stage,
    Treatment,
    chain,
    is_hazardous_after,
    may_serve,
    opened_applications,
    takes,
)
from marketplace.matching.core.beyond.users import LEAST_GRADE
from marketplace.matching.core.knowledge import Application
from marketplace.matching.core.values import MatchListing
from marketplace.matching.listing_values import as_value, licences_of
from marketplace.matching.models import Dismissal, TreatmentService
from marketplace.matching.service import LEAST_SCORE
from marketplace.matching.store import matcher

MOST_SHOWN = 12
MOST_WEIGHED = 150  # chains whose last leg is weighed, in the order wished
_KILOGRAM = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A chain as a page shows it; `is_hazardous_after` says what leaves the treatment."""

    offer: Listing
    service: TreatmentService
    want: Listing
    chain: Chain
    is_hazardous_after: bool

    @property
    def is_recurring(self) -> bool:
        return self.offer.rhythm is not Rhythm.ONCE

    @property
    def net_avoided_kgco2e(self) -> Decimal:
        """Of all that the treatment takes, per month or once."""
        return self.chain.taken_t * Decimal(repr(self.chain.net_avoided_kgco2e_per_t))


@dataclass(frozen=True, slots=True)
class Opening:
    """An offer at a treatment that may take it, with the uses that this opens, best first."""

    offer: Listing
    service: TreatmentService
    treatment: Treatment
    stage: Stage
    applications: Mapping[str, Application]


@dataclass(frozen=True, slots=True)
class Demand:
    """A want with the uses it names."""

    want: Listing
    value: MatchListing
    uses: tuple[str, ...]


def chains_for(
    listing: Listing, who: Viewer, objective: Objective, dismissals: Sequence[Dismissal] = ()
) -> list[ChainRow]:
    """The best chains of an open listing, one for each partner; none when it is not open."""
    if listing.state not in (ListingState.OPEN, ListingState.DRAFT, ListingState.PAUSED):
        return []
    services = offered_treatments(who)
    plants = list(zip(services, as_treatments(services), strict=True))
    if listing.kind is Kind.OFFER:
        openings = _openings([listing], plants)
        wants = chain_partners.wants_of(listing, *_opened(openings), who, dismissals)
        return _best(openings, _demands(wants), objective, lambda row: row.want.id)
    demands = _demands([listing])
    offers = chain_partners.offers_for(listing, demands[0].uses, [t for _, t in plants], who, dismissals)
    return _best(_openings(offers, plants), demands, objective, lambda row: row.offer.id)


def chains_through(service: TreatmentService, who: Viewer, objective: Objective) -> list[ChainRow]:
    """The best chains through one treatment, one for each offer; none when it is ended."""
    if not service.is_offered:
        return []
    openings = _openings(chain_partners.offers_to(service, who), [(service, as_treatments([service])[0])])
    wants = chain_partners.wants_beyond(service, *_opened(openings), who)
    return _best(openings, _demands(wants), objective, lambda row: row.offer.id)


def _openings(offers: Sequence[Listing], plants: Sequence[tuple[TreatmentService, Treatment]]) -> list[Opening]:
    """Each offer at each plant of another enterprise that takes it and opens a use."""
    base, by_taken = knowledge(), defaultdict(list)
    for service, treatment in plants:
        by_taken[treatment.takes].append((service, treatment))
    found = []
    for offer in offers:
        stage = _stage(offer)
        for service, treatment in (*by_taken[offer.material], *by_taken[offer.family]):
            if service.enterprise_id == offer.enterprise_id or not takes(base, treatment, stage):
                continue
            applications = {
                a.use: a
                for a in opened_applications(base, treatment, offer.material)
                if may_serve(base, treatment, stage, a)
            }
            if applications and stage.quantity_t > 0:
                found.append(Opening(offer, service, treatment, stage, applications))
    return found


def _stage(offer: Listing) -> Stage:
    return Stage(
        material=offer.material,
        place=Place(offer.lat, offer.lon),
        quantity_t=left_t(offer),
        price_cny_per_t=offer.price_cny_per_t,
        is_hazardous=offer.is_hazardous,
        hw_code=offer.hw_code,
        is_waste=offer.nature is Nature.WASTE,
    )


def _opened(openings: Sequence[Opening]) -> tuple[set[str], set[str]]:
    """The uses and the new materials that some treatment opens."""
    return {use for o in openings for use in o.applications}, {o.treatment.gives for o in openings}


def _demands(wants: Sequence[Listing]) -> list[Demand]:
    licences = licences_of(wants)
    values = [as_value(want, licences) for want in wants]
    asked = matcher().asked_uses(values)
    return [Demand(want, value, _meant(want, uses)) for want, value, uses in zip(wants, values, asked, strict=True)]


def _meant(want: Listing, uses: Sequence[str]) -> tuple[str, ...]:
    """Those named in so many words, or that the material asked for serves; 熟料 alone may be glass or clinker."""
    named = mentions_of(want.text).uses
    served = {a.use for a in knowledge().of_material(want.material) if a.grade >= LEAST_GRADE}
    return tuple(use for use in uses if use in named or use in served)


def _best(
    openings: Sequence[Opening], demands: Sequence[Demand], objective: Objective, partner: Callable[[ChainRow], int]
) -> list[ChainRow]:
    """The best chain of each partner, best first; the last leg must be a match as any other: hazard, licence and food
    allow it, and it is likely enough.
    """
    made = [(row, opening, demand) for opening in openings for demand in demands for row in _rows(opening, demand)]
    made.sort(key=lambda found: _order(found[0], objective))
    best: dict[int, ChainRow] = {}
    weighed, ranker = 0, matcher()
    for row, opening, demand in made:
        if partner(row) in best:
            continue
        weighed += 1
        last_leg = ranker.rank_wants(_after(opening, row.chain), [demand.value], explain=False)
        if last_leg and last_leg[0].score >= LEAST_SCORE:
            best[partner(row)] = row
        if len(best) == MOST_SHOWN or weighed == MOST_WEIGHED:
            break
    return list(best.values())


def _rows(opening: Opening, demand: Demand) -> Iterator[ChainRow]:
    """The chain of an offer, a treatment and a want that names a use this opens, if it avoids anything."""
    want, treatment, stage = demand.want, opening.treatment, opening.stage
    application = _application(opening, demand)
    wanted_t = left_t(want)
    if application is None or wanted_t <= 0 or opening.service.enterprise_id == want.enterprise_id:
        return
    enough_t = (wanted_t / treatment.yield_fraction).quantize(_KILOGRAM, ROUND_FLOOR)
    asked = replace(stage, quantity_t=min(stage.quantity_t, enough_t))
    made = chain(asked, treatment, application, Place(want.lat, want.lon))
    if made.net_avoided_kgco2e_per_t > 0:
        yield ChainRow(opening.offer, opening.service, want, made, is_hazardous_after(knowledge(), treatment, stage))


def _application(opening: Opening, demand: Demand) -> Application | None:
    """By the use the want names most clearly; a want that asks for the new material takes any of its uses."""
    for use in demand.uses:
        if use in opening.applications:
            return opening.applications[use]
    is_wanted = opening.treatment.gives and opening.treatment.gives == demand.want.material
    return next(iter(opening.applications.values())) if is_wanted else None


def _order(row: ChainRow, objective: Objective) -> tuple[float, float, int, int, int]:
    cost, net = float(row.chain.cny_per_t), row.chain.net_avoided_kgco2e_per_t
    first, second = (cost, -net) if objective is Objective.CHEAPEST else (-net, cost)
    return first, second, row.offer.id, row.service.id, row.want.id


def _after(opening: Opening, made: Chain) -> MatchListing:
    """What leaves the treatment, as an offer at the plant."""
    value = as_value(opening.offer, {})
    place, gives = opening.treatment.place, opening.treatment.gives
    moved = replace(value, lat=place.lat, lon=place.lon, monthly_t=float(made.given_t), price_cny_per_t=None)
    if not gives:
        return moved
    node = knowledge().taxonomy.materials[gives]
    return replace(
        moved,
        title=node.name_en,
        description="",
        material=gives,
        codes=(),
        is_hazardous=node.is_hazardous,
        hw_code=node.hw_code if node.is_hazardous else "",
    )
