"""What the map of the corridor is asked with and what it answers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.web.pictures_text import Box, Picture, Words


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
class MapPicture(Picture):
    """The corridor with points and flows; these are kept for the table."""

    wide: MapLayout
    narrow: MapLayout
    points: tuple[MapPoint, ...]
    flows: tuple[tuple[str, str, float], ...]
