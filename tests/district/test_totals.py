"""The sum of entries, the rollups and the page are equal, after any history; on both databases."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from marketplace.database import transaction
from marketplace.district import queries
from marketplace.district.page import district_page
from marketplace.exchanges.models import Exchange
from marketplace.extensions import db
from marketplace.ledger import factors
from marketplace.ledger import service as ledger
from marketplace.ledger.models import Dimension, EntryKind, LedgerEntry
from marketplace.ledger.queries import cell_filters
from marketplace.ledger.verify import verify
from tests.conftest import _empty
from tests.factories import World, completed, open_listing

MATERIALS = ("gbfs", "bof-slag", "coal-fly-ash")
STEP = st.one_of(
    st.tuples(
        st.just("complete"),
        st.sampled_from(MATERIALS),
        st.sampled_from([("ironworks", "grinding"), ("grinding", "third"), ("third", "ironworks")]),
        st.decimals("1", "500", places=3),
    ),
    st.tuples(st.just("reverse"), st.integers(0, 5)),
)


def play(steps):
    for step in steps:
        if step[0] == "complete":
            _, material, (supplier, receiver), quantity = step
            slag = open_listing(supplier, material=material, title=material, quantity=Decimal(1000))
            completed(slag, receiver, quantity_t=quantity)
        else:
            open_ones = [
                e.position
                for e in db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position))
                if e.kind is EntryKind.ASSESSMENT
                and db.session.scalar(select(LedgerEntry).where(LedgerEntry.reverses == e.position)) is None
            ]
            if open_ones:
                with transaction():
                    ledger.reverse(open_ones[step[1] % len(open_ones)], "wrong")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=1, max_size=6))
def test_entries_rollups_and_page_agree_after_any_history(session, steps):
    _empty()
    with transaction():
        factors.publish_library()
        World.build()

    play(steps)

    assert verify().is_sound
    page = district_page(queries.Period(), None, "en")
    of_entries = db.session.scalar(select(func.sum(LedgerEntry.net_kgco2e))) or Decimal(0)
    assert page.grand.net_kgco2e == of_entries
    for dimension, rows in page.tables.items():
        assert sum((t.net_kgco2e for t in rows), Decimal(0)) == of_entries, dimension
    assert sum((t.net_kgco2e for _, t in page.months), Decimal(0)) == of_entries
    assert page.grand.low_kgco2e <= page.grand.net_kgco2e <= page.grand.high_kgco2e


def test_every_total_is_made_of_the_entries_it_links_to(world):
    completed(open_listing(), use="scm-cement")
    completed(open_listing(material="bof-slag", title="slag"), "third")
    found = queries.totals([Dimension.MATERIAL], queries.Period(), "en")[Dimension.MATERIAL]
    for row in found:
        condition = cell_filters(Dimension.MATERIAL, row.key, None, None)
        assert db.session.scalar(select(func.sum(LedgerEntry.net_kgco2e)).where(*condition)) == row.net_kgco2e


def test_the_interval_of_shared_factors_is_wider_than_the_sum_of_squares(world):
    for by in ("grinding", "third"):
        completed(open_listing(), by, use="scm-cement")
    grand = queries.total_of(queries.totals([Dimension.ALL], queries.Period(), "en")[Dimension.ALL])
    single = db.session.scalars(select(LedgerEntry)).all()
    squares = sum(((e.high_kgco2e - e.net_kgco2e) ** 2 for e in single), Decimal(0)).sqrt()
    plain = sum((e.high_kgco2e - e.net_kgco2e for e in single), Decimal(0))
    assert squares < grand.high_kgco2e - grand.net_kgco2e <= plain


def test_the_public_page_hides_what_reveals_an_enterprise(world):
    completed(open_listing())
    shown, withheld = queries.public_totals(Dimension.FAMILY, queries.Period(), "en")
    assert (shown, withheld) == ([], 1)
    completed(open_listing(), "third")
    shown, withheld = queries.public_totals(Dimension.FAMILY, queries.Period(), "en")
    assert ([t.key for t in shown], withheld) == (["slags"], 0)


def test_one_hidden_cell_cannot_be_had_by_subtraction(world):
    for by in ("grinding", "third"):
        completed(open_listing(), by)
    completed(open_listing(material="coal-fly-ash", title="ash"))
    shown, withheld = queries.public_totals(Dimension.FAMILY, queries.Period(), "en")
    assert (shown, withheld) == ([], 2)


def test_a_park_manager_sees_the_own_park_only(world):
    completed(open_listing())
    exchange = db.session.scalar(select(Exchange))
    own = exchange.supplier_site.park_id
    page = district_page(queries.Period(), own, "en")
    assert [t.key for t in page.tables[Dimension.PARK]] == [str(own)]
    assert set(page.tables) == {Dimension.PARK}
