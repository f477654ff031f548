"""What people said about suggestions, and what became of them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.database import UtcDateTime, now, state_column_type
from marketplace.extensions import db
from marketplace.listings.models import Listing
from marketplace.matching.core.learning import DismissalReason, EventKind

__all__ = ["Dismissal", "DismissalReason", "EventKind", "MatchEvent"]


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


class MatchEvent(db.Model):
    """One thing that happened to the suggestion of `other` for an enterprise's own listing; append-only.

    Holds no person, only the enterprise, and only with its consent (`Enterprise.is_learned_from`). `position` and
    `model_version` say where it stood when it was shown and who ranked it; `day` is Shanghai's.
    """

    __tablename__ = "match_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EventKind] = mapped_column(state_column_type(EventKind))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    position: Mapped[int | None]
    model_version: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[DismissalReason | None] = mapped_column(state_column_type(DismissalReason))
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    __table_args__ = (
        CheckConstraint("position IS NULL OR position > 0", name="position_from_one"),
        CheckConstraint("(kind = 'dismissed') = (reason IS NOT NULL)", name="reason_of_dismissal"),
        Index(
            "uq_match_event_once_a_day",
            "listing_id",
            "other_id",
            "kind",
            "day",
            unique=True,
            sqlite_where=text("kind IN ('shown', 'opened')"),
            postgresql_where=text("kind IN ('shown', 'opened')"),
        ),
    )
