"""The schematic map of the corridor: water, Tongji Road, parks, points and flows in one view box. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 640, 440, 16
SOUTH, NORTH, WEST, EAST = 31.262, 31.512, 121.285, 121.575
# Schematic lines, latitude and longitude in degrees: the road from Nanda to Luojing, the Yangtze's bank, the Huangpu.
ROAD = ((31.292, 121.382), (31.335, 121.430), (31.372, 121.478), (31.405, 121.470), (31.440, 121.420), (31.478, 121.345))
YANGTZE = ((31.525, 121.372), (31.480, 121.430), (31.445, 121.462), (31.415, 121.500), (31.392, 121.530), (31.370, 121.600))
HUANGPU = ((31.398, 121.505), (31.375, 121.505), (31.345, 121.520), (31.310, 121.552), (31.250, 121.556))


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A place to mark: `kind` is park, offer, want or self; `href` makes it a link."""

    lat: float
    lon: float
    label: str
    kind: str
    href: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class ParkShape:
    """A park's outline as (latitude, longitude) corners."""

    code: str
    name: str
    outline: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Pin:
    label: str
    kind: str
    href: str | None
    x: str
    y: str
    radius: str
    shows_label: bool


@dataclass(frozen=True, slots=True)
class ParkPicture:
    """An outline with its name; a park beyond the frame has no outline and its name starts at the edge."""

    name: str
    points: str
    x: str
    y: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Arc:
    path: str
    width: str


@dataclass(frozen=True, slots=True)
class MapPicture:
    """Everything in view-box units, ready to draw in this order."""

    land_water: str
    river: str
    road: str
    parks: tuple[ParkPicture, ...]
    arcs: tuple[Arc, ...]
    pins: tuple[Pin, ...]
    width: int = WIDTH
    height: int = HEIGHT


def corridor_map(
    points: Sequence[MapPoint], flows: Sequence[tuple[int, int, float]], parks: Sequence[ParkShape]
) -> MapPicture:
    """The map with points, flows between them (indices and weight) and parks; places far away sit at the edge."""
    placed = _spread([_xy(p.lat, p.lon) for p in points])
    heaviest = max((weight for _, _, weight in flows), default=0.0) or 1.0
    largest = max((p.weight for p in points if p.kind == "park"), default=0.0) or 1.0
    corner = _xy(NORTH + 0.02, EAST + 0.05, clamp=False)
    return MapPicture(
        land_water=_path(YANGTZE) + f" L {corner[0]:.0f} {corner[1]:.0f} Z",
        river=_path(HUANGPU),
        road=_path(ROAD),
        parks=tuple(_park(shape) for shape in parks),
        arcs=tuple(_arc(placed[i], placed[j], weight / heaviest) for i, j, weight in flows),
        pins=tuple(_pin(p, xy, p.weight / largest) for p, xy in zip(points, placed, strict=True)),
    )


def _xy(lat: float, lon: float, clamp: bool = True) -> tuple[float, float]:
    x = MARGIN + (lon - WEST) / (EAST - WEST) * (WIDTH - 2 * MARGIN)
    y = MARGIN + (NORTH - lat) / (NORTH - SOUTH) * (HEIGHT - 2 * MARGIN)
    if clamp:
        x, y = min(max(x, MARGIN), WIDTH - MARGIN), min(max(y, MARGIN), HEIGHT - MARGIN)
    return x, y


def _spread(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points that would hide each other move apart a little, always the same way."""
    placed: list[tuple[float, float]] = []
    for x, y in places:
        for turn in range(24):
            reach = 20.0 * (1 + turn // 8) if turn else 0.0
            angle = turn * math.pi / 4
            at = (
                min(max(x + reach * math.cos(angle), MARGIN), WIDTH - MARGIN),
                min(max(y + reach * math.sin(angle), MARGIN), HEIGHT - MARGIN),
            )
            if all(math.dist(at, other) >= 18 for other in placed):
                break
        placed.append(at)
    return placed


def _path(line: Sequence[tuple[float, float]]) -> str:
    return "M " + " L ".join(f"{x:.0f} {y:.0f}" for x, y in (_xy(lat, lon, clamp=False) for lat, lon in line))


def _park(shape: ParkShape) -> ParkPicture:
    corners = [_xy(lat, lon, clamp=False) for lat, lon in shape.outline]
    if not corners or max(x for x, _ in corners) < 0:
        y = min(max(sum(y for _, y in corners) / max(1, len(corners)), 60.0), HEIGHT - 30.0)
        return ParkPicture(shape.name, "", "8", f"{y + 24:.0f}", "start")
    middle = sum(x for x, _ in corners) / len(corners)
    x = min(max(middle, 100.0), WIDTH - 100.0)
    top = min(y for _, y in corners)
    outline = " ".join(f"{x:.0f},{y:.0f}" for x, y in corners)
    return ParkPicture(shape.name, outline, f"{x:.0f}", f"{max(14.0, top - 6):.0f}", "middle")


def _pin(point: MapPoint, xy: tuple[float, float], part: float) -> Pin:
    is_park = point.kind == "park"
    radius = 5 + 9 * math.sqrt(part) if is_park else 9.0
    return Pin(point.label, point.kind, point.href, f"{xy[0]:.1f}", f"{xy[1]:.1f}", f"{radius:.1f}", not is_park)


def _arc(start: tuple[float, float], end: tuple[float, float], part: float) -> Arc:
    """A curve to the left of its direction, so that flows both ways stay apart."""
    bend_x = (start[0] + end[0]) / 2 - (end[1] - start[1]) * 0.18
    bend_y = (start[1] + end[1]) / 2 + (end[0] - start[0]) * 0.18
    path = f"M {start[0]:.1f} {start[1]:.1f} Q {bend_x:.1f} {bend_y:.1f} {end[0]:.1f} {end[1]:.1f}"
    return Arc(path, f"{1.2 + 5 * math.sqrt(part):.1f}")
