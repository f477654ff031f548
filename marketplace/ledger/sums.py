"""The totals as they must be, added up in little space while entries are verified.

The same amounts as `rollups.cells_of`, which a test compares; but added per family and material, party and park at
once, because a million entries pass here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import add, mul
from typing import Any

from marketplace.ledger import rollups
from marketplace.ledger.models import Dimension

_VARIANCE, _SENSITIVITY = Decimal("0.01"), Decimal("0.000001")
_NONE, _ONE = Decimal(0), Decimal(1)

Slot = tuple[str, str, str]
Amounts = tuple[Decimal, ...]
FactorKey = tuple[str, str, str]
Sensitivities = dict[FactorKey, Decimal]
Parties = tuple[int, ...]
Group = tuple[str, str, str, str, str, Parties, int]


class _Waiting:
    """What entries of one group say, as they say it: `results` and the amounts beside them; of reversals with -1."""

    __slots__ = ("amounts", "factors", "results", "signs")

    def __init__(self, factors: Mapping[str, Mapping[str, str]]) -> None:
        self.factors = factors
        self.amounts: list[tuple[str, str]] = []
        self.results: list[Mapping[str, Any]] = []
        self.signs: list[int] = []


class Sums:
    """Cells by dimension, key and month, with texts for keys so that they travel between processes and into files.

    Entries of the same parties, material, month and factors wait together, and go into their cells by the column.
    """

    __slots__ = ("_waiting", "cells")

    def __init__(self) -> None:
        self.cells: dict[Slot, tuple[Amounts, Sensitivities]] = {}
        self._waiting: dict[Group, _Waiting] = {}

    def add(self, body: Mapping[str, Any], sign: int, parties: Parties) -> None:
        """One entry; `settle` brings it into the cells.

        Args:
            body: the assessment (of a reversal: the one it reverses).
            sign: 1, or -1 for a reversal.
            parties: ids of supplier's and receiver's park, supplier and receiver.
        """
        portions, factors = body["inputs"]["attribution"], body["factors"]
        # Who waits holds the factors, so that no others come to stand in their place in memory.
        group = (body["family"], body["material"], body["month"], portions["supplier"], portions["user"], parties,
                 id(factors))  # fmt: skip
        waiting = self._waiting.get(group) or self._waiting.setdefault(group, _Waiting(factors))
        waiting.results.append(body["result"])
        waiting.amounts.append((body["accepted_t"], body["value_cny"]))
        waiting.signs.append(sign)

    def settle(self) -> None:
        """Bring what waits into the cells; whoever reads them, or sends this elsewhere, calls this first."""
        for (family, material, month, p_supplier, p_user, parties, _), waiting in self._waiting.items():
            self._settle(f"{family}/{material}", month, Decimal(p_supplier), Decimal(p_user), parties, waiting)
        self._waiting.clear()

    def _settle(
        self, material: str, month: str, p_supplier: Decimal, p_user: Decimal, parties: Parties, waiting: _Waiting
    ) -> None:
        results = waiting.results
        signs = waiting.signs if -1 in waiting.signs else None
        shares = [result["shares"] for result in results]
        net = _signed([result["net_kgco2e"] for result in results], signs)
        given, taken = (_signed([share[party] for share in shares], signs) for party in ("supplier", "user"))
        accepted, value = (_signed(column, signs) for column in zip(*waiting.amounts, strict=True))
        variances, count = [Decimal(result["specific_variance"]) for result in results], Decimal(sum(waiting.signs))
        of_all, of_given = (_variance(variances, p, signs) for p in (_ONE, p_supplier))
        of_taken = of_given if p_user == p_supplier else _variance(variances, p_user, signs)
        whole = (net, accepted, accepted, value, count, of_all)
        supplied = (given, accepted, _NONE, value, count, of_given)
        received = (taken, _NONE, accepted, value, count, of_taken)
        by_factor = _by_factor(waiting, signs)
        sensitivities = {key: sum(each, _NONE) for key, each in by_factor.items()}
        part = _scaled(by_factor, p_supplier)
        other = part if p_user == p_supplier else _scaled(by_factor, p_user)
        from_park, to_park, supplier, receiver = parties
        self._to(("whole", material, month), whole, sensitivities)
        self._both("enterprise", supplier, receiver, month, supplied, received, part, other, whole, sensitivities)
        self._both("park", from_park, to_park, month, supplied, received, part, other, whole, sensitivities)

    def merge(self, other: Sums) -> None:
        """Add another's cells."""
        other.settle()
        for slot, (amounts, sensitivities) in other.cells.items():
            self._to(slot, amounts, sensitivities)

    def as_rollups(self) -> dict[rollups.CellKey, rollups.Cell]:
        """The cells of every dimension, as the database keeps them."""
        self.settle()
        wanted: dict[rollups.CellKey, rollups.Cell] = {}
        for (dimension, key, month), (amounts, sensitivities) in self.cells.items():
            cell = rollups.Cell(
                net_kgco2e=amounts[0],
                supplied_t=amounts[1],
                received_t=amounts[2],
                value_cny=amounts[3],
                exchanges=int(amounts[4]),
                specific_variance=amounts[5],
                sensitivities={(f, int(v), Decimal(g)): s for (f, v, g), s in sensitivities.items()},
            )
            for slot in _slots(dimension, key):
                wanted.setdefault((*slot, date.fromisoformat(month)), rollups.Cell()).add(cell)
        return wanted

    def to_json(self) -> list[Any]:
        """For a file from which a later run goes on."""
        self.settle()
        return [
            [*slot, [str(a) for a in amounts], [[*key, str(s)] for key, s in sensitivities.items()]]
            for slot, (amounts, sensitivities) in self.cells.items()
        ]

    @classmethod
    def from_json(cls, rows: Iterable[Any]) -> Sums:
        """What `to_json` wrote."""
        sums = cls()
        for dimension, key, month, amounts, sensitivities in rows:
            by_factor = {(f, v, g): Decimal(s) for f, v, g, s in sensitivities}
            sums.cells[dimension, key, month] = (tuple(map(Decimal, amounts)), by_factor)
        return sums

    def _both(
        self, dimension: str, giver: int, taker: int, month: str, supplied: Amounts, received: Amounts,
        part: Sensitivities, other: Sensitivities, whole: Amounts, sensitivities: Sensitivities,
    ) -> None:  # fmt: skip
        if giver == taker:  # both shares fall under one key, and are rounded as one
            self._to((dimension, str(giver), month), whole, sensitivities)
            return
        self._to((dimension, str(giver), month), supplied, part)
        self._to((dimension, str(taker), month), received, other)

    def _to(self, slot: Slot, amounts: Amounts, sensitivities: Sensitivities) -> None:
        cell = self.cells.get(slot)
        if cell is None:
            self.cells[slot] = (amounts, dict(sensitivities))
            return
        sums, by_factor = cell
        self.cells[slot] = (tuple(map(add, sums, amounts)), by_factor)
        for key, sensitivity in sensitivities.items():
            by_factor[key] = by_factor.get(key, _NONE) + sensitivity


def _signed(texts: Sequence[str], signs: Sequence[int] | None) -> Decimal:
    return sum(_turned(map(Decimal, texts), signs), _NONE)


def _turned(amounts: Iterable[Decimal], signs: Sequence[int] | None) -> Iterable[Decimal]:
    """Those of reversals with their sign turned; None: there is no reversal."""
    return amounts if signs is None else map(mul, amounts, signs)


def _variance(variances: Iterable[Decimal], portion: Decimal, signs: Sequence[int] | None) -> Decimal:
    """A party's part of each entry's variance, rounded as the entry's rollups were."""
    square = portion * portion
    return sum(_turned([(v * square).quantize(_VARIANCE) for v in variances], signs), _NONE)


def _by_factor(waiting: _Waiting, signs: Sequence[int] | None) -> dict[FactorKey, list[Decimal]]:
    rows = [result["sensitivities"] for result in waiting.results]
    found: dict[str, list[Decimal]] = {}
    for name in {name: None for row in rows for name in row}:
        found[name] = list(_turned([Decimal(row.get(name, 0)) for row in rows], signs))
    factors = waiting.factors
    return {(name, factors[name]["version"], factors[name]["gsd"]): each for name, each in found.items()}


def _scaled(by_factor: Mapping[FactorKey, list[Decimal]], portion: Decimal) -> Sensitivities:
    """A party's part of each entry, rounded as the entry's rollups were."""
    return {key: sum([(s * portion).quantize(_SENSITIVITY) for s in each], _NONE) for key, each in by_factor.items()}


def _slots(dimension: str, key: str) -> list[tuple[Dimension, str]]:
    if dimension != "whole":
        return [(Dimension(dimension), key)]
    family, _, material = key.partition("/")
    return [(Dimension.ALL, rollups.ALL), (Dimension.FAMILY, family), (Dimension.MATERIAL, material)]
