"""Reads for the pages of saved interests."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from marketplace.accounts.models import Enterprise
from marketplace.accounts.policy import Viewer, may_see
from marketplace.accounts.queries import park_name
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings.queries import Origin, SearchWish, park_origin
from marketplace.matching.models import Interest
from marketplace.materials.taxonomy import taxonomy


def options() -> tuple[ORMOption, ...]:
    """What an interest needs besides its row, to be named and to be turned into a search."""
    return (
        joinedload(Interest.park),
        joinedload(Interest.near_park),
        joinedload(Interest.site),
        selectinload(Interest.materials),
    )


def own_interests(who: Viewer) -> Sequence[Interest]:
    """Those of the viewer's enterprise, those that wait before those that ended, newest first."""
    return db.session.scalars(
        select(Interest)
        .join(Interest.enterprise)
        .where(may_see(Interest, who))
        .options(*options(), contains_eager(Interest.enterprise).selectinload(Enterprise.sites))
        .order_by(Interest.ended_at.is_not(None), Interest.id.desc())
    ).all()


def origin_of(interest: Interest, language: str) -> Origin | None:
    """Where its distances start; None for an enterprise without a site that named no park."""
    if interest.near_park is not None:
        return park_origin(interest.near_park, language)
    site = interest.site or next(iter(interest.enterprise.sites), None)
    return Origin(site.lat, site.lon, site.name) if site else None


def wish_of(interest: Interest, language: str, after: str = "") -> SearchWish:
    """The search that finds what the interest waits for."""
    return SearchWish(
        query=interest.words,
        kind=interest.kind,
        family=interest.family,
        materials=interest.slugs,
        use=interest.use,
        park_id=interest.park_id,
        is_hazardous=interest.is_hazardous,
        minimum_t=interest.minimum_t,
        within_km=interest.within_km,
        origin=origin_of(interest, language),
        after=after,
    )


def title_of(interest: Interest, language: str) -> str:
    """What it is about, in the reader's language."""
    tree, uses = taxonomy(), knowledge().uses
    names = [tree.materials[slug].name(language) for slug in interest.slugs if slug in tree.materials]
    between = "、" if language == "zh" else ", "
    parts = [f"“{interest.words}”" if interest.words else "", between.join(names)]
    parts.append(uses[interest.use].name(language) if interest.use in uses else "")
    parts.append(tree.families[interest.family].name(language) if interest.family in tree.families else "")
    if interest.park is not None:
        parts.append(park_name(interest.park, language))
    return " · ".join(part for part in parts if part)


def within_of(interest: Interest, language: str) -> tuple[Decimal, str] | None:
    """How far at most, and from where; None when distance does not matter."""
    origin = origin_of(interest, language)
    return (interest.within_km, origin.label) if interest.within_km is not None and origin else None
