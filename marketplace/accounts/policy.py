"""The one policy layer: may this person do this to that?

Each part registers its rules here: `@visibility(Model)` gives the SQL condition of what a viewer may see,
`@rule(Model, Permission.X)` whether they may do X to one row. What one may not see is 404; what one may see
and not do is 403.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import abort
from flask_login import current_user
from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm.interfaces import ORMOption

from marketplace.accounts.models import Enterprise, EnterpriseState, Invitation, Licence, Membership, Office, Role, Site
from marketplace.extensions import db, login_manager


class Permission(enum.StrEnum):
    """Named permissions; those without a subject are answered by the viewer alone."""

    SEE = "see"
    EDIT = "edit"
    SEE_CONTACT = "see_contact"
    REQUEST = "request"
    TAKE_PART = "take_part"
    SETTLE_DISPUTE = "settle_dispute"
    POST = "post"
    TRADE = "trade"
    MANAGE_ENTERPRISE = "manage_enterprise"
    SEE_OWN_ENTERPRISE = "see_own_enterprise"
    DECIDE_ENTERPRISES = "decide_enterprises"
    SEE_DISTRICT = "see_district"
    SEE_LEDGER = "see_ledger"
    REVERSE_ENTRIES = "reverse_entries"
    PROPOSE_FACTORS = "propose_factors"
    DECIDE_FACTORS = "decide_factors"
    DECIDE_FIGURES = "decide_figures"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The facts about a person that rules may ask for."""

    user_id: int | None = None
    office: Office | None = None
    park_id: int | None = None
    enterprise_id: int | None = None
    role: Role | None = None
    is_approved: bool = False

    @property
    def is_trader(self) -> bool:
        """May act for the enterprise: owners and traders."""
        return self.role in (Role.OWNER, Role.TRADER)


VISITOR = Viewer()


def viewer() -> Viewer:
    """The person of the current request."""
    if not current_user or not current_user.is_authenticated:
        return VISITOR
    return viewer_of(current_user)


def viewer_of(user: Any) -> Viewer:
    """The same for a given user."""
    member: Membership | None = user.membership
    return Viewer(
        user_id=user.id,
        office=user.office,
        park_id=user.park_id,
        enterprise_id=member.enterprise_id if member else None,
        role=member.role if member else None,
        is_approved=bool(member and member.enterprise.state is EnterpriseState.APPROVED),
    )


_GENERAL: dict[Permission, Callable[[Viewer], bool]] = {
    Permission.POST: lambda v: v.is_trader,
    Permission.TRADE: lambda v: v.is_trader and v.is_approved,
    Permission.MANAGE_ENTERPRISE: lambda v: v.role is Role.OWNER,
    Permission.SEE_OWN_ENTERPRISE: lambda v: v.enterprise_id is not None,
    Permission.DECIDE_ENTERPRISES: lambda v: v.office is Office.DISTRICT_OFFICER,
    Permission.SEE_DISTRICT: lambda v: v.office is not None,
    Permission.SEE_LEDGER: lambda v: v.office in (Office.DISTRICT_OFFICER, Office.AUDITOR),
    Permission.REVERSE_ENTRIES: lambda v: v.office is Office.DISTRICT_OFFICER,
    Permission.PROPOSE_FACTORS: lambda v: v.is_trader and v.is_approved,
    Permission.DECIDE_FACTORS: lambda v: v.office is Office.DISTRICT_OFFICER,
}

Rule = Callable[[Viewer, Any], bool]
Condition = Callable[[Viewer], ColumnElement[bool]]
_rules: dict[tuple[type, Permission], Rule] = {}
_visibility: dict[type, Condition] = {}
T = TypeVar("T")


def rule(model: type, permission: Permission) -> Callable[[Rule], Rule]:
    """Register whether a viewer may do `permission` to a row of `model`."""

    def register(function: Rule) -> Rule:
        _rules[model, permission] = function
        return function

    return register


def visibility(model: type) -> Callable[[Condition], Condition]:
    """Register the SQL condition of the rows of `model` that a viewer may see."""

    def register(function: Condition) -> Condition:
        _visibility[model] = function
        return function

    return register


def may(who: Viewer, permission: Permission, subject: Any = None) -> bool:
    """May this person do this (to that)? Unknown combinations are refused."""
    if subject is None:
        general = _GENERAL.get(permission)
        return bool(general and general(who))
    found = _rules.get((type(subject), permission))
    return bool(found and found(who, subject))


def may_see(model: type, who: Viewer) -> ColumnElement[bool]:
    """The condition to put into every query for `model` on behalf of `who`."""
    return _visibility[model](who)


def find_or_404(
    model: type[T], row_id: int, permission: Permission = Permission.SEE, options: tuple[ORMOption, ...] = ()
) -> T:
    """The row, if the current person may see it (else 404) and may do `permission` to it (else 403)."""
    if row_id > 2**31 - 1:
        abort(404)
    who = viewer()
    key = getattr(model, "id", None) if hasattr(model, "id") else None
    key = key if key is not None else model.__mapper__.primary_key[0]  # type: ignore[attr-defined]
    row = db.session.scalars(select(model).where(key == row_id, may_see(model, who)).options(*options)).first()
    if row is None:
        abort(404)
    if permission is not Permission.SEE and not may(who, permission, row):
        abort(403)
    return row


def requires(permission: Permission) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view for people with a permission that needs no subject; visitors are asked to sign in."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = viewer()
            if who.user_id is None:
                return login_manager.unauthorized()
            if not may(who, permission):
                abort(404)
            return view(*args, **kwargs)

        return guarded

    return decorate


@visibility(Enterprise)
def _enterprises(who: Viewer) -> ColumnElement[bool]:
    if who.office in (Office.DISTRICT_OFFICER, Office.AUDITOR):
        return Enterprise.id > 0
    if who.office is Office.PARK_MANAGER:
        return Enterprise.sites.any(Site.park_id == who.park_id)
    return Enterprise.id == who.enterprise_id if who.enterprise_id else false()


@rule(Enterprise, Permission.DECIDE_ENTERPRISES)
def _decide(who: Viewer, _enterprise: Enterprise) -> bool:
    return who.office is Office.DISTRICT_OFFICER


@visibility(Site)
def _sites(who: Viewer) -> ColumnElement[bool]:
    return Site.enterprise_id == who.enterprise_id if who.enterprise_id else false()


@rule(Site, Permission.EDIT)
def _edit_site(who: Viewer, site: Site) -> bool:
    return who.role is Role.OWNER and site.enterprise_id == who.enterprise_id


@visibility(Membership)
def _members(who: Viewer) -> ColumnElement[bool]:
    return Membership.enterprise_id == who.enterprise_id if who.enterprise_id else false()


@rule(Membership, Permission.EDIT)
def _edit_member(who: Viewer, member: Membership) -> bool:
    return who.role is Role.OWNER and member.enterprise_id == who.enterprise_id


@visibility(Licence)
def _licences(who: Viewer) -> ColumnElement[bool]:
    if who.office is Office.DISTRICT_OFFICER:
        return Licence.id > 0
    return Licence.enterprise_id == who.enterprise_id if who.enterprise_id else false()


@rule(Licence, Permission.DECIDE_ENTERPRISES)
def _decide_licence(who: Viewer, _licence: Licence) -> bool:
    return who.office is Office.DISTRICT_OFFICER


@visibility(Invitation)
def _invitations(who: Viewer) -> ColumnElement[bool]:
    return Invitation.enterprise_id == who.enterprise_id if who.enterprise_id else false()


@rule(Invitation, Permission.EDIT)
def _edit_invitation(who: Viewer, invitation: Invitation) -> bool:
    return who.role is Role.OWNER and invitation.enterprise_id == who.enterprise_id
