"""“Not for us, because …”: recorded once, and heeded by the next suggestions of that enterprise."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import User
from marketplace.extensions import db
from marketplace.listings.models import Listing
from marketplace.matching import events
from marketplace.matching.models import Dismissal, DismissalReason
from marketplace.places import road_km


def dismiss(listing: Listing, other: Listing, reason: DismissalReason, by: User) -> Dismissal:
    """Put a suggestion aside; saying it again changes the reason."""
    found = db.session.scalar(
        select(Dismissal).where(Dismissal.listing_id == listing.id, Dismissal.other_id == other.id)
    )
    if found is None:
        found = Dismissal(listing_id=listing.id, other_id=other.id, enterprise_id=listing.enterprise_id)
    found.reason, found.user_id = reason, by.id
    db.session.add(found)
    events.note_dismissed(listing, other.id, reason)
    db.session.flush()
    return found


def suggest_again(listing: Listing, other_id: int) -> None:
    """Take a dismissal back; nothing happens when there is none."""
    db.session.execute(delete(Dismissal).where(Dismissal.listing_id == listing.id, Dismissal.other_id == other_id))


def dismissals_for(listing: Listing) -> Sequence[Dismissal]:
    """Those of this listing, and those of its enterprise that concern a partner."""
    is_about_partner = (Dismissal.enterprise_id == listing.enterprise_id) & (
        Dismissal.reason == DismissalReason.PARTNER
    )
    return db.session.scalars(
        select(Dismissal)
        .where((Dismissal.listing_id == listing.id) | is_about_partner)
        .options(joinedload(Dismissal.other))
        .order_by(Dismissal.id)
    ).all()


def still_wanted(listing: Listing, dismissals: Sequence[Dismissal]) -> list[ColumnElement[bool]]:
    """Conditions on other listings that leave out what was dismissed and what falls under the same reason."""
    own = [d for d in dismissals if d.listing_id == listing.id]
    materials = {d.other.material for d in own if d.reason is DismissalReason.MATERIAL}
    partners = {d.other.enterprise_id for d in dismissals if d.reason is DismissalReason.PARTNER}
    return [
        Listing.id.not_in({d.other_id for d in own}),
        Listing.material.not_in(materials),
        Listing.enterprise_id.not_in(partners),
    ]


def farthest_km(listing: Listing, dismissals: Sequence[Dismissal]) -> float | None:
    """From where on something was called too far for this listing; None when nothing was."""
    too_far = [d.other for d in dismissals if d.listing_id == listing.id and d.reason is DismissalReason.DISTANCE]
    return min((road_km(listing.lat, listing.lon, o.lat, o.lon) for o in too_far), default=None)
