"""Why a figure is what it is: each step from tonnes to kg CO2e, and what would change it most (METHOD §2, §4). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketplace.carbon.assessment import Assessment
from marketplace.carbon.decimals import ONE, ZERO, exact, ln, round_kg, round_micro, variance_of
from marketplace.carbon.intervals import Z_95, interval
from marketplace.carbon.method import assess_parsed
from marketplace.carbon.parsing import parse_input
from marketplace.carbon.terms import KM_COMPONENTS, SUBSTITUTION_COMPONENTS, Term, terms_of
from marketplace.carbon.values import AssessmentInput, Factor

SUBSTITUTION, KM, MASS = "substitution", "km", "mass"


@dataclass(frozen=True, slots=True)
class Step:
    """One factor in one component: ``amount`` (t, or tkm for a haul, signed) times the factor is ``kgco2e``.

    ``variance_share`` is the part of the figure's variance that the step causes, ``Cov(step, net) / Var(net)``: shares
    add up to 1 over all steps; a step that offsets another has a negative one.
    """

    component: str
    factor: Factor
    amount: Decimal
    kgco2e: Decimal
    variance_share: Decimal


@dataclass(frozen=True, slots=True)
class Swing:
    """One uncertain input at the two ends of its 95 % range, all others as recorded.

    ``low`` and ``high`` are the input's own bounds: the factor's value in its unit; for ``substitution``, ``km`` and
    ``mass`` the multiple of what was recorded. ``net_at_low`` and ``net_at_high`` are the figure there, kg CO2e.
    ``variance_share`` is the input's part of the variance, 0 to 1.
    """

    name: str
    low: Decimal
    high: Decimal
    net_at_low: Decimal
    net_at_high: Decimal
    variance_share: Decimal

    @property
    def width_kgco2e(self) -> Decimal:
        return abs(self.net_at_high - self.net_at_low)

    def turns_sign(self, net: Decimal) -> bool:
        """Whether the figure has another sign at one end: saved becomes emitted, or the reverse."""
        return any(end * net < 0 for end in (self.net_at_low, self.net_at_high))


@dataclass(frozen=True, slots=True)
class Causes:
    """Steps in the order of METHOD §2, swings with the widest first; empty where nothing is uncertain.

    ``without_widest`` is the 95 % interval that would be left if the input of the widest swing were known exactly.
    """

    assessment: Assessment
    steps: Sequence[Step]
    swings: Sequence[Swing]
    without_widest: tuple[Decimal, Decimal] | None


def causes_of(raw_input: Mapping[str, Any], factors: Mapping[str, Mapping[str, Any]]) -> Causes:
    """Take a figure apart.

    Args:
        raw_input, factors: as for ``method.assess``.

    Raises:
        InputError: as ``method.assess``.
    """
    parsed, table = parse_input(raw_input, factors)
    assessment = assess_parsed(parsed, table)
    with exact():
        terms = terms_of(parsed, table)
        inputs = _inputs(parsed, table, terms)
        swings = _swings(assessment, parsed, table, terms, inputs)
        return Causes(
            assessment, _steps(parsed, table, terms, inputs), swings, _without_widest(assessment, inputs, swings)
        )


# The name of an uncertain input (for masses: its delivery), its gsd, and its sensitivity S_j.
_Inputs = Mapping[tuple[str, int | None], tuple[Decimal, Decimal]]


def _inputs(parsed: AssessmentInput, factors: Mapping[str, Factor], terms: Sequence[Term]) -> _Inputs:
    """Every uncertain input with its spread and ``S_j``."""
    sums: dict[tuple[str, int | None], Decimal] = {}
    for term in terms:
        for key in _keys(term):
            sums[key] = sums.get(key, ZERO) + term.kgco2e
    return {key: (_spread(key[0], parsed, factors), kgco2e) for key, kgco2e in sums.items()}


def _keys(term: Term) -> list[tuple[str, int | None]]:
    """The inputs that a term contains."""
    keys: list[tuple[str, int | None]] = [(term.factor, None), (MASS, term.delivery)]
    if term.component in SUBSTITUTION_COMPONENTS:
        keys.append((SUBSTITUTION, None))
    if term.component in KM_COMPONENTS:
        keys.append((KM, None))
    return keys


def _spread(name: str, parsed: AssessmentInput, factors: Mapping[str, Factor]) -> Decimal:
    if name in factors:
        return factors[name].gsd
    return {SUBSTITUTION: parsed.displaced.substitution_gsd, KM: parsed.km_gsd, MASS: parsed.mass_gsd}[name]


def _variance(inputs: _Inputs) -> Decimal:
    return sum((variance_of(kgco2e, gsd) for gsd, kgco2e in inputs.values()), ZERO)


def _steps(
    parsed: AssessmentInput, factors: Mapping[str, Factor], terms: Sequence[Term], inputs: _Inputs
) -> list[Step]:
    whole, amounts = _variance(inputs), _amounts(parsed, terms)
    sums: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for term in terms:
        kgco2e, covariance = sums.get((term.component, term.factor), (ZERO, ZERO))
        caused = sum((term.kgco2e * inputs[key][1] * ln(inputs[key][0]) ** 2 for key in _keys(term)), ZERO)
        sums[term.component, term.factor] = (kgco2e + term.kgco2e, covariance + caused)
    return [
        Step(
            component,
            factors[factor],
            amounts[component, factor],
            round_kg(kgco2e),
            round_micro(covariance / whole) if whole else ZERO,
        )
        for (component, factor), (kgco2e, covariance) in sums.items()
    ]


def _amounts(parsed: AssessmentInput, terms: Sequence[Term]) -> Mapping[tuple[str, str], Decimal]:
    """What each factor is multiplied with in each component: the terms as they were if every factor were 1."""
    ones = {term.factor: Factor(term.factor, ONE, "", ONE) for term in terms}
    sums: dict[tuple[str, str], Decimal] = {}
    for term in terms_of(parsed, ones):
        key = (term.component, term.factor)
        sums[key] = sums.get(key, ZERO) + term.kgco2e
    return sums


def _swings(
    assessment: Assessment,
    parsed: AssessmentInput,
    factors: Mapping[str, Factor],
    terms: Sequence[Term],
    inputs: _Inputs,
) -> list[Swing]:
    net, whole = assessment.exact_net, _variance(inputs)
    swings = []
    for (name, _delivery), (gsd, kgco2e) in inputs.items():
        if name == MASS or gsd == ONE or kgco2e == 0:
            continue
        reach = (Z_95 * ln(gsd)).exp()
        median = factors[name].value if name in factors else ONE
        low, high = sorted((median / reach, median * reach))
        swings.append(
            Swing(
                name,
                low,
                high,
                round_kg(net + kgco2e * (low / median - ONE)),
                round_kg(net + kgco2e * (high / median - ONE)),
                round_micro(variance_of(kgco2e, gsd) / whole),
            )
        )
    weighing = _weighing(net, parsed.mass_gsd, inputs, whole)
    return sorted([*swings, *weighing], key=lambda s: (-s.width_kgco2e, s.name))


def _weighing(net: Decimal, gsd: Decimal, inputs: _Inputs, whole: Decimal) -> list[Swing]:
    """All weighings as one input. Each errs by itself, so together they reach as far as the root of their squares."""
    variance = sum((variance_of(kgco2e, g) for (name, _), (g, kgco2e) in inputs.items() if name == MASS), ZERO)
    if not variance:
        return []
    reach = Z_95 * variance.sqrt()
    ends = sorted((round_kg(net - reach), round_kg(net + reach)), reverse=net < 0)
    bound = (Z_95 * ln(gsd)).exp()
    return [Swing(MASS, ONE / bound, bound, ends[0], ends[1], round_micro(variance / whole))]


def _without_widest(assessment: Assessment, inputs: _Inputs, swings: Sequence[Swing]) -> tuple[Decimal, Decimal] | None:
    if not swings:
        return None
    rest = {key: amounts for key, amounts in inputs.items() if key[0] != swings[0].name}
    return interval(assessment.exact_net, _variance(rest))
