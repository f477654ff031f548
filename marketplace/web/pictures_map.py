"""The schematic map of the corridor: where parks, pins, flows and words stand. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence

from marketplace.web.map_picture import Arc, MapLayout, MapPicture, MapPoint, ParkPicture, ParkShape, Pin
from marketplace.web.pictures_text import LINE, NARROW, WIDE, Box, Words, clamped, text_width, wrap

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
    tries = (clamped(text, x, y, 4, ground.width - 4) for x, y in _rings(*near) if math.dist((x, y), near) < 60)
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
