"""The figures beside a match: the interval of its net, reasons that add up, quantities."""

from decimal import Decimal
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.carbon.baselines import baseline_for
from marketplace.carbon.errors import InputError
from marketplace.carbon.library import library
from marketplace.knowledge import knowledge
from marketplace.matching.core.benefit import benefit_of
from marketplace.matching.core.benefit_interval import net_interval
from marketplace.matching.shares import stacked
from marketplace.matching.weighing import QuantityFit


def slag_for_cement():
    application = knowledge().of_pair("gbfs", "scm-cement")
    assert application is not None
    return application


def test_the_interval_is_first_order_over_every_factor_once():
    slag, factors = slag_for_cement(), library()
    product, grinding = factors[slag.displaced_factor], factors[slag.reprocessing_factor]
    disposal, truck = factors[baseline_for("gbfs").disposal_factor], factors["truck-cn-49t"]
    displaced = float(product.value * slag.substitution_ratio)
    haul = float(truck.value) * 20
    deviations = [
        displaced * log(product.gsd),
        displaced * log(slag.substitution_gsd),
        float(grinding.value) * log(grinding.gsd),
        float(disposal.value) * log(disposal.gsd),
        haul * log(truck.gsd),
        haul * log(1.1),
    ]
    reach = 1.959963984540054 * sqrt(sum(d * d for d in deviations))

    found = net_interval(slag, Decimal(20))

    assert float(found.high - found.net) == pytest.approx(reach, abs=0.002)
    assert float(found.net - found.low) == pytest.approx(reach, abs=0.002)


@pytest.mark.parametrize("distance_km", [0, 8.2, 150, 3000])
def test_the_figure_of_every_documented_use_is_the_match_s_own(distance_km):
    for application in knowledge().applications:
        found = net_interval(application, Decimal(str(distance_km)))
        assert float(found.net) == pytest.approx(benefit_of(application).net(distance_km), abs=0.01)
        assert found.low <= found.net <= found.high


def test_a_way_that_makes_no_sense_is_refused():
    with pytest.raises(InputError):
        net_interval(slag_for_cement(), Decimal(-1))


shares = st.lists(st.floats(-0.4, 0.6), max_size=6)


@given(parts=shares, score=st.floats(0, 1))
def test_the_bars_of_a_score_add_up_to_it(parts, score):
    bars = stacked(parts, score)

    assert len(bars) == len(parts) + 1
    assert sum(b.percent for b in bars) == round(score * 100)
    assert all(0 <= b.start <= b.start + b.width <= 1.0002 for b in bars)


@given(parts=shares, score=st.floats(0, 1))
def test_no_bar_is_told_more_than_a_per_cent_off(parts, score):
    told = [b.percent for b in stacked(parts, score)[:-1]]
    assert all(abs(percent - part * 100) <= 1.5 for percent, part in zip(told, parts, strict=True))


def test_each_bar_begins_where_the_former_ends():
    first, second, rest = stacked([0.5, -0.1], 0.62)
    assert (first.start, first.width, first.percent) == (0, 0.5, 50)
    assert (second.start, second.width, second.percent) == (0.4, 0.1, -10)
    assert (rest.start, rest.width, rest.percent) == (0.4, 0.22, 22)


def test_a_quantity_fits_as_far_as_the_smaller_reaches():
    assert QuantityFit(Decimal(20), Decimal(80)).share == 0.25
    assert QuantityFit(Decimal(80), Decimal(20)).share == 0.25
    assert QuantityFit(Decimal(80), Decimal(20)).is_enough
    assert not QuantityFit(Decimal(20), Decimal(80)).is_enough
