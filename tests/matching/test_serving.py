"""A snapshot serves what the database holds at this moment: just posted, changed, closed, licensed."""

import hashlib
import shutil
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import text

from marketplace.accounts.models import Licence
from marketplace.accounts.policy import viewer_of
from marketplace.calendar import today
from marketplace.database import now, pretend_now, transaction
from marketplace.extensions import db
from marketplace.listings import service as listings
from marketplace.listings.models import Kind, Listing
from marketplace.matching import feedback, service
from marketplace.matching.core.snapshot import FORMAT
from marketplace.matching.models import DismissalReason
from marketplace.matching.serving import live
from marketplace.matching.serving.building import build
from marketplace.matching.serving.changelog import changes_since
from marketplace.matching.serving.places import current_folder, snapshots_folder
from marketplace.matching.store import matcher
from tests.factories import open_listing, trader

CEMENT = "granulated slag for cement"


@pytest.fixture
def slag(world, app):
    """An offer and a want for it, in a snapshot that is in use until the test ends."""
    offer = open_listing(quantity=Decimal(1000))
    open_listing("grinding", kind=Kind.WANT, title=CEMENT)
    build()
    yield offer
    shutil.rmtree(snapshots_folder(app))
    live._open.clear()


def index():
    return live.live_index(matcher().encoder)


def suggested(listing_id, most=service.MOST_SHOWN):
    """Titles suggested to the ironworks for its listing, as its page does."""
    db.session.rollback()
    listing = db.session.get_one(Listing, listing_id)
    who = viewer_of(trader("ironworks"))
    return [s.listing.title for s in service.suggest(listing, who, "en", feedback.dismissals_for(listing), most)]


def change(title, step):
    with transaction():
        step(db.session.query(Listing).filter_by(title=title).one())


def test_what_is_in_the_snapshot_is_found(slag):
    assert suggested(slag.id) == [CEMENT]
    assert index().changes() == 0


def test_a_listing_just_posted_is_found_at_once(slag):
    open_listing("third", kind=Kind.WANT, title="GBFS wanted, clinker replacement")

    assert set(suggested(slag.id)) == {CEMENT, "GBFS wanted, clinker replacement"}
    assert index().changes() == 1


def test_a_closed_or_paused_listing_is_gone_at_once_and_comes_back(slag):
    change(CEMENT, listings.pause)
    assert suggested(slag.id) == []

    change(CEMENT, listings.publish)
    assert suggested(slag.id) == [CEMENT]

    change(CEMENT, listings.close)
    assert suggested(slag.id) == []


def test_a_changed_listing_is_weighed_by_what_it_says_now(slag):
    def rename(listing):
        listing.title, listing.material = "Sawdust for particleboard", "sawdust"

    change(CEMENT, rename)

    assert "Sawdust for particleboard" not in suggested(slag.id)


def test_the_snapshot_and_the_database_suggest_the_same(slag, monkeypatch):
    for number in range(6):
        open_listing("third", kind=Kind.WANT, title=f"矿渣 水泥混合材 {number}", quantity=Decimal(100 * (number + 1)))
    build()
    from_snapshot = suggested(slag.id)
    monkeypatch.setattr(service, "live_index", lambda _encoder: None)

    assert from_snapshot == suggested(slag.id)


def test_what_was_put_aside_stays_aside(slag):
    open_listing("third", kind=Kind.WANT, title="GGBS raw slag")
    with transaction():
        other = db.session.query(Listing).filter_by(title=CEMENT).one()
        feedback.dismiss(db.session.get_one(Listing, slag.id), other, DismissalReason.PARTNER, trader("ironworks"))

    assert suggested(slag.id) == ["GGBS raw slag"]


def test_what_is_as_far_as_something_too_far_is_left_out(slag):
    open_listing("third", kind=Kind.WANT, title="GGBS raw slag, near")
    open_listing("grinding", kind=Kind.WANT, title="Slag for cement, same far site")
    with transaction():
        far = db.session.query(Listing).filter_by(title=CEMENT).one()
        feedback.dismiss(db.session.get_one(Listing, slag.id), far, DismissalReason.DISTANCE, trader("ironworks"))

    assert suggested(slag.id) == ["GGBS raw slag, near"]

    build()
    assert suggested(slag.id) == ["GGBS raw slag, near"]


def test_a_hazardous_offer_reaches_a_want_only_with_the_licence_of_this_moment(slag):
    acid = open_listing(
        title="Spent pickle acid", material="spent-hcl-pickle", is_hazardous=True, hw_code="HW34", low_code="110105"
    )
    title = "Spent acid for iron salt coagulant"
    open_listing("grinding", kind=Kind.WANT, title=title, material="spent-hcl-pickle", accepts_hazard=True)
    build()
    assert title not in suggested(acid.id)

    with transaction():
        licence = Licence(
            enterprise_id=db.session.query(Listing).filter_by(title=title).one().enterprise_id,
            number="L1",
            hw_code="HW34",
            yearly_quantity_t=Decimal(100),
            valid_until=date(today().year + 1, 1, 1),
            verified_at=now(),
        )
        db.session.add(licence)
    assert title in suggested(acid.id)


def test_every_worker_takes_up_a_new_snapshot(slag):
    before = index()
    build()

    assert index() is not before
    assert suggested(slag.id) == [CEMENT]


def spoil_bytes(folder):
    path = folder / "wants.packed"
    path.write_bytes(bytes(b ^ 255 for b in path.read_bytes()))


def spoil_length(folder):
    path = folder / "wants.vectors"
    path.write_bytes(path.read_bytes()[:-7])


def spoil_format(folder):
    body = (folder / "manifest.json").read_text().replace(f'"format": {FORMAT}', f'"format": {FORMAT - 1}')
    (folder / "manifest.json").write_text(body)
    (folder / "manifest.sha256").write_text(hashlib.sha256(body.encode()).hexdigest())


def spoil_presence(folder):
    (folder / "offers.packed").unlink()


@pytest.mark.parametrize("spoil", [spoil_bytes, spoil_length, spoil_format, spoil_presence])
def test_a_damaged_snapshot_is_refused_and_the_database_serves(slag, app, spoil):
    spoil(current_folder(app))
    live._open.clear()

    assert index() is None
    assert suggested(slag.id) == [CEMENT]


def test_scores_of_the_snapshot_are_those_of_the_values(slag):
    with_index = service.ranked_partners(db.session.get_one(Listing, slag.id), viewer_of(trader("ironworks")), (), 5)
    want = db.session.query(Listing).filter_by(title=CEMENT).one()
    alone, _ = service.explain(slag.id, want.id, "en")

    assert np.isclose(with_index[0][1].score, alone.score, atol=2e-3)  # coordinates and vectors are stored shorter


def test_a_licence_that_runs_out_leaves_no_gap_in_the_list(slag, world):
    acid = open_listing(
        title="Spent pickle acid", material="spent-hcl-pickle", is_hazardous=True, hw_code="HW34", low_code="110105"
    )
    lasts_until = {world.third: today(), world.grinding: today() + timedelta(days=30)}
    with transaction():
        for enterprise_id, day in lasts_until.items():
            db.session.add(
                Licence(
                    enterprise_id=enterprise_id,
                    number="L1",
                    hw_code="HW34",
                    yearly_quantity_t=Decimal(100),
                    valid_until=day,
                    verified_at=now(),
                )
            )
    wanted = {"kind": Kind.WANT, "material": "spent-hcl-pickle", "accepts_hazard": True}
    for number in range(service.SPARE + 4):
        open_listing("third", title=f"Acid for iron salt {number}", **wanted)
    open_listing("grinding", title="Acid for iron salt, a little", quantity=Decimal("0.001"), **wanted)
    build()
    assert "Acid for iron salt, a little" not in suggested(acid.id, most=2)

    with pretend_now(now() + timedelta(days=1)):
        assert suggested(acid.id, most=2) == ["Acid for iron salt, a little"]


def test_what_commits_after_younger_changes_is_found_as_soon_as_it_commits(slag, app):
    """More of them than any fixed number of changes that a reader might look back."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite writers take turns")
    late, slag_id = open_listing("third", kind=Kind.WANT, title="GBFS wanted, clinker replacement").id, slag.id
    change("GBFS wanted, clinker replacement", listings.pause)
    build()
    db.session.rollback()
    with db.engine.connect() as slow:
        slow.execute(text("UPDATE listing SET state = 'open' WHERE id = :id"), {"id": late})
        with transaction():
            db.session.execute(
                text("INSERT INTO listing_change (listing_id) SELECT :id FROM generate_series(1, 1000)"),
                {"id": slag_id},
            )
        assert suggested(slag_id) == [CEMENT]
        assert index().changes() == 1
        slow.commit()

    assert set(suggested(slag_id)) == {CEMENT, "GBFS wanted, clinker replacement"}
    assert index().changes() == 2


def test_what_is_under_way_while_a_snapshot_is_built_is_found(slag, app):
    if db.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite writers take turns")
    late, slag_id = open_listing("third", kind=Kind.WANT, title="GBFS wanted, clinker replacement").id, slag.id
    change("GBFS wanted, clinker replacement", listings.pause)
    db.session.rollback()
    with db.engine.connect() as slow:
        slow.execute(text("UPDATE listing SET state = 'open' WHERE id = :id"), {"id": late})
        change(CEMENT, lambda listing: setattr(listing, "description", "younger"))
        build()
        slow.commit()

    assert set(suggested(slag_id)) == {CEMENT, "GBFS wanted, clinker replacement"}


def test_each_change_is_read_once(slag):
    open_listing("third", kind=Kind.WANT, title="GBFS wanted, clinker replacement")
    mark = index().snapshot.mark

    first, then = changes_since(mark)
    again, after = changes_since(then)

    assert len(first) == 1
    assert again == set()
    assert after.change == then.change > mark.change
