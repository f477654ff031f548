"""What people said about suggestions."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.database import UtcDateTime, now, state_column_type
from marketplace.extensions import db
from marketplace.listings.models import Listing


class DismissalReason(enum.StrEnum):
    """Why a suggestion is not for an enterprise."""

    MATERIAL = "material"
    QUALITY = "quality"
    QUANTITY = "quantity"
    DISTANCE = "distance"
    PRICE = "price"
    PARTNER = "partner"
    OTHER = "other"


class Dismissal(db.Model):
    """A suggestion (`other`) for one's own listing that is put aside, with the reason."""

    __tablename__ = "dismissal"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[DismissalReason] = mapped_column(state_column_type(DismissalReason))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    other: Mapped[Listing] = relationship(foreign_keys=[other_id])

    __table_args__ = (UniqueConstraint("listing_id", "other_id", name="uq_dismissal_listing_other"),)
