"""The stated shares of a blend are means by tonnes, and nothing is claimed that not every part states."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.core.beyond.composition import joint_figures
from marketplace.materials.figures import Figure

shares = st.decimals("0", "100", places=2)
tonnes = st.decimals("0.1", "1000", places=1)


def exactly(value, component="comp-cao", unit="%"):
    return Figure(component, Decimal(value), Decimal(value), unit)


def at_least(value):
    return Figure("comp-cao", Decimal(value), None, "%")


@given(st.lists(st.tuples(tonnes, shares), min_size=1, max_size=5))
def test_a_mean_lies_between_the_least_and_the_most(parts):
    joint = joint_figures([(t, [exactly(share)]) for t, share in parts])[0]

    least, most = min(s for _, s in parts), max(s for _, s in parts)
    assert least - Decimal("0.001") <= joint.figure.low <= most + Decimal("0.001")
    assert joint.figure.low == joint.figure.high


def test_tonnes_weigh():
    joint = joint_figures([(Decimal(30), [exactly(40)]), (Decimal(10), [exactly(20)])])[0]

    assert joint.figure.low == Decimal(35)


def test_what_one_part_keeps_silent_about_has_no_figure():
    parts = [(Decimal(1), [exactly(40)]), (Decimal(1), [])]

    assert joint_figures(parts) == []
    asked = joint_figures(parts, [at_least(30)])[0]
    assert (asked.figure, asked.told_by, asked.parts, asked.fits) == (None, 1, 2, None)


def test_units_are_not_mixed_and_ph_is_no_share():
    parts = [(Decimal(1), [exactly(40)]), (Decimal(1), [exactly(400, unit="mg/kg")])]
    ph = [(Decimal(1), [exactly(7, "comp-ph", "")]), (Decimal(1), [exactly(9, "comp-ph", "")])]

    assert joint_figures(parts) == []
    assert joint_figures(ph) == []


def test_the_want_s_bound_decides_where_it_can():
    def fits(share, asked):
        return joint_figures([(Decimal(1), [share]), (Decimal(1), [share])], [asked])[0].fits

    at_most = Figure("comp-cao", None, Decimal(30), "%")
    assert fits(exactly(40), at_least(36)) is True
    assert fits(exactly(30), at_least(36)) is False
    assert fits(at_least(30), at_least(36)) is None
    assert fits(exactly(40), at_most) is False
    assert fits(exactly(40), exactly(41)) is None
