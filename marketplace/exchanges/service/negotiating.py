"""Request, propose, accept, and the thread of messages."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select

from marketplace.accounts.licences import covers
from marketplace.accounts.models import Licence, Site, User
from marketplace.calendar import today
from marketplace.exchanges.errors import (
    AlreadyRequested,
    LicenceMissing,
    ListingNotOpen,
    NotPossibleNow,
    OwnListing,
    StaleRevision,
    UnknownUse,
)
from marketplace.exchanges.models import (
    EVEN_PERCENT,
    Exchange,
    ExchangeState,
    Message,
    Mode,
    Recurrence,
    Side,
    TermsAcceptance,
    TermsRevision,
    TransportBy,
)
from marketplace.exchanges.service.party import Party, record, tell
from marketplace.exchanges.state import ENDED, Action
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings import service as listings
from marketplace.listings.errors import NotEnoughLeft
from marketplace.listings.models import Kind, Listing, ListingState


@dataclass(frozen=True, slots=True)
class TermsFacts:
    """What one side proposes. `use` is a documented use of the material, or empty: nothing is displaced then.

    `supplier_percent`: the supplier's share of the saving, 0 to 100; the receiver has the rest (METHOD.md §6).
    `recurrence`: settled once, or for each month or quarter from the first delivery to the last.
    """

    quantity_t: Decimal
    price_cny_per_t: Decimal
    deliver_from: date
    deliver_until: date
    transport_by: TransportBy
    mode: Mode
    use: str
    note: str
    supplier_percent: Decimal = EVEN_PERCENT
    recurrence: Recurrence = Recurrence.ONCE


def request(
    listing_id: int, by: User, site_id: int, terms: TermsFacts, submission: str, counter_listing_id: int | None = None
) -> Exchange:
    """Open an exchange about a listing; the first terms are those of the requester.

    Raises:
        ListingNotOpen, OwnListing, AlreadyRequested, LicenceMissing, UnknownUse: as their names say.
        NotEnoughLeft: less than the asked quantity is free.
    """
    assert by.membership is not None
    own_id = by.membership.enterprise_id
    sent = db.session.scalar(select(Exchange).where(Exchange.submission == submission))
    if sent and sent.side_of(own_id) is sent.requested_by:
        return sent
    listing = listings.lock(listing_id)
    _require_requestable(listing, own_id)
    exchange = _new_exchange(listing, own_id, site_id, counter_listing_id, submission)
    _require_use(listing.material, terms.use)
    if listing.free_t < terms.quantity_t:
        raise NotEnoughLeft(listing.free_t)
    db.session.add(exchange)
    db.session.flush()
    _require_licence(exchange)
    _add_revision(exchange, exchange.requested_by, by, terms, submission)
    record(exchange, "request", ExchangeState.REQUESTED, by, exchange.requested_by)
    tell(exchange, exchange.requested_by.other, "request")
    return exchange


def propose(party: Party, terms: TermsFacts, submission: str) -> TermsRevision:
    """Answer with other terms; the proposer accepts them by proposing.

    Raises:
        NotPossibleNow, UnknownUse: as their names say.
    """
    sent = db.session.scalar(select(TermsRevision).where(TermsRevision.submission == submission))
    if sent and sent.exchange_id == party.exchange.id:
        return sent
    party.require(Action.PROPOSE)
    _require_use(party.exchange.material, terms.use)
    revision = _add_revision(party.exchange, party.side, party.user, terms, submission)
    party.step("propose", ExchangeState.NEGOTIATING)
    return revision


def accept(party: Party, revision_number: int) -> None:
    """Accept the current terms; when both sides have, the quantity is reserved and the exchange agreed.

    Raises:
        StaleRevision: newer terms were proposed.
        NotPossibleNow: the exchange is not under negotiation.
        NotEnoughLeft: somebody else got the quantity first.
        LicenceMissing: the receiver may not take this waste.
    """
    exchange, terms = party.exchange, party.exchange.current_terms
    if terms.number == revision_number and terms.is_accepted_by(party.side):
        return  # sent twice
    if terms.number != revision_number and exchange.state not in ENDED:
        raise StaleRevision
    party.require(Action.ACCEPT)
    _require_licence(exchange)
    terms.acceptances.append(TermsAcceptance(side=party.side, user_id=party.user.id))
    db.session.flush()
    if not terms.is_agreed:  # pragma: no cover - the proposer accepted by proposing
        return
    for listing_id in held_listings(exchange):
        listings.reserve(listing_id, exchange.id, terms.quantity_t)
    exchange.use = terms.use
    party.step("accept", ExchangeState.AGREED)


def held_listings(exchange: Exchange) -> list[int]:
    """The listings whose quantity an agreed exchange holds, in the order in which they are locked."""
    return sorted({i for i in (exchange.listing_id, exchange.counter_listing_id) if i is not None})


def write_message(party: Party, text: str, submission: str) -> None:
    """Add a sentence to the thread; a second sending adds nothing."""
    if db.session.scalar(select(Message.id).where(Message.submission == submission)):
        return
    db.session.add(
        Message(submission=submission, exchange_id=party.exchange.id, user_id=party.user.id, side=party.side, text=text)
    )
    tell(party.exchange, party.side.other, "message")


def _require_requestable(listing: Listing, own_id: int) -> None:
    if listing.enterprise_id == own_id:
        raise OwnListing
    if listing.state is not ListingState.OPEN or listing.available_until < today():
        raise ListingNotOpen
    under_way = db.session.scalar(
        select(Exchange.id)
        .where(Exchange.listing_id == listing.id, Exchange.state.not_in(ENDED))
        .where(or_(Exchange.supplier_id == own_id, Exchange.receiver_id == own_id))
        .limit(1)
    )
    if under_way:
        raise AlreadyRequested(under_way)


def _new_exchange(
    listing: Listing, own_id: int, site_id: int, counter_listing_id: int | None, submission: str
) -> Exchange:
    own_site = db.session.get_one(Site, site_id)
    if own_site.enterprise_id != own_id:
        raise NotPossibleNow
    counter = db.session.get(Listing, counter_listing_id) if counter_listing_id else None
    if counter is not None and (counter.enterprise_id != own_id or counter.kind is listing.kind):
        raise NotPossibleNow
    side = Side.RECEIVER if listing.kind is Kind.OFFER else Side.SUPPLIER
    parties = {side: (own_id, own_site.id), side.other: (listing.enterprise_id, listing.site_id)}
    offer = listing if listing.kind is Kind.OFFER else counter
    return Exchange(
        uuid=str(uuid.uuid4()),
        submission=submission,
        listing_id=listing.id,
        counter_listing_id=counter.id if counter else None,
        requested_by=side,
        supplier_id=parties[Side.SUPPLIER][0],
        supplier_site_id=parties[Side.SUPPLIER][1],
        receiver_id=parties[Side.RECEIVER][0],
        receiver_site_id=parties[Side.RECEIVER][1],
        material=(offer or listing).material,
    )


def _add_revision(exchange: Exchange, side: Side, user: User, terms: TermsFacts, submission: str) -> TermsRevision:
    revision = TermsRevision(
        submission=submission,
        exchange=exchange,
        number=len(exchange.revisions) + 1,
        proposed_by=side,
        user_id=user.id,
        quantity_t=terms.quantity_t,
        price_cny_per_t=terms.price_cny_per_t,
        deliver_from=terms.deliver_from,
        deliver_until=terms.deliver_until,
        transport_by=terms.transport_by,
        mode=terms.mode,
        use=terms.use,
        supplier_percent=terms.supplier_percent,
        recurrence=terms.recurrence,
        note=terms.note,
        acceptances=[TermsAcceptance(side=side, user_id=user.id)],
    )
    db.session.add(revision)
    db.session.flush()
    return revision


def _require_use(material: str, use: str) -> None:
    if use and knowledge().of_pair(material, use) is None:
        raise UnknownUse


def _require_licence(exchange: Exchange) -> None:
    """Hazardous waste goes only to a receiver with a verified licence for its category."""
    offers = [
        listing
        for listing in (exchange.listing, exchange.counter_listing)
        if listing is not None and listing.kind is Kind.OFFER
    ]
    hazardous = next((o for o in offers if o.is_hazardous), None)
    if hazardous and not may_take(exchange.receiver_id, hazardous.hw_code):
        raise LicenceMissing(hazardous.hw_code)


def may_take(enterprise_id: int, hw_code: str) -> bool:
    """Whether an enterprise holds a verified licence, valid today, for a category (any, when none is named)."""
    held = select(Licence.id).where(Licence.enterprise_id == enterprise_id, covers(hw_code))
    return db.session.scalar(held.limit(1)) is not None
