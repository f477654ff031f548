"""Enterprises near a listing that could use its material, though they have posted nothing."""

from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext
from sqlalchemy import false, func, select
from sqlalchemy.orm import contains_eager, joinedload

from marketplace.accounts.licences import covers
from marketplace.accounts.models import Enterprise, EnterpriseState, Industry, Licence, Site
from marketplace.accounts.policy import Viewer, may_see
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings.models import Kind, Listing, ListingState, Nature
from marketplace.matching.core.beyond.users import Plant, PossibleUser, Stock, industries_using, possible_users
from marketplace.matching.listing_values import licences_of_enterprises
from marketplace.matching.sentences import use_sentence
from marketplace.materials.classify import classifier
from marketplace.places import road_km
from marketplace.web.formats import kilometres

MOST_SITES = 300
MOST_SHOWN = 6
MOST_USES = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible user as a page shows it.

    `name` is empty for those who may not see the enterprise; then `distance_km` is that of its park, so that nobody
    finds the plant by posting from several places.
    """

    name: str
    industry: Industry
    park_name: str
    distance_km: float
    net_avoided_kgco2e_per_t: float
    break_even_km: float | None
    reasons: list[str]


def candidates_for(listing: Listing, who: Viewer, language: str, most: int = MOST_SHOWN) -> list[Candidate]:
    """The best possible users of an offer, best first; none for a want or what is no longer on offer."""
    if listing.kind is not Kind.OFFER or listing.state in (ListingState.CLOSED, ListingState.EXPIRED):
        return []
    stock = stock_of(listing)
    sites = _sites_near(stock, listing)
    by_key = {str(site.id): site for site in sites}
    licences = licences_of_enterprises({site.enterprise_id for site in sites}) if stock.is_hazardous else {}
    plants = [_plant(site, licences.get(site.enterprise_id, ())) for site in sites]
    ranked = possible_users(knowledge(), stock, plants, most)
    visible = _visible([by_key[u.plant.key].enterprise_id for u in ranked], who)
    return [_candidate(u, by_key[u.plant.key], stock, visible, language) for u in ranked]


def count_for_title(title: str, who: Viewer) -> int:
    """How many enterprises could use what a title in the making names, wherever they are."""
    likely = classifier().suggest(title) if title.strip() else []
    if not likely:
        return 0
    material = likely[0].material
    stock = Stock(material.slug, 0, 0, material.is_hazardous, material.hw_code)
    trades = _trades(stock)
    counted = select(func.count(func.distinct(Enterprise.id))).where(
        Enterprise.state == EnterpriseState.APPROVED,
        Enterprise.industry.in_(trades),
        Enterprise.sites.any(),
        Enterprise.id != (who.enterprise_id or 0),
    )
    if stock.is_hazardous:
        counted = counted.where(Enterprise.licences.any(covers(stock.hw_code)))
    return db.session.execute(counted).scalar_one() if trades else 0


def stock_of(listing: Listing) -> Stock:
    return Stock(
        material=listing.material,
        lat=listing.lat,
        lon=listing.lon,
        is_hazardous=listing.is_hazardous,
        hw_code=listing.hw_code,
        is_waste=listing.nature is Nature.WASTE,
    )


def _trades(stock: Stock) -> list[Industry]:
    return [Industry(name) for name in industries_using(knowledge(), stock)]


def _sites_near(stock: Stock, listing: Listing) -> list[Site]:
    """Sites of approved enterprises of the right trades, nearest first, without those that ask for it already."""
    north, east = Site.lat - stock.lat, (Site.lon - stock.lon) * 0.855
    asking = select(Listing.enterprise_id).where(
        Listing.state == ListingState.OPEN, Listing.kind == Kind.WANT, Listing.material == stock.material
    )
    licensed = select(Licence.enterprise_id).where(covers(stock.hw_code))
    return list(
        db.session.scalars(
            select(Site)
            .join(Site.enterprise)
            .where(
                Enterprise.state == EnterpriseState.APPROVED,
                Enterprise.industry.in_(_trades(stock)),
                Enterprise.id != listing.enterprise_id,
                Enterprise.id.not_in(asking),
                Enterprise.id.in_(licensed) if stock.is_hazardous else Enterprise.id > 0,
            )
            .options(contains_eager(Site.enterprise), joinedload(Site.park))
            .order_by(north * north + east * east, Site.id)
            .limit(MOST_SITES)
        )
    )


def _plant(site: Site, hw_codes: tuple[str, ...]) -> Plant:
    return Plant(
        key=str(site.id),
        enterprise=str(site.enterprise_id),
        industry=site.enterprise.industry.value,
        lat=site.lat,
        lon=site.lon,
        hw_codes=hw_codes,
    )


def _visible(enterprises: list[int], who: Viewer) -> set[int]:
    condition = may_see(Enterprise, who)
    if not enterprises or condition.compare(false()):
        return set()
    return set(db.session.scalars(select(Enterprise.id).where(Enterprise.id.in_(enterprises), condition)))


def _candidate(user: PossibleUser, site: Site, stock: Stock, visible: set[int], language: str) -> Candidate:
    is_visible, park = site.enterprise_id in visible, site.park
    distance = user.distance_km if is_visible else road_km(stock.lat, stock.lon, park.lat, park.lon)
    return Candidate(
        name=site.enterprise.name(language) if is_visible else "",
        industry=site.enterprise.industry,
        park_name=park.name_zh if language == "zh" else park.name_en,
        distance_km=distance,
        net_avoided_kgco2e_per_t=round(user.net_avoided_kgco2e_per_t, -1),
        break_even_km=user.break_even_km,
        reasons=_reasons(user, stock, distance, language),
    )


def _reasons(user: PossibleUser, stock: Stock, distance_km: float, language: str) -> list[str]:
    told = [use_sentence(application, language) for application in user.applications[:MOST_USES]]
    if user.is_licensed:
        told.append(gettext("Licensed to take %(code)s.", code=stock.hw_code or gettext("hazardous waste")))
    away = kilometres(Decimal(str(round(distance_km, 1))))
    if user.break_even_km:
        limit = kilometres(Decimal(str(user.break_even_km)))
        told.append(gettext("%(distance)s away; worth it up to %(limit)s.", distance=away, limit=limit))
    else:
        told.append(gettext("%(distance)s away.", distance=away))
    return told
