"""The inbox."""

import json
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy import select

from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.notifications import service
from marketplace.notifications.messages import MESSAGES
from marketplace.notifications.models import OutboxMessage
from marketplace.web.language import language

bp = Blueprint("notifications", __name__)
MOST = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A message as the inbox shows it."""

    text: str
    about: str
    path: str
    at: datetime
    is_new: bool


@bp.get("/inbox")
@login_required
def inbox() -> ResponseReturnValue:
    messages = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.user_id == current_user.id, OutboxMessage.is_in_app)
        .order_by(OutboxMessage.id.desc())
        .limit(MOST)
    )
    return render_template("notifications/inbox.html", lines=[_line(m) for m in messages])


@bp.post("/inbox/read")
@login_required
def mark_read() -> ResponseReturnValue:
    with transaction():
        service.mark_read(current_user.id)
    return redirect(url_for("notifications.inbox"), 303)


def _line(message: OutboxMessage) -> Line:
    facts = json.loads(message.facts)
    if language() == "en" and "other_en" in facts:
        facts["other"] = facts["other_en"]
    wording = MESSAGES[message.kind]
    return Line(
        str(wording.subject) % facts,
        facts.get("listing", ""),
        message.path,
        message.created_at,
        message.read_at is None,
    )
