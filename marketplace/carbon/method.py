"""Avoided emissions of an exchange, method ``avoided/1.0`` (METHOD §2–§6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from marketplace.carbon.assessment import COMPONENTS, Assessment, SpecificVariance
from marketplace.carbon.break_even import break_even_km, mean_transport_factor
from marketplace.carbon.decimals import ZERO, exact, round_kg, variance_of
from marketplace.carbon.intervals import interval
from marketplace.carbon.parsing import parse_input
from marketplace.carbon.terms import KM_COMPONENTS, SUBSTITUTION_COMPONENTS, Term, terms_of
from marketplace.carbon.values import AssessmentInput, Delivery, Factor

__all__ = ["COMPONENTS", "METHOD", "Assessment", "assess", "assess_parsed"]

METHOD = "avoided/1.0"

Key = TypeVar("Key")


def assess(raw_input: Mapping[str, Any], factors: Mapping[str, Mapping[str, Any]]) -> Assessment:
    """Assess one exchange, or one settled period of it.

    Args:
        raw_input: the ``input`` of a case (METHOD §9), decimals as strings.
        factors: factor id to ``{"value", "unit", "gsd"}`` and, if known, ``"version"``.

    Raises:
        InputError: the first wrong field, by its path (METHOD §8).
    """
    return assess_parsed(*parse_input(raw_input, factors))


def assess_parsed(parsed: AssessmentInput, factors: Mapping[str, Factor]) -> Assessment:
    """Assess inputs that ``parse_input`` has checked."""
    with exact():
        terms = terms_of(parsed, factors)
        components = {**dict.fromkeys(COMPONENTS, ZERO), **_sums(terms, lambda term: term.component)}
        net = sum(components.values(), ZERO)
        sensitivities = _sums(terms, lambda term: term.factor)
        specific = _specific_variance(parsed, terms, components)
        shared = (variance_of(kgco2e, factors[factor].gsd) for factor, kgco2e in sensitivities.items())
        low, high = interval(net, sum(shared, specific.sum))
        deliveries = parsed.settled_deliveries
        return Assessment(
            net_kgco2e=round_kg(net),
            low_kgco2e=low,
            high_kgco2e=high,
            components={name: round_kg(kgco2e) for name, kgco2e in components.items()},
            break_even_km=_break_even(parsed, factors, net, components["transport"]),
            shares=shares_of(round_kg(net), parsed.attribution),
            biogenic_kgco2=_biogenic(parsed, factors),
            accepted_wet_t=sum((d.accepted_wet_t for d in deliveries), ZERO),
            accepted_dry_t=sum((d.accepted_dry_t for d in deliveries), ZERO),
            exact_net=net,
            exact_components=components,
            exact_sensitivities=sensitivities,
            specific=specific,
            factors={factor: factors[factor] for factor in sensitivities},
        )


def shares_of(net_kgco2e: Decimal, attribution: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Each party's amount of a rounded net; the last named takes the remainder (METHOD §6)."""
    with exact():
        *others, last = attribution
        amounts = {party: round_kg(net_kgco2e * attribution[party]) for party in others}
        amounts[last] = round_kg(net_kgco2e - sum(amounts.values(), ZERO))
        return amounts


def _sums(terms: Iterable[Term], key: Callable[[Term], Key]) -> dict[Key, Decimal]:
    sums: dict[Key, Decimal] = {}
    for term in terms:
        sums[key(term)] = sums.get(key(term), ZERO) + term.kgco2e
    return sums


def _specific_variance(
    parsed: AssessmentInput, terms: Iterable[Term], components: Mapping[str, Decimal]
) -> SpecificVariance:
    substitution = sum((components[name] for name in SUBSTITUTION_COMPONENTS), ZERO)
    km = sum((components[name] for name in KM_COMPONENTS), ZERO)
    by_delivery = _sums(terms, lambda term: term.delivery)
    return SpecificVariance(
        substitution=variance_of(substitution, parsed.displaced.substitution_gsd),
        km=variance_of(km, parsed.km_gsd),
        mass=sum((variance_of(kgco2e, parsed.mass_gsd) for kgco2e in by_delivery.values()), ZERO),
    )


def _break_even(
    parsed: AssessmentInput, factors: Mapping[str, Factor], net: Decimal, transport: Decimal
) -> Decimal | None:
    deliveries = parsed.settled_deliveries
    weighed_t = sum((d.wet_t for d in deliveries), ZERO)
    default = None if parsed.default_mode is None else factors[parsed.default_mode].value
    factor = mean_transport_factor(-transport, _tonne_km(deliveries), default)
    if weighed_t == 0 or factor is None or factor <= 0:
        return None
    return break_even_km((net - transport) / weighed_t, factor)


def _tonne_km(deliveries: Iterable[Delivery]) -> Decimal:
    return sum((leg.km * delivery.wet_t for delivery in deliveries for leg in delivery.legs), ZERO)


def _biogenic(parsed: AssessmentInput, factors: Mapping[str, Factor]) -> Decimal | None:
    if parsed.biogenic is None:
        return None
    basis = parsed.biogenic.basis
    mass_t = sum((delivery.mass_t(basis) for delivery in parsed.settled_deliveries), ZERO)
    return round_kg(factors[parsed.biogenic.factor].value * mass_t)
