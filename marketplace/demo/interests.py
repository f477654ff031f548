"""What the demo's two signed-in enterprises wait for."""

import uuid
from decimal import Decimal

from marketplace.accounts.models import Industry
from marketplace.demo.people import World
from marketplace.listings.models import Kind
from marketplace.matching.interests import service
from marketplace.matching.interests.service import InterestFacts
from marketplace.matching.models import Pace

OF_BUYER = (
    InterestFacts(Kind.OFFER, Pace.AT_ONCE, words="矿渣", within_km=Decimal(40)),
    InterestFacts(Kind.OFFER, Pace.DAILY, use="scm-cement", minimum_t=Decimal(100)),
)
OF_SUPPLIER = (
    InterestFacts(Kind.WANT, Pace.AT_ONCE, words="cement"),
    InterestFacts(Kind.WANT, Pace.DAILY, use="road-base-aggregate", materials=("bof-slag", "eaf-slag")),
)


def add_interests(world: World) -> int:
    """Save them; returns how many."""
    supplier, buyer = next(iter(world.enterprises.values())), world.by_industry[Industry.BUILDING_MATERIALS][0]
    wanted = [(buyer, facts) for facts in OF_BUYER] + [(supplier, facts) for facts in OF_SUPPLIER]
    for number, (enterprise, facts) in enumerate(wanted):
        by = world.traders[enterprise.id]
        service.save(facts, by, str(uuid.uuid5(uuid.NAMESPACE_URL, f"demo-interest-{number}")))
    return len(wanted)
