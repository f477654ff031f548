"""A Monte Carlo as a second opinion on the interval (METHOD §4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketplace.carbon.decimals import ZERO, exact, ln, round_kg
from marketplace.carbon.intervals import Z_95, interval
from marketplace.carbon.parsing import parse_input
from marketplace.carbon.terms import KM_COMPONENTS, SUBSTITUTION_COMPONENTS, Term, terms_of
from marketplace.carbon.values import AssessmentInput, Factor

__all__ = ["Z_95", "interval", "is_skewed", "monte_carlo", "seed_of"]

Floats = NDArray[np.float64]

SKEW_LIMIT = Decimal("0.10")


def is_skewed(linear: tuple[Decimal, Decimal], sampled: tuple[Decimal, Decimal]) -> bool:
    """Whether a bound of the two intervals differs by more than 10 % of the linear one's width."""
    with exact():
        width = linear[1] - linear[0]
        return any(abs(a - b) > SKEW_LIMIT * width for a, b in zip(linear, sampled, strict=True))


def monte_carlo(
    raw_input: Mapping[str, Any], factors: Mapping[str, Mapping[str, Any]], draws: int = 10_000
) -> tuple[Decimal, Decimal, Decimal]:
    """Percentiles 2.5, 50 and 97.5 of ``net`` with every input lognormal about its median.

    Floats are in order here: this is a second opinion and no reported figure. The seed depends on the inputs alone.

    Returns:
        Lower bound, median, upper bound, kg CO2e, rounded to 0.001.

    Raises:
        InputError: as ``assess``.
    """
    parsed, table = parse_input(raw_input, factors)
    rng = np.random.Generator(np.random.PCG64(seed_of(raw_input, table)))
    with exact():
        terms = terms_of(parsed, table)
    quantiles = np.percentile(_sampled_net(parsed, table, terms, draws, rng), [2.5, 50.0, 97.5])
    low, median, high = (round_kg(Decimal(repr(float(kgco2e)))) for kgco2e in quantiles)
    return low, median, high


def seed_of(raw_input: Mapping[str, Any], factors: Mapping[str, Factor]) -> int:
    """First 8 bytes (big-endian) of the SHA-256 of ``{"factors", "input"}`` as canonical JSON.

    ``factors`` are those the input refers to, each with gsd, unit and value in plain decimals. For documents of
    strings with ASCII keys these are the bytes of RFC 8785; a test compares both.
    """
    document = {
        "factors": {
            factor.id: {"gsd": f"{factor.gsd:f}", "unit": factor.unit, "value": f"{factor.value:f}"}
            for factor in factors.values()
        },
        "input": raw_input,
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "big")


def _sampled_net(
    parsed: AssessmentInput,
    factors: Mapping[str, Factor],
    terms: tuple[Term, ...],
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """``net`` of each draw, shape (draws,)."""
    by_factor = {name: _lognormal(rng, factors[name].gsd, draws) for name in sorted({t.factor for t in terms})}
    substitution = _lognormal(rng, parsed.displaced.substitution_gsd, draws)
    km = _lognormal(rng, parsed.km_gsd, draws)
    grouped = _grouped(terms, apart_by_delivery=parsed.mass_gsd != 1)
    net = np.zeros(draws)
    for delivery in sorted(grouped):
        contribution = np.zeros(draws)
        for (factor, component), kgco2e in grouped[delivery].items():
            sample = by_factor[factor] * float(kgco2e)
            if component in SUBSTITUTION_COMPONENTS:
                sample = sample * substitution
            if component in KM_COMPONENTS:
                sample = sample * km
            contribution += sample
        net += contribution * _lognormal(rng, parsed.mass_gsd, draws)
    return net


def _lognormal(rng: np.random.Generator, gsd: Decimal, draws: int) -> Floats:
    """Multipliers with median 1, shape (draws,); an input without uncertainty uses up no random numbers."""
    if gsd == 1:
        return np.ones(draws)
    return np.exp(rng.standard_normal(draws) * float(ln(gsd)))


def _grouped(terms: tuple[Term, ...], *, apart_by_delivery: bool) -> dict[int, dict[tuple[str, str], Decimal]]:
    """Sums by delivery, factor and component; deliveries in one where their masses are certain."""
    grouped: dict[int, dict[tuple[str, str], Decimal]] = {}
    with exact():
        for term in terms:
            sums = grouped.setdefault(term.delivery if apart_by_delivery else 0, {})
            key = (term.factor, term.component)
            sums[key] = sums.get(key, ZERO) + term.kgco2e
    return grouped
