"""Reads for the pages of accounts."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from marketplace.accounts.models import Enterprise, Invitation, Membership, Park, User
from marketplace.extensions import db


def own_enterprise(user: User) -> Enterprise:
    """The enterprise a member acts for, with its sites, members and licences."""
    return db.session.scalars(
        select(Enterprise)
        .join(Membership)
        .where(Membership.user_id == user.id)
        .options(
            selectinload(Enterprise.sites),
            selectinload(Enterprise.licences),
            selectinload(Enterprise.memberships).joinedload(Membership.user),
        )
    ).one()


def pending_invitations(enterprise_id: int) -> list[Invitation]:
    """Invitations nobody has taken up yet."""
    return list(
        db.session.scalars(
            select(Invitation)
            .where(Invitation.enterprise_id == enterprise_id, Invitation.accepted_at.is_(None))
            .order_by(Invitation.id)
        )
    )


def parks() -> list[Park]:
    """All parks, in their usual order."""
    return list(db.session.scalars(select(Park).order_by(Park.id)))


def park_name(park: Park, language: str) -> str:
    return park.name_zh if language == "zh" else park.name_en


def park_choices(language: str) -> list[tuple[str, str]]:
    """Id and name of each park, for a select."""
    return [(str(park.id), park_name(park, language)) for park in parks()]


def personal_data(user: User) -> dict[str, Any]:
    """Everything we keep about a person, as data (PIPL Art. 45)."""
    member = user.membership
    return {
        "email": user.email,
        "name": user.name,
        "language": user.language,
        "pseudonym": user.pseudonym,
        "office": user.office,
        "wants_digest": user.wants_digest,
        "created_at": user.created_at.isoformat(),
        "confirmed_at": user.confirmed_at.isoformat() if user.confirmed_at else None,
        "enterprise": member.enterprise.uscc if member else None,
        "role": member.role if member else None,
    }
