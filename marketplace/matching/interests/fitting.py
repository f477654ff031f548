"""Which saved interests a new listing fits: whose search would find it, and who may take it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import contains_eager

from marketplace.accounts.models import Enterprise, EnterpriseState
from marketplace.extensions import db
from marketplace.knowledge import knowledge, mentions_of
from marketplace.listings import search_index
from marketplace.listings.models import Kind, Listing
from marketplace.matching.core.values import MatchListing
from marketplace.matching.interests import queries
from marketplace.matching.listing_values import Licences, as_value, licences_of, licences_of_enterprises
from marketplace.matching.models import Interest, InterestMaterial, Pace
from marketplace.matching.store import matcher
from marketplace.places import road_km
from marketplace.web.language import LOCALES

MOST_READ = 500  # interests loaded at a time
MOST_REMEMBERED = 20_000  # words of interests, taken apart


@dataclass(frozen=True, slots=True)
class Fit:
    """An interest that a listing fits, and what it is called in each language."""

    interest_id: int
    enterprise_id: int
    pace: Pace
    titles: Mapping[str, str]


def fitting(listing: Listing) -> list[Fit]:
    """The interests a published listing fits, oldest first, of approved enterprises other than its own.

    The conditions are those of `listings.queries.search`; hazard, licence and food are judged as for a match, with
    the interest in place of the other listing.
    """
    tokens = frozenset(search_index.tokens_of(listing).split())
    named = [number for number, words in _waiting(listing) if _is_named(words, tokens)]
    found = [interest for interest in _loaded(named) if _is_near(interest, listing)]
    licences = licences_of_enterprises({i.enterprise_id for i in found}) if listing.is_hazardous else {}
    values = {str(i.id): _as_value(i, listing, licences) for i in found}
    subject = as_value(listing, licences_of([listing]))
    allowed = {value.id for value in matcher().allowed(subject, list(values.values()))}
    return [_fit(i) for i in found if str(i.id) in allowed]


def _waiting(listing: Listing) -> Sequence[Row[int, str]]:
    """Number and words of those that ask for nothing that the listing's columns do not hold."""
    of_materials = select(InterestMaterial.interest_id)
    return db.session.execute(
        select(Interest.id, Interest.words)
        .join(Interest.enterprise)
        .where(
            Interest.ended_at.is_(None),
            Interest.kind == listing.kind,
            Interest.enterprise_id != listing.enterprise_id,
            Enterprise.state == EnterpriseState.APPROVED,
            Interest.family.in_(("", listing.family)),
            Interest.use.in_(("", *_uses_of(listing))),
            or_(Interest.park_id.is_(None), Interest.park_id == listing.park_id),
            or_(Interest.is_hazardous.is_(None), Interest.is_hazardous == listing.is_hazardous),
            or_(Interest.minimum_t.is_(None), Interest.minimum_t <= listing.quantity_t),
            or_(
                Interest.id.not_in(of_materials),
                Interest.id.in_(of_materials.where(InterestMaterial.material == listing.material)),
            ),
        )
        .order_by(Interest.id)
    ).all()


def _loaded(numbers: Sequence[int]) -> Iterator[Interest]:
    """Those interests in order, with what they need to be judged and named, so many at a time."""
    for start in range(0, len(numbers), MOST_READ):
        yield from db.session.scalars(
            select(Interest)
            .join(Interest.enterprise)
            .where(Interest.id.in_(numbers[start : start + MOST_READ]))
            .options(*queries.options(), contains_eager(Interest.enterprise).selectinload(Enterprise.sites))
            .order_by(Interest.id)
        )


def _uses_of(listing: Listing) -> set[str]:
    """What an offer is known to serve; what a want says it is for."""
    if listing.kind is Kind.OFFER:
        return {a.use for a in knowledge().of_material(listing.material)}
    return set(mentions_of(search_index.indexed_text(listing.title, listing.description)).uses)


def _is_named(words: str, tokens: frozenset[str]) -> bool:
    return all(not tokens.isdisjoint(group) for group in _groups(words))


@lru_cache(MOST_REMEMBERED)
def _groups(words: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(group) for group in search_index.query_groups(words)) if words else ()


def _is_near(interest: Interest, listing: Listing) -> bool:
    origin = queries.origin_of(interest, listing.language)
    if interest.within_km is None or origin is None:
        return True
    return road_km(origin.lat, origin.lon, listing.lat, listing.lon) <= float(interest.within_km)


def _as_value(interest: Interest, listing: Listing, licences: Licences) -> MatchListing:
    """The interest as if it were a listing of the other kind, at the listing's own place.

    A want in its place says only which uses are asked for in so many words: what else the words sound like must not
    decide whether the material has to be fit to eat.
    """
    categories = licences.get(interest.enterprise_id, ())
    return MatchListing(
        id=str(interest.id),
        is_offer=listing.kind is Kind.WANT,
        title=interest.words if listing.kind is Kind.WANT else _uses_asked_for(interest),
        description="",
        lat=listing.lat,
        lon=listing.lon,
        material=interest.slugs[0] if interest.slugs else "",
        accepts_hazard=bool(categories),
        hw_codes=categories,
        enterprise=str(interest.enterprise_id),
    )


def _uses_asked_for(interest: Interest) -> str:
    uses = knowledge().uses
    asked = dict.fromkeys([*([interest.use] if interest.use in uses else []), *mentions_of(interest.words).uses])
    return ", ".join(uses[slug].name_en for slug in asked)


def _fit(interest: Interest) -> Fit:
    titles = {language: queries.title_of(interest, language) for language in LOCALES}
    return Fit(interest.id, interest.enterprise_id, interest.pace, titles)
