"""What a figure is made of and what would change it: the parts add up, and each end is the figure one gets there."""

import copy
from decimal import Decimal

import pytest
from hypothesis import given

from marketplace.carbon.causes import KM, MASS, SUBSTITUTION, causes_of
from marketplace.carbon.decimals import ln
from marketplace.carbon.intervals import Z_95
from marketplace.carbon.method import assess
from tests.carbon.test_method import FACTORS, a_delivery, an_input, inputs


@given(inputs)
def test_steps_add_up_to_the_net_and_shares_to_one(raw):
    causes = causes_of(raw, FACTORS)

    assert sum(s.kgco2e for s in causes.steps) == pytest.approx(causes.assessment.net_kgco2e, abs=Decimal("0.01"))
    shares = sum(s.variance_share for s in causes.steps)
    assert shares == pytest.approx(Decimal(1), abs=Decimal("0.0001"))
    assert sum(s.variance_share for s in causes.swings) == pytest.approx(Decimal(1), abs=Decimal("0.0001"))


@given(inputs)
def test_a_step_is_its_amount_times_its_factor(raw):
    for step in causes_of(raw, FACTORS).steps:
        assert step.amount * step.factor.value == pytest.approx(step.kgco2e, abs=Decimal("0.001"))


def test_the_end_of_a_factors_bar_is_the_figure_with_that_value():
    raw = an_input(a_delivery(reject_t="2"))
    swing = next(s for s in causes_of(raw, FACTORS).swings if s.name == "clinker")

    factors = copy.deepcopy(FACTORS)
    factors["clinker"]["value"] = f"{swing.high:.25f}"

    assert assess(raw, factors).net_kgco2e == swing.net_at_high
    assert swing.high == pytest.approx(Decimal(866) * (Z_95 * ln(Decimal("1.05"))).exp(), abs=Decimal("1e-20"))


def test_the_end_of_the_substitutions_bar_is_the_figure_with_that_ratio():
    raw = an_input()
    swing = next(s for s in causes_of(raw, FACTORS).swings if s.name == SUBSTITUTION)

    raw["displaced"]["substitution"] = f"{Decimal('0.95') * swing.low:.28f}"

    assert assess(raw, FACTORS).net_kgco2e == swing.net_at_low


def test_farther_means_less_avoided():
    swing = next(s for s in causes_of(an_input(a_delivery(km="500")), FACTORS).swings if s.name == KM)
    assert swing.net_at_high < swing.net_at_low


def test_the_widest_comes_first_and_leaves_the_narrower_interval_when_known():
    causes = causes_of(an_input(), FACTORS)
    widths = [s.width_kgco2e for s in causes.swings]
    low, high = causes.without_widest

    assert causes.swings[0].name == SUBSTITUTION
    assert widths == sorted(widths, reverse=True)
    assert high - low < causes.assessment.high_kgco2e - causes.assessment.low_kgco2e


def test_a_haul_that_may_eat_the_benefit_is_named():
    raw = an_input(a_delivery(km="10000"))
    causes = causes_of(raw, FACTORS)
    assert "truck" in [s.name for s in causes.swings if s.turns_sign(causes.assessment.net_kgco2e)]


def test_what_is_certain_has_no_bar():
    certain = {name: {**factor, "gsd": "1"} for name, factor in FACTORS.items()}
    raw = an_input(mass_gsd="1", km_gsd="1")
    raw["displaced"]["substitution_gsd"] = "1"

    causes = causes_of(raw, certain)

    assert causes.swings == []
    assert causes.without_widest is None
    assert {s.variance_share for s in causes.steps} == {Decimal(0)}


def test_many_weighings_err_apart():
    one = causes_of(an_input(a_delivery(wet_t="30")), FACTORS)
    three = causes_of(an_input(*(a_delivery(wet_t="10") for _ in range(3))), FACTORS)

    width = {c: next(s.width_kgco2e for s in x.swings if s.name == MASS) for c, x in (("1", one), ("3", three))}

    assert width["3"] == pytest.approx(width["1"] / Decimal(3).sqrt(), abs=Decimal("0.01"))
