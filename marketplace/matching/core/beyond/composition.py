"""What a blend holds, as far as its parts' texts say so: figures weighted by tonnes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.materials.figures import Figure

# Shares and heat mix by mass; pH, fineness and the like do not.
_LINEAR = {"%", "ppm", "mg/kg", "g/kg", "MJ/kg", "kcal/kg"}
_PLACES = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class JointFigure:
    """A component of a blend. `figure` is None while not every part states it; `asked` is what the want says.

    `fits` is None when nothing is asked, or when the stated bounds do not decide it.
    """

    component: str
    figure: Figure | None
    told_by: int
    parts: int
    asked: Figure | None
    fits: bool | None


def joint_figures(parts: Sequence[tuple[Decimal, Sequence[Figure]]], asked: Sequence[Figure] = ()) -> list[JointFigure]:
    """The components that all parts state in one unit, and those the want asks for, in the order of the texts.

    Args:
        parts: tonnes (as delivered) and stated figures of each part; the tonnes are positive.
        asked: the figures of the want.
    """
    wanted = {f.component: f for f in asked if f.unit in _LINEAR}
    named = dict.fromkeys([f.component for _, figures in parts for f in figures if f.unit in _LINEAR])
    found = []
    for component in dict.fromkeys([*wanted, *named]):
        told = [(t, f) for t, figures in parts for f in figures if f.component == component and f.unit in _LINEAR]
        joint = _mean(told) if len(told) == len(parts) else None
        if joint or component in wanted:
            ask = wanted.get(component)
            found.append(JointFigure(component, joint, len(told), len(parts), ask, _fits(joint, ask)))
    return found


def _mean(told: Sequence[tuple[Decimal, Figure]]) -> Figure | None:
    """The weighted bounds; None when the units differ or nothing remains bounded."""
    units = {f.unit for _, f in told}
    if len(units) != 1:
        return None
    low, high = (_weighted([(t, bound) for t, bound in side]) for side in _sides(told))
    return Figure(told[0][1].component, low, high, units.pop()) if (low, high) != (None, None) else None


def _sides(
    told: Sequence[tuple[Decimal, Figure]],
) -> tuple[list[tuple[Decimal, Decimal | None]], list[tuple[Decimal, Decimal | None]]]:
    return [(t, f.low) for t, f in told], [(t, f.high) for t, f in told]


def _weighted(bounds: Sequence[tuple[Decimal, Decimal | None]]) -> Decimal | None:
    total, mass = Decimal(0), Decimal(0)
    for tonnes, bound in bounds:
        if bound is None:
            return None
        total, mass = total + tonnes * bound, mass + tonnes
    return (total / mass).quantize(_PLACES)


def _fits(joint: Figure | None, asked: Figure | None) -> bool | None:
    if joint is None or asked is None or joint.unit != asked.unit or asked.low == asked.high:
        return None
    too_low = asked.low is not None and joint.high is not None and joint.high < asked.low
    too_high = asked.high is not None and joint.low is not None and joint.low > asked.high
    if too_low or too_high:
        return False
    is_enough = asked.low is None or (joint.low is not None and joint.low >= asked.low)
    is_within = asked.high is None or (joint.high is not None and joint.high <= asked.high)
    return True if is_enough and is_within else None
