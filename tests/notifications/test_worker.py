"""One outbox for mail and inbox; a failing mail server loses nothing."""

import smtplib

import pytest
from sqlalchemy import select

from marketplace.database import transaction
from marketplace.extensions import db
from marketplace.notifications import service, worker
from marketplace.notifications.messages import MESSAGES
from marketplace.notifications.models import OutboxMessage
from tests.factories import open_listing, requested, trader


class FakeServer:
    sent: list = []
    fails = False

    def __init__(self, *_args, **_kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def send_message(self, mail):
        if FakeServer.fails:
            raise smtplib.SMTPServerDisconnected("gone")
        FakeServer.sent.append((mail["To"], mail["Subject"]))


@pytest.fixture
def server(app, monkeypatch):
    FakeServer.sent, FakeServer.fails = [], False
    monkeypatch.setattr(smtplib, "SMTP", FakeServer)
    monkeypatch.setitem(app.config, "MAIL_HOST", "mail.test")
    return FakeServer


def test_each_message_is_mailed_once(world, server):
    requested(open_listing())
    assert worker.run_once() == 2
    assert worker.run_once() == 0
    assert {to for to, _ in server.sent} == {"owner@ironworks.example", "trader@ironworks.example"}


def test_a_failed_mail_is_tried_again_later(world, server):
    server.fails = True
    requested(open_listing())
    worker.run_once()
    message = db.session.scalars(select(OutboxMessage)).first()
    assert (message.attempts, message.sent_at) == (1, None)
    assert "gone" in message.last_error
    assert message.due_at > message.created_at


def test_a_message_of_an_undone_transaction_is_never_sent(world, server):
    def tell_and_fail():
        with transaction():
            service.tell([trader("ironworks")], "exchange_request", "/", listing="x", other="y", other_en="y")
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        tell_and_fail()
    assert worker.run_once() == 0


def test_every_kind_of_message_reads_in_both_languages(app, world):
    facts = {
        "enterprise": "E",
        "reason": "R",
        "licence": "L",
        "listing": "T",
        "new": "N",
        "count": "3",
        "other": "中",
        "other_en": "O",
        "interest": "I",
        "factor": "F",
        "site": "S",
        "period": "2026-07",
    }
    with transaction():
        for language in ("en", "zh"):
            for kind in MESSAGES:
                service.mail("x@y.cn", language, kind, "/x", **facts)
    for message in db.session.scalars(select(OutboxMessage)):
        subject, text = worker.compose(message)
        assert "%(" not in subject + text
        assert subject
        assert any("\u4e00" <= c <= "\u9fff" for c in subject) or message.language == "en"
