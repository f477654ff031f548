"""Geometry of the charts: nothing leaves the drawing, sums end where they should, words keep apart."""

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.web.pictures import (
    MapPoint,
    ParkShape,
    TornadoRow,
    bar_rows,
    composition_bar,
    corridor_map,
    month_series,
    months_bar,
    tornado,
    waterfall,
)
from marketplace.web.pictures_text import Box, show, text_width, wrap

LABELS = ["Production displaced", "Haul of the displaced product", "避免的处置排放", "Reprocessing", "Transport"]
amounts = st.decimals("-2000000", "2000000", places=3)
components = st.lists(st.tuples(st.sampled_from(LABELS), amounts), max_size=7).map(
    lambda rows: [(str(i), label, value) for i, (label, value) in enumerate(rows)]
)
months = st.lists(st.tuples(amounts, amounts, amounts).map(sorted), max_size=36).map(
    lambda rows: [(f"{i % 12 + 1:02} 2026年", value, low, high) for i, (low, value, high) in enumerate(rows)]
)
places = st.lists(st.tuples(st.floats(30.5, 32.1), st.floats(119.8, 121.7)), min_size=1, max_size=20)
PARKS = [
    ("Carbon Neutral Industrial Park", 31.455, 121.405),
    ("Nanda Innovation City", 31.292, 121.382),
    ("Binjiang Cruise Belt", 31.405, 121.500),
    ("Wusong Smart City", 31.372, 121.482),
    ("Luojing Industrial Park", 31.478, 121.340),
    ("Yangtze Delta Partner Parks", 31.450, 121.130),
]
SHAPES = [
    ParkShape(name, name, [(lat - 0.01, lon - 0.01), (lat - 0.01, lon + 0.01), (lat + 0.01, lon + 0.01)])
    for name, lat, lon in PARKS
]


def layouts(picture):
    return picture.wide, picture.narrow


def whole(layout):
    return Box(-0.01, -0.01, layout.width + 0.01, layout.height + 0.01)


def overlapping(words):
    return [(a.text, b.text) for a, b in combinations(words, 2) if a.box.overlaps(b.box)]


@given(components)
def test_a_waterfall_ends_at_the_sum_of_its_components(rows):
    bars = waterfall(rows, "Net avoided").wide.bars

    assert bars[-1].kind == "net"
    assert bars[-1].end == sum((value for _, _, value in rows), Decimal(0))
    assert all(after.start == before.end for before, after in zip(bars, bars[1:-1], strict=False))


@given(components)
def test_the_bars_of_a_waterfall_stay_inside_the_plot(rows):
    for layout in layouts(waterfall(rows, "Net avoided")):
        for bar in layout.bars:
            assert layout.plot.left - 1 <= bar.x
            assert bar.x + bar.width <= layout.plot.right + 1
            assert bar.y + bar.height <= layout.plot.bottom
            assert bar.width >= 2


@given(components)
def test_the_words_of_a_waterfall_keep_apart_and_inside(rows):
    for layout in layouts(waterfall(rows, "净避免排放")):
        words = [line for bar in layout.bars for line in (*bar.label_lines, bar.value_words)]
        words += [*(tick.words for tick in layout.ticks), layout.unit_words]

        assert overlapping(words) == []
        assert all(line.box.is_inside(whole(layout)) for line in words)


@given(components)
def test_the_notes_of_a_waterfall_stand_apart_below_their_bars(rows):
    notes = {key: f"{label}: 421.4 t × 1,200 kg CO₂e/t · 水泥熟料, CN 2023 · 62 %" for key, label, _ in rows}
    for layout in layouts(waterfall(rows, "净避免排放", notes)):
        words = [w for bar in layout.bars for w in (*bar.label_lines, *bar.note_lines, bar.value_words)]
        words += [*(tick.words for tick in layout.ticks), layout.unit_words]

        assert overlapping(words) == []
        assert all(line.box.is_inside(whole(layout)) for line in words)
        assert all(bar.note_lines for bar in layout.bars[:-1])


tornado_rows = st.lists(
    st.builds(
        TornadoRow,
        st.sampled_from(LABELS),
        st.just("839"),
        st.just("1,715 kg CO₂e/t"),
        st.sampled_from(["839 to 1,715 kg CO₂e/t", "−17 % 至 +20.5 %"]),
        amounts,
        amounts,
        st.just(Decimal("0.1")),
    ),
    min_size=1,
    max_size=9,
)


@given(amounts, tornado_rows)
def test_the_bars_of_a_tornado_meet_at_the_figure(net, rows):
    for layout in layouts(tornado(net, rows)):
        for bar in layout.bars:
            for x, width, end in (
                (bar.low_x, bar.low_width, bar.row.net_at_low),
                (bar.high_x, bar.high_width, bar.row.net_at_high),
            ):
                meets = x if end > net else x + width
                assert meets == pytest.approx(layout.net_x, abs=1.01)
                assert layout.plot.left - 1 <= x
                assert x + width <= layout.plot.right + 1.01
            assert bar.y + bar.height <= layout.plot.bottom


@given(amounts, tornado_rows)
def test_the_words_of_a_tornado_keep_apart_and_inside(net, rows):
    for layout in layouts(tornado(net, rows)):
        words = [w for bar in layout.bars for w in (*bar.label_lines, bar.range_words)]
        words += [*(tick.words for tick in layout.ticks), layout.unit_words]

        assert overlapping(words) == []
        assert all(line.box.is_inside(whole(layout)) for line in words)


@given(components)
def test_no_bar_of_a_waterfall_lies_under_words(rows):
    for layout in layouts(waterfall(rows, "Net avoided")):
        words = [line for bar in layout.bars for line in (*bar.label_lines, bar.value_words)]
        bars = [Box(b.x, b.y, b.x + b.width, b.y + b.height) for b in layout.bars]

        assert not any(line.box.overlaps(bar) for line in words for bar in bars)


def test_large_figures_are_shown_in_tonnes():
    picture = waterfall([("displaced", "Production displaced", Decimal("27000"))], "Net avoided")

    assert picture.unit == "t CO₂e"
    assert picture.wide.bars[0].value_words.text == "27.0"


@given(months)
def test_months_and_their_whiskers_stay_inside_and_their_words_apart(points):
    for layout in layouts(month_series(points)):
        words = [t.words for t in layout.ticks] + [b.words for b in layout.bars if b.words]

        assert overlapping(words) == []
        assert all(line.box.is_inside(whole(layout)) for line in words)
        for bar in layout.bars:
            assert layout.plot.left <= bar.x
            assert bar.x + bar.width <= layout.plot.right + 0.01
            assert layout.plot.top - 0.01 <= bar.high_y <= bar.low_y <= layout.plot.bottom + 0.01


def test_the_newest_month_always_has_its_label():
    points = [(f"{m}月", Decimal(m), Decimal(m), Decimal(m)) for m in range(1, 37)]

    assert all(layout.bars[-1].shows_label for layout in layouts(month_series(points)))


@given(places)
def test_pins_never_hide_each_other_or_leave_the_map(spots):
    points = [MapPoint(lat, lon, str(i), "offer", "/x", 1.0) for i, (lat, lon) in enumerate(spots, 1)]

    for layout in layouts(corridor_map(points, [], SHAPES)):
        assert not any(a.box.overlaps(b.box) for a, b in combinations(layout.pins, 2))
        assert all(pin.box.is_inside(whole(layout)) for pin in layout.pins)
        assert all(pin.shows_label for pin in layout.pins)


@pytest.mark.parametrize("kind", ["park", "offer"])
def test_the_names_on_the_map_keep_apart_and_clear_of_pins(kind):
    if kind == "park":
        points = [MapPoint(lat, lon, name, "park", None, 100.0 * i) for i, (name, lat, lon) in enumerate(PARKS)]
    else:
        points = [MapPoint(lat, lon, str(i), "offer", "/x", 1.0) for i, (_, lat, lon) in enumerate(PARKS * 3)]

    for layout in layouts(corridor_map(points, [(0, 1, 1.0)], SHAPES)):
        owners = [*layout.pins, *layout.parks]
        words = [line for owner in owners for line in owner.lines]
        words += [w for w in (layout.road_words, layout.yangtze_words, layout.huangpu_words) if w]

        assert overlapping(words) == []
        assert all(line.box.is_inside(whole(layout)) for line in words)
        assert not any(line.box.overlaps(pin.box) for line in words for pin in layout.pins)


@pytest.mark.parametrize("weights", [(1, 1, 1, 1, 1, 1), (8112, 6940, 2630, 22410, 1200, 1116), (0, 0, 0, 0, 0, 9)])
def test_every_park_is_named_on_the_district_map(weights):
    points = [MapPoint(lat, lon, name, "park", None, w) for (name, lat, lon), w in zip(PARKS, weights, strict=True)]

    for layout in layouts(corridor_map(points, [], SHAPES)):
        assert [" ".join(line.text for line in pin.lines) for pin in layout.pins] == [name for name, _, _ in PARKS]


def test_flows_both_ways_are_two_curves():
    points = [MapPoint(lat, lon, name, "park", None, 1.0) for name, lat, lon in PARKS[:2]]
    there, back = corridor_map(points, [(0, 1, 5.0), (1, 0, 2.0)], []).wide.arcs

    assert there.path.split("Q")[1].split()[:2] != back.path.split("Q")[1].split()[:2]
    assert there.width > back.width
    assert there.head


def test_the_largest_row_fills_its_bar():
    rows = bar_rows([("a", Decimal("50")), ("b", Decimal("-100")), ("c", Decimal("0"))])

    assert [(r.width_percent, r.is_negative) for r in rows] == [(50.0, False), (100.0, True), (0.0, False)]


def test_the_parts_of_a_mixture_fill_the_bar_with_the_rest():
    parts = composition_bar([("CaO", Decimal("0.41")), ("SiO₂", Decimal("0.34"))], "rest")

    assert parts[-1].label == "rest"
    assert sum(part.width for part in parts) == pytest.approx(100, abs=0.1)


def test_a_month_is_filled_from_below():
    empty, half = months_bar([("Jan", 0), ("Feb", 0.5)])

    assert (empty.height, half.y, half.height) == (0, 50, 50)


@pytest.mark.parametrize("text", LABELS)
def test_a_wrapped_label_is_never_wider_than_its_room(text):
    assert all(text_width(line) <= 90 for line in wrap(text, 90))


def test_zero_has_no_minus_sign():
    assert show(Decimal("-0.0004"), 2) == "0.00"
