"""The totals as they must be, added up in little space while entries are verified.

The same amounts as `rollups.cells_of`, which a test compares; but added per family and material, party and park at
once, because a million entries pass here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import add, neg
from typing import Any

from marketplace.ledger import rollups
from marketplace.ledger.models import Dimension

_VARIANCE, _SENSITIVITY = Decimal("0.01"), Decimal("0.000001")
_NONE, _ONE = Decimal(0), Decimal(1)

Slot = tuple[str, str, str]
Amounts = tuple[Decimal, ...]
FactorKey = tuple[str, str, str]
Sensitivities = dict[FactorKey, Decimal]
Parties = tuple[int, int, int, int]
Group = tuple[str, str, str, str, Parties]


class Sums:
    """Cells by dimension, key and month, with texts for keys so that they travel between processes and into files.

    Entries of the same parties, material and month wait together, and go into their cells by the column.
    """

    __slots__ = ("_waiting", "cells")

    def __init__(self) -> None:
        self.cells: dict[Slot, tuple[Amounts, Sensitivities]] = {}
        self._waiting: dict[Group, tuple[list[Amounts], dict[FactorKey, list[Decimal]]]] = {}

    def add(self, body: Mapping[str, Any], sign: int, parties: Parties) -> None:
        """One entry; `settle` brings it into the cells.

        Args:
            body: the assessment (of a reversal: the one it reverses).
            sign: 1, or -1 for a reversal.
            parties: ids of supplier's and receiver's park, supplier and receiver.
        """
        result, factors, portions = body["result"], body["factors"], body["inputs"]["attribution"]
        p_supplier, p_user = portions["supplier"], portions["user"]
        group = (f"{body['family']}/{body['material']}", body["month"], p_supplier, p_user, parties)
        amounts, by_factor = self._waiting.get(group) or self._waiting.setdefault(group, ([], {}))
        variance, shares = Decimal(result["specific_variance"]), result["shares"]
        row = (
            Decimal(result["net_kgco2e"]), Decimal(shares["supplier"]), Decimal(shares["user"]),
            Decimal(body["accepted_t"]), Decimal(body["value_cny"]), _ONE, variance.quantize(_VARIANCE),
            (variance * _square(p_supplier)).quantize(_VARIANCE), (variance * _square(p_user)).quantize(_VARIANCE),
        )  # fmt: skip
        amounts.append(row if sign == 1 else tuple(map(neg, row)))
        for name, text in result["sensitivities"].items():
            copy = factors[name]
            key = (name, copy["version"], copy["gsd"])
            by_factor.setdefault(key, []).append(Decimal(text) if sign == 1 else -Decimal(text))

    def settle(self) -> None:
        """Bring what waits into the cells; whoever reads them, or sends this elsewhere, calls this first."""
        for (material, month, p_supplier, p_user, parties), (rows, by_factor) in self._waiting.items():
            columns = zip(*rows, strict=True)
            net, given, taken, accepted, value, count, of_all, of_given, of_taken = (sum(c, _NONE) for c in columns)
            whole = (net, accepted, accepted, value, count, of_all)
            supplied = (given, accepted, _NONE, value, count, of_given)
            received = (taken, _NONE, accepted, value, count, of_taken)
            sensitivities = {key: sum(each, _NONE) for key, each in by_factor.items()}
            part = _scaled(by_factor, Decimal(p_supplier))
            other = part if p_user == p_supplier else _scaled(by_factor, Decimal(p_user))
            from_park, to_park, supplier, receiver = parties
            self._to(("whole", material, month), whole, sensitivities)
            self._both("enterprise", supplier, receiver, month, supplied, received, part, other, whole, sensitivities)
            self._both("park", from_park, to_park, month, supplied, received, part, other, whole, sensitivities)
        self._waiting.clear()

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


@lru_cache(maxsize=1024)
def _square(portion: str) -> Decimal:
    return Decimal(portion) ** 2


def _scaled(by_factor: Mapping[FactorKey, list[Decimal]], portion: Decimal) -> Sensitivities:
    """A party's part of each entry, rounded as the entry's rollups were."""
    return {key: sum([(s * portion).quantize(_SENSITIVITY) for s in each], _NONE) for key, each in by_factor.items()}


def _slots(dimension: str, key: str) -> list[tuple[Dimension, str]]:
    if dimension != "whole":
        return [(Dimension(dimension), key)]
    family, _, material = key.partition("/")
    return [(Dimension.ALL, rollups.ALL), (Dimension.FAMILY, family), (Dimension.MATERIAL, material)]
