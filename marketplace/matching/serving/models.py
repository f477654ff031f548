"""What changed: rows that triggers write."""

from sqlalchemy import BigInteger, FetchedValue, Index
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.extensions import db


class ListingChange(db.Model):
    """A listing was posted or changed, or the licences of its enterprise were; pruned by builds.

    `transaction_id` is PostgreSQL's own number of the transaction that wrote it (0 on SQLite): see `changelog`.
    """

    __tablename__ = "listing_change"
    __table_args__ = (Index("ix_listing_change_transaction", "transaction_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int]
    transaction_id: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
