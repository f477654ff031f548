"""The demo's people leave events that follow the rules of real ones, the same each time."""

import random
from collections import defaultdict

import pytest
from sqlalchemy import func, select

from marketplace.accounts.models import Park
from marketplace.accounts.parks import load_parks
from marketplace.calendar import today
from marketplace.database import transaction
from marketplace.demo.behaviour import MOST_SHOWN, add_behaviour
from marketplace.demo.offers import add_listings
from marketplace.demo.people import make_world
from marketplace.extensions import db
from marketplace.matching.core.learning import EventKind
from marketplace.matching.events import learnable_events
from marketplace.matching.models import Dismissal, MatchEvent


@pytest.fixture
def behaviour(session):
    """The demo's enterprises and listings, and the events as plain rows."""
    with transaction():
        load_parks()
        world = make_world({park.code: park for park in session.scalars(select(Park))}, random.Random(1))
        add_listings(world)
        add_behaviour(world)
    return session.scalars(select(MatchEvent).order_by(MatchEvent.id)).all()


def test_events_hang_together(behaviour):
    of_pair = defaultdict(list)
    for event in behaviour:
        assert event.day < today()
        assert (event.position is None) is (event.kind is not EventKind.SHOWN)
        of_pair[event.listing_id, event.other_id].append(event)
    for events in of_pair.values():
        kinds = [e.kind for e in events]
        assert kinds[0] is EventKind.SHOWN
        assert kinds.count(EventKind.REQUESTED) <= 1
        assert EventKind.REQUESTED not in kinds or EventKind.OPENED in kinds
        assert EventKind.COMPLETED not in kinds or EventKind.REQUESTED in kinds
        assert kinds[-1] is not EventKind.SHOWN or EventKind.DISMISSED not in kinds
    assert {e.kind for e in behaviour} == set(EventKind)
    assert max(e.position or 0 for e in behaviour) == MOST_SHOWN


def test_the_first_places_are_opened_most(behaviour):
    day_of = {(e.listing_id, e.other_id, e.day): e.position for e in behaviour if e.kind is EventKind.SHOWN}
    opened = [day_of[e.listing_id, e.other_id, e.day] for e in behaviour if e.kind is EventKind.OPENED]
    assert opened.count(1) > opened.count(3) > opened.count(7)


def test_there_is_something_to_learn_and_guests_put_nothing_aside(behaviour):
    assert len(learnable_events()) > 2000
    dismissed = sum(e.kind is EventKind.DISMISSED for e in behaviour)
    assert 0 < db.session.execute(select(func.count(Dismissal.id))).scalar_one() <= dismissed
