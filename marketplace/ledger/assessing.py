"""From an exchange to the inputs of its figure: what the method needs, and why each factor was chosen."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from marketplace.carbon.baselines import baseline_for
from marketplace.carbon.library import TRANSPORT_FACTOR_BY_MODE
from marketplace.carbon.method import Assessment, assess
from marketplace.carbon.resolution import NO_STEP
from marketplace.exchanges import settling
from marketplace.exchanges.models import Delivery, DeliveryState, Exchange, TermsRevision
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.ledger import factors as published
from marketplace.ledger.choosing import chosen_for, with_chosen
from marketplace.ledger.factor_table import FactorTable, factor_table
from marketplace.listings.models import Kind, Listing, Nature
from marketplace.matching.core.knowledge import Application

WEIGHBRIDGE_GSD = "1.005"  # class III weighbridge, OIML R 76: about ±0.5 %
SUGGESTED_DISTANCE_GSD = "1.1"  # a way suggested from two points, not an odometer


class Before(enum.StrEnum):
    """What the material was before the exchange: only of waste is disposal avoided (METHOD.md §1)."""

    WASTE = "waste"
    BY_PRODUCT = "by_product"  # so its offer says
    SOLD = "sold"  # the supplier offered the same material as a product earlier, or an officer found so


@dataclass(frozen=True, slots=True)
class Figure:
    """An assessment with all that went into it. `inputs` and `factors` are what the ledger entry keeps, `table` holds
    the published versions they were taken from."""

    inputs: Mapping[str, Any]
    factors: Mapping[str, Mapping[str, str]]
    assessment: Assessment
    application: Application | None
    before: Before
    table: FactorTable


def figure_of(exchange: Exchange) -> Figure:
    """The avoided emissions of an exchange, or of the period of it that is open, by its deliveries so far (METHOD.md).

    Raises:
        InputError: a field is missing or wrong, for example no delivery yet.
        FactorMissing: nothing may be taken for a factor that is wanted; the nearest is named.
        FactorNotPublished: a factor has no published version.
    """
    application, before, table = _application(exchange), before_of(exchange), factor_table()
    wanted = inputs_of(exchange, application, before)
    chosen = chosen_for(exchange, wanted, table)
    inputs = with_chosen(wanted, chosen)
    copies = {c.version.factor_id: c.to_copy() for c in sorted(chosen.values(), key=lambda c: c.version.factor_id)}
    return Figure(inputs, copies, assess(inputs, raw_factors(copies)), application, before, table)


def inputs_of(exchange: Exchange, application: Application | None, before: Before) -> dict[str, Any]:
    """The method's raw input: decimals as strings. Its factors are those wanted; `choosing` says which are taken."""
    due, period = settling.to_settle(exchange), settling.open_period(exchange)
    standing = [d for d in due if d.state is DeliveryState.CONFIRMED] or due
    baseline = baseline_for(exchange.material)
    inputs: dict[str, Any] = {
        "deliveries": [_delivery(d) for d in standing],
        "disposal": {"factor": baseline.disposal_factor if before is Before.WASTE else NO_STEP},
        "displaced": _displaced(application),
        "reprocessing": {"factor": application.reprocessing_factor if application else NO_STEP},
        "basis": {"disposal": baseline.basis.value, "displaced": "wet", "reprocessing": "wet"},
        "default_mode": TRANSPORT_FACTOR_BY_MODE[exchange.current_terms.mode.value],
        "attribution": _attribution(exchange.current_terms),
        "mass_gsd": WEIGHBRIDGE_GSD,
        "km_gsd": SUGGESTED_DISTANCE_GSD,
    }
    if period is not None:
        inputs["period"] = {"from": period.start.isoformat(), "to": period.end.isoformat()}
    if any(d.reject_t for d in standing):
        inputs["rejects"] = {"factor": baseline.disposal_factor}
    return inputs


def raw_factors(copies: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What the method takes of the copied factors: value, unit, spread and version."""
    return {
        factor_id: {key: copy[key] for key in ("value", "unit", "gsd", "version")} for factor_id, copy in copies.items()
    }


def _application(exchange: Exchange) -> Application | None:
    use = exchange.use or exchange.current_terms.use
    return knowledge().of_pair(exchange.material, use) if use else None


def before_of(exchange: Exchange) -> Before:
    """METHOD.md §1: what was sold as a product before has no avoided disposal, whatever its offer says now."""
    if any(review.without_disposal for review in exchange.reviews):
        return Before.SOLD
    offers = [x for x in (exchange.listing, exchange.counter_listing) if x is not None and x.kind is Kind.OFFER]
    if any(offer.nature is not Nature.WASTE for offer in offers):
        return Before.BY_PRODUCT
    offered_as_product = select(Listing.id).where(
        Listing.enterprise_id == exchange.supplier_id,
        Listing.material == exchange.material,
        Listing.kind == Kind.OFFER,
        Listing.nature != Nature.WASTE,
        Listing.published_at <= exchange.created_at,
    )
    return Before.SOLD if db.session.scalar(offered_as_product.limit(1)) is not None else Before.WASTE


def _displaced(application: Application | None) -> dict[str, str]:
    if application is None or application.substitution_ratio is None:
        return {"factor": NO_STEP, "substitution": "0"}
    return {
        "factor": application.displaced_factor,
        "substitution": published.plain(application.substitution_ratio),
        "substitution_gsd": published.plain(application.substitution_gsd),
    }


def _attribution(terms: TermsRevision) -> dict[str, str]:
    """METHOD.md §6: the shares both sides agreed; the user is named last and takes the remainder."""
    return {
        "supplier": published.plain(terms.supplier_percent / 100),
        "user": published.plain(terms.receiver_percent / 100),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "wet_t": published.plain(delivery.net_t),
        "reject_t": published.plain(delivery.reject_t),
        "moisture": published.plain(delivery.moisture_fraction),
        "weighed_on": delivery.weighed_on.isoformat(),
        "ticket": delivery.ticket_number,
        "legs": [
            {
                "km": published.plain(delivery.distance_km),
                "factor": TRANSPORT_FACTOR_BY_MODE[delivery.mode.value],
            }
        ],
    }


def value_cny(exchange: Exchange, accepted_t: Decimal) -> Decimal:
    """What the accepted tonnes cost by the agreed price; negative when the supplier paid."""
    return (exchange.current_terms.price_cny_per_t * accepted_t).quantize(Decimal("0.01"))
