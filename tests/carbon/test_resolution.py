"""Which factor is taken, and what is offered when none is there."""

from dataclasses import replace
from datetime import date

import pytest

from marketplace.carbon.library import library
from marketplace.carbon.resolution import nearest, resolve

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
