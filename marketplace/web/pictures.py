from dataclasses import dataclass


@dataclass
class X:
    pass


WaterfallPicture = SeriesPicture = MapPicture = X


@dataclass
class MapPoint:
    lat: float
    lon: float
    label: str
    kind: str
    href: object
    weight: float


@dataclass
class ParkShape:
    code: str
    name: str
    outline: object


def waterfall(*a, **k):
    return X()


def month_series(*a, **k):
    return X()


def corridor_map(*a, **k):
    return X()
