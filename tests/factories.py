"""Things to test with; each states only what matters and takes the rest as usual."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from marketplace.accounts.models import (
    Enterprise,
    EnterpriseState,
    Industry,
    Licence,
    Membership,
    Office,
    Park,
    Role,
    Site,
    User,
)
from marketplace.accounts.parks import load_parks
from marketplace.accounts.service import new_user
from marketplace.attachments.service import Upload
from marketplace.calendar import today
from marketplace.database import now, transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Exchange, Mode, Recurrence, Side, TransportBy
from marketplace.exchanges.service import DeliveryFacts, TermsFacts
from marketplace.extensions import db
from marketplace.listings import service as listings
from marketplace.listings.models import Form, Kind, Listing, Nature, Rhythm
from marketplace.listings.service import ListingFacts
from marketplace.matching.beyond import treatments
from marketplace.matching.beyond.treatments import TreatmentFacts
from marketplace.matching.interests import service as interests
from marketplace.matching.interests.service import InterestFacts
from marketplace.matching.models import Interest, Pace, TreatmentService
from marketplace.measured import service as measured
from marketplace.measured.models import MeasuredFactor
from marketplace.measured.service import Proposal

PASSWORD = "three unrelated words"
USCC = {
    "ironworks": "91310113MAAY4CL12Q",
    "grinding": "91310113MA2TH3BJ32",
    "third": "91310113MA1XG6125E",
    "newcomer": "91310113MADD272H4C",
}
_counter = itertools.count(1)


@dataclass(slots=True)
class World:
    """Three approved enterprises with a site each, one that waits, and the district's people, by id."""

    ironworks: int
    grinding: int
    third: int
    newcomer: int

    @classmethod
    def build(cls) -> "World":
        load_parks()
        made = {
            "ironworks": enterprise("ironworks", "wusong", 31.372, 121.482),
            "grinding": enterprise("grinding", "luojing", 31.478, 121.340),
            "third": enterprise("third", "nanda", 31.292, 121.382),
            "newcomer": enterprise("newcomer", "nanda", 31.290, 121.380, EnterpriseState.PENDING),
        }
        for office in Office:
            person = user(f"{office.value}@example.com")
            person.office = office
            if office is Office.PARK_MANAGER:
                person.park = park("wusong")
        db.session.flush()
        return cls(**{key: e.id for key, e in made.items()})


def park(code: str) -> Park:
    return db.session.query(Park).filter_by(code=code).one()


def user(email: str) -> User:
    person = new_user(email, email.split("@")[0].title(), PASSWORD, "en")
    person.confirmed_at = now()
    db.session.add(person)
    return person


def enterprise(
    key: str, park_code: str, lat: float, lon: float, state: EnterpriseState = EnterpriseState.APPROVED
) -> Enterprise:
    made = Enterprise(
        uscc=USCC[key],
        pseudonym=f"ent-{key}",
        name_en=key.title(),
        name_zh=f"{key}（示例）",
        industry=Industry.STEEL,
        state=state,
    )
    db.session.add(made)
    made.sites.append(Site(park=park(park_code), name=f"{key} site", lat=lat, lon=lon))
    for role in Role:
        db.session.add(Membership(user=user(f"{role.value}@{key}.example"), enterprise=made, role=role))
    db.session.flush()
    return made


def trader(key: str) -> User:
    return find_user(f"trader@{key}.example")


def find_user(email: str) -> User:
    return db.session.query(User).filter_by(email=email).one()


def listing_facts(key: str = "ironworks", **changes: object) -> ListingFacts:
    site = db.session.query(Site).join(Enterprise).filter(Enterprise.uscc == USCC[key]).order_by(Site.id).first()
    assert site is not None
    usual: dict[str, object] = {
        "kind": Kind.OFFER,
        "title": "Granulated blast furnace slag",
        "description": "moisture 10 %",
        "language": "en",
        "material": "gbfs",
        "nature": Nature.WASTE,
        "form": Form.GRANULES,
        "low_code": "100202",
        "sw_code": "SW01",
        "hw_code": "",
        "is_hazardous": False,
        "accepts_hazard": False,
        "quantity": Decimal(100),
        "unit": "t",
        "rhythm": Rhythm.ONCE,
        "available_from": today(),
        "available_until": today() + timedelta(days=60),
        "price_cny_per_t": Decimal(12),
        "site_id": site.id,
    }
    return ListingFacts(**(usual | changes))  # type: ignore[arg-type]


def open_listing(key: str = "ironworks", **changes: object) -> Listing:
    """A published listing, committed."""
    with transaction():
        made = listings.post(listing_facts(key, **changes), trader(key), str(uuid.uuid4()), publish_now=True)
    return made


def saved_interest(key: str = "grinding", **changes: object) -> Interest:
    """What an enterprise waits for, in the caller's transaction: offers of slag, told at once."""
    usual: dict[str, object] = {"kind": Kind.OFFER, "pace": Pace.AT_ONCE}
    usual |= changes or {"words": "slag"}
    return interests.save(InterestFacts(**usual), trader(key), str(uuid.uuid4()))  # type: ignore[arg-type]


def terms(**changes: object) -> TermsFacts:
    usual: dict[str, object] = {
        "quantity_t": Decimal(40),
        "price_cny_per_t": Decimal(12),
        "deliver_from": today(),
        "deliver_until": today() + timedelta(days=30),
        "transport_by": TransportBy.RECEIVER,
        "mode": Mode.TRUCK,
        "use": "",
        "note": "",
    }
    return TermsFacts(**(usual | changes))  # type: ignore[arg-type]


def requested(listing: Listing, by: str = "grinding", **changes: object) -> Exchange:
    """An exchange that waits for the owner of the listing."""
    key = str(uuid.uuid4())
    with transaction():
        buyer = trader(by)
        assert buyer.membership is not None
        site = buyer.membership.enterprise.sites[0]
        made = exchanges.request(listing.id, buyer, site.id, terms(**changes), key)
    return made


def side_user(exchange: Exchange, side: Side) -> User:
    enterprise_id = exchange.enterprise_id_of(side)
    return (
        db.session.query(User)
        .join(Membership, Membership.user_id == User.id)
        .filter(Membership.enterprise_id == enterprise_id, Membership.role == Role.TRADER)
        .one()
    )


def agreed(listing: Listing, by: str = "grinding", **changes: object) -> Exchange:
    """An exchange whose first terms the owner of the listing accepted."""
    exchange = requested(listing, by, **changes)
    with transaction():
        party = exchanges.as_party(exchange.id, side_user(exchange, exchange.requested_by.other))
        exchanges.accept(party, 1)
    return exchange


def recurring(listing: Listing, by: str = "grinding", **changes: object) -> Exchange:
    """A monthly exchange since last month, of which one delivery of last month is confirmed: it is due to be closed."""
    last_month = today().replace(day=1) - timedelta(days=1)
    usual: dict[str, object] = {"recurrence": Recurrence.MONTHLY, "deliver_from": last_month, "use": "scm-cement"}
    exchange = agreed(listing, by, **(usual | changes))
    delivered(exchange, weighed_on=last_month)
    return exchange


def delivery_facts(exchange: Exchange, **changes: object) -> DeliveryFacts:
    number = next(_counter)
    unlike = Decimal(number % 1000) / 1000  # no two lorries weigh the same: that would be one load counted twice
    usual: dict[str, object] = {
        "gross_t": Decimal(35) + unlike,
        "tare_t": Decimal(15) + unlike,
        "moisture_fraction": Decimal("0.1"),
        "weighed_on": today(),
        "mode": Mode.TRUCK,
        "distance_km": Decimal("20.5"),
        "ticket_number": f"T{number}",
        "weighed_at_site_id": exchange.supplier_site_id,
        "vehicle": "沪D12345",
        "manifest_number": "",
    }
    return DeliveryFacts(**(usual | changes))  # type: ignore[arg-type]


def delivered(exchange: Exchange, reject_t: Decimal = Decimal(0), **changes: object) -> None:
    """One delivery, recorded by the supplier and confirmed by the receiver."""
    key = str(uuid.uuid4())
    with transaction():
        party = exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER))
        delivery_id = exchanges.record_delivery(party, delivery_facts(exchange, **changes), key).id
    with transaction():
        party = exchanges.as_party(exchange.id, side_user(exchange, Side.RECEIVER))
        delivery = next(d for d in party.exchange.deliveries if d.id == delivery_id)
        exchanges.confirm_delivery(party, delivery, reject_t)


def completed(listing: Listing, by: str = "grinding", **changes: object) -> Exchange:
    """An exchange with one delivery, confirmed by both sides: its figure is in the ledger."""
    exchange = agreed(listing, by, **changes)
    delivered(exchange)
    confirm_both(exchange)
    return exchange


def confirm_both(exchange: Exchange, period: str = "") -> Exchange:
    """Both sides confirm completion, or that a period is closed."""
    for side in Side:
        with transaction():
            exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, side)), period)
    return exchange


def treatment(key: str = "third", is_offered: bool = True, **changes: object) -> TreatmentService:
    """What an enterprise offers to do with the material of others, in the caller's transaction."""
    site = trader(key).membership.enterprise.sites[0]  # type: ignore[union-attr]
    usual: dict[str, object] = {
        "site_id": site.id,
        "process": "grinding",
        "takes": "slags",
        "gives": "",
        "capacity_t": Decimal(500),
        "yield_fraction": Decimal("0.95"),
        "price_cny_per_t": Decimal(45),
        "emission_kgco2e_per_t": Decimal(38),
    }
    facts = TreatmentFacts(**(usual | changes))  # type: ignore[arg-type]
    made = treatments.offer_treatment(facts, trader(key), str(uuid.uuid4()))
    if not is_offered:
        treatments.end_treatment(made)
    db.session.flush()
    return made


def propose_factor(site: str = "ironworks", **changes: object) -> MeasuredFactor:
    """A measurement handed in for the first site of an enterprise, in the caller's transaction."""
    usual: dict[str, object] = {
        "factor_key": "stockpile-inert",
        "value": Decimal("3.2"),
        "typed_value": "3.2",
        "typed_unit": "kg CO2e/t",
        "gsd": Decimal("1.1"),
        "year": today().year - 1,
        "method": "diesel of the yard's loaders over a year, by tonnes moved",
    }
    by = trader(site)
    assert by.membership is not None
    report = Upload("report.pdf", "application/pdf", b"%PDF-1.7 a report")
    place = by.membership.enterprise.sites[0]
    proposal = Proposal(**(usual | changes))  # type: ignore[arg-type]
    return measured.propose(place, proposal, [report], by, str(uuid.uuid4()))


def license_to(enterprise_id: int, hw_code: str, days: int = 90, is_verified: bool = True) -> None:
    """A licence for hazardous waste, committed; without `is_verified` no officer has looked at it."""
    with transaction():
        db.session.add(
            Licence(
                enterprise_id=enterprise_id,
                number="1",
                hw_code=hw_code,
                yearly_quantity_t=Decimal(9000),
                valid_until=today() + timedelta(days=days),
                verified_at=now() if is_verified else None,
            )
        )


def under_review(listing: Listing, by: str = "grinding", **changes: object) -> Exchange:
    """An exchange that both sides confirmed, whose figure waits for an officer: it came 19,000 km by lorry."""
    exchange = agreed(listing, by, **changes)
    delivered(exchange, distance_km=Decimal(19000))
    confirm_both(exchange)
    return exchange
