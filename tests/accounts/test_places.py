"""Points and distances."""

from hypothesis import given
from hypothesis import strategies as st

from marketplace.places import CoordinateSystem, great_circle_km, to_wgs84, wgs84_to_gcj02

LAT = st.floats(30.5, 32.0)
LON = st.floats(120.0, 122.0)


@given(LAT, LON)
def test_gcj02_comes_back_to_within_a_metre(lat, lon):
    back = to_wgs84(*wgs84_to_gcj02(lat, lon), CoordinateSystem.GCJ02)
    assert great_circle_km(lat, lon, *back) < 0.001


def test_gcj02_is_some_hundred_metres_off_in_shanghai():
    shifted = wgs84_to_gcj02(31.4, 121.48)
    assert 0.3 < great_circle_km(31.4, 121.48, *shifted) < 0.8


@given(LAT, LON, LAT, LON)
def test_distance_is_the_same_both_ways(a, b, c, d):
    assert abs(great_circle_km(a, b, c, d) - great_circle_km(c, d, a, b)) < 1e-9
