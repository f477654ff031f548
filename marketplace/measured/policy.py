"""Who may see and do what with sites' own factors, and with their published values."""

from sqlalchemy import ColumnElement, false, or_, select

from marketplace.accounts.models import Office, Site
from marketplace.accounts.policy import Permission, Viewer, rule, visibility
from marketplace.exchanges.models import Exchange
from marketplace.ledger.models import EmissionFactor
from marketplace.measured.models import MeasuredFactor


@visibility(MeasuredFactor)
def _own_and_the_district_s(who: Viewer) -> ColumnElement[bool]:
    if who.office in (Office.DISTRICT_OFFICER, Office.AUDITOR):
        return MeasuredFactor.id > 0
    if who.enterprise_id is None:
        return false()
    return MeasuredFactor.site_id.in_(select(Site.id).where(Site.enterprise_id == who.enterprise_id))


@rule(MeasuredFactor, Permission.DECIDE_FACTORS)
def _decide(who: Viewer, _proposal: MeasuredFactor) -> bool:
    return who.office is Office.DISTRICT_OFFICER


@rule(MeasuredFactor, Permission.EDIT)
def _withdraw(who: Viewer, proposal: MeasuredFactor) -> bool:
    return who.is_trader and proposal.site.enterprise_id == who.enterprise_id


@visibility(EmissionFactor)
def _public_or_of_own_figures(who: Viewer) -> ColumnElement[bool]:
    """The library is for everybody; what a site measured is for its enterprise, those it dealt with, and the district,
    because it stands in the entries that they may see."""
    if who.office in (Office.DISTRICT_OFFICER, Office.AUDITOR):
        return EmissionFactor.id > 0
    public = EmissionFactor.site_id.is_(None)
    if who.enterprise_id is None:
        return public
    own = select(Site.id).where(Site.enterprise_id == who.enterprise_id)
    from_them = select(Exchange.supplier_site_id).where(Exchange.receiver_id == who.enterprise_id)
    to_them = select(Exchange.receiver_site_id).where(Exchange.supplier_id == who.enterprise_id)
    return or_(public, *(EmissionFactor.site_id.in_(sites) for sites in (own, from_them, to_them)))
