"""Geometry of the charts: where bars, pins and words stand. Pure: values in, frozen dataclasses out.

Each picture has two layouts, `wide` (640 units) and `narrow` (320 units, for phones and side columns), so that words
keep their size instead of shrinking with the drawing; the picture itself answers for its wide layout. The template
only copies the numbers into SVG attributes. Width of text is estimated on the safe side: the font is not known here.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketplace.web.pictures_map import MapPoint, ParkShape

__all__ = [
    "BarRow", "CompositionPart", "MapPicture", "MapPoint", "MonthCell", "ParkShape", "SeriesPicture",
    "WaterfallPicture", "bar_rows", "composition_bar", "corridor_map", "month_series", "months_bar", "waterfall",
]  # fmt: skip
Number = Decimal | float | int
TEXT = 13.0  # font size of all words, in units of the drawing
LINE = 17.0  # from baseline to baseline
WIDE, NARROW = 640.0, 320.0


class _Picture:
    """A picture asked for a number of its drawing answers with that of the wide layout."""

    __slots__ = ()
    wide: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "wide":
            raise AttributeError(name)
        return getattr(self.wide, name)


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text at its baseline; `anchor` as in SVG: start, middle or end."""

    text: str
    x: float
    y: float
    anchor: str = "start"

    @property
    def box(self) -> "Box":
        """The room that the line takes."""
        width = text_width(self.text)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.y - TEXT * 0.85, left + width, self.y + TEXT * 0.25)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its left, top, right and bottom edge."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def is_inside(self, other: "Box") -> bool:
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on an axis, its place along the axis, and its words."""

    value: Decimal
    at: float
    words: Words


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
class WaterfallPicture(_Picture):
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
class SeriesPicture(_Picture):
    """Values of months with the interval of each."""

    wide: SeriesLayout
    narrow: SeriesLayout


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


@dataclass(frozen=True, slots=True)
class Pin:
    """A point on the map. A short label stands inside, a long one beside it (`lines`), or only in the table."""

    label: str
    kind: str
    href: str | None
    x: float
    y: float
    radius: float
    shows_label: bool
    lines: tuple[Words, ...]
    stem: str | None

    @property
    def box(self) -> Box:
        r = self.radius
        return Box(self.x - r, self.y - r, self.x + r, self.y + r)


@dataclass(frozen=True, slots=True)
class ParkPicture:
    """A park's outline; `lines` are its name where there is room, centred on `x`."""

    name: str
    points: str
    x: float
    y: float
    lines: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Arc:
    """A flow as a curve; `head` is an arrow at its middle, empty where direction means nothing."""

    path: str
    width: float
    head: str


@dataclass(frozen=True, slots=True)
class MapLayout:
    width: float
    height: float
    land_water: str
    river: str
    road: str
    parks: tuple[ParkPicture, ...]
    arcs: tuple[Arc, ...]
    pins: tuple[Pin, ...]
    road_words: Words | None
    yangtze_words: Words | None
    huangpu_words: Words | None


@dataclass(frozen=True, slots=True)
class MapPicture(_Picture):
    """The corridor with points and flows; these are kept for the table."""

    wide: MapLayout
    narrow: MapLayout
    points: tuple[MapPoint, ...]
    flows: tuple[tuple[str, str, float], ...]


def text_width(text: str, size: float = TEXT) -> float:
    """Width of a line of text, rather too much than too little (measured on DejaVu Sans and Noto Sans SC)."""
    return sum(_em(c) for c in text) * size


def _em(c: str) -> float:
    if ord(c) >= 0x2E80:
        return 1.0
    if c in " .,:;'|!ijlI()[]·":
        return 0.4
    if c in "mwMW%@—−+":
        return 0.98 if c in "mMW@—" else 0.86
    return 0.74 if c.isupper() else 0.645


def wrap(text: str, limit: float, most_lines: int = 2) -> tuple[str, ...]:
    """Break a label into lines no wider than `limit`; what does not fit ends with an ellipsis."""
    pieces = [c for word in text.split() for c in (*_breakable(word), " ")][:-1]
    lines = [""]
    for piece in pieces:
        if lines[-1] and text_width(lines[-1] + piece) > limit and piece != " ":
            lines.append("")
        lines[-1] += piece if lines[-1] or piece != " " else ""
    lines = [line.strip() for line in lines]
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], " ".join(lines[most_lines - 1 :])]
    return tuple(_cut(line, limit) for line in lines)


def _breakable(word: str) -> list[str]:
    """A word in pieces between which a line may break: single Han characters, whole Latin words."""
    pieces = [""]
    for c in word:
        if ord(c) >= 0x2E80 or (pieces[-1] and ord(pieces[-1][-1]) >= 0x2E80):
            pieces.append("")
        pieces[-1] += c
    return [p for p in pieces if p]


def _cut(line: str, limit: float) -> str:
    if text_width(line) <= limit:
        return line
    while line and text_width(line + "…") > limit:
        line = line[:-1]
    return line.rstrip() + "…"


def places_for(largest: Number) -> int:
    """Decimals that make sense beside the largest value of a picture."""
    size = abs(float(largest))
    return 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3


def show(value: Number, places: int) -> str:
    """A number with thousands separators and a real minus sign; the same in both languages."""
    text = f"{Decimal(str(value)):,.{places}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def _steps(low: float, high: float, most: int) -> list[Decimal]:
    """Round values from at or below `low` to at or above `high`, at most `most` of them if that can be."""
    span = max(high - low, 1e-9)
    step = Decimal(10) ** (math.floor(math.log10(span)) - 1)
    for factor in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        size = step * factor
        first, last = math.floor(Decimal(str(low)) / size), math.ceil(Decimal(str(high)) / size)
        if last - first + 1 <= most:
            break
    return [size * i for i in range(first, max(last, first + 1) + 1)]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[Number], float]:
    return lambda value: round(start + (float(value) - low) / (high - low) * (end - start), 2)


def _clamped(text: str, x: float, y: float, left: float, right: float) -> Words:
    """Centred words, moved aside as far as needed to stay between `left` and `right`."""
    half = text_width(text) / 2
    return Words(text, round(min(max(x, left + half), right - half), 2), y, "middle")


def _apart(words: Sequence[Words], gap: float = 8.0) -> bool:
    """Whether centred words on one line keep their distance."""
    return all(a.box.right + gap <= b.box.left for a, b in zip(words, words[1:], strict=False))


# Waterfall


def waterfall(components: Sequence[tuple[str, str, Decimal]], total_label: str) -> WaterfallPicture:
    """From zero through each component to the net.

    Args:
        components: key, label and value in kg CO2e of each, in the order to draw; may be empty.
        total_label: words of the last bar.
    """
    running = [Decimal(0)]
    for _key, _label, value in components:
        running.append(running[-1] + value)
    largest = max(abs(v) for v in (*running, *(c[2] for c in components)))
    divisor, unit = (1000, "t CO₂e") if largest >= 10000 else (1, "kg CO₂e")
    places = places_for(largest / divisor)
    rows = [
        (key, label, value, show(value / divisor, places), running[i], running[i + 1], "gain" if value >= 0 else "loss")
        for i, (key, label, value) in enumerate(components)
    ]
    net = running[-1]
    rows.append(("net", total_label, net, show(net / divisor, places), Decimal(0), net, "net"))
    low, high = min(running), max(running)
    if low == high:
        high = Decimal(1)
    return WaterfallPicture(
        unit, _waterfall(rows, low, high, divisor, WIDE, True), _waterfall(rows, low, high, divisor, NARROW, False)
    )


_Row = tuple[str, str, Decimal, str, Decimal, Decimal, str]


def _waterfall(
    rows: Sequence[_Row], low: Decimal, high: Decimal, divisor: int, width: float, is_beside: bool
) -> WaterfallLayout:
    """Rows from top to bottom; labels stand beside their bar, or above it where there is little room."""
    value_room = max(text_width(row[3]) for row in rows) * 1.08
    label_room = min(200.0, max(text_width(row[1]) for row in rows)) if is_beside else width - value_room - 12
    left, right = (max(label_room + 14, 110.0), width - value_room - 14) if is_beside else (1.0, width - 1.0)
    ticks, scale = _across(float(low), float(high), divisor, left, right, width)
    bars: list[WaterfallBar] = []
    y, bar_height = 4.0, 18.0 if is_beside else 14.0
    for key, label, value, text, start, end, kind in rows:
        lines = wrap(label, label_room)
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
            )
        )  # fmt: skip
        y += row_height + (12 if is_beside else 10)
    bottom = y
    placed = tuple(Tick(t.value, t.at, Words(t.words.text, t.words.x, bottom + 17, "middle")) for t in ticks)
    # Beside the ticks where labels leave room at the left, else on a line of its own.
    unit_words = Words("t CO₂e" if divisor == 1000 else "kg CO₂e", 0.0, bottom + 17 if is_beside else bottom + 36)
    height = unit_words.y + 7
    return WaterfallLayout(width, height, tuple(bars), placed, Box(left, 0, right, bottom), scale(0), unit_words)


def _across(
    low: float, high: float, divisor: int, left: float, right: float, width: float
) -> tuple[list[Tick], Callable[[Number], float]]:
    """Ticks of a horizontal axis, as many as keep apart, and the scale from value to x."""
    for most in (7, 6, 5, 4, 3, 2):
        steps = _steps(low, high, most)
        scale = _scale(float(steps[0]), float(steps[-1]), left, right)
        places = max(0, -int((steps[1] - steps[0]).as_tuple().exponent) + (3 if divisor == 1000 else 0))
        texts = [_short(show(s / divisor, places)) for s in steps]
        words = [
            _clamped(text, scale(s), 0, left - 40 if left > 40 else 0, width)
            for text, s in zip(texts, steps, strict=True)
        ]
        if _apart(words):
            break
    return [Tick(s, scale(s), w) for s, w in zip(steps, words, strict=True)], scale


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


# Months


def month_series(points: Sequence[tuple[str, Number, Number, Number]]) -> SeriesPicture:
    """A column for each month with a whisker for its interval.

    Args:
        points: label of the month, value, low and high end of each, in order; may be empty.
    """
    return SeriesPicture(_series(points, WIDE, 280.0), _series(points, NARROW, 240.0))


def _series(points: Sequence[tuple[str, Number, Number, Number]], width: float, height: float) -> SeriesLayout:
    values = [float(v) for point in points for v in point[1:]]
    low, high = min([0.0, *values]), max([0.0, *values])
    steps = _steps(low, high if high > low else low + 1, 6)
    tick_places = max(0, -int((steps[1] - steps[0]).as_tuple().exponent))
    texts = [show(s, tick_places) for s in steps]
    left, right, top, bottom = max(map(text_width, texts)) + 12, width, 12.0, height - 30
    up = _scale(float(steps[0]), float(steps[-1]), bottom, top)
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
        words = {i: _clamped(labels[i], middles[i], y, 0, width) for i in kept}
        if _apart(list(words.values())):
            return words
    return {}


# Rows, shares and calendars


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


# Map

_SOUTH, _NORTH, _WEST, _EAST = 31.262, 31.512, 121.295, 121.545
_SQUEEZE = math.cos(math.radians(31.4))  # a degree of longitude in degrees of latitude
# Schematic lines, latitude and longitude in degrees: Tongji Road, the Yangtze's bank, the Huangpu.
_ROAD = (
    (31.292, 121.382),
    (31.335, 121.434),
    (31.372, 121.482),
    (31.410, 121.455),
    (31.445, 121.400),
    (31.478, 121.340),
)
_YANGTZE = (
    (31.620, 121.180), (31.530, 121.290), (31.503, 121.350), (31.482, 121.415), (31.455, 121.455), (31.428, 121.490),
    (31.400, 121.522), (31.375, 121.580), (31.330, 121.900), (31.620, 121.900),
)  # fmt: skip
_HUANGPU = ((31.400, 121.520), (31.375, 121.508), (31.345, 121.522), (31.310, 121.553), (31.200, 121.560))


def corridor_map(
    points: Sequence[MapPoint], flows: Sequence[tuple[int, int, float]], parks: Sequence[ParkShape]
) -> MapPicture:
    """A schematic map of the corridor; places far outside are drawn near its edge, points that coincide move apart.

    Args:
        points: what to mark; kind park is a dot sized by weight, any other a pin.
        flows: from and to as indices of `points`, and weight; an arrow shows the direction between parks.
        parks: outlines, in (latitude, longitude).
    """
    kept = tuple((points[i].label, points[j].label, weight) for i, j, weight in flows)
    wide, narrow = (_map(points, flows, parks, w, h) for w, h in ((WIDE, 420.0), (NARROW, 340.0)))
    return MapPicture(wide, narrow, tuple(points), kept)


class _Ground:
    """Turns degrees into places of a drawing and keeps the room that is taken."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        spare = 0.03
        self._scale = height / (_NORTH - _SOUTH + 2 * spare)
        across = width / self._scale - (_EAST - _WEST) * _SQUEEZE
        self._bands = (max(across * 0.6, 0.02), max(across * 0.4, 0.02), spare, spare)
        self._left = _WEST * _SQUEEZE - self._bands[0]
        self._top = _NORTH + spare
        self.taken: list[Box] = []

    def place(self, lat: float, lon: float) -> tuple[float, float]:
        """Inside the frame to scale; beyond it ever denser towards the edge."""
        west, east, south, north = self._bands
        u = _pressed(lon * _SQUEEZE, _WEST * _SQUEEZE, _EAST * _SQUEEZE, west, east)
        v = _pressed(lat, _SOUTH, _NORTH, south, north)
        return self._xy(u, v, 16.0)

    def line(self, corners: Sequence[tuple[float, float]]) -> str:
        pairs = (self._xy(lon * _SQUEEZE, lat, None) for lat, lon in corners)
        return "M " + " L ".join(f"{x:g} {y:g}" for x, y in pairs)

    def _xy(self, u: float, v: float, margin: float | None) -> tuple[float, float]:
        x, y = (u - self._left) * self._scale, (self._top - v) * self._scale
        if margin is not None:
            x, y = min(max(x, margin), self.width - margin), min(max(y, margin), self.height - margin)
        return round(x, 1), round(y, 1)

    def is_free(self, box: Box) -> bool:
        inside = box.is_inside(Box(2, 2, self.width - 2, self.height - 2))
        return inside and not any(box.overlaps(other) for other in self.taken)

    def put(self, choices: Iterable[tuple[Words, ...]]) -> tuple[Words, ...]:
        """The first choice that is free, now taken; nothing when all are in the way."""
        for lines in choices:
            box = _around(lines)
            if self.is_free(box):
                self.taken.append(box)
                return lines
        return ()


def _pressed(value: float, low: float, high: float, below: float, above: float) -> float:
    if value < low:
        return low - below * (1 - math.exp((value - low) / below))
    return high + above * (1 - math.exp((high - value) / above)) if value > high else value


def _around(lines: Sequence[Words]) -> Box:
    boxes = [line.box for line in lines]
    return Box(
        min(b.left for b in boxes) - 2, min(b.top for b in boxes),
        max(b.right for b in boxes) + 2, max(b.bottom for b in boxes),
    )  # fmt: skip


def _map(
    points: Sequence[MapPoint],
    flows: Sequence[tuple[int, int, float]],
    parks: Sequence[ParkShape],
    width: float,
    height: float,
) -> MapLayout:
    ground = _Ground(width, height)
    limit = 150.0 if width == NARROW else 200.0
    largest = max((p.weight for p in points if p.kind == "park"), default=0.0) or 1.0
    spots = _spread(points, ground, largest)
    found = {
        i: _pin(points[i], spots[i], ground, limit) for i in sorted(range(len(points)), key=_from_edge(spots, width))
    }
    pins = tuple(found[i] for i in range(len(points)))
    named = {p.label for p in points}
    outlines = tuple(_park(shape, ground, limit, shape.name not in named) for shape in parks)
    heaviest = max((weight for _, _, weight in flows), default=0.0) or 1.0
    arcs = tuple(
        _arc(pins[i], pins[j], max(weight, 0.0) / heaviest, points[i].kind == points[j].kind == "park")
        for i, j, weight in flows
        if i != j
    )
    road, yangtze, huangpu = (
        _water_words(text, lat, lon, ground)
        for text, lat, lon in (("Tongji Road", 31.325, 121.47), ("Yangtze", 31.49, 121.50), ("Huangpu", 31.33, 121.57))
    )
    return MapLayout(
        width, height, ground.line(_YANGTZE) + " Z", ground.line(_HUANGPU), ground.line(_ROAD),
        outlines, arcs, pins, road, yangtze, huangpu,
    )  # fmt: skip


def _spread(
    points: Sequence[MapPoint], ground: _Ground, largest: float
) -> list[tuple[float, float, float, tuple[float, float]]]:
    """Where each pin stands, its radius, and its true place; pins that would hide others move aside."""
    spots: list[tuple[float, float, float, tuple[float, float]]] = []
    for point in points:
        is_park = point.kind == "park"
        radius = round(5 + 7 * math.sqrt(max(point.weight, 0.0) / largest), 1) if is_park else 12.0
        true = ground.place(point.lat, point.lon)
        x, y = next((p for p in _rings(*true) if ground.is_free(_square(p, radius))), true)
        ground.taken.append(_square((x, y), radius))
        spots.append((x, y, radius, true))
    return spots


def _from_edge(
    spots: Sequence[tuple[float, float, float, tuple[float, float]]], width: float
) -> Callable[[int], float]:
    """Names near the edge have the fewest places to stand: they choose first."""
    return lambda i: min(spots[i][0], width - spots[i][0])


def _square(middle: tuple[float, float], radius: float) -> Box:
    x, y = middle
    return Box(x - radius, y - radius, x + radius, y + radius)


def _rings(x: float, y: float) -> Iterable[tuple[float, float]]:
    """The place itself, then places around it, ever farther."""
    yield x, y
    for reach in range(14, 240, 6):
        for turn in range(16):
            angle = turn * math.pi / 8
            yield round(x + reach * math.cos(angle), 1), round(y + reach * math.sin(angle), 1)


def _pin(point: MapPoint, spot: tuple[float, float, float, tuple[float, float]], ground: _Ground, limit: float) -> Pin:
    x, y, radius, true = spot
    is_short = point.kind != "park" and text_width(point.label) <= 2 * radius
    lines = () if is_short else ground.put(_beside(wrap(point.label, limit), x, y, radius))
    stem = f"M {true[0]:g} {true[1]:g} L {x:g} {y:g}" if math.dist(true, (x, y)) > radius else None
    return Pin(point.label, point.kind, point.href, x, y, radius, is_short, lines, stem)


def _beside(
    texts: Sequence[str], x: float, y: float, radius: float, gaps: Sequence[float] = (5.0, 14.0, 26.0)
) -> Iterable[tuple[Words, ...]]:
    """Right, left, above and below of a point, near first, whole before broken into lines."""
    for variant in ((" ".join(texts),), tuple(texts), wrap(" ".join(texts), 100.0, 3)):
        tall = LINE * (len(variant) - 1)
        for gap in gaps:
            middle, above, below = y + 4.5 - tall / 2, y - radius - gap - tall, y + radius + gap + 10
            side = radius + gap
            for at_x, at_y, anchor in (
                (x + side, middle, "start"), (x - side, middle, "end"), (x, above, "middle"), (x, below, "middle"),
                (x + side, above, "start"), (x - side, above, "end"),
                (x + side, below, "start"), (x - side, below, "end"),
                (x - radius, above, "start"), (x - radius, below, "start"),
                (x + radius, above, "end"), (x + radius, below, "end"),
            ):  # fmt: skip
                yield tuple(
                    Words(text, round(at_x, 1), round(at_y + LINE * i, 1), anchor) for i, text in enumerate(variant)
                )


def _park(shape: ParkShape, ground: _Ground, limit: float, is_named: bool) -> ParkPicture:
    corners = [ground.place(lat, lon) for lat, lon in shape.outline]
    if not corners:
        return ParkPicture(shape.name, "", 0.0, 0.0, ())
    middle = sum(x for x, _ in corners) / len(corners)
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    if right - left < 4 or bottom - top < 4:  # pressed flat against the edge of the map: no picture of a park
        return ParkPicture(shape.name, "", round(middle, 1), round(top - 6, 1), ())
    reach = min(right - left, bottom - top) / 2
    # A name that cannot stand close to its outline would be taken for another's.
    choices = _beside(wrap(shape.name, limit), middle, (top + bottom) / 2, reach, (3.0, 8.0))
    lines = ground.put(choices) if is_named else ()
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    return ParkPicture(shape.name, points, round(middle, 1), round(top - 6, 1), lines)


def _water_words(text: str, lat: float, lon: float, ground: _Ground) -> Words | None:
    """Room for a name of water or road near its place; the template writes it in the reader's language."""
    near = ground.place(lat, lon)
    tries = (_clamped(text, x, y, 4, ground.width - 4) for x, y in _rings(*near) if math.dist((x, y), near) < 60)
    found = ground.put((words,) for words in tries)
    return found[0] if found else None


def _arc(start: Pin, end: Pin, part: float, has_direction: bool) -> Arc:
    """A curve to the left of its direction, so that flows both ways stay apart."""
    dx, dy = end.x - start.x, end.y - start.y
    bend_x, bend_y = (start.x + end.x) / 2 - dy * 0.18, (start.y + end.y) / 2 + dx * 0.18
    path = f"M {start.x:g} {start.y:g} Q {bend_x:.1f} {bend_y:.1f} {end.x:g} {end.y:g}"
    width = round(1.5 + 4.5 * math.sqrt(part), 1) if has_direction else 2.0
    length = math.hypot(dx, dy)
    if not has_direction or length < 24:
        return Arc(path, width, "")
    middle_x, middle_y = (start.x + 2 * bend_x + end.x) / 4, (start.y + 2 * bend_y + end.y) / 4
    ux, uy, size = dx / length, dy / length, 5 + width
    tip = f"{middle_x + ux * size:.1f},{middle_y + uy * size:.1f}"
    wings = (
        f"{middle_x - ux * size - s * uy * size:.1f},{middle_y - uy * size + s * ux * size:.1f}" for s in (0.8, -0.8)
    )
    return Arc(path, width, " ".join((tip, *wings)))
