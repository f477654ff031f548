"""Several small offers that together fill one want, and one offer shared out among several wants. Pure.

Both are small mixed-integer programmes, solved exactly by HiGHS through scipy: which parts (yes or no) and how much
of each, so that the total fits and the objective is least. Dozens of parts take milliseconds.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

TOLERANCE = Decimal("0.10")  # a want counts as filled within a tenth of what it asks for
MOST_PARTS = 5  # more trucks from more gates than this nobody organises
LEAST_SHARE = Decimal("0.05")  # a part below a twentieth of the whole is not worth its truck
SECONDS = 2.0  # the solver gives its best answer so far after this; never seen below 60 parts
_STEP = Decimal("0.001")


class Objective(enum.StrEnum):
    """What the best combination has least of."""

    CHEAPEST = "cheapest"
    CLEANEST = "cleanest"


@dataclass(frozen=True, slots=True)
class Part:
    """A partner's listing in a combination: tonnes per month it has (or needs), and what each of them brings.

    `group` says what may be mixed: the same use and the same state of matter. A hazardous part is never mixed.
    """

    id: str
    quantity_t: Decimal
    cny_per_t: Decimal
    net_avoided_kgco2e_per_t: float
    group: str = ""
    is_hazardous: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """So many tonnes per month with one partner."""

    part: Part
    quantity_t: Decimal


@dataclass(frozen=True, slots=True)
class Combination:
    """Shares, largest first, with their sums per month; `goal_t` is what was asked for or offered."""

    shares: tuple[Share, ...]
    goal_t: Decimal

    @property
    def total_t(self) -> Decimal:
        return sum((s.quantity_t for s in self.shares), Decimal(0))

    @property
    def cny(self) -> Decimal:
        return sum((s.quantity_t * s.part.cny_per_t for s in self.shares), Decimal(0)).quantize(Decimal("0.01"))

    @property
    def net_avoided_kgco2e(self) -> float:
        return round(sum(float(s.quantity_t) * s.part.net_avoided_kgco2e_per_t for s in self.shares), 1)


def blend(offers: Sequence[Part], wanted_t: Decimal, objective: Objective) -> Combination | None:
    """The best two to five offers of one group that fill a want within the tolerance; None when there are none.

    An offer that fills the want alone is a plain match and takes no part.

    Raises:
        ValueError: the wanted quantity is not positive.
    """
    low, high = _range(wanted_t)
    small = [o for o in offers if not o.is_hazardous and 0 < o.quantity_t < low]
    found = [
        made
        for group in sorted({o.group for o in small})
        if (made := _fill([o for o in small if o.group == group], wanted_t, (low, high), objective))
    ]
    return min(found, key=lambda c: _worth(c, objective), default=None)


def split(offered_t: Decimal, wants: Sequence[Part], objective: Objective) -> Combination | None:
    """The best two to five wants that one offer serves, each filled within the tolerance or not at all.

    As many tonnes as possible are placed first; the objective decides among equals. None when no two fit.

    Raises:
        ValueError: the offered quantity is not positive.
    """
    if offered_t <= 0:
        raise ValueError(f"an offer must be positive, got {offered_t}")
    smaller = [w for w in wants if w.quantity_t > 0 and w.quantity_t <= offered_t]
    if len(smaller) < 2:
        return None
    lows = np.array([float(w.quantity_t * (1 - TOLERANCE)) for w in smaller])
    highs = np.array([float(w.quantity_t) for w in smaller])
    values = _values(smaller, objective)
    spread = float(np.ptp(values)) or 1.0
    cost = (values - values.min()) / spread * 0.01 - 1.0  # a tonne placed counts a hundred times the objective
    amounts = _solve(cost, lows, highs, (0.0, float(offered_t)))
    return _combination(smaller, amounts, offered_t, (Decimal(0), offered_t)) if amounts is not None else None


def _fill(
    offers: list[Part], wanted_t: Decimal, limits: tuple[Decimal, Decimal], objective: Objective
) -> Combination | None:
    if len(offers) < 2 or sum(o.quantity_t for o in offers) < limits[0]:
        return None
    highs = np.array([float(o.quantity_t) for o in offers])
    lows = np.minimum(highs, float(wanted_t * LEAST_SHARE))
    amounts = _solve(_values(offers, objective), lows, highs, (float(limits[0]), float(limits[1])))
    return _combination(offers, amounts, wanted_t, limits) if amounts is not None else None


def _solve(
    cost_per_t: np.ndarray, lows: np.ndarray, highs: np.ndarray, total: tuple[float, float]
) -> np.ndarray | None:
    """Tonnes of each part; unknowns are the tonnes and, for each part, whether it is in.

    Quantities are divided by the total first, so that the solver's absolute tolerances mean the same at 1 t and 1 Mt.
    """
    count, unit = len(cost_per_t), total[1]
    each, none = np.eye(count), np.zeros((1, count))
    rows = [
        LinearConstraint(np.hstack([each, -np.diag(lows / unit)]), lb=0),  # in: at least its least
        LinearConstraint(np.hstack([each, -np.diag(highs / unit)]), ub=0),  # at most what it has, nothing if out
        LinearConstraint(np.hstack([np.ones((1, count)), none]), total[0] / unit, 1.0),
        LinearConstraint(np.hstack([none, np.ones((1, count))]), 2, MOST_PARTS),
    ]
    scale = float(np.abs(cost_per_t).max()) or 1.0
    cost = np.concatenate([cost_per_t / scale, np.full(count, 1e-6)])  # among equals: fewer trucks
    bounds = Bounds(0, np.concatenate([highs / unit, np.ones(count)]))
    whole = np.repeat([0, 1], count)
    found = milp(cost, constraints=rows, integrality=whole, bounds=bounds, options={"time_limit": SECONDS})
    return found.x[:count] * unit if found.x is not None else None


def _combination(
    parts: Sequence[Part], amounts: np.ndarray, goal_t: Decimal, limits: tuple[Decimal, Decimal]
) -> Combination | None:
    """Whole kilograms of the solver's tonnes, inside the limits exactly; None when rounding leaves fewer than two."""
    shares = [
        Share(part, min(part.quantity_t, Decimal(repr(float(amount))).quantize(_STEP, ROUND_FLOOR)))
        for part, amount in zip(parts, amounts, strict=True)
        if amount > float(_STEP)
    ]
    made = Combination(tuple(sorted(shares, key=lambda s: (-s.quantity_t, s.part.id))), goal_t)
    made = _moved(made, limits)
    return made if len(made.shares) >= 2 and limits[0] <= made.total_t <= limits[1] else None


def _moved(made: Combination, limits: tuple[Decimal, Decimal]) -> Combination:
    """The kilograms that rounding took or gave, put right with the parts that can bear them."""
    missing, surplus = limits[0] - made.total_t, made.total_t - limits[1]
    shares = []
    for share in made.shares:
        add = max(Decimal(0), min(missing, share.part.quantity_t - share.quantity_t))
        take = max(Decimal(0), min(surplus, share.quantity_t - _STEP))
        missing, surplus = missing - add, surplus - take
        shares.append(Share(share.part, share.quantity_t + add - take))
    return Combination(tuple(shares), made.goal_t)


def _range(wanted_t: Decimal) -> tuple[Decimal, Decimal]:
    if wanted_t <= 0:
        raise ValueError(f"a want must be positive, got {wanted_t}")
    return wanted_t * (1 - TOLERANCE), wanted_t * (1 + TOLERANCE)


def _values(parts: Sequence[Part], objective: Objective) -> np.ndarray:
    """What the solver makes least, per tonne."""
    if objective is Objective.CHEAPEST:
        return np.array([float(p.cny_per_t) for p in parts])
    return np.array([-p.net_avoided_kgco2e_per_t for p in parts])


def _worth(made: Combination, objective: Objective) -> tuple[float, str]:
    per_t = float(made.cny) if objective is Objective.CHEAPEST else -made.net_avoided_kgco2e
    return per_t / float(made.total_t), made.shares[0].part.group
