"""Users, enterprises, their sites and the parks they stand in."""

import enum
import secrets
from datetime import date, datetime
from decimal import Decimal

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, Float, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.database import Tonnes, UtcDateTime, now, state_column_type
from marketplace.extensions import db


class Role(enum.StrEnum):
    """What a member may do for an enterprise."""

    OWNER = "owner"
    TRADER = "trader"
    VIEWER = "viewer"


class Office(enum.StrEnum):
    """What a person does for the district, outside any enterprise."""

    PARK_MANAGER = "park_manager"
    DISTRICT_OFFICER = "district_officer"
    AUDITOR = "auditor"


class EnterpriseState(enum.StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


class Industry(enum.StrEnum):
    """The district's industries, as enterprises name themselves."""

    STEEL = "steel"
    METALLURGY = "metallurgy"
    NEW_ENERGY = "new-energy"
    CARBON_SERVICES = "carbon-services"
    BIOTECH = "biotech"
    LOGISTICS = "logistics"
    BUILDING_MATERIALS = "building-materials"
    CHEMICALS = "chemicals"
    RECYCLING = "recycling"
    FOOD = "food"
    PAPER_PACKAGING = "paper-packaging"
    MACHINERY = "machinery"
    PLASTICS = "plastics"
    ELECTRONICS = "electronics"
    UTILITIES = "utilities"
    AGRICULTURE = "agriculture"
    TEXTILES = "textiles"
    GLASS = "glass"


class Park(db.Model):
    """An industrial area with a boundary; `is_in_district` is false for partners in the delta."""

    __tablename__ = "park"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_zh: Mapped[str] = mapped_column(String(120))
    lat: Mapped[float] = mapped_column(Float)
    lon: Mapped[float] = mapped_column(Float)
    outline: Mapped[str] = mapped_column(Text, default="[]")
    is_in_district: Mapped[bool] = mapped_column(default=True)


class Enterprise(db.Model):
    """A legal person, identified by its unified social credit code."""

    __tablename__ = "enterprise"

    id: Mapped[int] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    pseudonym: Mapped[str] = mapped_column(String(32), unique=True)
    name_en: Mapped[str] = mapped_column(String(160), default="")
    name_zh: Mapped[str] = mapped_column(String(160), default="")
    industry: Mapped[Industry] = mapped_column(state_column_type(Industry))
    about: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[EnterpriseState] = mapped_column(
        state_column_type(EnterpriseState), default=EnterpriseState.PENDING, index=True
    )
    decision_reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # Who registers agrees to the text that says so; who was there before it is asked first (migration 0012).
    is_learned_from: Mapped[bool] = mapped_column(default=True, server_default=false())

    sites: Mapped[list["Site"]] = relationship(back_populates="enterprise", order_by="Site.id")
    memberships: Mapped[list["Membership"]] = relationship(back_populates="enterprise", order_by="Membership.id")
    licences: Mapped[list["Licence"]] = relationship(back_populates="enterprise", order_by="Licence.id")

    __table_args__ = (CheckConstraint("name_en <> '' OR name_zh <> ''", name="has_a_name"),)

    def name(self, language: str) -> str:
        """The name in the reader's language, or the only one there is."""
        return (self.name_zh or self.name_en) if language.startswith("zh") else (self.name_en or self.name_zh)


def member_pseudonym() -> str:
    """What a person is called where names must not stand, such as in ledger entries."""
    return f"member-{secrets.token_hex(8)}"


class User(UserMixin, db.Model):
    """A person who signs in. `pseudonym` is the only thing that the ledger knows of them."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(16), default="en")
    office: Mapped[Office | None] = mapped_column(state_column_type(Office))
    park_id: Mapped[int | None] = mapped_column(ForeignKey("park.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_key: Mapped[str] = mapped_column(String(32))
    wants_digest: Mapped[bool] = mapped_column(default=True)
    pseudonym: Mapped[str] = mapped_column(String(32), unique=True, default=member_pseudonym)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    membership: Mapped["Membership | None"] = relationship(back_populates="user", lazy="joined")
    park: Mapped[Park | None] = relationship()

    def get_id(self) -> str:
        """Identity in the session; a new password ends all older sessions."""
        return f"{self.id}.{self.session_key}"


class Membership(db.Model):
    """A person acts for one enterprise in one role."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    role: Mapped[Role] = mapped_column(state_column_type(Role))

    user: Mapped[User] = relationship(back_populates="membership")
    enterprise: Mapped[Enterprise] = relationship(back_populates="memberships", lazy="joined")


class Invitation(db.Model):
    """An owner asks a colleague in; the link is mailed, only its digest is kept."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(state_column_type(Role))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    enterprise: Mapped[Enterprise] = relationship()


class Site(db.Model):
    """A place of an enterprise; the point is WGS-84."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    park_id: Mapped[int] = mapped_column(ForeignKey("park.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200), default="")
    lat: Mapped[float] = mapped_column(Float)
    lon: Mapped[float] = mapped_column(Float)

    enterprise: Mapped[Enterprise] = relationship(back_populates="sites")
    park: Mapped[Park] = relationship(lazy="joined")

    __table_args__ = (
        CheckConstraint("lat BETWEEN -90 AND 90", name="lat_range"),
        CheckConstraint("lon BETWEEN -180 AND 180", name="lon_range"),
    )


class Licence(db.Model):
    """A hazardous-waste operating licence: which category, how much a year, until when (危险废物经营许可证)."""

    __tablename__ = "licence"

    id: Mapped[int] = mapped_column(primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    number: Mapped[str] = mapped_column(String(60))
    hw_code: Mapped[str] = mapped_column(String(4))
    yearly_quantity_t: Mapped[Decimal] = mapped_column(Tonnes)
    valid_until: Mapped[date]
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    enterprise: Mapped[Enterprise] = relationship(back_populates="licences")


class AuditEvent(db.Model):
    """Who decided what about whom, and why; append-only."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
