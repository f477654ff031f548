"""What other factor values would change in figures that are recorded; the records stay as they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketplace.carbon.errors import InputError
from marketplace.carbon.method import assess


@dataclass(frozen=True, slots=True)
class Change:
    """One figure under other factors, kg CO2e; ``proposed_kgco2e`` is None where ``problem`` says why not."""

    recorded_kgco2e: Decimal
    proposed_kgco2e: Decimal | None
    changed_factors: tuple[str, ...]
    problem: str = ""


def change_of(
    inputs: Mapping[str, Any], recorded: Mapping[str, Mapping[str, Any]], proposed: Mapping[str, Mapping[str, Any]]
) -> Change | None:
    """Assess recorded inputs again with the proposed factors in place of those of the same id.

    Returns:
        None if no factor of this figure changes in value, unit or spread.

    Raises:
        InputError: the recorded inputs themselves are wrong.
    """
    changed = tuple(sorted(i for i in recorded.keys() & proposed.keys() if _differs(recorded[i], proposed[i])))
    if not changed:
        return None
    before = assess(inputs, recorded).net_kgco2e
    try:
        after = assess(inputs, {**recorded, **{i: proposed[i] for i in changed}}).net_kgco2e
    except InputError as wrong:
        return Change(before, None, changed, str(wrong))
    return Change(before, after, changed)


def _differs(recorded: Mapping[str, Any], proposed: Mapping[str, Any]) -> bool:
    numbers_differ = any(Decimal(recorded[key]) != Decimal(proposed[key]) for key in ("value", "gsd"))
    return numbers_differ or bool(recorded["unit"] != proposed["unit"])
