"""Bulk listings for benchmarks can be loaded again on top, and leave the next id free."""

from sqlalchemy import func, select

from marketplace.database import transaction
from marketplace.demo.bulk import load_listings
from marketplace.extensions import db
from marketplace.listings.models import Listing
from tests.factories import open_listing


def test_a_second_load_adds_as_many_and_the_next_listing_is_posted(world):
    for _ in range(2):
        with transaction():
            load_listings(40, seed=1)
    posted = open_listing()
    assert db.session.scalar(select(func.count(Listing.id))) == 81
    assert posted.id == db.session.scalar(select(func.max(Listing.id)))
