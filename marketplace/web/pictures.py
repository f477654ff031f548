"""Geometry of the charts: values in, frozen dataclasses in view-box units out. Pure; the map is in pictures_map."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.web.pictures_map import MapPicture, MapPoint, ParkShape, corridor_map

__all__ = [
    "BarRow", "MapPicture", "MapPoint", "ParkShape", "SeriesPicture", "WaterfallPicture",
    "bar_rows", "corridor_map", "month_series", "waterfall",
]  # fmt: skip
WIDTH = 640
LEFT, VALUE_ROOM, ROW = 220.0, 130.0, 34.0
Number = Decimal | float | int


@dataclass(frozen=True, slots=True)
class WaterfallBar:
    """One component or, with kind net, the sum; kind is gain, loss or net."""

    label: str
    kgco2e: Decimal
    kind: str
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class WaterfallPicture:
    """From zero through each component to the net."""

    bars: tuple[WaterfallBar, ...]
    zero_x: float
    height: float
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class Tick:
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class MonthBar:
    """One month's value with the ends of its interval."""

    label: str
    value: Number
    low: Number
    high: Number
    x: float
    middle: float
    y: float
    width: float
    height: float
    low_y: float
    high_y: float
    shows_label: bool


@dataclass(frozen=True, slots=True)
class SeriesPicture:
    bars: tuple[MonthBar, ...]
    ticks: tuple[Tick, ...]
    zero_y: float
    width: int = WIDTH
    height: int = 280


@dataclass(frozen=True, slots=True)
class BarRow:
    label: str
    value: Number
    width_percent: float
    is_negative: bool


def waterfall(components: Sequence[tuple[str, str, Decimal]], total_label: str) -> WaterfallPicture:
    """From zero through each component (key, label, kg CO2e) to the net."""
    running = [Decimal(0)]
    for _key, _label, value in components:
        running.append(running[-1] + value)
    low, high = float(min(running)), float(max(running))
    scale = (WIDTH - LEFT - VALUE_ROOM) / (high - low or 1.0)

    def at(value: Decimal) -> float:
        return LEFT + (float(value) - low) * scale

    rows = [
        (label, value, "gain" if value >= 0 else "loss", running[i], running[i + 1])
        for i, (_key, label, value) in enumerate(components)
    ]
    rows.append((total_label, running[-1], "net", Decimal(0), running[-1]))
    bars = tuple(
        WaterfallBar(
            label, value, kind, round(min(at(start), at(end)), 1), i * ROW + 4,
            round(max(abs(at(end) - at(start)), 1.0), 1),
        )
        for i, (label, value, kind, start, end) in enumerate(rows)
    )  # fmt: skip
    return WaterfallPicture(bars, round(at(Decimal(0)), 1), len(rows) * ROW)


def month_series(points: Sequence[tuple[str, Number, Number, Number]]) -> SeriesPicture:
    """Bars over months: label, value, low and high end of each."""
    values = [float(v) for point in points for v in point[1:]]
    low, high = min([0.0, *values]), max([0.0, *values])
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-6)))
    step = step / 2 if (high - low) / step < 3 else step
    first, last = math.floor(low / step), max(math.ceil(high / step), 1)
    top, bottom, left = 12.0, 244.0, 66.0
    scale = (bottom - top) / ((last - first) * step)

    def at(value: Number) -> float:
        return round(bottom - (float(value) - first * step) * scale, 1)

    room = (WIDTH - left) / max(len(points), 1)
    stride = math.ceil(len(points) * 84 / (WIDTH - left)) or 1
    bars = tuple(
        MonthBar(
            label, value, lowest, highest, round(left + room * (i + 0.15), 1), round(left + room * (i + 0.5), 1),
            min(at(value), at(0)), round(room * 0.7, 1), round(abs(at(value) - at(0)), 1), at(lowest), at(highest),
            (len(points) - 1 - i) % stride == 0,
        )
        for i, (label, value, lowest, highest) in enumerate(points)
    )  # fmt: skip
    return SeriesPicture(bars, tuple(Tick(i * step, at(i * step)) for i in range(first, last + 1)), at(0))


def bar_rows(rows: Sequence[tuple[str, Number]]) -> list[BarRow]:
    """A ranking: each row's bar as a share of the largest."""
    largest = max((abs(float(v)) for _, v in rows), default=0.0) or 1.0
    return [BarRow(label, v, round(abs(float(v)) / largest * 100, 1), v < 0) for label, v in rows]
