"""Who may see and act in an exchange."""

from sqlalchemy import ColumnElement, false, or_

from marketplace.accounts.models import Office
from marketplace.accounts.policy import Permission, Viewer, rule, visibility
from marketplace.exchanges.models import Delivery, Exchange, FigureReview


@visibility(Exchange)
def _parties_and_officers(who: Viewer) -> ColumnElement[bool]:
    if who.office is Office.DISTRICT_OFFICER:
        return Exchange.id > 0
    if who.enterprise_id is None:
        return false()
    return or_(Exchange.supplier_id == who.enterprise_id, Exchange.receiver_id == who.enterprise_id)


@rule(Exchange, Permission.TAKE_PART)
def _traders_of_a_party(who: Viewer, exchange: Exchange) -> bool:
    return who.is_trader and exchange.side_of(who.enterprise_id) is not None


@rule(Exchange, Permission.SETTLE_DISPUTE)
def _officer_or_party(who: Viewer, exchange: Exchange) -> bool:
    return who.office is Office.DISTRICT_OFFICER or _traders_of_a_party(who, exchange)


@visibility(Delivery)
def _of_visible_exchanges(who: Viewer) -> ColumnElement[bool]:
    if who.office is Office.DISTRICT_OFFICER:
        return Delivery.id > 0
    if who.enterprise_id is None:
        return false()
    return Delivery.exchange.has(
        or_(Exchange.supplier_id == who.enterprise_id, Exchange.receiver_id == who.enterprise_id)
    )


@visibility(FigureReview)
def _officers_and_auditors(who: Viewer) -> ColumnElement[bool]:
    return FigureReview.id > 0 if who.office in (Office.DISTRICT_OFFICER, Office.AUDITOR) else false()


@rule(FigureReview, Permission.DECIDE_FIGURES)
def _decides_figures(who: Viewer, _review: FigureReview) -> bool:
    return who.office is Office.DISTRICT_OFFICER
