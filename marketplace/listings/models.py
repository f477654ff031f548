"""Offers and wants."""

import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Enterprise, Park, Site
from marketplace.attachments.models import Attachment
from marketplace.database import ExactDecimal, Money, Tonnes, UtcDateTime, now, state_column_type
from marketplace.extensions import db


class Kind(enum.StrEnum):
    OFFER = "offer"
    WANT = "want"


class ListingState(enum.StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    CLOSED = "closed"


class Rhythm(enum.StrEnum):
    ONCE = "once"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Nature(enum.StrEnum):
    BY_PRODUCT = "by_product"
    WASTE = "waste"
    SURPLUS = "surplus"


class Form(enum.StrEnum):
    SOLID_LUMP = "solid_lump"
    GRANULES = "granules"
    POWDER = "powder"
    PASTE = "paste"
    SLUDGE = "sludge"
    LIQUID = "liquid"
    GAS = "gas"
    BALES = "bales"
    PIECES = "pieces"
    FIBRES = "fibres"


class Listing(db.Model):
    """An offer or a want of one material at one site.

    `quantity` is in the unit the person typed, per rhythm; `quantity_t` the same in tonnes; `total_t`
    the tonnes over the whole availability, from which exchanges reserve.
    """

    __tablename__ = "listing"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    kind: Mapped[Kind] = mapped_column(state_column_type(Kind))
    state: Mapped[ListingState] = mapped_column(state_column_type(ListingState), default=ListingState.DRAFT)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    park_id: Mapped[int] = mapped_column(ForeignKey("park.id"))
    lat: Mapped[float] = mapped_column(Float)
    lon: Mapped[float] = mapped_column(Float)
    language: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(160))
    description: Mapped[str] = mapped_column(Text, default="")
    material: Mapped[str] = mapped_column(String(60))
    family: Mapped[str] = mapped_column(String(40))
    nature: Mapped[Nature] = mapped_column(state_column_type(Nature), default=Nature.WASTE)
    form: Mapped[Form] = mapped_column(state_column_type(Form))
    low_code: Mapped[str] = mapped_column(String(6), default="")
    sw_code: Mapped[str] = mapped_column(String(4), default="")
    hw_code: Mapped[str] = mapped_column(String(4), default="")
    is_hazardous: Mapped[bool] = mapped_column(default=False)
    accepts_hazard: Mapped[bool] = mapped_column(default=False)
    quantity: Mapped[Decimal] = mapped_column(ExactDecimal(3))
    unit: Mapped[str] = mapped_column(String(10), default="t")
    rhythm: Mapped[Rhythm] = mapped_column(state_column_type(Rhythm), default=Rhythm.ONCE)
    quantity_t: Mapped[Decimal] = mapped_column(Tonnes)
    total_t: Mapped[Decimal] = mapped_column(Tonnes)
    reserved_t: Mapped[Decimal] = mapped_column(Tonnes, default=Decimal(0))
    available_from: Mapped[date]
    available_until: Mapped[date]
    price_cny_per_t: Mapped[Decimal | None] = mapped_column(Money)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    alerted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    enterprise: Mapped[Enterprise] = relationship()
    site: Mapped[Site] = relationship()
    park: Mapped[Park] = relationship()
    attachments: Mapped[list[Attachment]] = relationship(order_by=Attachment.id)
    reservations: Mapped[list["Reservation"]] = relationship(back_populates="listing")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("quantity_t > 0", name="tonnes_positive"),
        CheckConstraint("reserved_t >= 0 AND reserved_t <= total_t", name="reserved_within_total"),
        CheckConstraint("available_from <= available_until", name="dates_in_order"),
        Index("ix_listing_state_published", "state", "published_at", "id"),
        Index("ix_listing_state_family", "state", "family", "published_at", "id"),
        Index("ix_listing_state_material", "state", "material", "kind"),
        Index("ix_listing_state_park", "state", "park_id", "published_at", "id"),
        Index("ix_listing_state_quantity", "state", "quantity_t", "id"),
        Index("ix_listing_state_until", "state", "available_until"),
        Index("ix_listing_alerted", "alerted_at", "state"),
        Index("ix_listing_enterprise", "enterprise_id", "state", "id"),
    )

    @property
    def text(self) -> str:
        """Title and description, as they were typed."""
        return f"{self.title}\n{self.description}"

    @property
    def free_t(self) -> Decimal:
        """Tonnes nobody has reserved yet, over the whole availability."""
        return self.total_t - self.reserved_t


class Reservation(db.Model):
    """Tonnes of a listing that an agreed exchange holds."""

    __tablename__ = "reservation"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), index=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    quantity_t: Mapped[Decimal] = mapped_column(Tonnes)

    listing: Mapped[Listing] = relationship(back_populates="reservations")

    __table_args__ = (
        CheckConstraint("quantity_t >= 0", name="not_negative"),
        Index("uq_reservation_listing_exchange", "listing_id", "exchange_id", unique=True),
    )
