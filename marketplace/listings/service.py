"""Use cases of listings. Each runs inside the transaction its caller opened."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select, update

from marketplace.accounts.models import EnterpriseState, Site, User
from marketplace.calendar import today
from marketplace.database import now
from marketplace.extensions import db
from marketplace.listings import search_index
from marketplace.listings.errors import BelowReserved, NotApproved, NotEnoughLeft, StaleListing, WrongState
from marketplace.listings.models import Form, Kind, Listing, ListingState, Nature, Reservation, Rhythm
from marketplace.listings.quantities import total_t
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.units import to_tonnes

_MAY_BECOME = {
    ListingState.OPEN: {ListingState.DRAFT, ListingState.PAUSED},
    ListingState.PAUSED: {ListingState.OPEN},
    ListingState.CLOSED: {ListingState.DRAFT, ListingState.OPEN, ListingState.PAUSED, ListingState.EXPIRED},
}
RENEWAL = {Rhythm.ONCE: timedelta(days=90)}


@dataclass(frozen=True, slots=True)
class ListingFacts:
    """What a person says about an offer or a want."""

    kind: Kind
    title: str
    description: str
    language: str
    material: str
    nature: Nature
    form: Form
    low_code: str
    sw_code: str
    hw_code: str
    is_hazardous: bool
    accepts_hazard: bool
    quantity: Decimal
    unit: str
    rhythm: Rhythm
    available_from: date
    available_until: date
    price_cny_per_t: Decimal | None
    site_id: int


def post(facts: ListingFacts, by: User, submission: str, publish_now: bool) -> Listing:
    """Create a listing as a draft or published; a second sending of the same form finds the first's listing.

    Raises:
        NoConversion: the unit has no tonnes for this material.
        NotApproved: publishing waits for the district's approval.
    """
    assert by.membership is not None
    already = db.session.scalar(
        select(Listing).where(Listing.submission == submission, Listing.enterprise_id == by.membership.enterprise_id)
    )
    if already:
        return already
    listing = Listing(
        submission=submission,
        enterprise_id=by.membership.enterprise_id,
        state=ListingState.DRAFT,
        reserved_t=Decimal(0),
    )
    _write(listing, facts)
    db.session.add(listing)
    db.session.flush()
    search_index.rewrite(db.session, listing)
    if publish_now:
        publish(listing)
    return listing


def edit(listing: Listing, facts: ListingFacts, version: int) -> None:
    """Change a listing that nobody changed since `version` was read.

    Raises:
        StaleListing: somebody did.
        BelowReserved: less than what exchanges already hold.
        WrongState: closed and fulfilled listings stay as they were.
        NoConversion: the unit has no tonnes for this material.
    """
    listing = lock(listing.id)
    if listing.version != version:
        raise StaleListing
    if listing.state in (ListingState.CLOSED, ListingState.FULFILLED):
        raise WrongState
    reserved = listing.reserved_t
    _write(listing, facts)
    if listing.total_t < reserved:
        raise BelowReserved(reserved)
    db.session.flush()
    search_index.rewrite(db.session, listing)


def publish(listing: Listing) -> None:
    """Open a draft or paused listing to everybody.

    Raises:
        NotApproved: the enterprise waits for the district's approval.
        WrongState: it is neither draft nor paused.
    """
    if listing.enterprise is None:
        db.session.refresh(listing, ["enterprise"])
    if listing.enterprise.state is not EnterpriseState.APPROVED:
        raise NotApproved
    _become(listing, ListingState.OPEN)
    listing.published_at = listing.published_at or now()


def pause(listing: Listing) -> None:
    """Hide an open listing from searches and matches for a while."""
    _become(listing, ListingState.PAUSED)


def close(listing: Listing) -> None:
    """End a listing; agreed exchanges go on."""
    _become(listing, ListingState.CLOSED)


def renew(listing: Listing) -> None:
    """Open an expired or open listing for another period: 90 days for a single lot, a year for a stream.

    Raises:
        WrongState: it was closed or never published.
    """
    if listing.state not in (ListingState.OPEN, ListingState.PAUSED, ListingState.EXPIRED):
        raise WrongState
    start = max(listing.available_from, today()) if listing.rhythm is Rhythm.ONCE else listing.available_from
    listing.available_from = start
    listing.available_until = today() + RENEWAL.get(listing.rhythm, timedelta(days=365))
    listing.total_t = total_t(listing.quantity_t, listing.rhythm, listing.available_from, listing.available_until)
    listing.state = ListingState.OPEN


def expire_due() -> int:
    """Mark open listings whose last day has passed; returns how many."""
    result = db.session.execute(
        update(Listing)
        .where(Listing.state == ListingState.OPEN, Listing.available_until < today())
        .values(state=ListingState.EXPIRED, version=Listing.version + 1)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def lock(listing_id: int) -> Listing:
    """The listing, held by this transaction until it ends."""
    return db.session.scalars(
        select(Listing).where(Listing.id == listing_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def reserve(listing_id: int, exchange_id: int, quantity_t: Decimal) -> Reservation:
    """Hold `quantity_t` tonnes of a listing for an exchange: sets, not adds to, what the exchange holds.

    Raises:
        NotEnoughLeft: others hold too much of it.
    """
    listing = lock(listing_id)
    held = db.session.scalar(
        select(Reservation).where(Reservation.listing_id == listing_id, Reservation.exchange_id == exchange_id)
    )
    before = held.quantity_t if held else Decimal(0)
    if quantity_t - before > listing.free_t:
        raise NotEnoughLeft(listing.free_t + before)
    if held is None:
        held = Reservation(listing_id=listing_id, exchange_id=exchange_id, quantity_t=quantity_t)
        db.session.add(held)
    held.quantity_t = quantity_t
    listing.reserved_t += quantity_t - before
    _follow_quantity(listing)
    return held


def release(listing_id: int, exchange_id: int) -> None:
    """Give back what an exchange holds of a listing; nothing happens if it holds nothing."""
    listing = lock(listing_id)
    held = db.session.scalar(
        select(Reservation).where(Reservation.listing_id == listing_id, Reservation.exchange_id == exchange_id)
    )
    if held is not None:
        listing.reserved_t -= held.quantity_t
        db.session.delete(held)
        _follow_quantity(listing)


def _follow_quantity(listing: Listing) -> None:
    """An open listing with nothing left is fulfilled; one that got something back is open again."""
    if listing.free_t == 0 and listing.state is ListingState.OPEN:
        listing.state = ListingState.FULFILLED
    elif listing.free_t > 0 and listing.state is ListingState.FULFILLED:
        listing.state = ListingState.OPEN


def _become(listing: Listing, state: ListingState) -> None:
    if listing.state is state:
        return
    if listing.state not in _MAY_BECOME[state]:
        raise WrongState
    listing.state = state


def _write(listing: Listing, facts: ListingFacts) -> None:
    material = taxonomy().materials[facts.material]
    site = db.session.get_one(Site, facts.site_id)
    quantity_t = to_tonnes(facts.quantity, facts.unit, material)
    listing.kind, listing.title, listing.description = facts.kind, facts.title, facts.description
    listing.language = facts.language
    listing.material, listing.family = material.slug, material.family
    listing.nature, listing.form = facts.nature, facts.form
    listing.low_code, listing.sw_code, listing.hw_code = facts.low_code, facts.sw_code, facts.hw_code
    listing.is_hazardous, listing.accepts_hazard = facts.is_hazardous, facts.accepts_hazard
    listing.quantity, listing.unit, listing.rhythm = facts.quantity, facts.unit, facts.rhythm
    listing.quantity_t = quantity_t
    listing.total_t = total_t(quantity_t, facts.rhythm, facts.available_from, facts.available_until)
    listing.available_from, listing.available_until = facts.available_from, facts.available_until
    listing.price_cny_per_t = facts.price_cny_per_t
    listing.site_id, listing.park_id, listing.lat, listing.lon = site.id, site.park_id, site.lat, site.lon
