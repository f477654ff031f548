"""Entries of recurring exchanges: killed processes, several at once, and what verification finds; on both databases."""

import json

import pytest
from sqlalchemy import delete, func, select, update

from marketplace.accounts.models import User
from marketplace.database import now, transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges import settling
from marketplace.exchanges.models import Exchange, ExchangeState, SettledPeriod, Side
from marketplace.extensions import db
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.certificates import queries
from marketplace.ledger.certificates import service as certificates
from marketplace.ledger.certificates.documents import bundle_of, credential_of
from marketplace.ledger.certificates.pdf import certificate_pdf
from marketplace.ledger.faults import Check
from marketplace.ledger.models import LedgerEntry, LedgerHead
from marketplace.ledger.verify import verify
from tests.exchanges.test_parallel import at_once
from tests.factories import confirm_both, find_user, open_listing, recurring, side_user, trader
from tests.ledger.attacking import body_of, rebuild, rows, with_body, write_access
from tests.ledger.killing import kills_until_done


@pytest.fixture
def due(world):
    """A monthly exchange whose last month is over and weighed, and the code of that month."""
    exchange = recurring(open_listing())
    return exchange, settling.open_code(exchange)


@pytest.fixture
def closed(due):
    exchange, code = due
    confirm_both(exchange, code)
    assert exchange.state is ExchangeState.DELIVERING
    assert verify().is_sound
    return exchange, code


def confirm_as(exchange_id, user_id, code):
    exchanges.confirm_completion(exchanges.as_party(exchange_id, db.session.get(User, user_id)), code)


def standing():
    return db.session.query(SettledPeriod).filter(SettledPeriod.reversed_at.is_(None)).count()


def entries():
    return db.session.execute(select(func.count()).select_from(LedgerEntry)).scalar_one()


def assert_whole():
    """An entry stands where a period does, and nowhere else."""
    db.session.rollback()
    head = db.session.get_one(LedgerHead, 1, populate_existing=True)
    assert head.size == entries()
    assert sum(1 if e.kind == "assessment" else -1 for e in db.session.scalars(select(LedgerEntry))) == standing()


def first_fault():
    report = verify()
    assert not report.is_sound
    return report.faults[0]


def test_killed_before_any_statement_of_closing_a_period(due):
    exchange, code = due
    exchange_id, (supplier, receiver) = exchange.id, [side_user(exchange, side).id for side in Side]
    with transaction():
        confirm_as(exchange_id, supplier, code)

    def close():
        with transaction():
            confirm_as(exchange_id, receiver, code)

    assert kills_until_done(close, assert_whole, lambda: None) >= 25
    assert (entries(), standing()) == (1, 1)
    assert verify().is_sound


def test_killed_before_any_statement_of_taking_a_period_back(closed):
    exchange_id, officer_id = closed[0].id, find_user("district_officer@example.com").id

    def take_back():
        with transaction():
            exchanges.take_back(exchange_id, 0, db.session.get_one(User, officer_id), "wrong")

    assert kills_until_done(take_back, assert_whole, lambda: None) >= 15
    assert (entries(), standing()) == (2, 0)
    assert verify().is_sound


def test_a_period_confirmed_from_many_windows_has_one_entry(app, due):
    exchange, code = due
    exchange_id, people = exchange.id, [side_user(exchange, side).id for side in Side]
    refused = at_once(app, [lambda i=i: confirm_as(exchange_id, people[i % 2], code) for i in range(6)])
    assert refused == []
    assert (entries(), standing()) == (1, 1)
    assert db.session.get_one(Exchange, exchange_id).round == 2


def test_an_officer_reverses_while_others_close_and_nobody_waits_for_ever(app, world):
    officer_id = find_user("district_officer@example.com").id
    for _ in range(4):
        exchange = recurring(open_listing())
        code, position = settling.open_code(exchange), entries()
        exchange_id, people = exchange.id, [side_user(exchange, side).id for side in Side]
        confirm_both(exchange, code)

        def take_back(exchange_id=exchange_id, position=position):
            exchanges.take_back(exchange_id, position, db.session.get_one(User, officer_id), "wrong")

        def close_again(i, exchange_id=exchange_id, people=people, code=code):
            return lambda: confirm_as(exchange_id, people[i % 2], code)

        at_once(app, [take_back, *(close_again(i) for i in range(3))])
        assert_whole()
    assert verify().is_sound


def test_a_settled_period_deleted_from_the_table_is_missed_at_its_entry(closed):
    with write_access():
        db.session.execute(delete(SettledPeriod))
    fault = first_fault()
    assert (fault.position, fault.check) == (0, Check.COLUMNS)
    assert "settled period" in fault.what


def test_a_settled_period_moved_in_the_table_is_found(closed):
    with write_access():
        db.session.execute(update(SettledPeriod).values(starts_on=now().date().replace(year=2020)))
    assert first_fault().check is Check.COLUMNS


def test_a_period_opened_by_hand_and_closed_again_counts_twice_and_is_found(closed):
    exchange, code = closed
    with write_access():
        db.session.execute(update(SettledPeriod).values(reversed_at=now()))
    confirm_both(exchange, code)
    assert (entries(), standing()) == (2, 1)
    found = {(fault.position, fault.check) for fault in verify().faults}
    assert found == {(0, Check.EXCHANGE), (1, Check.EXCHANGE)}


def test_an_entry_whose_period_was_narrowed_to_hide_a_delivery_is_found(closed):
    row = rows()[0]
    inputs = body_of(row)["inputs"]
    moved = inputs | {"period": {"from": inputs["period"]["from"], "to": inputs["deliveries"][0]["weighed_on"]}}
    rebuild([with_body(row, inputs=moved)])
    assert not verify().is_sound


def test_an_entry_that_counts_another_period_than_was_confirmed_is_found_by_both_verifiers(closed):
    row = rows()[0]
    body = body_of(row)
    wider = body["inputs"]["period"] | {"from": "2020-01-01"}
    rebuild([with_body(row, inputs=body["inputs"] | {"period": wider})])
    with write_access():
        db.session.execute(update(SettledPeriod).values(starts_on=now().date().replace(year=2020, month=1, day=1)))
    fault = first_fault()
    assert (fault.position, fault.check) == (0, Check.CONFIRMATIONS)
    with pytest.raises(tool.Wrong, match="another period"):
        tool.check_confirmations(body_of(rows()[0]), [], None)


def test_each_period_has_its_own_certificate_that_names_it(app, closed):
    exchange, _ = closed
    with transaction():
        certificates.issue(0, trader("ironworks"))
    with app.test_request_context():
        found, place = (
            queries.of_entry(db.session.get_one(LedgerEntry, 0)),
            queries.place_of(db.session.get_one(LedgerEntry, 0)),
        )
        credential = credential_of(found, place)
        documents = (bundle_of(found.entry, place), credential, certificate_pdf(found, place))
    for document in documents:
        tool.check(document, tool.Trust(), tool.Report(lambda _: None))
    period = exchange.standing_periods[0].period
    subject = json.loads(credential)["credentialSubject"]
    assert subject["period"] == {"from": period.start.isoformat(), "to": period.end.isoformat()}
    with pytest.raises(tool.Wrong, match="period"):
        tool._compare_subject({k: v for k, v in subject.items() if k != "period"}, found.body)
