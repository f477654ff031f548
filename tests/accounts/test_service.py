"""Sign-up, confirmation, approval, invitations; on both databases."""

import re

import pytest
from sqlalchemy import select

from marketplace.accounts import service
from marketplace.accounts.errors import AlreadyDecided, LastOwner, LinkExpired, UsccTaken
from marketplace.accounts.models import AuditEvent, Enterprise, EnterpriseState, Industry, Membership, Role
from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.notifications.models import OutboxMessage
from tests.factories import PASSWORD, find_user, trader

NEW_USCC = "91310113MAD1TJ3Y99"


def wish(email="wu@example.cn", uscc=NEW_USCC):
    return service.SignUp(
        email=email,
        name="吴经理",
        password="three unrelated words",
        language="zh",
        uscc=uscc,
        enterprise_name_zh="新海复材",
        enterprise_name_en="",
        industry=Industry.PLASTICS,
    )


def last_mail():
    return db.session.scalar(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1))


def token_of(message):
    return re.split("/", message.path)[-1]


def test_a_new_enterprise_waits_for_its_owner_and_then_for_an_officer(world):
    with transaction():
        service.sign_up(wish())
    assert service.authenticate("wu@example.cn", "three unrelated words") is None

    with transaction():
        user = service.confirm_address(token_of(last_mail()))

    assert service.authenticate("WU@example.cn", "three unrelated words") == user
    assert user.membership.enterprise.state is EnterpriseState.PENDING
    assert last_mail().kind == "enterprise_waits"
    assert last_mail().email == "district_officer@example.com"


def test_confirming_twice_tells_the_officer_once(world):
    with transaction():
        service.sign_up(wish())
    token = token_of(last_mail())
    for _ in range(2):
        with transaction():
            service.confirm_address(token)
    waiting = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "enterprise_waits")).all()
    assert len(waiting) == 1


def test_a_forged_link_confirms_nothing(world):
    with pytest.raises(LinkExpired), transaction():
        service.confirm_address("forged.token")


def test_a_known_address_gets_a_mail_instead_of_an_answer(world):
    with transaction():
        service.sign_up(wish(email="trader@ironworks.example"))
    assert last_mail().kind == "already_registered"
    assert db.session.scalar(select(Enterprise).where(Enterprise.uscc == NEW_USCC)) is None


def test_an_enterprise_registers_once(world):
    with pytest.raises(UsccTaken), transaction():
        service.sign_up(wish(uscc="91310113MAAY4CL12Q"))


def test_a_decision_is_recorded_with_its_reason_and_told(world):
    officer = find_user("district_officer@example.com")
    with transaction():
        service.decide(db.session.get(Enterprise, world.newcomer), EnterpriseState.REJECTED, "USCC of another", officer)
    event = db.session.scalar(select(AuditEvent))
    assert (event.action, event.reason) == ("enterprise.rejected", "USCC of another")
    assert last_mail().kind == "enterprise_rejected"
    with pytest.raises(AlreadyDecided), transaction():
        service.decide(db.session.get(Enterprise, world.newcomer), EnterpriseState.REJECTED, "again", officer)


def test_an_invitation_works_once(world):
    with transaction():
        token = service.invite(db.session.get(Enterprise, world.ironworks), "li@example.cn", Role.TRADER, "zh")
    with transaction():
        user = service.accept_invitation(service.open_invitation(token), "李工", PASSWORD, "zh")
    assert (user.membership.enterprise_id, user.membership.role) == (world.ironworks, Role.TRADER)
    with pytest.raises(LinkExpired):
        service.open_invitation(token)


def test_the_last_owner_stays(world):
    owner = find_user("owner@ironworks.example").membership
    with pytest.raises(LastOwner), transaction():
        service.change_role(db.session.get(Membership, owner.id), Role.VIEWER)


def test_a_reset_link_works_once_and_ends_old_sessions(world):
    before = trader("ironworks").get_id()
    with transaction():
        service.ask_for_reset("trader@ironworks.example")
    token = token_of(last_mail())
    with transaction():
        service.set_password(service.user_of_reset(token), "four other unrelated words")
    assert service.authenticate("trader@ironworks.example", "four other unrelated words")
    assert trader("ironworks").get_id() != before
    with pytest.raises(LinkExpired):
        service.user_of_reset(token)


def test_an_unknown_address_gets_no_reset_mail(world):
    with transaction():
        service.ask_for_reset("nobody@example.cn")
    assert last_mail() is None
