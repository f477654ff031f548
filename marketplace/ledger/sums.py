"""The totals as they must be, added up in little space while entries are verified.

The same amounts as `rollups.cells_of`, which a test compares; but added per family and material, party and park at
once, because a million entries pass here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.ledger import rollups
from marketplace.ledger.models import Dimension

_VARIANCE, _SENSITIVITY = Decimal("0.01"), Decimal("0.000001")

Slot = tuple[str, str, str]
Amounts = list[Decimal]
Sensitivities = dict[tuple[str, str, str], Decimal]


class Sums:
    """Cells by dimension, key and month, with texts for keys so that they travel between processes and into files."""

    __slots__ = ("cells",)

    def __init__(self) -> None:
        self.cells: dict[Slot, tuple[Amounts, Sensitivities]] = {}

    def add(self, body: Mapping[str, Any], sign: int, parties: tuple[int, int, int, int]) -> None:
        """One entry.

        Args:
            body: the assessment (of a reversal: the one it reverses).
            sign: 1, or -1 for a reversal.
            parties: ids of supplier's and receiver's park, supplier and receiver.
        """
        result, month, factors = body["result"], body["month"], body["factors"]
        accepted, value = sign * Decimal(body["accepted_t"]), sign * Decimal(body["value_cny"])
        variance = sign * Decimal(result["specific_variance"])
        sensitivities: Sensitivities = {}
        for name, text in result["sensitivities"].items():
            copy = factors[name]
            sensitivities[name, copy["version"], copy["gsd"]] = sign * Decimal(text)
        shares, portions = result["shares"], body["inputs"]["attribution"]
        given, taken = sign * Decimal(shares["supplier"]), sign * Decimal(shares["user"])
        p_given, p_taken = Decimal(portions["supplier"]), Decimal(portions["user"])
        one, none = Decimal(sign), Decimal(0)

        whole = [sign * Decimal(result["net_kgco2e"]), accepted, accepted, value, one, variance.quantize(_VARIANCE)]
        self._to(("whole", f"{body['family']}/{body['material']}", month), whole, sensitivities)
        part = _scaled(sensitivities, p_given)
        other = part if p_taken == p_given else _scaled(sensitivities, p_taken)
        supplied = [given, accepted, none, value, one, (variance * p_given**2).quantize(_VARIANCE)]
        received = [taken, none, accepted, value, one, (variance * p_taken**2).quantize(_VARIANCE)]
        from_park, to_park, supplier, receiver = parties
        self._both("enterprise", supplier, receiver, month, supplied, received, part, other, whole, sensitivities)
        self._both("park", from_park, to_park, month, supplied, received, part, other, whole, sensitivities)

    def merge(self, other: Sums) -> None:
        """Add another's cells."""
        for slot, (amounts, sensitivities) in other.cells.items():
            self._to(slot, amounts, sensitivities)

    def as_rollups(self) -> dict[rollups.CellKey, rollups.Cell]:
        """The cells of every dimension, as the database keeps them."""
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
            sums.cells[dimension, key, month] = ([Decimal(a) for a in amounts], by_factor)
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
            self.cells[slot] = (list(amounts), dict(sensitivities))
            return
        sums, by_factor = cell
        for index, amount in enumerate(amounts):
            sums[index] += amount
        for key, sensitivity in sensitivities.items():
            by_factor[key] = by_factor.get(key, 0) + sensitivity


def _scaled(sensitivities: Sensitivities, portion: Decimal) -> Sensitivities:
    return {key: (s * portion).quantize(_SENSITIVITY) for key, s in sensitivities.items()}


def _slots(dimension: str, key: str) -> list[tuple[Dimension, str]]:
    if dimension != "whole":
        return [(Dimension(dimension), key)]
    family, _, material = key.partition("/")
    return [(Dimension.ALL, rollups.ALL), (Dimension.FAMILY, family), (Dimension.MATERIAL, material)]
