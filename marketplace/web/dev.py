"""Pages for developers, absent in production: the mailbox and the components."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from marketplace.extensions import db
from marketplace.notifications.models import OutboxMessage
from marketplace.notifications.worker import compose
from marketplace.web.samples import samples

bp = Blueprint("dev", __name__, url_prefix="/dev")


@bp.get("/mail")
def mail() -> ResponseReturnValue:
    messages = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(60)).all()
    return render_template("dev/mail.html", messages=[(m, *compose(m)) for m in messages])


@bp.get("/components")
def components() -> ResponseReturnValue:
    return render_template("dev/components.html", samples=samples())
