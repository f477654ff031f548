"""Points on the map: GCJ-02 (the offset system of Chinese maps) to WGS-84, and distances. Pure.

The GCJ-02 offset follows the formula published for the Krasovsky 1940 ellipsoid; the inverse is found by
iteration to below 0.1 m.
"""

import enum
import math

_A = 6378245.0  # Krasovsky 1940 semi-major axis, m
_EE = 0.00669342162296594323
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
DETOUR = 1.3  # road distance over great-circle distance; typical of dense road networks


class CoordinateSystem(enum.StrEnum):
    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def to_wgs84(lat: float, lon: float, system: CoordinateSystem) -> tuple[float, float]:
    """The WGS-84 point of a point in the given system, degrees."""
    if system is CoordinateSystem.WGS84 or not _is_in_china(lat, lon):
        return lat, lon
    guess_lat, guess_lon = lat, lon
    for _ in range(8):
        shifted_lat, shifted_lon = wgs84_to_gcj02(guess_lat, guess_lon)
        guess_lat, guess_lon = guess_lat + lat - shifted_lat, guess_lon + lon - shifted_lon
    return round(guess_lat, 6), round(guess_lon, 6)


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """The shifted point that a Chinese map shows for a WGS-84 point inside China."""
    x, y = lon - 105.0, lat - 35.0
    ripple = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + ripple
    d_lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + ripple
    d_lon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    d_lon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    radians = math.radians(lat)
    magic = 1 - _EE * math.sin(radians) ** 2
    d_lat = d_lat * 180 / (_A * (1 - _EE) / (magic * math.sqrt(magic)) * math.pi)
    d_lon = d_lon * 180 / (_A / math.sqrt(magic) * math.cos(radians) * math.pi)
    return lat + d_lat, lon + d_lon


def great_circle_km(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """Distance over the sphere in kilometres (haversine)."""
    p1, p2 = math.radians(lat_1), math.radians(lat_2)
    h = math.sin((p2 - p1) / 2) ** 2
    h += math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))


def road_km(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """A suggestion for the way by road: great circle times a detour factor, in kilometres."""
    return great_circle_km(lat_1, lon_1, lat_2, lon_2) * DETOUR


def bounding_box(lat: float, lon: float, radius_km: float) -> tuple[float, float, float, float]:
    """South, north, west, east of a box that holds the circle, degrees."""
    d_lat = math.degrees(radius_km / EARTH_RADIUS_KM)
    d_lon = d_lat / max(0.01, math.cos(math.radians(lat)))
    return lat - d_lat, lat + d_lat, lon - d_lon, lon + d_lon


def _is_in_china(lat: float, lon: float) -> bool:
    return 0.8 < lat < 55.9 and 72.0 < lon < 137.9
