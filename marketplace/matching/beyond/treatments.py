"""Use cases of the treatments that a plant offers to others."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.interfaces import ORMOption

from marketplace.accounts.models import Enterprise, EnterpriseState, Site, User
from marketplace.accounts.policy import Viewer, may_see
from marketplace.extensions import db
from marketplace.matching.core.beyond.chains import Place, Treatment
from marketplace.matching.listing_values import licences_of_enterprises
from marketplace.matching.models import TreatmentService

MOST_READ = 400


@dataclass(frozen=True, slots=True)
class TreatmentFacts:
    """What a plant says about a treatment; money and emissions per tonne it takes, `capacity_t` per month.

    `takes` is a material or a family, `gives` the material it becomes, empty when it is only prepared.
    """

    site_id: int
    process: str
    takes: str
    gives: str
    capacity_t: Decimal
    yield_fraction: Decimal
    price_cny_per_t: Decimal
    emission_kgco2e_per_t: Decimal
    remark: str = ""


class ForeignSite(LookupError):
    """The place belongs to another enterprise."""


def offer_treatment(facts: TreatmentFacts, by: User, submission: str) -> TreatmentService:
    """Offer a treatment to everybody from now on; the same submission twice makes one.

    Raises:
        ForeignSite: the site is not the enterprise's own.
    """
    assert by.membership is not None
    own_id = by.membership.enterprise_id
    sent = db.session.scalar(select(TreatmentService).where(TreatmentService.submission == submission))
    if sent and sent.enterprise_id == own_id:
        return sent
    site = db.session.get(Site, facts.site_id)
    if site is None or site.enterprise_id != own_id:
        raise ForeignSite(facts.site_id)
    made = TreatmentService(
        submission=submission,
        enterprise_id=own_id,
        site_id=site.id,
        process=facts.process,
        takes=facts.takes,
        gives=facts.gives,
        capacity_t=facts.capacity_t,
        yield_fraction=facts.yield_fraction,
        price_cny_per_t=facts.price_cny_per_t,
        emission_kgco2e_per_t=facts.emission_kgco2e_per_t,
        remark=facts.remark,
    )
    db.session.add(made)
    db.session.flush()
    return made


def end_treatment(service: TreatmentService) -> None:
    """Offer it no longer; it leaves every chain at once. Ending twice changes nothing."""
    service.is_offered = False


def visible_treatments(who: Viewer, process: str = "") -> list[TreatmentService]:
    """What a person may see, that of the own enterprise first, then by process; the newest first among equals."""
    own_first = (TreatmentService.enterprise_id == (who.enterprise_id or 0)).desc()
    statement = (
        select(TreatmentService)
        .where(may_see(TreatmentService, who))
        .options(*reading_options())
        .order_by(own_first, TreatmentService.is_offered.desc(), TreatmentService.process, TreatmentService.id.desc())
        .limit(MOST_READ)
    )
    if process:
        statement = statement.where(TreatmentService.process == process)
    return list(db.session.scalars(statement))


def offered_treatments(who: Viewer) -> list[TreatmentService]:
    """Everything that approved enterprises offer at present, as far as a person may see it, newest first."""
    return list(
        db.session.scalars(
            select(TreatmentService)
            .join(TreatmentService.enterprise)
            .where(TreatmentService.is_offered, Enterprise.state == EnterpriseState.APPROVED)
            .where(may_see(TreatmentService, who))
            .options(*reading_options())
            .order_by(TreatmentService.id.desc())
            .limit(MOST_READ)
        )
    )


def reading_options() -> tuple[ORMOption, ...]:
    """Enterprise, site and park in the same statement."""
    return joinedload(TreatmentService.enterprise), joinedload(TreatmentService.site).joinedload(Site.park)


def as_treatments(services: list[TreatmentService]) -> list[Treatment]:
    """The services as the pure core sees them, with the valid and verified licences of their enterprises."""
    codes = licences_of_enterprises({s.enterprise_id for s in services})
    return [_as_treatment(s, codes.get(s.enterprise_id, ())) for s in services]


def _as_treatment(service: TreatmentService, hw_codes: tuple[str, ...]) -> Treatment:
    return Treatment(
        id=str(service.id),
        process=service.process,
        takes=service.takes,
        gives=service.gives,
        capacity_t=service.capacity_t,
        yield_fraction=service.yield_fraction,
        cny_per_t=service.price_cny_per_t,
        emission_kgco2e_per_t=service.emission_kgco2e_per_t,
        place=Place(service.site.lat, service.site.lon),
        hw_codes=hw_codes,
        enterprise=str(service.enterprise_id),
    )
