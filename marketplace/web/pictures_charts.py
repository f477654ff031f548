"""The waterfall of a figure and the series of months. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from marketplace.web.pictures_text import (
    LINE,
    NARROW,
    WIDE,
    Box,
    Number,
    Picture,
    Tick,
    Words,
    apart,
    axis_scale,
    axis_steps,
    clamped,
    places_for,
    show,
    text_width,
    wrap,
)

NO_NOTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WaterfallBar:
    """One component, or the net (`kind` gain, loss or net), from the running total before to the one after."""

    key: str
    label: str
    kgco2e: Decimal
    start: Decimal
    end: Decimal
    kind: str
    x: float
    y: float
    width: float
    height: float
    label_lines: tuple[Words, ...]
    value_words: Words
    end_x: float
    note_lines: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class WaterfallLayout:
    width: float
    height: float
    bars: tuple[WaterfallBar, ...]
    ticks: tuple[Tick, ...]
    plot: Box
    zero_x: float
    unit_words: Words


@dataclass(frozen=True, slots=True)
class WaterfallPicture(Picture):
    """Components that add up to a net figure; words are in `unit`, values as given (kg CO2e)."""

    unit: str
    wide: WaterfallLayout
    narrow: WaterfallLayout


@dataclass(frozen=True, slots=True)
class MonthBar:
    """One month's column with the ends of its interval."""

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
    words: Words | None

    @property
    def shows_label(self) -> bool:
        return self.words is not None


@dataclass(frozen=True, slots=True)
class SeriesLayout:
    width: float
    height: float
    bars: tuple[MonthBar, ...]
    ticks: tuple[Tick, ...]
    plot: Box
    zero_y: float


@dataclass(frozen=True, slots=True)
class SeriesPicture(Picture):
    """Values of months with the interval of each."""

    wide: SeriesLayout
    narrow: SeriesLayout


def waterfall(
    components: Sequence[tuple[str, str, Decimal]], total_label: str, notes: Mapping[str, str] = NO_NOTES
) -> WaterfallPicture:
    """From zero through each component to the net.

    Args:
        components: key, label and value in kg CO2e of each, in the order to draw; may be empty.
        total_label: words of the last bar.
        notes: what stands in small print under the bar of a key.
    """
    running = [Decimal(0)]
    for _key, _label, value in components:
        running.append(running[-1] + value)
    largest = max(abs(v) for v in (*running, *(c[2] for c in components)))
    divisor, unit = (1000, "t CO₂e") if largest >= 10000 else (1, "kg CO₂e")
    places = places_for(largest / divisor)
    rows = [
        _Row(
            key, label, value, show(value / divisor, places), running[i], running[i + 1],
            "gain" if value >= 0 else "loss", notes.get(key, ""),
        )
        for i, (key, label, value) in enumerate(components)
    ]  # fmt: skip
    net = running[-1]
    rows.append(
        _Row("net", total_label, net, show(net / divisor, places), Decimal(0), net, "net", notes.get("net", ""))
    )
    low, high = min(running), max(running)
    if low == high:
        high = Decimal(1)
    return WaterfallPicture(
        unit, _waterfall(rows, low, high, divisor, WIDE, True), _waterfall(rows, low, high, divisor, NARROW, False)
    )


class _Row(NamedTuple):
    key: str
    label: str
    value: Decimal
    text: str
    start: Decimal
    end: Decimal
    kind: str
    note: str


def _waterfall(
    rows: Sequence[_Row], low: Decimal, high: Decimal, divisor: int, width: float, is_beside: bool
) -> WaterfallLayout:
    """Rows from top to bottom; labels stand beside their bar, or above it where there is little room."""
    value_room = max(text_width(row.text) for row in rows) * 1.08
    label_room = min(200.0, max(text_width(row.label) for row in rows)) if is_beside else width - value_room - 12
    left, right = (max(label_room + 14, 110.0), width - value_room - 14) if is_beside else (1.0, width - 1.0)
    ticks, scale = across(float(low), float(high), divisor, left, right, width)
    bars: list[WaterfallBar] = []
    y, bar_height = 4.0, 18.0 if is_beside else 14.0
    for key, label, value, text, start, end, kind, note in rows:
        lines, note_lines = wrap(label, label_room), wrap(note, width, 4) if note else ()
        words_height = LINE * len(lines)
        row_height = max(words_height, bar_height) if is_beside else words_height + bar_height + 2
        bar_y = y + (row_height - bar_height) / 2 if is_beside else y + words_height + 2
        first = y + (row_height - words_height) / 2 + 13 if is_beside else y + 13
        x0, x1 = sorted((scale(start), scale(end)))
        thin = max(0.0, 2 - (x1 - x0))
        x0 = min(max(x0 - thin / 2, left), right - 2)
        bars.append(
            WaterfallBar(
                key, label, value, start, end, kind,
                round(x0, 2), round(bar_y, 2), round(max(x1 - x0, 2.0), 2), bar_height,
                tuple(Words(line, 0.0, round(first + LINE * i, 2)) for i, line in enumerate(lines)),
                Words(text, width, round(bar_y + bar_height / 2 + 4.5 if is_beside else first, 2), "end"),
                scale(end),
                tuple(Words(line, 0.0, round(y + row_height + LINE * (i + 1), 2)) for i, line in enumerate(note_lines)),
            )
        )  # fmt: skip
        y += row_height + LINE * len(note_lines) + (12 if is_beside else 10)
    bottom = y
    placed = tuple(Tick(t.value, t.at, Words(t.words.text, t.words.x, bottom + 17, "middle")) for t in ticks)
    # Beside the ticks where labels leave room at the left, else on a line of its own.
    unit_words = Words("t CO₂e" if divisor == 1000 else "kg CO₂e", 0.0, bottom + 17 if is_beside else bottom + 36)
    height = unit_words.y + 7
    return WaterfallLayout(width, height, tuple(bars), placed, Box(left, 0, right, bottom), scale(0), unit_words)


def across(
    low: float, high: float, divisor: int, left: float, right: float, width: float
) -> tuple[list[Tick], Callable[[Number], float]]:
    """Ticks of a horizontal axis, as many as keep apart, and the scale from value to x."""
    for most in (7, 6, 5, 4, 3, 2):
        steps = axis_steps(low, high, most)
        scale = axis_scale(float(steps[0]), float(steps[-1]), left, right)
        places = max(0, -int((steps[1] - steps[0]).as_tuple().exponent) + (3 if divisor == 1000 else 0))
        texts = [_short(show(s / divisor, places)) for s in steps]
        words = [
            clamped(text, scale(s), 0, left - 40 if left > 40 else 0, width)
            for text, s in zip(texts, steps, strict=True)
        ]
        if apart(words):
            break
    return [Tick(s, scale(s), w) for s, w in zip(steps, words, strict=True)], scale


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def month_series(points: Sequence[tuple[str, Number, Number, Number]]) -> SeriesPicture:
    """A column for each month with a whisker for its interval.

    Args:
        points: label of the month, value, low and high end of each, in order; may be empty.
    """
    return SeriesPicture(_series(points, WIDE, 280.0), _series(points, NARROW, 240.0))


def _series(points: Sequence[tuple[str, Number, Number, Number]], width: float, height: float) -> SeriesLayout:
    values = [float(v) for point in points for v in point[1:]]
    low, high = min([0.0, *values]), max([0.0, *values])
    steps = axis_steps(low, high if high > low else low + 1, 6)
    tick_places = max(0, -int((steps[1] - steps[0]).as_tuple().exponent))
    texts = [show(s, tick_places) for s in steps]
    left, right, top, bottom = max(map(text_width, texts)) + 12, width, 12.0, height - 30
    up = axis_scale(float(steps[0]), float(steps[-1]), bottom, top)
    ticks = tuple(Tick(s, up(s), Words(t, left - 8, up(s) + 4.5, "end")) for s, t in zip(steps, texts, strict=True))
    room = (right - left) / max(len(points), 1)
    bar_width = min(room * 0.7, 48.0)
    middles = [round(left + room * (i + 0.5), 2) for i in range(len(points))]
    words = _month_labels([p[0] for p in points], middles, height - 8, width)
    bars = tuple(
        MonthBar(
            label, value, lowest, highest, round(x - bar_width / 2, 2), x, min(up(value), up(0)), round(bar_width, 2),
            round(abs(up(value) - up(0)), 2), up(lowest), up(highest), words.get(i),
        )
        for i, (x, (label, value, lowest, highest)) in enumerate(zip(middles, points, strict=True))
    )  # fmt: skip
    return SeriesLayout(width, height, bars, ticks, Box(left, top, right, bottom), up(0))


def _month_labels(labels: Sequence[str], middles: Sequence[float], y: float, width: float) -> dict[int, Words]:
    """Words of every first, second, third … month, counted from the last, so that they keep apart."""
    for stride in range(1, len(labels) + 1):
        kept = range(len(labels) - 1, -1, -stride)[::-1]
        words = {i: clamped(labels[i], middles[i], y, 0, width) for i in kept}
        if apart(list(words.values())):
            return words
    return {}
