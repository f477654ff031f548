"""Which factor is taken, and what is offered when none is there."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.carbon.errors import MissingFactor
from marketplace.carbon.library import library
from marketplace.carbon.resolution import (
    PROXY_GSD,
    Step,
    as_proxy,
    nearest,
    proxies,
    resolve,
    resolve_wanted,
    widened_gsd,
)

TRUCK = library()["truck-cn-49t"]
DAY = date(2026, 3, 1)


def factor(region, year, name=""):
    return replace(TRUCK, id=name or f"{region}-{year}", region=region, year=year)


def chosen(*candidates):
    found = resolve(candidates, province="CN-SH", on=DAY)
    return found and found.id


def test_the_province_goes_before_china_even_when_older():
    assert chosen(factor("CN", 2025), factor("CN-SH", 2020), factor("GLO", 2026)) == "CN-SH-2020"


@pytest.mark.parametrize(("first", "then"), [("CN", "YRD"), ("YRD", "GLO"), ("EAS", "GLO")])
def test_the_nearer_region_goes_first(first, then):
    assert chosen(factor(then, 2026), factor(first, 2020)) == f"{first}-2020"


def test_in_a_region_the_newest_year_not_after_the_delivery():
    assert chosen(factor("CN", 2024), factor("CN", 2026), factor("CN", 2027)) == "CN-2026"


def test_another_country_or_province_is_never_taken_silently():
    assert chosen(factor("GB", 2025), factor("CN-JS", 2025), factor("CN", 2027)) is None


def test_a_foreign_factor_is_offered_with_its_spread_when_nothing_else_is_alike():
    other = replace(factor("GB", 2025), kind="disposal")
    offered = nearest(TRUCK, [TRUCK, other, factor("GB", 2024)], province="CN-SH", on=DAY)
    assert offered.id == "GB-2024"
    assert offered.gsd == TRUCK.gsd


def test_nothing_alike_offers_nothing():
    assert nearest(TRUCK, [TRUCK], province="CN-SH", on=DAY) is None


def taken(wanted, *rows, on=DAY, province="CN-SH"):
    table = {**library(), **{row.id: row for row in rows}}
    found = resolve_wanted(wanted, table, province=province, on=on)
    return found.factor.id, found.step


@pytest.mark.parametrize(
    ("wanted", "province", "expected"),
    [
        ("clinker-cn", "CN-SH", ("clinker-cn", Step.COUNTRY)),
        ("lime-quick", "CN-SH", ("lime-quick", Step.WORLD)),
        ("truck-cn-49t-ev", "CN-SH", ("truck-cn-49t-ev", Step.PROVINCE)),
        ("truck-cn-49t-ev", "", ("proxy-truck-cn-49t-ev", Step.PROXY)),
        ("cem1", "CN-SH", ("proxy-cem1", Step.PROXY)),
        ("none", "CN-SH", ("none", Step.NOTHING)),
        ("cn22-grid", "CN-SH", ("sh22-grid", Step.PROVINCE)),
        ("sh22-grid", "CN-ZJ", ("zj22-grid", Step.PROVINCE)),
        ("sh22-grid", "", ("cn22-grid", Step.COUNTRY)),
    ],
)
def test_each_factor_is_found_at_its_step(wanted, province, expected):
    assert taken(wanted, province=province) == expected


def test_a_figure_of_here_takes_the_place_of_a_foreign_one():
    cement = library()["cem1"]
    here = replace(cement, id="cem1-sh", region="CN-SH", year=2024, thing="cem1")
    assert taken("cem1", replace(cement, thing="cem1"), here) == ("cem1-sh", Step.PROVINCE)


def test_likeness_alone_makes_no_two_things_one():
    assert taken("truck-cn-25t") == ("truck-cn-25t", Step.COUNTRY)


def test_a_proxy_keeps_the_value_and_says_what_it_is():
    cement = library()["cem1"]
    proxy = as_proxy(cement)
    assert (proxy.value, proxy.unit, proxy.region, proxy.year) == (cement.value, cement.unit, "IE", 2012)
    assert "figure of IE" in proxy.notes
    assert "1.08" in proxy.notes


@given(gsd=st.decimals("1", "3", places=4))
def test_a_proxy_is_less_sure_than_its_source_and_than_the_transfer(gsd):
    wide = widened_gsd(gsd)
    assert wide >= max(gsd, PROXY_GSD)
    assert float(wide) == pytest.approx(exp((log(gsd) ** 2 + log(1.5) ** 2) ** 0.5), abs=1.1e-4)


def test_only_what_may_stand_in_for_here_has_a_proxy():
    made = {proxy.id for proxy in proxies(library().values())}
    assert {"proxy-cem1", "proxy-peat", "proxy-truck-cn-49t-ev"} <= made
    assert not made & {"proxy-clinker-cn", "proxy-lime-quick", "proxy-sh22-grid", "proxy-none"}


def test_a_factor_of_a_later_year_is_missing_and_the_nearest_is_offered_with_its_spread():
    with pytest.raises(MissingFactor) as missing:
        taken("clinker-cn", on=date(2019, 12, 31))
    assert missing.value.wanted == "clinker-cn"
    assert missing.value.nearest is None

    with pytest.raises(MissingFactor) as missing:
        taken("truck-cn-49t", replace(TRUCK, id="hgv-de", region="DE", year=2018), on=date(2019, 12, 31))
    assert missing.value.nearest.id == "hgv-de"
    assert missing.value.gsd == widened_gsd(Decimal("1.2"))


def test_an_unknown_factor_is_missing_and_the_nearest_name_is_offered():
    with pytest.raises(MissingFactor, match="clinker-cm") as missing:
        taken("clinker-cm")
    assert missing.value.nearest.id == "clinker-cn"
    assert missing.value.gsd == Decimal("1.06")
