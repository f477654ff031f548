"""Matches of a listing: candidates from the database, ranked by the pure core, with reasons to read."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.policy import Viewer, may_see
from marketplace.calendar import today
from marketplace.extensions import db
from marketplace.knowledge import knowledge, mentions_of
from marketplace.listings import search_index
from marketplace.listings.models import Kind, Listing, ListingState
from marketplace.matching import feedback
from marketplace.matching.core.rank import Matcher, may_suggest
from marketplace.matching.core.values import Match, MatchListing
from marketplace.matching.listing_values import as_value, licences_of, may_take
from marketplace.matching.models import Dismissal
from marketplace.matching.sentences import Sentence, sentences_of
from marketplace.matching.serving.live import live_index, servable
from marketplace.matching.serving.merging import merged, unless_dismissed
from marketplace.matching.store import matcher
from marketplace.materials.classify import classifier
from marketplace.places import road_km

MOST_CANDIDATES = 240
MOST_SHOWN = 8
SPARE = 4  # closed between the search and its answer
LEAST_SCORE = 0.3  # below, a suggestion would be called unlikely


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A match as a page shows it; `listing` is the other one."""

    listing: Listing
    match: Match
    sentences: list[Sentence]


class NoSuchPair(LookupError):
    """The two listings are not an offer and a want."""


def suggest(
    listing: Listing,
    who: Viewer,
    language: str,
    dismissals: Sequence[Dismissal] = (),
    most: int = MOST_SHOWN,
) -> list[Suggestion]:
    """The best partners of an open listing without those put aside; empty when it is not open."""
    if listing.state not in (ListingState.OPEN, ListingState.DRAFT, ListingState.PAUSED):
        return []
    return [
        Suggestion(other, match, sentences_of(match, language))
        for other, match in ranked_partners(listing, who, dismissals, most)
        if match.score >= LEAST_SCORE
    ]


def ranked_partners(
    listing: Listing, who: Viewer, dismissals: Sequence[Dismissal], most: int, explain: bool = True
) -> list[tuple[Listing, Match]]:
    """The other listings with their matches, best first; without `explain` the matches hold no reasons.

    From the snapshot and what changed since when there is one, else from candidates of the database.
    """
    ranker = matcher()
    subject = as_value(listing, licences_of([listing]))
    index = live_index(ranker.encoder)
    if index is None:
        return _from_database(ranker, subject, listing, who, dismissals, most, explain)
    query = ranker.query(subject)
    keep = unless_dismissed(query, listing, dismissals, ranker.tables.number_of_material)
    hits = index.search(query, ranker.model, most + SPARE, keep)
    found = merged(ranker, query, subject.id, hits, most + SPARE, explain)
    return _still_allowed(subject, listing, found, who)[:most]


def _from_database(
    ranker: Matcher,
    subject: MatchListing,
    listing: Listing,
    who: Viewer,
    dismissals: Sequence[Dismissal],
    most: int,
    explain: bool,
) -> list[tuple[Listing, Match]]:
    found = candidates(listing, who, dismissals)
    by_id = {str(c.id): c for c in found}
    licences = licences_of(found)
    others = [as_value(c, licences) for c in found]
    rank = ranker.rank_wants if subject.is_offer else ranker.rank
    return [(by_id[_other(m, subject)], m) for m in rank(subject, others, most, explain)]


def _still_allowed(
    subject: MatchListing, listing: Listing, found: Sequence[Match], who: Viewer
) -> list[tuple[Listing, Match]]:
    """The matches whose listing this person may see at this moment, by the database's own word."""
    ids = [int(_other(match, subject)) for match in found]
    conditions = (*servable(), Listing.kind != listing.kind, may_see(Listing, who), Listing.id.in_(ids))
    rows = db.session.scalars(select(Listing).where(*conditions).options(joinedload(Listing.park))).all()
    licences = licences_of([*rows, listing])
    by_id = {x.id: x for x in rows}
    allowed = {x.id for x in rows if _may_suggest(subject, as_value(x, licences))}
    return [(by_id[i], match) for i, match in zip(ids, found, strict=True) if i in allowed]


def _may_suggest(subject: MatchListing, other: MatchListing) -> bool:
    return may_suggest(subject, other) if subject.is_offer else may_suggest(other, subject)


def _other(match: Match, subject: MatchListing) -> str:
    return match.want if subject.is_offer else match.offer


def explain(offer_id: int, want_id: int, language: str) -> tuple[Match | None, list[Sentence]]:
    """The match of two listings with all its reasons; None when it may not be suggested.

    Raises:
        NoSuchPair: one of them does not exist or is of the other kind.
    """
    offer, want = db.session.get(Listing, offer_id), db.session.get(Listing, want_id)
    if offer is None or offer.kind is not Kind.OFFER:
        raise NoSuchPair(f"listing {offer_id} is no offer")
    if want is None or want.kind is not Kind.WANT:
        raise NoSuchPair(f"listing {want_id} is no want")
    licences = licences_of([want])
    found = matcher().rank(as_value(want, licences), [as_value(offer, licences)])
    return (found[0], sentences_of(found[0], language, most=len(found[0].reasons))) if found else (None, [])


def refused(offer: Listing, want: Listing) -> tuple[str, ...]:
    """Materials and kinds of an offer that a want says it will not take, by slug."""
    return matcher().encoder.refused(as_value(offer, {}), as_value(want, {}))


def candidates(listing: Listing, who: Viewer, dismissals: Sequence[Dismissal] = ()) -> list[Listing]:
    """Open listings of the other kind that share the material or a documented use, nearest first."""
    found = list(
        db.session.scalars(
            select(Listing)
            .where(
                *_open_partners(listing.kind, listing.text, listing.material, who),
                Listing.enterprise_id != listing.enterprise_id,
                *may_take(listing),
                *(feedback.still_wanted(listing, dismissals) if dismissals else ()),
            )
            .options(joinedload(Listing.park))
            .order_by(_square_of_distance(listing), Listing.id.desc())
            .limit(MOST_CANDIDATES)
        )
    )
    limit_km = feedback.farthest_km(listing, dismissals)
    if limit_km is None:
        return found
    return [c for c in found if road_km(listing.lat, listing.lon, c.lat, c.lon) < limit_km]


def _square_of_distance(listing: Listing) -> ColumnElement[float]:
    """Good enough to order by: degrees, those of longitude shortened to their length at Shanghai's latitude."""
    north, east = Listing.lat - listing.lat, (Listing.lon - listing.lon) * 0.855
    return north * north + east * east


def count_partners(kind: Kind, title: str, who: Viewer) -> int:
    """How many open listings a title in the making might suit, before anything is ranked."""
    if not title.strip():
        return 0
    likely = classifier().suggest(title)
    material = likely[0].material.slug if likely else ""
    of_others = Listing.enterprise_id != (who.enterprise_id or 0)
    counted = select(func.count()).where(*_open_partners(kind, title, material, who), of_others)
    return db.session.execute(counted).scalar_one()


def _open_partners(kind: Kind, text: str, material: str, who: Viewer) -> tuple[ColumnElement[bool], ...]:
    return (
        Listing.state == ListingState.OPEN,
        Listing.available_until >= today(),
        Listing.kind == (Kind.WANT if kind is Kind.OFFER else Kind.OFFER),
        may_see(Listing, who),
        _is_related(kind, text, material),
    )


def _is_related(kind: Kind, text: str, material: str) -> ColumnElement[bool]:
    base, concepts = knowledge(), mentions_of(text)
    materials = {*concepts.materials, *([material] if material else [])}
    if kind is Kind.OFFER:
        if not materials:
            return false()
        uses = {a.use for m in materials for a in base.of_material(m)}
        tokens = [search_index.concept_token("u", use) for use in sorted(uses)]
        tokens += [search_index.concept_token("m", m) for m in sorted(materials)]
        return or_(Listing.material.in_(materials), search_index.condition(db.session, [tokens]))
    uses = set(concepts.uses)
    uses |= {a.use for a in base.of_material(material) if a.grade == 3} if material else set()
    materials |= {a.material for use in uses for a in base.of_use(use)}
    return Listing.material.in_(sorted(materials))
