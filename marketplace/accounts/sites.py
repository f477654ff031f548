"""Use cases of an enterprise's places and licences."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from sqlalchemy import or_, select

from marketplace.accounts.errors import SiteInUse
from marketplace.accounts.models import Enterprise, Licence, Site
from marketplace.exchanges.models import Exchange
from marketplace.extensions import db
from marketplace.listings.models import Listing
from marketplace.matching.models import TreatmentService
from marketplace.measured.models import MeasuredFactor
from marketplace.notifications import service as notifications
from marketplace.places import CoordinateSystem, to_wgs84

if TYPE_CHECKING:
    from marketplace.accounts.forms import SiteForm


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What an owner says about a place; the point in WGS-84 degrees."""

    name: str
    address: str
    park_id: int
    lat: float
    lon: float

    @classmethod
    def of(cls, form: "SiteForm") -> Self:
        lat, lon = to_wgs84(float(form.lat.data or 0), float(form.lon.data or 0), CoordinateSystem(form.system.data))
        return cls(form.name.data, form.address.data, int(form.park_id.data), lat, lon)

    @staticmethod
    def as_typed(site: Site) -> dict[str, object]:
        """The stored place as form data; it is WGS-84 whatever was typed."""
        return {
            "name": site.name,
            "address": site.address,
            "park_id": str(site.park_id),
            "lat": Decimal(str(site.lat)),
            "lon": Decimal(str(site.lon)),
            "system": CoordinateSystem.WGS84.value,
        }


def add_site(enterprise: Enterprise, facts: SiteFacts) -> Site:
    """A new place of the enterprise."""
    site = Site(enterprise=enterprise)
    _write(site, facts)
    db.session.add(site)
    return site


def change_site(site: Site, facts: SiteFacts) -> None:
    """Correct a place; its listings move with it."""
    _write(site, facts)
    for listing in db.session.scalars(select(Listing).where(Listing.site_id == site.id)):
        listing.lat, listing.lon, listing.park_id = site.lat, site.lon, site.park_id


def remove_site(site: Site) -> None:
    """Remove a place nothing refers to.

    Raises:
        SiteInUse: a listing, an exchange, a treatment or a measurement names it.
    """
    party = select(Exchange.id).where(or_(Exchange.supplier_site_id == site.id, Exchange.receiver_site_id == site.id))
    named = [select(model.id).where(model.site_id == site.id) for model in (Listing, TreatmentService, MeasuredFactor)]
    if any(db.session.scalar(names.limit(1)) for names in (party, *named)):
        raise SiteInUse
    db.session.delete(site)


def add_licence(enterprise: Enterprise, number: str, hw_code: str, quantity_t: Decimal, valid_until: date) -> Licence:
    """Claim a hazardous-waste licence; it counts once an officer has verified it."""
    licence = Licence(
        enterprise=enterprise, number=number, hw_code=hw_code, yearly_quantity_t=quantity_t, valid_until=valid_until
    )
    db.session.add(licence)
    notifications.tell(
        notifications.officers(),
        "licence_waits",
        f"/district/enterprises/{enterprise.id}",
        enterprise=enterprise.name("zh"),
        licence=f"{hw_code} {number}",
    )
    return licence


def _write(site: Site, facts: SiteFacts) -> None:
    site.name, site.address, site.park_id = facts.name, facts.address, facts.park_id
    site.lat, site.lon = facts.lat, facts.lon
