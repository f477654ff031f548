"""One row per stored file; the bytes lie under DATA_DIR/attachments by their digest."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.database import UtcDateTime, now
from marketplace.extensions import db


class Attachment(db.Model):
    """A picture or data sheet of a listing, the picture of a delivery's ticket, or the evidence of a measurement."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id"), index=True)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"), index=True)
    measured_factor_id: Mapped[int | None] = mapped_column(ForeignKey("measured_factor.id"), index=True)
    display_name: Mapped[str] = mapped_column(String(160))
    media_type: Mapped[str] = mapped_column(String(60))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    __table_args__ = (
        CheckConstraint(
            "(listing_id IS NOT NULL AND delivery_id IS NULL AND measured_factor_id IS NULL) "
            "OR (listing_id IS NULL AND delivery_id IS NOT NULL AND measured_factor_id IS NULL) "
            "OR (listing_id IS NULL AND delivery_id IS NULL AND measured_factor_id IS NOT NULL)",
            name="belongs_to_one",
        ),
        CheckConstraint("size_bytes > 0", name="not_empty"),
    )

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")
