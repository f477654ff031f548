"""Who may see, change and answer a listing."""

from sqlalchemy import ColumnElement, or_

from marketplace.accounts.policy import Permission, Viewer, rule, visibility
from marketplace.listings.models import Listing, ListingState


@visibility(Listing)
def _published_or_own(who: Viewer) -> ColumnElement[bool]:
    published = Listing.published_at.is_not(None)
    return or_(published, Listing.enterprise_id == who.enterprise_id) if who.enterprise_id else published


@rule(Listing, Permission.EDIT)
def _own(who: Viewer, listing: Listing) -> bool:
    return who.is_trader and listing.enterprise_id == who.enterprise_id


@rule(Listing, Permission.REQUEST)
def _request(who: Viewer, listing: Listing) -> bool:
    return (
        who.is_trader
        and who.is_approved
        and listing.enterprise_id != who.enterprise_id
        and listing.state is ListingState.OPEN
    )


@rule(Listing, Permission.SEE_CONTACT)
def _members_see_who(who: Viewer, listing: Listing) -> bool:
    """Signed-in people of approved enterprises and of the district see the enterprise's name."""
    return who.is_approved or who.office is not None or listing.enterprise_id == who.enterprise_id
