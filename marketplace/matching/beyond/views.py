"""Pages beyond one offer and one want: several together, through a treatment, and the treatments that plants offer."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts import queries as account_queries
from marketplace.accounts.policy import Permission, find_or_404, may, viewer
from marketplace.listings.maps import listing_map
from marketplace.listings.models import Listing, ListingState
from marketplace.matching import feedback
from marketplace.matching.beyond.combining import combinations
from marketplace.materials.thesaurus import thesaurus
from marketplace.web.language import language

bp = Blueprint("beyond", __name__)


@bp.get("/listings/<int:listing_id>/together")
def together(listing_id: int) -> ResponseReturnValue:
    """Several small offers for a want, or several wants for an offer."""
    listing, who = find_or_404(Listing, listing_id), viewer()
    may_edit = may(who, Permission.EDIT, listing)
    found = combinations(listing, who, feedback.dismissals_for(listing) if may_edit else ())
    partners = list({row.listing.id: row.listing for made in found for row in made.rows}.values())
    return render_template(
        "beyond/together.html",
        listing=listing,
        found=found,
        component_name=lambda slug: thesaurus().concepts[slug].name(language()),
        map=listing_map(listing, partners, account_queries.parks(), language()) if partners else None,
        may_request=may_edit and listing.state is ListingState.OPEN and may(who, Permission.TRADE),
    )
