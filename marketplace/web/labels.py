"""The words people read for each state, role and choice, in both languages (shared glossary)."""

import enum
from typing import Any

from flask_babel import lazy_gettext as _l

from marketplace.accounts.models import EnterpriseState, Industry, Office, Role
from marketplace.exchanges.models import DeliveryState, ExchangeState, Mode, Recurrence, ReviewState, Side, TransportBy
from marketplace.ledger.models import EntryKind
from marketplace.listings.models import Form, Kind, ListingState, Nature, Rhythm
from marketplace.matching.core.beyond.blends import Objective
from marketplace.matching.models import DismissalReason, Pace
from marketplace.measured.models import MeasuredState

# Pairs, not a dict: StrEnum members of different classes with the same value are equal.
LABELS: list[tuple[enum.StrEnum, Any]] = [
    (Role.OWNER, _l("Owner")),
    (Role.TRADER, _l("Trader")),
    (Role.VIEWER, _l("Viewer")),
    (Office.PARK_MANAGER, _l("Park manager")),
    (Office.DISTRICT_OFFICER, _l("District officer")),
    (Office.AUDITOR, _l("Auditor")),
    (EnterpriseState.PENDING, _l("Waiting for approval")),
    (EnterpriseState.APPROVED, _l("Approved")),
    (EnterpriseState.REJECTED, _l("Rejected")),
    (EnterpriseState.SUSPENDED, _l("Suspended")),
    (MeasuredState.PROPOSED, _l("Waits for an officer")),
    (MeasuredState.APPROVED, _l("Approved")),
    (MeasuredState.REJECTED, _l("Rejected")),
    (MeasuredState.WITHDRAWN, _l("Withdrawn")),
    (Industry.STEEL, _l("Steel")),
    (Industry.METALLURGY, _l("Low-carbon metallurgy")),
    (Industry.NEW_ENERGY, _l("New energy")),
    (Industry.CARBON_SERVICES, _l("Carbon services")),
    (Industry.BIOTECH, _l("Biotech")),
    (Industry.LOGISTICS, _l("Logistics")),
    (Industry.BUILDING_MATERIALS, _l("Building materials")),
    (Industry.CHEMICALS, _l("Chemicals")),
    (Industry.RECYCLING, _l("Recycling")),
    (Industry.FOOD, _l("Food")),
    (Industry.PAPER_PACKAGING, _l("Paper and packaging")),
    (Industry.MACHINERY, _l("Machinery")),
    (Industry.PLASTICS, _l("Plastics")),
    (Industry.ELECTRONICS, _l("Electronics")),
    (Industry.UTILITIES, _l("Water, heat and waste utilities")),
    (Industry.AGRICULTURE, _l("Agriculture")),
    (Industry.TEXTILES, _l("Textiles")),
    (Industry.GLASS, _l("Glass")),
    (Kind.OFFER, _l("Offer")),
    (Kind.WANT, _l("Want")),
    (ListingState.DRAFT, _l("Draft")),
    (ListingState.OPEN, _l("Open")),
    (ListingState.PAUSED, _l("Paused")),
    (ListingState.FULFILLED, _l("Fulfilled")),
    (ListingState.EXPIRED, _l("Expired")),
    (ListingState.CLOSED, _l("Closed")),
    (Rhythm.ONCE, _l("once")),
    (Rhythm.DAY, _l("per day")),
    (Rhythm.WEEK, _l("per week")),
    (Rhythm.MONTH, _l("per month")),
    (Rhythm.YEAR, _l("per year")),
    (Nature.BY_PRODUCT, _l("By-product")),
    (Nature.WASTE, _l("Waste stream")),
    (Nature.SURPLUS, _l("Surplus")),
    (Form.SOLID_LUMP, _l("Solid, lumps")),
    (Form.GRANULES, _l("Granules")),
    (Form.POWDER, _l("Powder")),
    (Form.PASTE, _l("Paste")),
    (Form.SLUDGE, _l("Sludge")),
    (Form.LIQUID, _l("Liquid")),
    (Form.GAS, _l("Gas or heat")),
    (Form.BALES, _l("Bales")),
    (Form.PIECES, _l("Pieces")),
    (Form.FIBRES, _l("Fibres")),
    (ExchangeState.REQUESTED, _l("Requested")),
    (ExchangeState.NEGOTIATING, _l("Negotiating")),
    (ExchangeState.AGREED, _l("Agreed")),
    (ExchangeState.DELIVERING, _l("Delivering")),
    (ExchangeState.COMPLETED, _l("Completed")),
    (ExchangeState.DECLINED, _l("Declined")),
    (ExchangeState.WITHDRAWN, _l("Withdrawn")),
    (ExchangeState.CANCELLED, _l("Cancelled")),
    (ExchangeState.DISPUTED, _l("Disputed")),
    (Side.SUPPLIER, _l("Supplier")),
    (Side.RECEIVER, _l("Receiver")),
    (DeliveryState.RECORDED, _l("Waits for the receiver")),
    (DeliveryState.CONFIRMED, _l("Confirmed")),
    (DeliveryState.DISPUTED, _l("Disputed")),
    (DeliveryState.WITHDRAWN, _l("Withdrawn")),
    (ReviewState.OPEN, _l("Waiting")),
    (ReviewState.APPROVED, _l("Approved")),
    (ReviewState.REJECTED, _l("Sent back")),
    (Recurrence.ONCE, _l("once, when all is delivered")),
    (Recurrence.MONTHLY, _l("every month")),
    (Recurrence.QUARTERLY, _l("every quarter")),
    (TransportBy.SUPPLIER, _l("Supplier delivers")),
    (TransportBy.RECEIVER, _l("Receiver collects")),
    (Mode.TRUCK, _l("Truck, diesel")),
    (Mode.TRUCK_EV, _l("Truck, electric")),
    (Mode.BARGE, _l("Barge")),
    (Mode.RAIL, _l("Rail")),
    (DismissalReason.MATERIAL, _l("not the material we need")),
    (DismissalReason.QUALITY, _l("quality or composition does not suit")),
    (DismissalReason.QUANTITY, _l("too much or too little")),
    (DismissalReason.DISTANCE, _l("too far")),
    (DismissalReason.PRICE, _l("the price")),
    (DismissalReason.PARTNER, _l("not this partner")),
    (DismissalReason.OTHER, _l("another reason")),
    (Pace.AT_ONCE, _l("at once")),
    (Pace.DAILY, _l("in the daily digest")),
    (Objective.CHEAPEST, _l("Cheapest")),
    (Objective.CLEANEST, _l("Avoids most")),
    (EntryKind.ASSESSMENT, _l("Figure")),
    (EntryKind.REVERSAL, _l("Reversal")),
]

COMPONENTS = {
    "disposal": _l("Disposal avoided"),
    "disposal_transport": _l("Haul to disposal avoided"),
    "displaced": _l("Production displaced"),
    "displaced_transport": _l("Haul of the displaced product"),
    "reprocessing": _l("Reprocessing"),
    "transport": _l("Transport"),
    "rejects": _l("Disposal of rejects"),
}


_BY_CLASS = {(type(member), member.value): text for member, text in LABELS}


def label(member: enum.StrEnum) -> str:
    """The word for a state, role or choice."""
    return str(_BY_CLASS[type(member), member.value])


def choices(members: type[enum.StrEnum]) -> list[tuple[str, str]]:
    """Value and word of each member, for a select."""
    return [(m.value, label(m)) for m in members]


def industry_choices() -> list[tuple[str, str]]:
    return choices(Industry)
