"""Searching listings: facets, distance, sort and keyset pages, each in a fixed number of statements."""

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from marketplace.accounts.models import Park, Site
from marketplace.accounts.policy import Viewer, may_see
from marketplace.calendar import today
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings import search_index
from marketplace.listings.models import Kind, Listing, ListingState
from marketplace.places import DETOUR, bounding_box, road_km

PAGE_SIZE = 20
KM_PER_DEGREE = 111.32


@dataclass(frozen=True, slots=True)
class Origin:
    """Where distances are measured from."""

    lat: float
    lon: float
    label: str


@dataclass(frozen=True, slots=True)
class SearchWish:
    """What a person looks for; empty values do not narrow the search."""

    query: str = ""
    kind: Kind | None = None
    family: str = ""
    materials: tuple[str, ...] = ()
    use: str = ""
    park_id: int | None = None
    is_hazardous: bool | None = None
    minimum_t: Decimal | None = None
    within_km: Decimal | None = None
    origin: Origin | None = None
    sort: str = "newest"
    after: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of the result list."""

    listing: Listing
    park_name: str
    distance_km: float | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits, the counts beside it and the cursor of the next page."""

    hits: Sequence[Hit]
    total: int
    families: dict[str, int]
    parks: dict[int, int]
    kinds: dict[str, int]
    next_cursor: str


class BadCursor(ValueError):
    """The page's cursor was tampered with or belongs to another sort order."""


def search(wish: SearchWish, who: Viewer, language: str) -> SearchPage:
    """One page of open listings.

    Raises:
        BadCursor: `after` is no cursor of this sort order.
    """
    conditions = _conditions(wish, who)
    kinds = _counts(Listing.kind, conditions)
    rows = _page(wish, conditions)
    more = len(rows) > PAGE_SIZE
    listings = rows[:PAGE_SIZE]
    hits = [_hit(listing, wish.origin, language) for listing in listings]
    return SearchPage(
        hits=hits,
        total=sum(kinds.values()),
        families=_counts(Listing.family, conditions),
        parks=_counts(Listing.park_id, conditions),
        kinds={str(kind.value): count for kind, count in kinds.items()},
        next_cursor=_cursor(wish, listings[-1]) if more else "",
    )


def detail_options() -> tuple[Any, ...]:
    """What a listing's own page needs besides the row."""
    return (
        joinedload(Listing.enterprise),
        joinedload(Listing.site).joinedload(Site.park),
        joinedload(Listing.attachments),
    )


def newest(who: Viewer, most: int = 6) -> Sequence[Listing]:
    """The latest open listings, with their parks."""
    return db.session.scalars(
        select(Listing)
        .join(Listing.park)
        .options(contains_eager(Listing.park))
        .where(*_conditions(SearchWish(), who))
        .order_by(Listing.published_at.desc(), Listing.id.desc())
        .limit(most)
    ).all()


def open_count() -> int:
    """How many listings are open today."""
    return db.session.execute(
        select(func.count()).where(Listing.state == ListingState.OPEN, Listing.available_until >= today())
    ).scalar_one()


def own_listings(enterprise_id: int, most: int = 200) -> Sequence[Listing]:
    """An enterprise's listings, newest first."""
    return db.session.scalars(
        select(Listing)
        .where(Listing.enterprise_id == enterprise_id)
        .options(joinedload(Listing.site))
        .order_by(Listing.id.desc())
        .limit(most)
    ).all()


def _conditions(wish: SearchWish, who: Viewer) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        Listing.state == ListingState.OPEN,
        Listing.available_until >= today(),
        may_see(Listing, who),
    ]
    if wish.query and (groups := search_index.query_groups(wish.query)):
        found.append(search_index.condition(db.session, groups))
    if wish.kind:
        found.append(Listing.kind == wish.kind)
    if wish.family:
        found.append(Listing.family == wish.family)
    if wish.materials:
        found.append(Listing.material.in_(wish.materials))
    if wish.use:
        found.append(_serves(wish.use))
    if wish.park_id:
        found.append(Listing.park_id == wish.park_id)
    if wish.is_hazardous is not None:
        found.append(Listing.is_hazardous == wish.is_hazardous)
    if wish.minimum_t is not None:
        found.append(Listing.quantity_t >= wish.minimum_t)
    if wish.within_km is not None and wish.origin:
        found.append(_within(wish.origin, float(wish.within_km)))
    return found


def _serves(use: str) -> ColumnElement[bool]:
    """Offers of a material with that documented use, and wants that name the use."""
    materials = {a.material for a in knowledge().of_use(use)}
    names_it = search_index.condition(db.session, [[search_index.concept_token("u", use)]])
    return or_(
        and_(Listing.kind == Kind.OFFER, Listing.material.in_(sorted(materials))),
        and_(Listing.kind == Kind.WANT, names_it),
    )


def _within(origin: Origin, road_kilometres: float) -> ColumnElement[bool]:
    kilometres = road_kilometres / DETOUR  # what a hit shows as its distance is the way by road
    south, north, west, east = bounding_box(origin.lat, origin.lon, kilometres)
    box = and_(Listing.lat.between(south, north), Listing.lon.between(west, east))
    return and_(box, _squared_km(origin) <= kilometres * kilometres)


def _squared_km(origin: Origin) -> ColumnElement[float]:
    """Squared distance on a plane that touches the origin: exact enough within a delta, and plain arithmetic."""
    per_lon = KM_PER_DEGREE * math.cos(math.radians(origin.lat))
    d_lat, d_lon = (Listing.lat - origin.lat) * KM_PER_DEGREE, (Listing.lon - origin.lon) * per_lon
    return d_lat * d_lat + d_lon * d_lon


def _counts(column: Any, conditions: list[ColumnElement[bool]]) -> dict[Any, int]:
    statement = select(column, func.count()).select_from(Listing).where(*conditions).group_by(column)
    return {key: int(count) for key, count in db.session.execute(statement)}


def _page(wish: SearchWish, conditions: list[ColumnElement[bool]]) -> list[Listing]:
    key, descending = _sort_key(wish)
    statement: Select[Any] = select(Listing).join(Listing.park).options(contains_eager(Listing.park)).where(*conditions)
    if wish.after:
        value, last_id = _read_cursor(wish)
        statement = statement.where(_beyond(key, descending, value, last_id))
    order = (key.desc(), Listing.id.desc()) if descending else (key.asc(), Listing.id.desc())
    return list(db.session.scalars(statement.order_by(*order).limit(PAGE_SIZE + 1)))


def _sort_key(wish: SearchWish) -> tuple[Any, bool]:
    if wish.sort == "quantity":
        return Listing.quantity_t, True
    if wish.sort == "distance" and wish.origin:
        return _squared_km(wish.origin), False
    if wish.sort == "ending":
        return Listing.available_until, False
    return Listing.published_at, True


def _beyond(key: Any, descending: bool, value: Any, last_id: int) -> ColumnElement[bool]:
    further = key < value if descending else key > value
    return or_(further, and_(key == value, Listing.id < last_id))


def _cursor(wish: SearchWish, last: Listing) -> str:
    value: object
    if wish.sort == "quantity":
        value = str(last.quantity_t)
    elif wish.sort == "distance" and wish.origin:
        value = db.session.scalar(select(_squared_km(wish.origin)).where(Listing.id == last.id))
    elif wish.sort == "ending":
        value = last.available_until.isoformat()
    else:
        value = last.published_at.isoformat() if last.published_at else ""
    raw = json.dumps([wish.sort, value, last.id]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read_cursor(wish: SearchWish) -> tuple[Any, int]:
    try:
        raw = base64.urlsafe_b64decode(wish.after + "=" * (-len(wish.after) % 4))
        sort, value, last_id = json.loads(raw)
        if sort != wish.sort or not isinstance(last_id, int) or not 0 < last_id < 2**31:
            raise BadCursor(wish.after)
        if sort == "quantity":
            return Decimal(value), last_id
        if sort == "distance":
            return float(value), last_id
        if sort == "ending":
            return date.fromisoformat(value), last_id
        return datetime.fromisoformat(value), last_id
    except (ValueError, TypeError, ArithmeticError) as wrong:
        raise BadCursor(wish.after) from wrong


def _hit(listing: Listing, origin: Origin | None, language: str) -> Hit:
    distance = road_km(origin.lat, origin.lon, listing.lat, listing.lon) if origin else None
    park = listing.park
    return Hit(listing, park.name_zh if language == "zh" else park.name_en, distance)


def origin_of(enterprise_id: int | None) -> Origin | None:
    """The enterprise's first site, from which its people measure distance."""
    if enterprise_id is None:
        return None
    site = db.session.scalar(select(Site).where(Site.enterprise_id == enterprise_id).order_by(Site.id).limit(1))
    return Origin(site.lat, site.lon, site.name) if site else None


def park_origin(park: Park, language: str) -> Origin:
    return Origin(park.lat, park.lon, park.name_zh if language == "zh" else park.name_en)
