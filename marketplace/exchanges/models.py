"""Exchanges, their terms, messages, deliveries and confirmations."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Enterprise, Site, User
from marketplace.attachments.models import Attachment
from marketplace.carbon.values import Period
from marketplace.database import ExactDecimal, Kilograms, Money, Percent, Tonnes, UtcDateTime, now, state_column_type
from marketplace.exchanges.kinds import DeliveryState, ExchangeState, Mode, ReviewState, Side, TransportBy
from marketplace.exchanges.periods import Recurrence
from marketplace.extensions import db
from marketplace.listings.models import Listing

__all__ = [
    "EVEN_PERCENT", "Confirmation", "Delivery", "DeliveryState", "Exchange", "ExchangeEvent", "ExchangeState",
    "FigureReview", "Message", "Mode", "Recurrence", "ReviewState", "SettledPeriod", "Side", "TermsAcceptance",
    "TermsRevision", "TransportBy",
]  # fmt: skip


class Exchange(db.Model):
    """One negotiated transfer between two sites.

    `listing_id` is the listing the request was made on; `counter_listing_id` the requester's own
    listing, when the request came from a match of two.
    """

    __tablename__ = "exchange"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    state: Mapped[ExchangeState] = mapped_column(state_column_type(ExchangeState), default=ExchangeState.REQUESTED)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), index=True)
    counter_listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id"), index=True)
    requested_by: Mapped[Side] = mapped_column(state_column_type(Side))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    receiver_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"))
    supplier_site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    receiver_site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    material: Mapped[str] = mapped_column(String(60))
    use: Mapped[str] = mapped_column(String(60), default="")
    state_reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    round: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)

    listing: Mapped[Listing] = relationship(foreign_keys=[listing_id])
    counter_listing: Mapped[Listing | None] = relationship(foreign_keys=[counter_listing_id])
    supplier: Mapped[Enterprise] = relationship(foreign_keys=[supplier_id])
    receiver: Mapped[Enterprise] = relationship(foreign_keys=[receiver_id])
    supplier_site: Mapped[Site] = relationship(foreign_keys=[supplier_site_id])
    receiver_site: Mapped[Site] = relationship(foreign_keys=[receiver_site_id])
    revisions: Mapped[list["TermsRevision"]] = relationship(back_populates="exchange", order_by="TermsRevision.number")
    deliveries: Mapped[list["Delivery"]] = relationship(back_populates="exchange", order_by="Delivery.number")
    confirmations: Mapped[list["Confirmation"]] = relationship(order_by="Confirmation.id")
    reviews: Mapped[list["FigureReview"]] = relationship(back_populates="exchange", order_by="FigureReview.id")
    settled_periods: Mapped[list["SettledPeriod"]] = relationship(order_by="SettledPeriod.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("supplier_id <> receiver_id", name="two_parties"),
        Index("ix_exchange_supplier", "supplier_id", "state", "id"),
        Index("ix_exchange_receiver", "receiver_id", "state", "id"),
        Index("ix_exchange_state", "state", "changed_at"),
    )

    def enterprise_id_of(self, side: Side) -> int:
        return self.supplier_id if side is Side.SUPPLIER else self.receiver_id

    def side_of(self, enterprise_id: int | None) -> Side | None:
        """Which side an enterprise is on; None for a third party."""
        if enterprise_id == self.supplier_id:
            return Side.SUPPLIER
        return Side.RECEIVER if enterprise_id == self.receiver_id else None

    @property
    def current_terms(self) -> "TermsRevision":
        return self.revisions[-1]

    @property
    def current_confirmations(self) -> list["Confirmation"]:
        """Confirmations of the present round."""
        return [c for c in self.confirmations if c.round == self.round]

    def is_confirmed_by(self, side: Side) -> bool:
        return any(c.side == side for c in self.current_confirmations)

    @property
    def open_review(self) -> "FigureReview | None":
        """The officer's review that both confirmations wait for; nothing else is possible meanwhile (ADR 0011)."""
        return next((r for r in self.reviews if r.state is ReviewState.OPEN), None)

    @property
    def standing_periods(self) -> list["SettledPeriod"]:
        """Periods that count in the ledger; a reversal takes one away."""
        return [s for s in self.settled_periods if s.reversed_at is None]

    @property
    def counted_deliveries(self) -> list["Delivery"]:
        """Deliveries that stand: recorded, confirmed or disputed, not withdrawn."""
        return [d for d in self.deliveries if d.state is not DeliveryState.WITHDRAWN]

    @property
    def delivered_t(self) -> Decimal:
        return sum((d.net_t for d in self.counted_deliveries), Decimal(0))


EVEN_PERCENT = Decimal(50)


class TermsRevision(db.Model):
    """An immutable proposal; append-only. `supplier_percent` of the saving is the supplier's."""

    __tablename__ = "terms_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    number: Mapped[int]
    proposed_by: Mapped[Side] = mapped_column(state_column_type(Side))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    quantity_t: Mapped[Decimal] = mapped_column(Tonnes)
    price_cny_per_t: Mapped[Decimal] = mapped_column(Money)
    deliver_from: Mapped[date]
    deliver_until: Mapped[date]
    recurrence: Mapped[Recurrence] = mapped_column(state_column_type(Recurrence), default=Recurrence.ONCE)
    transport_by: Mapped[TransportBy] = mapped_column(state_column_type(TransportBy))
    mode: Mapped[Mode] = mapped_column(state_column_type(Mode))
    use: Mapped[str] = mapped_column(String(60), default="")
    supplier_percent: Mapped[Decimal] = mapped_column(Percent, default=EVEN_PERCENT)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    exchange: Mapped[Exchange] = relationship(back_populates="revisions")
    acceptances: Mapped[list["TermsAcceptance"]] = relationship(order_by="TermsAcceptance.id")
    user: Mapped[User] = relationship()

    __table_args__ = (
        UniqueConstraint("exchange_id", "number"),
        CheckConstraint("quantity_t > 0", name="quantity_positive"),
        CheckConstraint("deliver_from <= deliver_until", name="dates_in_order"),
        *(
            CheckConstraint(f"supplier_percent BETWEEN 0 AND {whole}", name="share_is_a_percentage").ddl_if(dialect)
            for dialect, whole in (("sqlite", 10000), ("postgresql", 100))
        ),
    )

    def is_accepted_by(self, side: Side) -> bool:
        return any(a.side is side for a in self.acceptances)

    @property
    def receiver_percent(self) -> Decimal:
        """What the supplier does not claim: the two are always the whole."""
        return 100 - self.supplier_percent

    @property
    def is_agreed(self) -> bool:
        return all(self.is_accepted_by(side) for side in Side)


class TermsAcceptance(db.Model):
    """One side accepted one revision; append-only."""

    __tablename__ = "terms_acceptance"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("terms_revision.id"), index=True)
    side: Mapped[Side] = mapped_column(state_column_type(Side))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    __table_args__ = (UniqueConstraint("revision_id", "side"),)


class Delivery(db.Model):
    """A weighed batch. `net_t` is the ticket's net weight, wet; `reject_t` what the receiver did not accept."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    number: Mapped[int]
    state: Mapped[DeliveryState] = mapped_column(state_column_type(DeliveryState), default=DeliveryState.RECORDED)
    gross_t: Mapped[Decimal] = mapped_column(Tonnes)
    tare_t: Mapped[Decimal] = mapped_column(Tonnes)
    net_t: Mapped[Decimal] = mapped_column(Tonnes)
    reject_t: Mapped[Decimal] = mapped_column(Tonnes, default=Decimal(0))
    moisture_fraction: Mapped[Decimal] = mapped_column(ExactDecimal(6), default=Decimal(0))
    weighed_on: Mapped[date]
    mode: Mapped[Mode] = mapped_column(state_column_type(Mode))
    distance_km: Mapped[Decimal] = mapped_column(ExactDecimal(1))
    ticket_number: Mapped[str] = mapped_column(String(40))
    weighed_at_site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    vehicle: Mapped[str] = mapped_column(String(20), default="")
    manifest_number: Mapped[str] = mapped_column(String(40), default="")
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    exchange: Mapped[Exchange] = relationship(back_populates="deliveries")
    attachments: Mapped[list[Attachment]] = relationship(order_by=Attachment.id)

    __table_args__ = (
        UniqueConstraint("exchange_id", "number"),
        CheckConstraint("net_t > 0", name="net_positive"),
        CheckConstraint("gross_t - tare_t = net_t", name="net_is_gross_less_tare"),
        CheckConstraint("reject_t >= 0 AND reject_t <= net_t", name="reject_within_net"),
        CheckConstraint("distance_km >= 0", name="distance_not_negative"),
        # METHOD.md §6: a ticket number counts once per site and day.
        Index(
            "uq_delivery_ticket",
            "weighed_at_site_id",
            "weighed_on",
            "ticket_number",
            unique=True,
            sqlite_where=db.text("state <> 'withdrawn'"),
            postgresql_where=db.text("state <> 'withdrawn'"),
        ),
    )


class Confirmation(db.Model):
    """One side confirms that the exchange is complete, or a period of it; append-only. A reversal opens the next round.

    `number` is its place in the log of confirmations, `leaf_hash` the hash under which it stands there (`ledger.
    confirmations`). Those from before there was that log have neither, but a seal: `signature`, made by the key `vkey`.
    """

    __tablename__ = "confirmation"

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    side: Mapped[Side] = mapped_column(state_column_type(Side))
    round: Mapped[int]
    revision: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    starts_on: Mapped[date | None]
    ends_before: Mapped[date | None]
    terms_sha256: Mapped[str] = mapped_column(String(64), default="")
    number: Mapped[int | None] = mapped_column(index=True, unique=True)
    leaf_hash: Mapped[str] = mapped_column(String(64), default="")
    vkey: Mapped[str] = mapped_column(String(400), default="")
    signature: Mapped[str] = mapped_column(String(88), default="")
    user: Mapped[User] = relationship()

    __table_args__ = (UniqueConstraint("exchange_id", "round", "side"),)


class SettledPeriod(db.Model):
    """A period of a recurring exchange that counts in the ledger, with its entry; `reversed_at`: no longer.

    No two that stand share a day: the periods of an exchange are whole months or quarters.
    """

    __tablename__ = "settled_period"

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    position: Mapped[int] = mapped_column(ForeignKey("ledger_entry.position"), unique=True)
    starts_on: Mapped[date]
    ends_before: Mapped[date]
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("starts_on < ends_before", name="period_in_order"),
        Index(
            "uq_settled_period_stands",
            "exchange_id",
            "starts_on",
            unique=True,
            sqlite_where=db.text("reversed_at IS NULL"),
            postgresql_where=db.text("reversed_at IS NULL"),
        ),
    )

    @property
    def period(self) -> Period:
        return Period(self.starts_on, self.ends_before)


class Message(db.Model):
    """A sentence in the exchange's thread; seen by the two parties only."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    side: Mapped[Side] = mapped_column(state_column_type(Side))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    user: Mapped[User] = relationship()


class ExchangeEvent(db.Model):
    """The timeline: each change of state, by whom and why; append-only."""

    __tablename__ = "exchange_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    action: Mapped[str] = mapped_column(String(40))
    state: Mapped[ExchangeState] = mapped_column(state_column_type(ExchangeState))
    side: Mapped[Side | None] = mapped_column(state_column_type(Side))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class FigureReview(db.Model):
    """An implausible figure waits here, both sides having confirmed, until an officer lets it count or sends it back.

    `findings` is the list of concerns with their facts as JSON; `net_kgco2e` the figure that raised them;
    `without_disposal`: it counts without the avoided disposal, from this decision on.
    """

    __tablename__ = "figure_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"))
    round: Mapped[int]
    state: Mapped[ReviewState] = mapped_column(state_column_type(ReviewState), default=ReviewState.OPEN)
    findings: Mapped[str] = mapped_column(Text)
    net_kgco2e: Mapped[Decimal] = mapped_column(Kilograms)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    without_disposal: Mapped[bool] = mapped_column(default=False)

    exchange: Mapped[Exchange] = relationship(back_populates="reviews")
    decided_by: Mapped[User | None] = relationship()

    __table_args__ = (
        UniqueConstraint("exchange_id", "round"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_when_not_open"),
        Index("ix_figure_review_state", "state", "id"),
    )
