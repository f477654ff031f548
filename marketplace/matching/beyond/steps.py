"""The ordinary requests that a chain leads to, for the one who reads it."""

from dataclasses import dataclass
from decimal import Decimal

from marketplace.accounts.policy import Permission, Viewer, may
from marketplace.listings.models import Listing
from marketplace.matching.beyond.chaining import ChainRow


@dataclass(frozen=True, slots=True)
class Step:
    """A request of a listing, in answer to the own listing `counter_id` if there is one."""

    listing: Listing
    quantity_t: Decimal
    use: str
    counter_id: int | None = None


def requests_of(row: ChainRow, who: Viewer) -> list[Step]:
    """Those a person may send: the plant asks for both ends, each end for the other one.

    What arrives hazardous and leaves harmless is handed over to the plant; its user never takes the waste.
    """
    offer, want, made = row.offer, row.want, row.chain
    taken = Step(offer, made.taken_t, made.application.use)
    given = Step(want, made.given_t, made.application.use)
    steps: list[Step] = []
    if who.enterprise_id == row.service.enterprise_id:
        steps = [taken, given]
    elif who.enterprise_id == offer.enterprise_id:
        steps = [Step(want, made.given_t, made.application.use, offer.id)]
    elif who.enterprise_id == want.enterprise_id and (row.is_hazardous_after or not offer.is_hazardous):
        steps = [Step(offer, made.taken_t, made.application.use, want.id)]
    return [s for s in steps if may(who, Permission.REQUEST, s.listing)]
