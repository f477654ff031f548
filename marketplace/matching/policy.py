"""Who may see and end what a plant offers to do with the material of others."""

from sqlalchemy import ColumnElement, or_

from marketplace.accounts.models import Enterprise, EnterpriseState
from marketplace.accounts.policy import Permission, Viewer, rule, visibility
from marketplace.matching.models import TreatmentService


@visibility(TreatmentService)
def _offered_or_own(who: Viewer) -> ColumnElement[bool]:
    is_approved = TreatmentService.enterprise.has(Enterprise.state == EnterpriseState.APPROVED)
    offered = TreatmentService.is_offered & is_approved
    return or_(offered, TreatmentService.enterprise_id == who.enterprise_id) if who.enterprise_id else offered


@rule(TreatmentService, Permission.EDIT)
def _own(who: Viewer, service: TreatmentService) -> bool:
    return who.is_trader and service.enterprise_id == who.enterprise_id


@rule(TreatmentService, Permission.SEE_CONTACT)
def _members_see_who(who: Viewer, service: TreatmentService) -> bool:
    """As with listings: signed-in people of approved enterprises and of the district see the enterprise's name."""
    return who.is_approved or who.office is not None or service.enterprise_id == who.enterprise_id
