"""A total at other factors, from its sums alone: the same as assessing anew."""

import copy
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.carbon.method import assess
from marketplace.carbon.restating import Part, Version, restate
from tests.carbon.test_method import FACTORS, inputs


@given(raw=inputs, value=st.decimals("1", "2000", places=3), name=st.sampled_from(["clinker", "truck", "stockpile"]))
def test_it_equals_assessing_with_the_new_value(raw, value, name):
    before = assess(raw, FACTORS)
    parts = [
        Part(f, Version(1, before.factors[f].value, before.factors[f].gsd), s)
        for f, s in before.exact_sensitivities.items()
    ]
    changed = copy.deepcopy(FACTORS)
    changed[name]["value"] = str(value)

    total = restate(before.exact_net, parts, before.specific.sum, {name: Version(2, value, Decimal("1.1"))})

    assert total.today_kgco2e == pytest.approx(assess(raw, changed).net_kgco2e, abs=Decimal("0.001"))
    assert total.reported_kgco2e == before.net_kgco2e


def test_versions_of_one_factor_share_their_error_at_todays_version():
    old, new = Version(1, Decimal(10), Decimal("1.2")), Version(2, Decimal(10), Decimal("1.2"))
    parts = [Part("x", old, Decimal(100)), Part("x", new, Decimal(-100))]

    total = restate(Decimal(0), parts, Decimal(0), {"x": new})

    assert (total.low_kgco2e, total.high_kgco2e) == (0, 0)


def test_what_was_zero_cannot_be_restated_and_is_said_so():
    zero, today = Version(1, Decimal(0), Decimal(1)), Version(2, Decimal(5), Decimal(1))
    total = restate(Decimal(3), [Part("x", zero, Decimal(0))], Decimal(0), {"x": today})
    assert not total.is_complete
    assert total.changes[0].difference_kgco2e is None
