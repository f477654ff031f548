"""Bars in tables: rows, compositions and calendars. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.web.pictures_text import Number, places_for, show


@dataclass(frozen=True, slots=True)
class BarRow:
    """One row of a ranking; its bar as per cent of the largest."""

    label: str
    value: Number
    text: str
    width_percent: float
    is_negative: bool


@dataclass(frozen=True, slots=True)
class CompositionPart:
    """One component of a mixture; `x` and `width` in per cent; `number` picks the colour, 1 to 6, 0 for the rest."""

    label: str
    text: str
    x: float
    width: float
    number: int


@dataclass(frozen=True, slots=True)
class MonthCell:
    """One month of a calendar bar, filled from below; per cent of the bar's width and height."""

    label: str
    text: str
    x: float
    width: float
    y: float
    height: float


def bar_rows(rows: Sequence[tuple[str, Number]]) -> list[BarRow]:
    """A ranking, label and value of each row, in the order given; each bar as a share of the largest."""
    largest = max((abs(float(value)) for _, value in rows), default=0.0)
    places = places_for(largest)
    return [
        BarRow(label, value, show(value, places), round(abs(float(value)) / (largest or 1) * 100, 1), value < 0)
        for label, value in rows
    ]


def composition_bar(parts: Sequence[tuple[str, Number]], rest_label: str = "") -> list[CompositionPart]:
    """Shares of a mixture (0 to 1) side by side; what is missing to one becomes the rest if it has a label."""
    total = max(1.0, sum(float(share) for _, share in parts))
    placed: list[CompositionPart] = []
    x = 0.0
    for i, (label, share) in enumerate(parts):
        width = float(share) / total * 100
        placed.append(CompositionPart(label, _per_cent(share), round(x, 2), round(width, 2), i % 6 + 1))
        x += width
    if rest_label and x < 99.5:
        placed.append(CompositionPart(rest_label, _per_cent((100 - x) / 100), round(x, 2), round(100 - x, 2), 0))
    return placed


def _per_cent(share: Number) -> str:
    return f"{float(share) * 100:.3g} %"


def months_bar(months: Sequence[tuple[str, Number]]) -> list[MonthCell]:
    """A small calendar: label of each month and the share (0 to 1) of its full quantity."""
    step = 100 / max(len(months), 1)
    cells = []
    for i, (label, share) in enumerate(months):
        filled = round(min(max(float(share), 0.0), 1.0) * 100, 2)
        cells.append(
            MonthCell(label, _per_cent(share), round(i * step, 2), round(step * 0.86, 2), 100 - filled, filled)
        )
    return cells
