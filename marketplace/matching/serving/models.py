"""What changed: rows that triggers write."""

from sqlalchemy.orm import Mapped, mapped_column

from marketplace.extensions import db


class ListingChange(db.Model):
    """A listing was posted or changed, or the licences of its enterprise were; in order of `id`, pruned by builds."""

    __tablename__ = "listing_change"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int]
