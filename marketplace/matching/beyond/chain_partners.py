"""Whose offers and wants a chain may join: open listings from the database, nearest first."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.policy import Viewer, may_see
from marketplace.calendar import today
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings import search_index
from marketplace.listings.models import Kind, Listing, ListingState
from marketplace.matching import feedback
from marketplace.matching.core.beyond.chains import Treatment, processes
from marketplace.matching.core.beyond.users import LEAST_GRADE
from marketplace.matching.models import Dismissal, TreatmentService
from marketplace.places import road_km

MOST_PARTNERS = 240
MOST_THROUGH = 60  # of each kind, for one treatment: their pairs are many


def wants_of(
    listing: Listing, uses: Iterable[str], materials: Iterable[str], who: Viewer, dismissals: Sequence[Dismissal]
) -> list[Listing]:
    """Open wants of others that name one of the uses or ask for one of the materials."""
    asking = _asking(uses, materials)
    return [] if asking is None else _partners(listing, Kind.WANT, asking, who, dismissals)


def offers_for(
    want: Listing, uses: Sequence[str], treatments: Sequence[Treatment], who: Viewer, dismissals: Sequence[Dismissal]
) -> list[Listing]:
    """Open offers of others whose material one of the treatments makes fit for the want."""
    taken = _taken_for(want.material, uses, treatments)
    if not taken:
        return []
    fitting = or_(Listing.material.in_(taken), Listing.family.in_(taken))
    return _partners(want, Kind.OFFER, fitting, who, dismissals)


def offers_to(service: TreatmentService, who: Viewer) -> list[Listing]:
    """Open offers of others that a plant could take in."""
    taken = or_(Listing.material == service.takes, Listing.family == service.takes)
    return _open_near(service, Kind.OFFER, taken, who)


def wants_beyond(
    service: TreatmentService, uses: Iterable[str], materials: Iterable[str], who: Viewer
) -> list[Listing]:
    """Open wants of others that what leaves the plant could serve."""
    asking = _asking(uses, materials)
    return [] if asking is None else _open_near(service, Kind.WANT, asking, who)


def _asking(uses: Iterable[str], materials: Iterable[str]) -> ColumnElement[bool] | None:
    """Wants that name one of the uses, or ask for one of the materials or for another that serves one of the uses:
    which use such a want means is read from its text later.
    """
    known = sorted(set(uses))
    if not known:
        return None
    serving = {a.material for use in known for a in knowledge().of_use(use) if a.grade >= LEAST_GRADE}
    asked = sorted(serving | {m for m in materials if m})
    tokens = [search_index.concept_token("u", use) for use in known]
    return or_(Listing.material.in_(asked), search_index.condition(db.session, [tokens]))


def _taken_for(material: str, uses: Sequence[str], treatments: Sequence[Treatment]) -> set[str]:
    """Materials, and families that a treatment takes whole, that can become fit for the uses or the material."""
    base, found = knowledge(), set()
    phrases: dict[str, set[str]] = {}
    for treatment in treatments:
        if not treatment.gives:
            for phrase in processes()[treatment.process].pretreatments:
                phrases.setdefault(phrase, set()).add(treatment.takes)
        elif treatment.gives == material or any(base.of_pair(treatment.gives, use) for use in uses):
            found.add(treatment.takes)
    for application in (a for use in uses for a in base.of_use(use) if a.grade >= LEAST_GRADE):
        taken = phrases.get(application.pretreatment_en, set())
        node = base.taxonomy.materials[application.material]
        if {node.slug, node.family} & taken:
            found.add(node.slug)
    return found


def _partners(
    listing: Listing, kind: Kind, fitting: ColumnElement[bool], who: Viewer, dismissals: Sequence[Dismissal]
) -> list[Listing]:
    """Without those that were put aside, as among the matches."""
    wanted = feedback.still_wanted(listing, dismissals) if dismissals else ()
    found = _open(listing, kind, (fitting, *wanted), who, MOST_PARTNERS)
    limit_km = feedback.farthest_km(listing, dismissals)
    if limit_km is None:
        return found
    return [x for x in found if road_km(listing.lat, listing.lon, x.lat, x.lon) < limit_km]


def _open_near(service: TreatmentService, kind: Kind, fitting: ColumnElement[bool], who: Viewer) -> list[Listing]:
    return _open(service, kind, (fitting,), who, MOST_THROUGH)


def _open(
    around: Listing | TreatmentService, kind: Kind, fitting: Sequence[ColumnElement[bool]], who: Viewer, most: int
) -> list[Listing]:
    """The nearest ones; numbers are sorted, and only those that remain are read whole."""
    place = around if isinstance(around, Listing) else around.site
    north, east = Listing.lat - place.lat, (Listing.lon - place.lon) * 0.855
    distance = north * north + east * east
    nearest = (
        select(Listing.id)
        .where(
            Listing.state == ListingState.OPEN,
            Listing.available_until >= today(),
            Listing.kind == kind,
            Listing.enterprise_id != around.enterprise_id,
            may_see(Listing, who),
            *fitting,
        )
        .order_by(distance, Listing.id.desc())
        .limit(most)
    )
    return list(
        db.session.scalars(
            select(Listing)
            .where(Listing.id.in_(nearest.scalar_subquery()))
            .options(joinedload(Listing.park))
            .order_by(distance, Listing.id.desc())
        )
    )
