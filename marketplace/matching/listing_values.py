"""Listings of the database as the matcher's core sees them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, false, or_, select

from marketplace.accounts.licences import covers, is_valid
from marketplace.accounts.models import Licence
from marketplace.extensions import db
from marketplace.listings.models import Kind, Listing
from marketplace.listings.quantities import monthly_t
from marketplace.matching.core.values import MatchListing

Licences = Mapping[int, tuple[str, ...]]


def as_value(listing: Listing, licences: Licences) -> MatchListing:
    """The listing as the core sees it."""
    return MatchListing(
        id=str(listing.id),
        is_offer=listing.kind is Kind.OFFER,
        title=listing.title,
        description=listing.description,
        lat=listing.lat,
        lon=listing.lon,
        language=listing.language,
        material=listing.material,
        codes=tuple(c for c in (listing.low_code, listing.sw_code, listing.hw_code) if c),
        monthly_t=float(monthly_t(listing.quantity_t, listing.rhythm)),
        is_hazardous=listing.is_hazardous,
        hw_code=listing.hw_code,
        accepts_hazard=listing.accepts_hazard and bool(licences.get(listing.enterprise_id)),
        hw_codes=licences.get(listing.enterprise_id, ()),
        available_from=listing.available_from,
        available_until=listing.available_until,
        price_cny_per_t=None if listing.price_cny_per_t is None else float(listing.price_cny_per_t),
        enterprise=str(listing.enterprise_id),
    )


def offer_and_want(one: Listing, other: Listing) -> tuple[Listing, Listing]:
    """The two of a pair in this order."""
    return (one, other) if one.kind is Kind.OFFER else (other, one)


def licences_of(listings: Sequence[Listing]) -> Licences:
    """Verified categories of the enterprises of wants; without one nobody may take hazardous waste."""
    return licences_of_enterprises({x.enterprise_id for x in listings if x.kind is Kind.WANT and x.accepts_hazard})


def licences_of_enterprises(ids: set[int]) -> Licences:
    """Categories verified and valid today, by enterprise; those without any are not in it."""
    if not ids:
        return {}
    rows = db.session.execute(
        select(Licence.enterprise_id, Licence.hw_code).where(Licence.enterprise_id.in_(ids), is_valid())
    )
    found: dict[int, tuple[str, ...]] = {}
    for enterprise_id, code in rows:
        found[enterprise_id] = (*found.get(enterprise_id, ()), code)
    return found


def may_take(listing: Listing) -> tuple[ColumnElement[bool], ...]:
    """What the core's filter says of hazard and licences, as conditions on the partners of a listing."""
    if listing.kind is Kind.OFFER:
        if not listing.is_hazardous:
            return ()
        licensed = select(Licence.enterprise_id).where(covers(listing.hw_code))
        return (Listing.accepts_hazard.is_(True), Listing.enterprise_id.in_(licensed))
    codes = licences_of([listing]).get(listing.enterprise_id, ())
    return (or_(~Listing.is_hazardous, Listing.hw_code.in_(("", *codes)) if codes else false()),)
