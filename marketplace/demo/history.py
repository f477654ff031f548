"""Eighteen months of exchanges, each walked through the same services as a real one, with the clock set back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from marketplace.accounts.models import Enterprise
from marketplace.calendar import SHANGHAI
from marketplace.database import now, pretend_now
from marketplace.demo.people import World, license_for, rows
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Exchange, Mode, Side, TransportBy
from marketplace.exchanges.service import DeliveryFacts, TermsFacts
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.ledger.queries import entries_of_exchange
from marketplace.listings import service as listings
from marketplace.listings.models import Form, Kind, Listing, Nature, Rhythm
from marketplace.listings.service import ListingFacts
from marketplace.materials.codes import is_hazardous_low_code
from marketplace.materials.taxonomy import Material, taxonomy
from marketplace.places import road_km

MONTHS = 18
COMPLETED_PER_CASE = 4
_TRUCK_T = Decimal(30)
_BARGE_T = Decimal(800)


@dataclass(frozen=True, slots=True)
class Case:
    """A published symbiosis: what goes from which industry to which, and by what means."""

    key: str
    material: Material
    supplier_industry: str
    receiver_industry: str
    quantity_t: Decimal
    mode: Mode
    note_zh: str
    note_en: str
    source: str


def cases() -> list[Case]:
    """The cases that travel by road or water; pipelines are listed, not exchanged, in the demo."""
    return [
        Case(
            key=row["key"],
            material=taxonomy().materials[row["material"]],
            supplier_industry=row["supplier_industry"],
            receiver_industry=row["receiver_industry"],
            # A year's quantity of the published case, as a month's; where none is published, a plausible lot.
            quantity_t=(Decimal(row["quantity_t"]) / 12).quantize(Decimal(1)) if row["quantity_t"] else Decimal(0),
            mode=Mode(row["mode"]),
            note_zh=row["use_note_zh"],
            note_en=row["use_note_en"],
            source=row["source"],
        )
        for row in rows("cases.csv")
        if row["mode"]
    ]


@dataclass(frozen=True, slots=True)
class Due:
    """An exchange, or a period of it, that both sides confirm at a moment."""

    moment: datetime
    exchange: Exchange
    period: str = ""


def add_history(world: World, periods: list[Due]) -> int:
    """Completed exchanges over eighteen months, then some in every other state; returns how many were completed.

    Args:
        periods: closings of recurring exchanges, which take their places in the order of time.
    """
    found = cases()
    ready: list[Due] = []
    for number in range(COMPLETED_PER_CASE):
        for index, case in enumerate(found):
            age = MONTHS * 30 * (1 - (number * len(found) + index) / (COMPLETED_PER_CASE * len(found)))
            start = now() - timedelta(days=max(24.0, age))
            ready.append(_weighed(world, case, start, f"{case.key}-{number}"))
    wrong = [ready[5].exchange, ready[11].exchange]
    _complete_in_order(world, [*ready, *periods], wrong)
    _add_open_ones(world, found)
    return len(ready)


def _complete_in_order(world: World, ready: list[Due], wrong: list[Exchange]) -> None:
    """The ledger is written in the order of time: completions, and two reversals among them."""
    reversed_at = now() - timedelta(days=20)
    in_order = sorted(ready, key=lambda due: due.moment)
    for due in in_order:
        if due.moment <= reversed_at:
            _complete(world, due)
    _reverse_two(world, wrong, reversed_at)
    for due in in_order:
        if due.moment > reversed_at:
            _complete(world, replace(due, moment=max(due.moment, now() - timedelta(days=18))))


def _complete(world: World, due: Due) -> None:
    for hours, side in ((-7, Side.SUPPLIER), (0, Side.RECEIVER)):
        with pretend_now(due.moment + timedelta(hours=hours)):
            exchanges.confirm_completion(party_of(world, due.exchange, side), due.period)


def _weighed(world: World, case: Case, start: datetime, key: str) -> Due:
    """An exchange with all its deliveries, and when its receiver will confirm that it is complete."""
    exchange = _agree(world, case, start, key)
    lots = world.rng.randint(2, 4)
    for lot in range(lots):
        with pretend_now(start + timedelta(days=4 + 4 * lot)):
            _deliver(world, exchange, lot, lots)
    return Due(start + timedelta(days=5 + 4 * lots, hours=15), exchange)


def _agree(world: World, case: Case, start: datetime, key: str) -> Exchange:
    exchange = _request(world, case, start, key)
    with pretend_now(start + timedelta(days=1)):
        if world.rng.random() < 0.4:
            terms = exchange.current_terms
            better = _terms(terms.quantity_t, terms.price_cny_per_t + 5, start, case, terms.use)
            exchanges.propose(party_of(world, exchange, Side.SUPPLIER), better, f"demo-{key}-2")
            exchanges.accept(party_of(world, exchange, Side.RECEIVER), 2)
        else:
            exchanges.accept(party_of(world, exchange, Side.SUPPLIER), 1)
    return exchange


def _request(world: World, case: Case, start: datetime, key: str) -> Exchange:
    rng = world.rng
    supplier, receiver = _two(world, case)
    quantity = _quantity(world, case)
    with pretend_now(start - timedelta(days=6)):
        listing = _offer(world, case, supplier, quantity, key)
    if listing.is_hazardous:
        license_for(receiver, listing.hw_code, start.date() + timedelta(days=1500))
    use = next((a.use for a in knowledge().of_material(case.material.slug) if a.displaced_factor), "")
    price = listing.price_cny_per_t if listing.price_cny_per_t is not None else Decimal(0)
    with pretend_now(start):
        buyer, site = world.traders[receiver.id], rng.choice(receiver.sites)
        return exchanges.request(listing.id, buyer, site.id, _terms(quantity, price, start, case, use), f"demo-{key}-1")


def _two(world: World, case: Case) -> tuple[Enterprise, Enterprise]:
    """Half the time the first enterprise of an industry, so that the demo's own people have something to do."""
    supplier = _one(world, world.by_industry[case.supplier_industry])
    return supplier, _one(world, [e for e in world.by_industry[case.receiver_industry] if e is not supplier])


def _one(world: World, enterprises: list[Enterprise]) -> Enterprise:
    return enterprises[0] if world.rng.random() < 0.5 else world.rng.choice(enterprises)


def _quantity(world: World, case: Case) -> Decimal:
    usual = case.quantity_t or Decimal(world.rng.choice([60, 120, 240, 480, 900, 1600]))
    lot = _BARGE_T if case.mode is Mode.BARGE else _TRUCK_T
    return max(lot, (usual * Decimal(world.rng.uniform(0.6, 1.4))).quantize(Decimal(1)))


def _offer(world: World, case: Case, supplier: Enterprise, quantity_t: Decimal, key: str) -> Listing:
    material, language = case.material, "zh" if world.rng.random() < 0.5 else "en"
    codes = [c for c in material.low_codes if is_hazardous_low_code(c) == material.is_hazardous]
    day = now().astimezone(SHANGHAI).date()
    facts = ListingFacts(
        kind=Kind.OFFER,
        title=f"{material.name(language)} · {supplier.name(language)}"[:160],
        description=f"{case.note_zh if language == 'zh' else case.note_en} ({case.source})",
        language=language,
        material=material.slug,
        nature=Nature(material.nature),
        form=Form(material.form),
        low_code=codes[0] if codes else "",
        sw_code=material.sw_code,
        hw_code=material.hw_code if material.is_hazardous else "",
        is_hazardous=material.is_hazardous,
        accepts_hazard=False,
        quantity=quantity_t,
        unit="t",
        rhythm=Rhythm.ONCE,
        available_from=day,
        available_until=day + timedelta(days=90),
        price_cny_per_t=Decimal(world.rng.choice([-60, -20, 0, 15, 40, 95])),
        site_id=world.rng.choice(supplier.sites).id,
    )
    return listings.post(facts, world.traders[supplier.id], f"demo-offer-{key}", publish_now=True)


def _terms(quantity_t: Decimal, price: Decimal, start: datetime, case: Case, use: str) -> TermsFacts:
    first = start.astimezone(SHANGHAI).date() + timedelta(days=3)
    return TermsFacts(
        quantity_t=quantity_t,
        price_cny_per_t=price,
        deliver_from=first,
        deliver_until=first + timedelta(days=40),
        transport_by=TransportBy.RECEIVER,
        mode=case.mode,
        use=use,
        note="",
    )


def _deliver(world: World, exchange: Exchange, lot: int, lots: int, mistyped_km: Decimal | None = None) -> None:
    rng, terms = world.rng, exchange.current_terms
    net = (terms.quantity_t / lots * Decimal(rng.uniform(0.93, 1.0))).quantize(Decimal("0.01"))
    tare = Decimal("15.40") if net < 60 else Decimal("0")
    supplier, receiver = exchange.supplier_site, exchange.receiver_site
    distance = road_km(supplier.lat, supplier.lon, receiver.lat, receiver.lon)
    day = now().astimezone(SHANGHAI).date()
    facts = DeliveryFacts(
        gross_t=net + tare,
        tare_t=tare,
        moisture_fraction=Decimal(rng.randint(0, 15)) / 100,
        weighed_on=day,
        mode=terms.mode,
        distance_km=mistyped_km or Decimal(str(round(distance, 1))),
        ticket_number=f"{day:%Y%m%d}-{exchange.id:03d}{lot + 1}",
        weighed_at_site_id=exchange.supplier_site_id,
        vehicle=f"沪D{rng.randint(10000, 99999)}",
        manifest_number=f"310113{exchange.id:06d}{lot}" if exchange.listing.is_hazardous else "",
    )
    delivery = exchanges.record_delivery(
        party_of(world, exchange, Side.SUPPLIER), facts, f"demo-delivery-{exchange.id}-{lot}"
    )
    reject = (net * Decimal("0.02")).quantize(Decimal("0.01")) if rng.random() < 0.12 else Decimal(0)
    exchanges.confirm_delivery(party_of(world, exchange, Side.RECEIVER), delivery, reject)


def party_of(world: World, exchange: Exchange, side: Side) -> exchanges.Party:
    """The trader of one side."""
    return exchanges.as_party(exchange.id, world.traders[exchange.enterprise_id_of(side)])


def _reverse_two(world: World, wrong: list[Exchange], first_at: datetime) -> None:
    """Two figures were wrong: one is taken back and completed anew, one stays open."""
    assert world.officer is not None
    for number, exchange in enumerate(wrong):
        entry = next(e for e in _entries(exchange))
        with pretend_now(first_at + timedelta(hours=number)):
            reason = "过磅单录入有误，按复核重量重新确认" if number == 0 else "Weighbridge calibration was out of date"
            exchanges.take_back(exchange.id, entry, world.officer, reason)
    _complete(world, Due(first_at + timedelta(days=2), wrong[0]))


def _entries(exchange: Exchange) -> list[int]:
    return [e.position for e in entries_of_exchange(db.session, exchange.id)]


def _add_open_ones(world: World, found: list[Case]) -> None:
    """Exchanges that wait for somebody, in every state."""
    for index, case in enumerate(found[:18]):
        start, key = now() - timedelta(days=10 - index * 0.4), f"open-{index}"
        if index < 4:
            _request(world, case, start, key)
        elif index < 7:
            _negotiate(world, _request(world, case, start, key), case, key)
        elif index < 10:
            _agree(world, case, start, key)
        elif index < 14:
            exchange = _agree(world, case, start, key)
            with pretend_now(start + timedelta(days=2)):
                _deliver(world, exchange, 0, 2, mistyped_km=Decimal(19000) if index == 12 else None)
            if index == 12:
                _complete(world, Due(start + timedelta(days=4), exchange))  # 19,000 km: an officer looks first
            if index == 13:
                _dispute(world, exchange, start)
        else:
            _end(world, _request(world, case, start, key), index)


def _negotiate(world: World, exchange: Exchange, case: Case, key: str) -> None:
    terms = exchange.current_terms
    better = _terms(terms.quantity_t, terms.price_cny_per_t + 8, exchange.created_at, case, terms.use)
    better = replace(better, supplier_percent=Decimal(60))
    exchanges.propose(party_of(world, exchange, Side.SUPPLIER), better, f"demo-{key}-2")
    text = "装车费我们出，价格能不能再商量一下？"
    exchanges.write_message(party_of(world, exchange, Side.SUPPLIER), text, f"demo-{key}-message")


def _dispute(world: World, exchange: Exchange, start: datetime) -> None:
    with pretend_now(start + timedelta(days=3)):
        reason = "第二车含水超过约定，双方过磅数相差0.8吨"
        exchanges.dispute(party_of(world, exchange, Side.RECEIVER), reason)


def _end(world: World, exchange: Exchange, index: int) -> None:
    if index % 2:
        exchanges.decline(party_of(world, exchange, Side.SUPPLIER), "本月已排满，下月再谈")
    else:
        exchanges.withdraw(party_of(world, exchange, Side.RECEIVER), "Found a nearer supplier")
