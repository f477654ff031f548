"""A process killed at any point of completing leaves no exchange without entry, no entry without exchange, no fork.

Each process is a fork that is killed by SIGKILL: before each single statement of the completing transaction, and at
random moments of a loop that completes and reverses. More than 200 kills on each database.
"""

import os
import random
import signal
import time

import pytest
from sqlalchemy import func, select

from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Confirmation, Exchange, ExchangeState, Side
from marketplace.extensions import db
from marketplace.ledger.assessing import figure_of
from marketplace.ledger.models import LedgerEntry, LedgerHead
from marketplace.ledger.notes import CheckpointBody, Note
from marketplace.ledger.verify import verify
from tests.factories import agreed, delivered, find_user, open_listing, side_user, under_review
from tests.ledger.killing import SURVIVED, in_a_process, kills_until_done, outcome

RANDOM_KILLS = 200


def confirm(exchange_id, user_id):
    from marketplace.accounts.models import User

    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange_id, db.session.get(User, user_id)))


def complete_or_reverse(exchange_id, people, officer_id):
    """One step of an endless loop: a completed exchange is reversed and reopened, an open one completed."""
    from marketplace.accounts.models import User

    with transaction():
        exchange = db.session.get_one(Exchange, exchange_id)
        if exchange.state is ExchangeState.COMPLETED:
            position = db.session.scalar(
                select(func.max(LedgerEntry.position)).where(LedgerEntry.exchange_id == exchange_id)
            )
            exchanges.take_back(exchange_id, position, db.session.get(User, officer_id), "again")
            return
    for person in people:
        confirm(exchange_id, person)


def assert_whole():
    """Head, entries, checkpoints and exchanges agree."""
    db.session.rollback()
    head = db.session.get_one(LedgerHead, 1, populate_existing=True)
    count, last = db.session.execute(select(func.count(), func.max(LedgerEntry.position))).one()
    assert (head.size, count) == (count, 0 if last is None else last + 1)
    said = CheckpointBody.parse(Note.parse(head.note).text) if head.note else None
    assert (said.size, said.root.hex()) == (head.size, head.root_hash) if said else not head.size
    assert db.session.scalar(select(func.count(Confirmation.number))) == head.confirmations
    open_figures = sum(1 if row.kind == "assessment" else -1 for row in db.session.scalars(select(LedgerEntry)))
    completed = db.session.scalar(
        select(func.count()).select_from(Exchange).where(Exchange.state == ExchangeState.COMPLETED)
    )
    assert open_figures == completed


@pytest.fixture
def ready(world):
    """An exchange that its supplier has confirmed; the receiver's confirmation will complete it."""
    exchange = agreed(open_listing(), use="scm-cement")
    delivered(exchange)
    people = [side_user(exchange, side).id for side in Side]
    confirm(exchange.id, people[0])
    return exchange.id, people


def test_killed_before_any_statement_of_the_completing_transaction(ready):
    exchange_id, (_, receiver) = ready

    def untouched():
        assert db.session.get_one(LedgerHead, 1).size == 0, "nothing is recorded before the commit"

    assert kills_until_done(lambda: confirm(exchange_id, receiver), assert_whole, untouched) >= 25
    assert db.session.get_one(LedgerHead, 1).size == 1
    assert verify().is_sound


def approve(exchange_id, officer_id):
    from marketplace.accounts.models import User

    with transaction():
        exchange = db.session.get_one(Exchange, exchange_id)
        seen = figure_of(exchange).assessment.net_kgco2e
        officer = db.session.get_one(User, officer_id)
        exchanges.decide_review(exchange.open_review.id, exchanges.Decision.APPROVE, officer, "checked", seen)


def test_killed_before_any_statement_of_an_officers_approval(world):
    exchange_id = under_review(open_listing()).id
    officer = find_user("district_officer@example.com").id

    def untouched():
        assert db.session.get_one(Exchange, exchange_id).open_review is not None, "it still waits"

    assert kills_until_done(lambda: approve(exchange_id, officer), assert_whole, untouched) >= 30
    assert db.session.get_one(Exchange, exchange_id).state is ExchangeState.COMPLETED
    assert verify().is_sound


def test_killed_at_random_moments_of_completing_and_reversing(ready):
    exchange_id, people = ready
    officer = find_user("district_officer@example.com").id
    moments = random.Random(5)

    def step():
        complete_or_reverse(exchange_id, people, officer)

    def work():
        while True:
            step()

    begun = time.monotonic()
    assert outcome(in_a_process(step)) == SURVIVED
    one_step = time.monotonic() - begun
    for _ in range(RANDOM_KILLS):
        number = in_a_process(work)
        time.sleep(moments.uniform(0, 2 * one_step))
        os.kill(number, signal.SIGKILL)
        assert outcome(number) == -signal.SIGKILL
        assert_whole()
    assert db.session.get_one(LedgerHead, 1).size > 2
    report = verify()
    assert report.is_sound, report.faults
