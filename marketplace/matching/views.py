"""Pages about suggestions: put one aside with a reason, and take that back."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from marketplace.accounts.policy import Permission, find_or_404
from marketplace.database import transaction
from marketplace.listings.models import Listing
from marketplace.matching import feedback
from marketplace.matching.forms import DismissalForm
from marketplace.matching.models import DismissalReason

bp = Blueprint("matching", __name__)


@bp.route("/listings/<int:listing_id>/not-for-us/<int:other_id>", methods=["GET", "POST"])
@login_required
def dismiss(listing_id: int, other_id: int) -> ResponseReturnValue:
    listing, other = find_or_404(Listing, listing_id, Permission.EDIT), find_or_404(Listing, other_id)
    if other.kind is listing.kind:
        abort(404)
    form = DismissalForm()
    if not form.validate_on_submit():
        page = render_template("matching/dismiss.html", form=form, listing=listing, other=other)
        return page, 422 if form.errors else 200
    with transaction():
        feedback.dismiss(listing, other, DismissalReason(form.reason.data), current_user)
    flash(gettext("It is no longer suggested, nor is what falls under the same reason."), "success")
    return redirect(url_for("listings.detail", listing_id=listing_id), 303)


@bp.post("/listings/<int:listing_id>/not-for-us/<int:other_id>/undo")
@login_required
def suggest_again(listing_id: int, other_id: int) -> ResponseReturnValue:
    listing = find_or_404(Listing, listing_id, Permission.EDIT)
    with transaction():
        feedback.suggest_again(listing, other_id)
    return redirect(url_for("listings.detail", listing_id=listing_id), 303)
