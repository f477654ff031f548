"""Write to the outbox; the worker (marketplace.notifications.worker) sends what is due."""

import json
from collections.abc import Iterable

from sqlalchemy import func, select, update

from marketplace.accounts.models import Membership, Office, Role, User
from marketplace.database import now
from marketplace.extensions import db
from marketplace.notifications.models import OutboxMessage


def tell(users: Iterable[User], kind: str, path: str, **facts: str) -> None:
    """Leave a message for each user, in the caller's transaction.

    Args:
        kind: a key of marketplace.notifications.messages.MESSAGES.
        path: where the message's button leads, from the site's root.
        facts: what the sentence names; strings only.
    """
    for user in users:
        db.session.add(
            OutboxMessage(
                user_id=user.id,
                email=user.email,
                language=user.language,
                kind=kind,
                facts=json.dumps(facts, ensure_ascii=False),
                path=path,
            )
        )


def mail(email: str, language: str, kind: str, path: str, **facts: str) -> None:
    """Leave a mail for somebody who may have no account yet; it is not shown in the app."""
    db.session.add(
        OutboxMessage(
            email=email,
            language=language,
            kind=kind,
            facts=json.dumps(facts, ensure_ascii=False),
            path=path,
            is_in_app=False,
        )
    )


def traders_of(enterprise_id: int) -> list[User]:
    """The people who act for an enterprise."""
    return list(
        db.session.scalars(
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.enterprise_id == enterprise_id, Membership.role != Role.VIEWER)
            .order_by(User.id)
        )
    )


def officers() -> list[User]:
    """The district's officers."""
    return list(db.session.scalars(select(User).where(User.office == Office.DISTRICT_OFFICER).order_by(User.id)))


def unread_count(user_id: int) -> int:
    """How many messages a person has not opened."""
    return db.session.execute(
        select(func.count()).where(
            OutboxMessage.user_id == user_id, OutboxMessage.is_in_app, OutboxMessage.read_at.is_(None)
        )
    ).scalar_one()


def mark_read(user_id: int) -> None:
    """The person has seen their inbox."""
    db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.user_id == user_id, OutboxMessage.read_at.is_(None))
        .values(read_at=now())
    )
