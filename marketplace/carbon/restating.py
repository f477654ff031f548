"""A recorded total at other factor values, from its stored ``ΣS_j`` alone (METHOD §4). Pure.

``net`` is linear in each factor, and ``S_j`` is all of it that contains factor *j*; so with another value the part
``S_j`` becomes ``S_j · new / old``, exactly, for one entry as for a million of them added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from marketplace.carbon.decimals import ZERO, exact, round_kg
from marketplace.carbon.totals import combine


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of a factor: its number, value and geometric standard deviation."""

    number: int
    value: Decimal
    gsd: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """All that contains one version of a factor in a total: ``ΣS_j`` in kg CO2e."""

    factor_id: str
    recorded: Version
    kgco2e: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """What another value of one factor does to a total; ``difference_kgco2e`` is not rounded.

    None where the recorded value was zero: then the total does not say how much of it there was.
    """

    part: Part
    today: Version
    difference_kgco2e: Decimal | None


@dataclass(frozen=True, slots=True)
class Restatement:
    """A total as reported and at other factors, kg CO2e rounded to 0.001; changes with the largest first.

    The interval takes what belongs to single entries (weighing, ways, how much is replaced) as recorded.
    """

    reported_kgco2e: Decimal
    today_kgco2e: Decimal
    low_kgco2e: Decimal
    high_kgco2e: Decimal
    changes: tuple[Change, ...]

    @property
    def difference_kgco2e(self) -> Decimal:
        return self.today_kgco2e - self.reported_kgco2e

    @property
    def is_complete(self) -> bool:
        """Whether every change could be computed."""
        return all(change.difference_kgco2e is not None for change in self.changes)


def restate(
    net: Decimal, parts: Iterable[Part], specific_variance: Decimal, today: Mapping[str, Version]
) -> Restatement:
    """Put today's factors in place of the recorded ones.

    Args:
        net: the total as reported, kg CO2e.
        parts: one for each factor version in it.
        specific_variance: of its entries, kg² CO2e.
        today: the version in force of each factor; one that is missing stays as recorded.
    """
    with exact():
        changes, sums = [], dict[str, tuple[Decimal, Decimal]]()
        for part in parts:
            version = today.get(part.factor_id, part.recorded)
            change = _change(part, version)
            if version != part.recorded:
                changes.append(change)
            before = sums.get(part.factor_id, (ZERO, version.gsd))[0]
            sums[part.factor_id] = (before + part.kgco2e + (change.difference_kgco2e or ZERO), version.gsd)
        restated = net + sum((change.difference_kgco2e or ZERO for change in changes), ZERO)
        low, high = combine(restated, sums, specific_variance)
    ordered = sorted(
        changes, key=lambda c: (-abs(c.difference_kgco2e or ZERO), c.part.factor_id, c.part.recorded.number)
    )
    return Restatement(round_kg(net), round_kg(restated), low, high, tuple(ordered))


def _change(part: Part, version: Version) -> Change:
    if version.value == part.recorded.value:
        return Change(part, version, ZERO)
    if part.recorded.value == 0:
        return Change(part, version, None)
    return Change(part, version, part.kgco2e * (version.value / part.recorded.value - 1))
