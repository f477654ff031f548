"""Use cases of accounts. Each runs inside the transaction its caller opened."""

import hashlib
import secrets
from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import func, select

from marketplace.accounts import passwords
from marketplace.accounts.errors import AlreadyDecided, AlreadyMember, LastOwner, LinkExpired, UsccTaken
from marketplace.accounts.models import (
    AuditEvent,
    Enterprise,
    EnterpriseState,
    Industry,
    Invitation,
    Licence,
    Membership,
    Role,
    User,
)
from marketplace.database import now
from marketplace.extensions import db
from marketplace.notifications import service as notifications

CONFIRM_SECONDS = 3 * 24 * 3600
RESET_SECONDS = 3600
INVITATION_SECONDS = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a person tells us about themselves and their enterprise; `uscc` is already parsed."""

    email: str
    name: str
    password: str
    language: str
    uscc: str
    enterprise_name_zh: str
    enterprise_name_en: str
    industry: Industry


def new_user(email: str, name: str, password: str, language: str) -> User:
    """A user with a hashed password, added to the session."""
    user = User(
        email=email.casefold(),
        name=name,
        password_hash=passwords.hash_password(password),
        language=language,
        session_key=secrets.token_hex(8),
    )
    db.session.add(user)
    return user


def sign_up(wish: SignUp) -> None:
    """Register a person and their enterprise; both wait for confirmation.

    An address that already has an account gets a mail that says so, and the page looks the same as for a new
    one: nobody learns from us who is registered.

    Raises:
        UsccTaken: the enterprise is registered already.
    """
    if find_user(wish.email):
        notifications.mail(wish.email, wish.language, "already_registered", "/forgot-password")
        return
    if db.session.scalar(select(Enterprise.id).where(Enterprise.uscc == wish.uscc)):
        raise UsccTaken
    user = new_user(wish.email, wish.name, wish.password, wish.language)
    enterprise = Enterprise(
        uscc=wish.uscc,
        pseudonym=f"ent-{secrets.token_hex(8)}",
        name_zh=wish.enterprise_name_zh,
        name_en=wish.enterprise_name_en,
        industry=wish.industry,
    )
    db.session.add(Membership(user=user, enterprise=enterprise, role=Role.OWNER))
    db.session.flush()
    notifications.mail(user.email, user.language, "confirm_address", f"/confirm/{_sign('confirm', user.id)}")


def find_user(email: str) -> User | None:
    """The account of an address, if there is one."""
    return db.session.scalar(select(User).where(User.email == email.casefold()))


def confirm_address(token: str) -> User:
    """The link of the mail was followed: the address is theirs; officers hear of the enterprise.

    Raises:
        LinkExpired: forged, older than three days, or of a user that is gone.
    """
    user = db.session.get(User, _unsign("confirm", token, CONFIRM_SECONDS))
    if user is None:
        raise LinkExpired
    if user.confirmed_at is None:
        user.confirmed_at = now()
        enterprise = user.membership.enterprise if user.membership else None
        if enterprise and enterprise.state is EnterpriseState.PENDING:
            notifications.tell(
                notifications.officers(),
                "enterprise_waits",
                f"/district/enterprises/{enterprise.id}",
                enterprise=enterprise.name("zh"),
            )
    return user


def authenticate(email: str, password: str) -> User | None:
    """The confirmed user with this password. The work is the same whether or not the address is known."""
    user = find_user(email)
    stored = user.password_hash if user else _decoy()
    is_right = passwords.is_right(stored, password)
    return user if user and is_right and user.confirmed_at else None


def ask_for_reset(email: str) -> None:
    """Mail a link to set a new password, if the address has an account."""
    user = find_user(email)
    if user:
        token = _sign("reset", f"{user.id}.{user.session_key}")
        notifications.mail(user.email, user.language, "reset_password", f"/reset-password/{token}")


def user_of_reset(token: str) -> User:
    """Whose password a reset link may change.

    Raises:
        LinkExpired: forged, older than an hour, or already used.
    """
    user_id, _, key = str(_unsign("reset", token, RESET_SECONDS)).partition(".")
    user = db.session.get(User, int(user_id))
    if user is None or user.session_key != key:
        raise LinkExpired
    return user


def set_password(user: User, password: str) -> None:
    """Store a new password and end every session that knew the old one."""
    user.password_hash = passwords.hash_password(password)
    user.session_key = secrets.token_hex(8)
    user.confirmed_at = user.confirmed_at or now()


def decide(enterprise: Enterprise, state: EnterpriseState, reason: str, officer: User) -> None:
    """An officer approves, rejects or suspends an enterprise.

    Raises:
        AlreadyDecided: it already is in that state.
    """
    if enterprise.state is state:
        raise AlreadyDecided
    enterprise.state = state
    enterprise.decision_reason = reason
    enterprise.decided_at = now()
    audit(officer, f"enterprise.{state}", "enterprise", enterprise.id, reason)
    notifications.tell(
        notifications.traders_of(enterprise.id), f"enterprise_{state}", "/enterprise", reason=reason or "—"
    )


def choose_learning(enterprise: Enterprise, is_learned_from: bool, owner: User) -> None:
    """The owner lets suggestions learn from what the enterprise does with them, or forbids it."""
    if enterprise.is_learned_from is not is_learned_from:
        enterprise.is_learned_from = is_learned_from
        audit(owner, "learning.allowed" if is_learned_from else "learning.forbidden", "enterprise", enterprise.id, "")


def verify_licence(licence: Licence, officer: User) -> None:
    """An officer has seen the licence; from now on it counts."""
    if licence.verified_at is None:
        licence.verified_at = now()
        audit(officer, "licence.verified", "licence", licence.id, licence.number)


def invite(enterprise: Enterprise, email: str, role: Role, language: str) -> str:
    """Ask a colleague in by mail; returns the token of the link.

    Raises:
        AlreadyMember: the address acts for an enterprise already.
    """
    user = find_user(email)
    if user:
        raise AlreadyMember
    token = secrets.token_urlsafe(24)
    db.session.add(
        Invitation(enterprise_id=enterprise.id, email=email.casefold(), role=role, token_digest=_digest(token))
    )
    notifications.mail(email, language, "invitation", f"/invitations/{token}", enterprise=enterprise.name(language))
    return token


def open_invitation(token: str) -> Invitation:
    """The invitation behind a link.

    Raises:
        LinkExpired: unknown, used, or older than two weeks.
    """
    invitation = db.session.scalar(select(Invitation).where(Invitation.token_digest == _digest(token)))
    if invitation is None or invitation.accepted_at:
        raise LinkExpired
    if (now() - invitation.created_at).total_seconds() > INVITATION_SECONDS:
        raise LinkExpired
    return invitation


def accept_invitation(invitation: Invitation, name: str, password: str, language: str) -> User:
    """The colleague sets name and password and is in.

    Raises:
        AlreadyMember: the address got an account in the meantime.
    """
    if find_user(invitation.email):
        raise AlreadyMember
    user = new_user(invitation.email, name, password, language)
    user.confirmed_at = now()
    db.session.add(Membership(user=user, enterprise_id=invitation.enterprise_id, role=invitation.role))
    invitation.accepted_at = now()
    return user


def change_role(member: Membership, role: Role) -> None:
    """Give a member another role.

    Raises:
        LastOwner: nobody would be owner any more.
    """
    if member.role is Role.OWNER and role is not Role.OWNER:
        _keep_an_owner(member)
    member.role = role


def remove_member(member: Membership) -> None:
    """A person no longer acts for the enterprise; what they did stays.

    Raises:
        LastOwner: nobody would be owner any more.
    """
    if member.role is Role.OWNER:
        _keep_an_owner(member)
    member.user.session_key = secrets.token_hex(8)
    db.session.delete(member)


def _keep_an_owner(member: Membership) -> None:
    owners = db.session.execute(
        select(func.count()).where(Membership.enterprise_id == member.enterprise_id, Membership.role == Role.OWNER)
    ).scalar_one()
    if owners < 2:
        raise LastOwner


def audit(actor: User, action: str, kind: str, subject_id: int, reason: str) -> None:
    """Write down who decided what about whom, and why, in the caller's transaction."""
    db.session.add(
        AuditEvent(actor_id=actor.id, action=action, subject_kind=kind, subject_id=subject_id, reason=reason)
    )


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"gcx-{purpose}")


def _sign(purpose: str, value: object) -> str:
    return _serializer(purpose).dumps(value)


def _unsign(purpose: str, token: str, seconds: int) -> object:
    try:
        return _serializer(purpose).loads(token, max_age=seconds)
    except BadSignature as wrong:
        raise LinkExpired from wrong


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _decoy() -> str:
    """A hash nobody has the password of, so that an unknown address costs the same time."""
    app = current_app
    if "decoy_hash" not in app.extensions:
        app.extensions["decoy_hash"] = passwords.hash_password(secrets.token_hex(16))
    return app.extensions["decoy_hash"]
