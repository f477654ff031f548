"""Kill processes at chosen moments, each a fork with connections of its own."""

import os
import signal

from sqlalchemy import Engine, event

from marketplace import database
from marketplace.extensions import db
from marketplace.ledger import rollups

SURVIVED = 0


def in_a_process(work):
    """Run work in a fork with connections of its own; returns its number."""
    db.session.remove()
    number = os.fork()
    if number:
        return number
    try:
        db.engine.dispose(close=False)
        work()
        os._exit(SURVIVED)
    except BaseException:
        os._exit(99)


def outcome(number):
    """How a process ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def die_before(statement):
    """Kill this process when it is about to send its n-th statement or commit."""
    sent = 0

    def count(*_):
        nonlocal sent
        sent += 1
        if sent == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def straight(*statement):
        count()
        return run_straight(*statement)

    run_straight = database.straight
    database.straight = rollups.straight = straight
    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


def kills_until_done(act, assert_whole, assert_untouched):
    """Kill a process before the first statement of an act, another before the second, until one comes through."""
    kills = 0
    while True:

        def work(statement=kills + 1):
            die_before(statement)
            act()

        ended = outcome(in_a_process(work))
        assert_whole()
        if ended == SURVIVED:
            return kills
        assert ended == -signal.SIGKILL
        assert_untouched()
        kills += 1
