"""Send a stored file to those who may see what it belongs to."""

from flask import Blueprint, abort, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, or_

from marketplace.accounts.policy import Viewer, find_or_404, may_see, visibility
from marketplace.attachments import service
from marketplace.attachments.models import Attachment
from marketplace.exchanges.models import Delivery
from marketplace.extensions import db
from marketplace.listings.models import Listing
from marketplace.measured.models import MeasuredFactor

bp = Blueprint("attachments", __name__)


@visibility(Attachment)
def _as_its_owner(who: Viewer) -> ColumnElement[bool]:
    listings = db.select(Listing.id).where(may_see(Listing, who))
    deliveries = db.select(Delivery.id).where(may_see(Delivery, who))
    measured = db.select(MeasuredFactor.id).where(may_see(MeasuredFactor, who))
    return or_(
        Attachment.listing_id.in_(listings),
        Attachment.delivery_id.in_(deliveries),
        Attachment.measured_factor_id.in_(measured),
    )


@bp.get("/attachments/<int:attachment_id>")
def download(attachment_id: int) -> ResponseReturnValue:
    attachment = find_or_404(Attachment, attachment_id)
    path = service.path_of(attachment)
    if not path.exists():
        abort(404)
    response = send_file(
        path,
        mimetype=attachment.media_type,
        as_attachment=not attachment.is_picture,
        download_name=attachment.display_name,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
