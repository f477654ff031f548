"""States, sides and choices of an exchange."""

import enum


class ExchangeState(enum.StrEnum):
    REQUESTED = "requested"
    NEGOTIATING = "negotiating"
    AGREED = "agreed"
    DELIVERING = "delivering"
    COMPLETED = "completed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"


class Side(enum.StrEnum):
    SUPPLIER = "supplier"
    RECEIVER = "receiver"

    @property
    def other(self) -> "Side":
        return Side.RECEIVER if self is Side.SUPPLIER else Side.SUPPLIER


class DeliveryState(enum.StrEnum):
    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class ReviewState(enum.StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


class TransportBy(enum.StrEnum):
    SUPPLIER = "supplier"
    RECEIVER = "receiver"


class Mode(enum.StrEnum):
    TRUCK = "truck"
    TRUCK_EV = "truck_ev"
    BARGE = "barge"
    RAIL = "rail"
