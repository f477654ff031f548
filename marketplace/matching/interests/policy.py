"""Who may see and change a saved interest: the enterprise that saved it, and nobody else."""

from sqlalchemy import ColumnElement, false

from marketplace.accounts.policy import Permission, Viewer, rule, visibility
from marketplace.matching.models import Interest


@visibility(Interest)
def _own(who: Viewer) -> ColumnElement[bool]:
    return Interest.enterprise_id == who.enterprise_id if who.enterprise_id else false()


@rule(Interest, Permission.EDIT)
def _traders(who: Viewer, interest: Interest) -> bool:
    return who.is_trader and interest.enterprise_id == who.enterprise_id
