"""What people said about suggestions, what became of them, what plants do for others, what they want to hear of."""

import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Enterprise, Park, Site
from marketplace.database import ExactDecimal, Money, Tonnes, UtcDateTime, now, state_column_type
from marketplace.extensions import db
from marketplace.listings.models import Kind, Listing
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


class TreatmentService(db.Model):
    """What an enterprise does with the material of others at one of its sites, per tonne it takes.

    `takes` is the slug of a material or of a family; `gives` that of the material it becomes, empty when it is only
    prepared. `capacity_t` is per month; `yield_fraction` tonnes given per tonne taken.
    """

    __tablename__ = "treatment_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    process: Mapped[str] = mapped_column(String(40))
    takes: Mapped[str] = mapped_column(String(60))
    gives: Mapped[str] = mapped_column(String(60), default="")
    capacity_t: Mapped[Decimal] = mapped_column(Tonnes)
    yield_fraction: Mapped[Decimal] = mapped_column(ExactDecimal(4))
    price_cny_per_t: Mapped[Decimal] = mapped_column(Money)
    emission_kgco2e_per_t: Mapped[Decimal] = mapped_column(ExactDecimal(3))
    remark: Mapped[str] = mapped_column(String(400), default="")
    is_offered: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    enterprise: Mapped[Enterprise] = relationship()
    site: Mapped[Site] = relationship()

    __table_args__ = (
        CheckConstraint("capacity_t > 0", name="capacity_positive"),
        CheckConstraint("yield_fraction > 0", name="yield_positive"),
        Index("ix_treatment_takes", "takes", "is_offered"),
    )


class Pace(enum.StrEnum):
    """How soon an enterprise wants to hear of what fits an interest."""

    AT_ONCE = "at_once"
    DAILY = "daily"


class Interest(db.Model):
    """A search an enterprise saved, to hear of new listings that it would find; all that is given must hold.

    `kind` is that of the listings it waits for; `materials` are alternatives; `use` is what the material is to serve.
    `within_km` is by road from `near_park` or `site`, else from the enterprise's first site. An ended one is mute.
    """

    __tablename__ = "interest"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[Kind] = mapped_column(state_column_type(Kind))
    words: Mapped[str] = mapped_column(String(200), default="")
    use: Mapped[str] = mapped_column(String(60), default="")
    family: Mapped[str] = mapped_column(String(40), default="")
    park_id: Mapped[int | None] = mapped_column(ForeignKey("park.id"))
    is_hazardous: Mapped[bool | None]
    minimum_t: Mapped[Decimal | None] = mapped_column(Tonnes)
    within_km: Mapped[Decimal | None] = mapped_column(ExactDecimal(1))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id", ondelete="SET NULL"))
    near_park_id: Mapped[int | None] = mapped_column(ForeignKey("park.id"))
    pace: Mapped[Pace] = mapped_column(state_column_type(Pace), default=Pace.AT_ONCE)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    enterprise: Mapped[Enterprise] = relationship()
    park: Mapped[Park | None] = relationship(foreign_keys=[park_id])
    site: Mapped[Site | None] = relationship()
    near_park: Mapped[Park | None] = relationship(foreign_keys=[near_park_id])
    materials: Mapped[list["InterestMaterial"]] = relationship(
        cascade="all, delete-orphan", order_by="InterestMaterial.material"
    )

    __table_args__ = (
        CheckConstraint("within_km > 0", name="within_positive"),
        CheckConstraint("site_id IS NULL OR near_park_id IS NULL", name="one_origin"),
        Index("ix_interest_waiting", "kind", "ended_at"),
    )

    @property
    def slugs(self) -> tuple[str, ...]:
        """The materials of which any will do; empty when that is open."""
        return tuple(m.material for m in self.materials)


class InterestMaterial(db.Model):
    """One of the materials an interest would take."""

    __tablename__ = "interest_material"

    interest_id: Mapped[int] = mapped_column(ForeignKey("interest.id", ondelete="CASCADE"), primary_key=True)
    material: Mapped[str] = mapped_column(String(60), primary_key=True)


class Digest(db.Model):
    """The one digest of a person on one day as Shanghai counts days; the unique pair makes it one."""

    __tablename__ = "digest"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    day: Mapped[date]
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    lines: Mapped[list["DigestLine"]] = relationship(back_populates="digest", order_by="DigestLine.id")

    __table_args__ = (UniqueConstraint("user_id", "day", name="uq_digest_user_day"),)


class DigestLine(db.Model):
    """A new listing that waits for, or stood in, a person's digest; told once, however often it was found."""

    __tablename__ = "digest_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digest.id"))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    listing: Mapped[Listing] = relationship()
    digest: Mapped[Digest | None] = relationship(back_populates="lines")

    __table_args__ = (
        UniqueConstraint("user_id", "listing_id", name="uq_digest_line_user_listing"),
        Index("ix_digest_line_waiting", "digest_id", "user_id"),
    )
