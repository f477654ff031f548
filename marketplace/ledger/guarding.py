"""The scenario guard: what an officer must look at before the figure of an exchange may count."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache

from sqlalchemy import or_, select

from marketplace.carbon.baselines import baseline_for
from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE, library
from marketplace.carbon.scenario import (
    NO_USE,
    Concern,
    Finding,
    PlausibleRange,
    Use,
    outside_range,
    plausible_range,
    priced_as_product,
)
from marketplace.exchanges.models import Delivery, DeliveryState, Exchange
from marketplace.exchanges.settling import to_settle
from marketplace.extensions import db
from marketplace.ledger.assessing import Figure
from marketplace.matching.core.knowledge import Application


def findings_of(exchange: Exchange, figure: Figure) -> list[Finding]:
    """All concerns about a figure; none for nearly every exchange."""
    weighed_t = sum((Decimal(d["wet_t"]) for d in figure.inputs["deliveries"]), Decimal(0))
    return [
        *outside_range(figure.assessment, weighed_t, range_of(exchange.material, figure.application)),
        *priced_as_product(figure.assessment, exchange.current_terms.price_cny_per_t),
        *_same_loads(exchange),
    ]


@cache
def range_of(material: str, application: Application | None) -> PlausibleRange:
    """What a use of a material (None: none that is documented) gives per tonne, with the reviewed table's factors."""
    factors = {factor_id: factor.to_raw() for factor_id, factor in library().items()}
    truck = TRANSPORT_FACTOR_BY_MODE["truck"]
    return plausible_range(baseline_for(material), _use(application), truck, factors)


def _use(application: Application | None) -> Use:
    if application is None:
        return NO_USE
    if application.substitution_ratio is None:
        return replace(NO_USE, reprocessing_factor=application.reprocessing_factor)
    return Use(
        application.displaced_factor,
        application.substitution_ratio,
        application.substitution_gsd,
        application.reprocessing_factor,
    )


def _same_loads(exchange: Exchange) -> Iterator[Finding]:
    """Weighings of the same day, gross, tare and vehicle in another exchange of one of the two: one load twice?"""
    own = to_settle(exchange)
    if not own:
        return
    days = [delivery.weighed_on for delivery in own]
    others = db.session.scalars(
        select(Delivery)
        .join(Exchange, Exchange.id == Delivery.exchange_id)
        .where(
            Delivery.weighed_on.between(min(days), max(days)),
            Delivery.exchange_id != exchange.id,
            Delivery.state != DeliveryState.WITHDRAWN,
            Exchange.material == exchange.material,
            or_(Exchange.supplier_id == exchange.supplier_id, Exchange.receiver_id == exchange.receiver_id),
        )
        .order_by(Delivery.id)
    )
    by_load = {_load(delivery): delivery for delivery in others}
    for delivery in own:
        other = by_load.get(_load(delivery))
        if other is not None:
            facts = {
                "ticket": delivery.ticket_number,
                "other_ticket": other.ticket_number,
                "other_exchange": str(other.exchange_id),
            }
            yield Finding(Concern.SAME_LOAD, facts)


def _load(delivery: Delivery) -> tuple[object, ...]:
    return delivery.weighed_on, delivery.gross_t, delivery.tare_t, delivery.vehicle
