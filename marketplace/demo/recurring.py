"""A recurring exchange: slag to a grinding plant, settled month by month; the last month waits for its supplier."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from marketplace.calendar import SHANGHAI, today
from marketplace.carbon.values import Period
from marketplace.database import now, pretend_now
from marketplace.demo.history import Due, party_of
from marketplace.demo.people import World
from marketplace.exchanges import service as exchanges
from marketplace.exchanges import settling
from marketplace.exchanges.models import Exchange, Mode, Recurrence, Side, TransportBy
from marketplace.exchanges.periods import period_at, period_code
from marketplace.exchanges.service import DeliveryFacts, TermsFacts
from marketplace.extensions import db
from marketplace.listings import service as listings
from marketplace.listings.models import Form, Kind, Listing, Nature, Rhythm
from marketplace.listings.service import ListingFacts
from marketplace.places import road_km

PAST_MONTHS = 5
DAYS = (4, 11, 19, 26)
KEY = "demo-recurring"


def add_recurring(world: World) -> list[Due]:
    """Agree and weigh; returns the closings of all past months but the last, for the history to put in order."""
    months = _months()
    exchange = _agreed(world, months)
    for month in months:
        for number, day in enumerate(DAYS):
            weighed_on = month.start + timedelta(days=day)
            if weighed_on < today():
                with pretend_now(_noon(weighed_on)):
                    _deliver(world, exchange, weighed_on, Decimal(28 + number) + Decimal(month.start.month) / 10)
    closed = months[: PAST_MONTHS - 1]
    return [Due(_noon(month.end + timedelta(days=2)), exchange, period_code(month)) for month in closed]


def confirm_one_side(world: World) -> None:
    """After the history: the receiver has confirmed the last month, the supplier has not."""
    listing = db.session.query(Listing).filter_by(submission=f"{KEY}-offer").one()
    exchange = db.session.query(Exchange).filter_by(listing_id=listing.id).one()
    with pretend_now(now() - timedelta(hours=3)):
        exchanges.confirm_completion(party_of(world, exchange, Side.RECEIVER), settling.open_code(exchange))


def _months() -> list[Period]:
    """Five past months, the present one and the next."""
    found = [period_at(Recurrence.MONTHLY, today())]
    for _ in range(PAST_MONTHS):
        found.insert(0, period_at(Recurrence.MONTHLY, found[0].start - timedelta(days=1)))
    return [*found, period_at(Recurrence.MONTHLY, found[-1].end)]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), SHANGHAI).astimezone(UTC)


def _agreed(world: World, months: list[Period]) -> Exchange:
    first, last = months[0].start, months[-1].end - timedelta(days=1)
    buyer = world.by_industry["building-materials"][0]
    with pretend_now(_noon(first - timedelta(days=9))):
        listing = _offer(world, first, last)
    terms = TermsFacts(
        quantity_t=Decimal(1000),
        price_cny_per_t=Decimal(18),
        deliver_from=first,
        deliver_until=last,
        transport_by=TransportBy.RECEIVER,
        mode=Mode.TRUCK,
        use="scm-cement",
        note="每月 3 日前对账结算",
        recurrence=Recurrence.MONTHLY,
    )
    with pretend_now(_noon(first - timedelta(days=6))):
        exchange = exchanges.request(listing.id, world.traders[buyer.id], buyer.sites[0].id, terms, f"{KEY}-1")
    with pretend_now(_noon(first - timedelta(days=4))):
        better = replace(terms, supplier_percent=Decimal(60))
        exchanges.propose(party_of(world, exchange, Side.SUPPLIER), better, f"{KEY}-2")
    with pretend_now(_noon(first - timedelta(days=3))):
        exchanges.accept(party_of(world, exchange, Side.RECEIVER), 2)
    return exchange


def _offer(world: World, first: date, last: date) -> Listing:
    supplier = world.by_industry["steel"][0]
    facts = ListingFacts(
        kind=Kind.OFFER,
        title="水淬高炉矿渣，长期供应",
        description="含水约 8%，每周 1 车",
        language="zh",
        material="gbfs",
        nature=Nature.WASTE,
        form=Form.GRANULES,
        low_code="100202",
        sw_code="SW01",
        hw_code="",
        is_hazardous=False,
        accepts_hazard=False,
        quantity=Decimal(200),
        unit="t",
        rhythm=Rhythm.MONTH,
        available_from=first,
        available_until=last,
        price_cny_per_t=Decimal(18),
        site_id=supplier.sites[0].id,
    )
    return listings.post(facts, world.traders[supplier.id], f"{KEY}-offer", publish_now=True)


def _deliver(world: World, exchange: Exchange, day: date, net_t: Decimal) -> None:
    supplier, receiver = exchange.supplier_site, exchange.receiver_site
    facts = DeliveryFacts(
        gross_t=net_t + Decimal("15.4"),
        tare_t=Decimal("15.4"),
        moisture_fraction=Decimal("0.08"),
        weighed_on=day,
        mode=Mode.TRUCK,
        distance_km=Decimal(str(round(road_km(supplier.lat, supplier.lon, receiver.lat, receiver.lon), 1))),
        ticket_number=f"{day:%Y%m%d}-R",
        weighed_at_site_id=exchange.supplier_site_id,
        vehicle="沪D68201",
        manifest_number="",
    )
    delivery = exchanges.record_delivery(party_of(world, exchange, Side.SUPPLIER), facts, f"{KEY}-{day.isoformat()}")
    exchanges.confirm_delivery(party_of(world, exchange, Side.RECEIVER), delivery, Decimal(0))
