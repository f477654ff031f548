"""Send what is due. Run by `flask worker`, and by a thread of the development server.

The outbox row is the truth: a message is sent at least once, and a failure is tried again later.
"""

import json
import smtplib
import threading
from datetime import timedelta
from email.message import EmailMessage
from time import monotonic

import structlog
from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy import select

from marketplace.database import now, transaction
from marketplace.exchanges import service as exchanges
from marketplace.extensions import db
from marketplace.ledger import checkpoints
from marketplace.ledger.errors import HeadNotOurs
from marketplace.ledger.keys import NoSigningKey
from marketplace.listings import service as listings
from marketplace.matching import digest
from marketplace.matching.alerts import alert_new_listings
from marketplace.notifications.messages import MESSAGES
from marketplace.notifications.models import OutboxMessage
from marketplace.web.language import LOCALES

log = structlog.get_logger()
BATCH = 50
MOST_ATTEMPTS = 8
IDLE_SECONDS = 2.0
CHECKPOINT_SECONDS = 60.0  # how often to look whether a checkpoint is due
PERIOD_SECONDS = 3600.0  # how often to look whether a period of a recurring exchange is over


def run_once() -> int:
    """Expire listings and send one batch; returns how many messages were handled."""
    with transaction():
        listings.expire_due()
        due = db.session.scalars(
            select(OutboxMessage)
            .where(
                OutboxMessage.sent_at.is_(None),
                OutboxMessage.due_at <= now(),
                OutboxMessage.attempts < MOST_ATTEMPTS,
            )
            .order_by(OutboxMessage.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        for message in due:
            _send(message)
        return len(due)


def issue_checkpoint_if_due() -> None:
    """Sign the ledger's head when no checkpoint was kept for an hour. Mail must not wait for a missing key."""
    try:
        with transaction():
            checkpoints.issue_if_due()
    except (NoSigningKey, HeadNotOurs) as refused:
        log.error("checkpoint.failed", why=str(refused) or type(refused).__name__)


def run_forever(stop: threading.Event) -> None:
    """Keep sending until told to stop."""
    next_look = next_period = 0.0
    while not stop.is_set():
        try:
            handled = run_once() + alert_new_listings() + digest.send_due()
            if monotonic() >= next_look:
                next_look = monotonic() + CHECKPOINT_SECONDS
                issue_checkpoint_if_due()
            if monotonic() >= next_period:
                next_period = monotonic() + PERIOD_SECONDS
                exchanges.remind_of_due_periods()
        except Exception:  # the loop must outlive a database that restarts; the event says what happened
            log.exception("worker.failed")
            handled = 0
        if handled < BATCH:
            stop.wait(IDLE_SECONDS)


def run_beside(app: Flask) -> threading.Event:
    """Run the worker in a thread of this process (development and the demo)."""
    stop = threading.Event()

    def work() -> None:
        with app.app_context():
            run_forever(stop)

    threading.Thread(target=work, name="worker", daemon=True).start()
    return stop


def compose(message: OutboxMessage) -> tuple[str, str]:
    """Subject and text of a message in its reader's language."""
    wording, facts = MESSAGES[message.kind], json.loads(message.facts)
    if message.language != "zh" and "other_en" in facts:
        facts["other"] = facts["other_en"]
    with force_locale(LOCALES.get(message.language, "en")):
        link = current_app.config["PUBLIC_URL"].rstrip("/") + message.path
        return str(wording.subject) % facts, f"{str(wording.body) % facts}\n\n{wording.button}: {link}\n"


def _send(message: OutboxMessage) -> None:
    host = current_app.config["MAIL_HOST"]
    if not host:  # development: the mailbox page at /dev/mail shows the outbox itself
        message.sent_at = now()
        return
    subject, text = compose(message)
    try:
        _deliver(host, message.email, subject, text)
        message.sent_at = now()
    except (OSError, smtplib.SMTPException) as failure:
        message.attempts += 1
        message.last_error = str(failure)[:500]
        message.due_at = now() + timedelta(seconds=30 * 2**message.attempts)
        log.warning("mail.failed", message=message.id, attempts=message.attempts)


def _deliver(host: str, to: str, subject: str, text: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = current_app.config["MAIL_SENDER"], to, subject
    mail.set_content(text)
    with smtplib.SMTP(host, current_app.config["MAIL_PORT"], timeout=20) as server:
        if current_app.config["MAIL_USER"]:
            server.starttls()
            server.login(current_app.config["MAIL_USER"], current_app.config["MAIL_PASSWORD"])
        server.send_message(mail)
