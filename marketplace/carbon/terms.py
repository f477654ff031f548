"""The terms of ``net``, one per delivery and factor, with the inputs each contains (METHOD §2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from marketplace.carbon.values import AssessmentInput, Delivery, Factor

SUBSTITUTION_COMPONENTS = frozenset({"displaced", "displaced_transport"})
KM_COMPONENTS = frozenset({"transport", "disposal_transport", "displaced_transport"})


@dataclass(frozen=True, slots=True)
class Term:
    """A signed part of ``net``: kg CO2e, its component, the delivery (index) and the factor in it."""

    component: str
    delivery: int
    factor: str
    kgco2e: Decimal


def terms_of(parsed: AssessmentInput, factors: Mapping[str, Factor]) -> tuple[Term, ...]:
    """All terms of the settled deliveries; call inside ``decimals.exact()``."""
    return tuple(
        Term(component, index, factor, factors[factor].value * amount)
        for index, delivery in enumerate(parsed.settled_deliveries)
        for component, factor, amount in _amounts(parsed, delivery)
    )


def _amounts(parsed: AssessmentInput, delivery: Delivery) -> Iterator[tuple[str, str, Decimal]]:
    """Component, factor id, and the signed amount the factor is multiplied with (t or tkm)."""
    product = parsed.displaced
    replaced_t = product.substitution * product.quality * delivery.mass_t(product.basis)
    yield "disposal", parsed.disposal.factor, delivery.mass_t(parsed.disposal.basis)
    if parsed.disposal_transport is not None:
        haul = parsed.disposal_transport
        yield "disposal_transport", haul.factor, haul.km * delivery.accepted_wet_t
    yield "displaced", product.factor, replaced_t
    if parsed.displaced_transport is not None:
        haul = parsed.displaced_transport
        yield "displaced_transport", haul.factor, haul.km * replaced_t
    yield "reprocessing", parsed.reprocessing.factor, -delivery.mass_t(parsed.reprocessing.basis)
    for leg in delivery.legs:
        yield "transport", leg.factor, -leg.km * delivery.wet_t
    if parsed.rejects_factor is not None:
        yield "rejects", parsed.rejects_factor, -delivery.reject_t
