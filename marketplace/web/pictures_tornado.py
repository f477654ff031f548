"""The tornado of a figure: each uncertain input from its low to its high bound, the widest on top. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.web.pictures_charts import across
from marketplace.web.pictures_text import (
    LINE,
    NARROW,
    WIDE,
    Box,
    Picture,
    Tick,
    Words,
    text_width,
    wrap,
)

LABEL_ROOM = 210.0


@dataclass(frozen=True, slots=True)
class TornadoRow:
    """One input: the words of its bounds, the figure at each of them, and its share of the variance (0 to 1)."""

    label: str
    low_text: str
    high_text: str
    range_text: str
    net_at_low: Decimal
    net_at_high: Decimal
    variance_share: Decimal


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """Two rectangles that meet at the figure: `low` towards where the low bound leads, `high` the other way."""

    row: TornadoRow
    y: float
    height: float
    low_x: float
    low_width: float
    high_x: float
    high_width: float
    label_lines: tuple[Words, ...]
    range_words: Words


@dataclass(frozen=True, slots=True)
class TornadoLayout:
    width: float
    height: float
    bars: tuple[TornadoBar, ...]
    ticks: tuple[Tick, ...]
    plot: Box
    net_x: float
    unit_words: Words


@dataclass(frozen=True, slots=True)
class TornadoPicture(Picture):
    """Inputs and the figure at their ends; words are in `unit`, values as given (kg CO2e)."""

    unit: str
    net_kgco2e: Decimal
    wide: TornadoLayout
    narrow: TornadoLayout


def tornado(net: Decimal, rows: Sequence[TornadoRow]) -> TornadoPicture:
    """Draw the inputs in the order given, about the figure.

    Args:
        net: the figure, kg CO2e.
        rows: at least one.
    """
    ends = [net, *(end for row in rows for end in (row.net_at_low, row.net_at_high))]
    low, high = min(ends), max(ends)
    if low == high:
        high = low + 1
    divisor, unit = (1000, "t CO₂e") if max(abs(low), abs(high)) >= 10000 else (1, "kg CO₂e")
    wide = _layout(net, rows, low, high, divisor, WIDE, LABEL_ROOM)
    return TornadoPicture(unit, net, wide, _layout(net, rows, low, high, divisor, NARROW, 0.0))


def _layout(
    net: Decimal, rows: Sequence[TornadoRow], low: Decimal, high: Decimal, divisor: int, width: float, beside: float
) -> TornadoLayout:
    """Labels stand beside their bar where there is room (`beside` > 0), else above it; the bounds under the label."""
    left, right = (beside + 14, width - 8) if beside else (1.0, width - 1.0)
    ticks, scale = across(float(low), float(high), divisor, left, right, width)
    bars: list[TornadoBar] = []
    y, bar_height = 4.0, 18.0 if beside else 14.0
    for row in rows:
        lines = wrap(row.label, beside or width)
        words_height = LINE * (len(lines) + 1)
        bar_y = y + (words_height - bar_height) / 2 + 2 if beside else y + words_height + 5
        middle, at_low, at_high = scale(net), scale(row.net_at_low), scale(row.net_at_high)
        bars.append(
            TornadoBar(
                row, round(bar_y, 2), bar_height,
                min(middle, at_low), _width(middle, at_low), min(middle, at_high), _width(middle, at_high),
                tuple(Words(line, 0.0, round(y + 13 + LINE * i, 2)) for i, line in enumerate(lines)),
                Words(_fitting(row.range_text, beside or width), 0.0, round(y + 13 + LINE * len(lines), 2)),
            )
        )  # fmt: skip
        y += words_height + (10 if beside else bar_height + 12)
    placed = tuple(Tick(t.value, t.at, Words(t.words.text, t.words.x, y + 17, "middle")) for t in ticks)
    unit_words = Words("t CO₂e" if divisor == 1000 else "kg CO₂e", 0.0, y + 17 if beside else y + 36)
    plot = Box(left, 0, right, y)
    return TornadoLayout(width, unit_words.y + 7, tuple(bars), placed, plot, scale(net), unit_words)


def _width(a: float, b: float) -> float:
    return round(max(abs(a - b), 1.0), 2)


def _fitting(text: str, room: float) -> str:
    while text_width(text) > room:
        text = text[:-2] + "…"
    return text
