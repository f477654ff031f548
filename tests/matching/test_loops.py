"""The compiled loops say what the same lines say uncompiled, however the rows lie in memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.core import loops
from marketplace.matching.core.columns import NO_DAY, Columns, empty, packed_type, unpacked
from marketplace.matching.core.features import READ
from marketplace.places import road_km

DEGREES = st.floats(-60, 60, allow_nan=False)


def drawn_columns(rng, count):
    """Rows that know more or less of themselves, among three materials and two uses."""
    arrays = empty(count)
    for name, weights, none in (("materials", "material_weights", 3), ("uses", "use_weights", 2)):
        arrays[name][:] = none
        for row, filled in enumerate(rng.integers(0, none + 1, count)):
            arrays[name][:filled, row] = rng.permutation(none)[:filled]
        arrays[weights][:] = np.where(arrays[name] < none, rng.integers(1, 256, arrays[name].shape), 0)
    arrays["lat"][:], arrays["lon"][:] = 31 + rng.random(count), 121 + rng.random(count)
    arrays["log_t"][:] = np.where(rng.random(count) < 0.2, np.nan, rng.normal(2, 1, count))
    arrays["price"][:] = np.where(rng.random(count) < 0.2, np.nan, rng.normal(0, 300, count))
    arrays["from_day"][:] = np.where(rng.random(count) < 0.2, NO_DAY, rng.integers(20000, 20400, count))
    arrays["until_day"][:] = np.where(arrays["from_day"] == NO_DAY, NO_DAY, arrays["from_day"] + 30)
    return Columns(**arrays)


def packed(columns):
    """The same rows as a snapshot keeps them: mapped, not to be written to."""
    rows = np.zeros(len(columns), packed_type())
    for name, view in unpacked(rows).items():
        view[...] = getattr(columns, name)
    rows.flags.writeable = False
    return unpacked(rows)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), is_offer=st.booleans())
def test_rows_weigh_the_same_compiled_or_not_and_wherever_they_lie(seed, is_offer):
    rng = np.random.default_rng(seed)
    columns, rows = drawn_columns(rng, 40), np.arange(39, -1, -2)
    of_material = rng.random((3, 4), np.float32) * np.float32([[1, 1, 1, 0]])
    of_applied = rng.random((2, 3 if is_offer else 4), np.float32)
    own = np.array([31.3, 121.4, rng.normal(2, 1), 20100, 20200, rng.normal(0, 300)])
    query = (is_offer, of_material, of_applied, own, rows, 0.09)

    found = loops.cheap_features(*query, *(getattr(columns, name) for name in READ))

    views = packed(columns)
    assert (loops.cheap_features(*query, *(views[name] for name in READ)) == found).all()
    assert loops.cheap_features.py_func(*query, *(views[name] for name in READ)) == pytest.approx(found, abs=1e-5)
    assert found.min() >= 0
    assert found.max() <= 1


@given(DEGREES, DEGREES, DEGREES, DEGREES)
def test_roads_in_single_precision_are_right_to_a_hundredth(lat, lon, other_lat, other_lon):
    found = loops.roads_km(lat, lon, np.float32([other_lat]), np.float32([other_lon]))[0]

    assert found == pytest.approx(road_km(lat, lon, other_lat, other_lon), rel=0.01, abs=0.05)
