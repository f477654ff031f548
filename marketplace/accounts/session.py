"""Who is signed in: the session names the user and the key of the password it was opened with."""

from flask_babel import lazy_gettext
from flask_login import LoginManager
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Membership, User
from marketplace.extensions import db


def init_app(manager: LoginManager) -> None:
    """Teach Flask-Login our users."""
    manager.user_loader(load_user)
    manager.login_view = "accounts.sign_in"
    manager.login_message = lazy_gettext("Sign in to see this page.")
    manager.session_protection = "basic"


def load_user(session_id: str) -> User | None:
    """The user of a session, unless the password has changed since."""
    user_id, _, key = session_id.partition(".")
    if not user_id.isdigit():
        return None
    user = db.session.scalar(
        select(User)
        .where(User.id == int(user_id))
        .options(joinedload(User.membership).joinedload(Membership.enterprise))
    )
    return user if user and user.session_key == key else None
