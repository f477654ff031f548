"""Up to four suggestions side by side, with what differs marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from marketplace.accounts.policy import Viewer, may_see
from marketplace.extensions import db
from marketplace.listings.models import Listing
from marketplace.matching import service
from marketplace.matching.listing_values import offer_and_want
from marketplace.matching.page import MatchRow, row_of
from marketplace.matching.service import Suggestion

MOST_COMPARED = 4
FEWEST_COMPARED = 2
LARGEST_ID = 2**31 - 1
MOST_READ = 24  # of a choice that is too large


class WrongChoice(ValueError):
    """Too few, too many, or something that is no listing's number; `numbers` are those that can be read."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = list(numbers)
        super().__init__(f"{len(numbers)} listings to compare")


class NotToBeSeen(LookupError):
    """One of the listings does not exist, may not be seen, or is of the same kind."""


@dataclass(frozen=True, slots=True)
class Column:
    """One of the listings compared; `row` is None when the matcher's filters exclude the pair."""

    listing: Listing
    row: MatchRow | None


def numbers_of(texts: Sequence[str]) -> list[int]:
    """The chosen listings' numbers, each once, in the order of choice.

    Raises:
        WrongChoice: fewer than two, more than four, or a text that is no number.
    """
    texts = list(dict.fromkeys(texts))
    is_number = [t.isascii() and t.isdigit() and len(t) <= 10 and 0 < int(t) <= LARGEST_ID for t in texts]
    numbers = list(dict.fromkeys(int(t) for t, ok in zip(texts, is_number, strict=True) if ok))
    if not all(is_number) or not FEWEST_COMPARED <= len(numbers) <= MOST_COMPARED:
        raise WrongChoice(numbers)
    return numbers


def listings_of(listing: Listing, numbers: Sequence[int], who: Viewer) -> list[Listing]:
    """The chosen partners, in the order of choice, read in one statement.

    Raises:
        NotToBeSeen: one of them is not there for this viewer, or is of the listing's own kind.
    """
    found = visible_of(listing, numbers, who)
    if len(found) < len(numbers):
        raise NotToBeSeen(listing.id, numbers)
    return found


def visible_of(listing: Listing, numbers: Sequence[int], who: Viewer) -> list[Listing]:
    """Those of the listings that are possible partners and may be seen, in the order of choice."""
    rows = db.session.scalars(
        select(Listing)
        .where(Listing.id.in_(numbers[:MOST_READ]), Listing.kind != listing.kind, may_see(Listing, who))
        .options(joinedload(Listing.park))
    )
    by_id = {row.id: row for row in rows}
    return [by_id[number] for number in numbers if number in by_id]


def columns(listing: Listing, others: Sequence[Listing], language: str) -> list[Column]:
    """Each partner with its match, whether or not it is suggested at present."""
    return [Column(other, _row(listing, other, language)) for other in others]


def _row(listing: Listing, other: Listing, language: str) -> MatchRow | None:
    offer, want = offer_and_want(listing, other)
    match, sentences = service.explain(offer.id, want.id, language)
    return row_of(listing, Suggestion(other, match, sentences)) if match else None
