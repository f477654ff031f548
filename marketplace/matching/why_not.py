"""“Why is X not here?”: the filter that keeps a listing off the matches of another, or what it lacks.

What a person may not see is unknown to them. What follows from whose listing it is (the same enterprise, licences,
a partner put aside) is told only to those who may know whose it is.
"""

import enum
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.policy import Permission, Viewer, may, may_see
from marketplace.calendar import today
from marketplace.extensions import db
from marketplace.knowledge import knowledge, mentions_of
from marketplace.listings import search_index
from marketplace.listings.models import Listing, ListingState
from marketplace.matching import feedback, service
from marketplace.matching.core.values import Match
from marketplace.matching.models import Dismissal, DismissalReason
from marketplace.matching.page import MatchWish, hidden_by, offer_and_want, ordered
from marketplace.matching.sentences import Sentence
from marketplace.matching.service import Suggestion
from marketplace.places import road_km

MOST_TITLES = 6
LARGEST_ID = 2**31 - 1


class Obstacle(enum.StrEnum):
    """Why a listing is not among the matches of another; HERE when it is."""

    UNKNOWN = "unknown"
    SEVERAL = "several"
    NOTHING_SUGGESTED = "nothing_suggested"
    ITSELF = "itself"
    SAME_KIND = "same_kind"
    WITHHELD = "withheld"
    OWN_ENTERPRISE = "own_enterprise"
    NOT_OPEN = "not_open"
    EXPIRED = "expired"
    DISMISSED = "dismissed"
    LIKE_DISMISSED = "like_dismissed"
    TOO_FAR = "too_far"
    HAZARD = "hazard"
    NO_LICENCE = "no_licence"
    REFUSED = "refused"
    EXCLUDED = "excluded"
    HIDDEN = "hidden"
    NO_KNOWN_USE = "no_known_use"
    UNLIKELY = "unlikely"
    NOT_FOUND_BY_SEARCH = "not_found_by_search"
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Answer:
    """Why `other` is not among the matches of `listing`, with the facts that the sentence needs.

    `titles` are the listings a title may mean; `dismissal` the one at work; `filters` the names of the page's
    filters that hide it; `place` where it stands among them, from 1; `uses` the uses that the want names; `refused`
    what it says it will not take; `match` and `sentences` what can be said for the pair.
    """

    obstacle: Obstacle
    listing: Listing
    other: Listing | None = None
    titles: tuple[Listing, ...] = ()
    dismissal: Dismissal | None = None
    filters: tuple[str, ...] = ()
    place: int = 0
    uses: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    match: Match | None = None
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """The page on which something is missed: its listing, who reads it, what stands on it and what was put aside."""

    listing: Listing
    who: Viewer
    language: str
    suggestions: Sequence[Suggestion]
    wish: MatchWish
    dismissals: Sequence[Dismissal] = ()


def why_not(text: str, question: Question) -> Answer:
    """The answer for a listing's number, address or title."""
    listing = question.listing
    found = find(text, listing, question.who)
    if not found:
        return Answer(Obstacle.UNKNOWN, listing)
    if len(found) > 1:
        return Answer(Obstacle.SEVERAL, listing, titles=tuple(found))
    other = found[0]
    return (
        _by_itself(listing, other)
        or _by_enterprise(question, other)
        or _by_dismissal(question, other)
        or _by_hazard(listing, other)
        or _by_ranking(question, other)
    )


def find(text: str, listing: Listing, who: Viewer) -> list[Listing]:
    """The listings that a number, an address or a title may mean, of those that the viewer may see.

    Of several, those whose title holds the text come first, then possible partners that are open.
    """
    row_id = _number_in(text)
    if row_id is not None:
        same = db.session.scalars(_visible(who).where(Listing.id == row_id)).all()
        if same:
            return list(same)
    groups = search_index.query_groups(text)
    if not groups:
        return []
    likely_first = (
        (Listing.title == text.strip()).desc(),
        Listing.title.contains(text.strip(), autoescape=True).desc(),
        and_(Listing.kind != listing.kind, Listing.state == ListingState.OPEN).desc(),
        Listing.id.desc(),
    )
    titled = _visible(who).where(search_index.condition(db.session, groups))
    rows = list(db.session.scalars(titled.order_by(*likely_first).limit(MOST_TITLES)))
    exact = [x for x in rows if x.title == text.strip()]
    return exact or rows


def _visible(who: Viewer) -> Select[Any]:
    return select(Listing).where(may_see(Listing, who)).options(joinedload(Listing.park))


def _number_in(text: str) -> int | None:
    """`7`, `#7`, `No. 7`, `/listings/7` or the whole address of a listing's page."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        path = urlsplit(plain).path
    except ValueError:  # an address such as http://[
        return None
    found = re.fullmatch(r"(?:#|no\.?|编号)?\s*([0-9]{1,10})", plain, re.I) or re.search(
        r"/listings/([0-9]{1,10})(?:/|$)", path
    )
    number = int(found[1]) if found else 0
    return number if 0 < number <= LARGEST_ID else None


def _by_itself(listing: Listing, other: Listing) -> Answer | None:
    if other.id == listing.id:
        return Answer(Obstacle.ITSELF, listing, other)
    if listing.state not in (ListingState.OPEN, ListingState.DRAFT, ListingState.PAUSED):
        return Answer(Obstacle.NOTHING_SUGGESTED, listing, other)
    if other.kind is listing.kind:
        return Answer(Obstacle.SAME_KIND, listing, other)
    return None


def _by_enterprise(question: Question, other: Listing) -> Answer | None:
    listing = question.listing
    if other.enterprise_id == listing.enterprise_id:
        may_know = may(question.who, Permission.SEE_CONTACT, other)
        return Answer(Obstacle.OWN_ENTERPRISE if may_know else Obstacle.WITHHELD, listing, other)
    if other.state is ListingState.EXPIRED or (other.state is ListingState.OPEN and other.available_until < today()):
        return Answer(Obstacle.EXPIRED, listing, other)
    return Answer(Obstacle.NOT_OPEN, listing, other) if other.state is not ListingState.OPEN else None


def _by_dismissal(question: Question, other: Listing) -> Answer | None:
    """Only those who may put aside are asked with dismissals; the others' pages do not heed them either."""
    listing, own = question.listing, [d for d in question.dismissals if d.listing_id == question.listing.id]
    for d in own:
        if d.other_id == other.id:
            return Answer(Obstacle.DISMISSED, listing, other, dismissal=d)
    for d in question.dismissals:
        if d.reason is DismissalReason.PARTNER and d.other.enterprise_id == other.enterprise_id:
            return Answer(Obstacle.LIKE_DISMISSED, listing, other, dismissal=d)
    for d in own:
        if d.reason is DismissalReason.MATERIAL and d.other.material == other.material:
            return Answer(Obstacle.LIKE_DISMISSED, listing, other, dismissal=d)
    return _by_distance(question, other, own)


def _by_distance(question: Question, other: Listing, own: Sequence[Dismissal]) -> Answer | None:
    listing = question.listing
    limit_km = feedback.farthest_km(listing, own)
    if limit_km is None or road_km(listing.lat, listing.lon, other.lat, other.lon) < limit_km:
        return None
    too_far = [d for d in own if d.reason is DismissalReason.DISTANCE]
    nearest = min(too_far, key=lambda d: road_km(listing.lat, listing.lon, d.other.lat, d.other.lon))
    return Answer(Obstacle.TOO_FAR, listing, other, dismissal=nearest)


def _by_hazard(listing: Listing, other: Listing) -> Answer | None:
    offer, want = offer_and_want(listing, other)
    is_refused = offer.is_hazardous and not want.accepts_hazard
    return Answer(Obstacle.HAZARD, listing, other) if is_refused else None


def _by_ranking(question: Question, other: Listing) -> Answer:
    listing = question.listing
    suggested = next((s for s in question.suggestions if s.listing.id == other.id), None)
    if suggested is not None:
        return _suggested(question, suggested)
    offer, want = offer_and_want(listing, other)
    match, sentences = service.explain(offer.id, want.id, question.language)
    if match is None and (refused := service.refused(offer, want)):
        return Answer(Obstacle.REFUSED, listing, other, refused=refused)
    uses = mentions_of(want.text).uses
    if match is None and not offer.is_hazardous and not _is_documented(offer, uses):
        return Answer(Obstacle.NO_KNOWN_USE, listing, other, uses=uses)
    if match is None:
        return Answer(_excluded(offer, may(question.who, Permission.SEE_CONTACT, want)), listing, other)
    return Answer(_lack(match), listing, other, uses=uses, match=match, sentences=tuple(sentences))


def _suggested(question: Question, suggestion: Suggestion) -> Answer:
    listing, other, match = question.listing, suggestion.listing, suggestion.match
    if filters := hidden_by(suggestion, question.wish):
        return Answer(Obstacle.HIDDEN, listing, other, filters=tuple(filters), match=match)
    place = ordered(listing, question.suggestions, question.wish).index(suggestion) + 1
    return Answer(Obstacle.HERE, listing, other, place=place, match=match)


def _is_documented(offer: Listing, uses: Sequence[str]) -> bool:
    return any(knowledge().of_pair(offer.material, use) for use in uses)


def _excluded(offer: Listing, may_know_enterprise: bool) -> Obstacle:
    """Which rule of the matcher is left: a want that takes hazardous waste lacks the licence for this one."""
    if not offer.is_hazardous:
        return Obstacle.EXCLUDED
    return Obstacle.NO_LICENCE if may_know_enterprise else Obstacle.WITHHELD


def _lack(match: Match) -> Obstacle:
    if match.score >= service.LEAST_SCORE:
        return Obstacle.NOT_FOUND_BY_SEARCH
    return Obstacle.UNLIKELY if match.use else Obstacle.NO_KNOWN_USE
