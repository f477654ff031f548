"""Totals over entries: shared factors add before they are squared (METHOD §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.carbon.assessment import Assessment
from marketplace.carbon.decimals import ZERO, exact, round_kg, variance_of
from marketplace.carbon.errors import InputError
from marketplace.carbon.intervals import interval
from marketplace.carbon.values import Factor


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry; a reversal names the entry it cancels and carries that entry's assessment."""

    id: str
    assessment: Assessment
    reversal_of: str | None = None

    @property
    def sign(self) -> int:
        return 1 if self.reversal_of is None else -1


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of entries in kg CO2e with its 95 % interval, rounded to 0.001 kg."""

    net_kgco2e: Decimal
    low_kgco2e: Decimal
    high_kgco2e: Decimal

    def to_dict(self) -> dict[str, str]:
        """The ``expect`` of a case with entries (METHOD §9)."""
        return {
            "net_kgco2e": str(self.net_kgco2e),
            "low_kgco2e": str(self.low_kgco2e),
            "high_kgco2e": str(self.high_kgco2e),
        }


def total(entries: Iterable[Entry]) -> Total:
    """Total of entries, reversals included.

    Raises:
        InputError: ``entries.N.id`` is used twice; ``entries.N.reversal`` names no earlier entry, a reversal, or one
            already reversed; ``entries.N.input`` differs from the entry it reverses.
    """
    entries = tuple(entries)
    reversed_ids = _reversed_ids(entries)
    with exact():
        net = sum((entry.sign * entry.assessment.exact_net for entry in entries), ZERO)
        specific = sum((e.assessment.specific.sum for e in entries if not _is_cancelled(e, reversed_ids)), ZERO)
        low, high = interval(net, _shared_variance(_sensitivities(entries)) + specific)
    return Total(net_kgco2e=round_kg(net), low_kgco2e=low, high_kgco2e=high)


def combine(
    net: Decimal, sensitivities_by_factor: Mapping[str, tuple[Decimal, Decimal]], specific_variance: Decimal
) -> tuple[Decimal, Decimal]:
    """Interval of a rollup from its stored sums.

    Args:
        net: ``Σ net`` of the rollup, kg CO2e.
        sensitivities_by_factor: factor (id and version) to ``(ΣS_j, gsd)``, kg CO2e.
        specific_variance: sum over the entries that are neither reversed nor reversals, kg² CO2e.

    Returns:
        Lower and upper bound, rounded to 0.001 kg.
    """
    with exact():
        return interval(net, _shared_variance(sensitivities_by_factor.values()) + specific_variance)


def _shared_variance(sensitivities: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    return sum((variance_of(kgco2e, gsd) for kgco2e, gsd in sensitivities), ZERO)


def _sensitivities(entries: Iterable[Entry]) -> Iterable[tuple[Decimal, Decimal]]:
    """``(ΣS_j, gsd)`` of each factor, the same being one of equal id and version."""
    sums: dict[Factor, Decimal] = {}
    for entry in entries:
        for factor_id, kgco2e in entry.assessment.exact_sensitivities.items():
            factor = entry.assessment.factors[factor_id]
            sums[factor] = sums.get(factor, ZERO) + entry.sign * kgco2e
    return [(kgco2e, factor.gsd) for factor, kgco2e in sums.items()]


def _is_cancelled(entry: Entry, reversed_ids: frozenset[str]) -> bool:
    return entry.reversal_of is not None or entry.id in reversed_ids


def _reversed_ids(entries: Sequence[Entry]) -> frozenset[str]:
    seen: dict[str, Entry] = {}
    reversed_ids: set[str] = set()
    for index, entry in enumerate(entries):
        path = f"entries.{index}"
        if entry.id in seen:
            raise InputError(f"{path}.id", f"{entry.id} is used twice")
        if entry.reversal_of is not None:
            _check_reversal(path, entry, seen.get(entry.reversal_of), reversed_ids)
            reversed_ids.add(entry.reversal_of)
        seen[entry.id] = entry
    return frozenset(reversed_ids)


def _check_reversal(path: str, entry: Entry, original: Entry | None, reversed_ids: set[str]) -> None:
    if original is None or original.reversal_of is not None:
        raise InputError(f"{path}.reversal", "must name an earlier entry that is not a reversal itself")
    if original.id in reversed_ids:
        raise InputError(f"{path}.reversal", f"{original.id} is already reversed")
    if original.assessment != entry.assessment:
        raise InputError(f"{path}.input", f"must repeat the inputs of {original.id}, which it cancels")
