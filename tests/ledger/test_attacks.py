"""The attack table of docs/method-and-ledger.md: each attack, and the check that finds it. On both databases.

"by hand" changes rows only; "rebuilt" makes all leaf hashes, roots and the head anew; "re-signed" also replaces all
checkpoints by one signed with our own key. What is re-signed is found by a checkpoint kept outside.
"""

from decimal import Decimal

import pytest
from sqlalchemy import func, insert, select, text, update

from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Confirmation, Exchange, ExchangeState, Side
from marketplace.extensions import db
from marketplace.ledger import cosigning, rollups, service
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.certificates.export import export_stream
from marketplace.ledger.checkpoints import keep_newest, latest_checkpoint
from marketplace.ledger.cosigning import LogSource, Refused, Seen
from marketplace.ledger.errors import ConfirmationNotLogged
from marketplace.ledger.faults import Check
from marketplace.ledger.keys import signing_key
from marketplace.ledger.models import Checkpoint, EmissionFactor, LedgerEntry, Rollup
from marketplace.ledger.notes import Algorithm, CheckpointBody, Note, SigningKey
from marketplace.ledger.verify import Saved, verify
from tests.factories import agreed, completed, confirm_both, delivered, open_listing, side_user
from tests.ledger.attacking import (
    backup,
    body_of,
    earlier,
    no_uniqueness,
    rebuild,
    rebuild_confirmations,
    restore,
    rows,
    sign_anew,
    signed,
    with_body,
    write_access,
)

WITNESS = SigningKey("verifier.example/w1", bytes(range(32)), Algorithm.COSIGNATURE_V1)


@pytest.fixture
def four(world):
    """Four sound entries; gives back the checkpoint that somebody outside kept."""
    for by in ("grinding", "third", "grinding", "grinding"):
        completed(open_listing(), by, use="scm-cement")
        with transaction():
            keep_newest()
    assert verify().is_sound
    return kept()


def kept():
    return Saved(CheckpointBody.parse(Note.parse(latest_checkpoint().note).text), "kept.ckpt")


def found(position, check, against=None):
    """Whether verification names the entry and the check first."""
    report = verify(against=[against] if against else None)
    assert not report.is_sound
    first = report.faults[0]
    assert (first.position, first.check) == (position, check), str(first)
    return first.what


def checks(against=None):
    return {fault.check for fault in verify(against=[against] if against else None).faults}


def export_checked():
    tool.check(b"".join(export_stream()), tool.Trust(), tool.Report(lambda words: None))


def changed(position, **changes):
    return [with_body(row, **changes) if row["position"] == position else row for row in rows()]


def greener(position=1):
    result = body_of(rows()[position])["result"] | {"net_kgco2e": "999999.000"}
    return changed(position, result=result)


def test_a_figure_edited_by_hand(four):
    with write_access():
        db.session.execute(update(LedgerEntry).where(LedgerEntry.position == 1).values(net_kgco2e=Decimal(999999)))
    assert "net_kgco2e is 999999" in found(1, Check.COLUMNS)
    rebuilt = greener()
    with write_access():
        db.session.execute(
            update(LedgerEntry).where(LedgerEntry.position == 1).values(canonical=rebuilt[1]["canonical"])
        )
    assert "leaf hash" in found(1, Check.ENTRY)


def test_a_figure_edited_and_the_tree_rebuilt_and_signed_with_our_key(four):
    rebuild(greener())
    sign_anew()
    assert "the figure is 999999.000" in found(1, Check.FIGURE)


def test_an_input_edited_with_a_figure_that_fits(four):
    """The figure follows from its inputs: only the tree knows that they were others."""
    other = with_body(rows()[1], **{k: v for k, v in body_of(rows()[2]).items() if k in ("inputs", "result")})
    rebuild([rows()[0], other, *rows()[2:]])
    assert "the entries give" in found(None, Check.CHECKPOINT)
    sign_anew()
    assert "it was rewritten" in found(None, Check.SAVED, four)


def test_a_date_edited(four):
    at = body_of(rows()[2])["recorded_at"]
    with write_access():
        db.session.execute(text("UPDATE ledger_entry SET recorded_at = '2020-01-01 00:00:00' WHERE position = 2"))
    assert "recorded_at" in found(2, Check.COLUMNS)
    rebuild(changed(2, recorded_at=earlier(at, seconds=2)))
    found(None, Check.CHECKPOINT)
    rebuild(changed(2, recorded_at=earlier(at, days=2), month=body_of(rows()[2])["month"]))
    sign_anew()
    assert "before its neighbour" in found(2, Check.ORDER)


def test_a_party_edited(four, world):
    with write_access():
        db.session.execute(update(LedgerEntry).where(LedgerEntry.position == 1).values(receiver_id=world.grinding))
    assert "ent-third" in found(1, Check.COLUMNS)
    with write_access():
        db.session.execute(update(LedgerEntry).where(LedgerEntry.position == 1).values(receiver_id=world.third))
    entries = changed(1, receiver=body_of(rows()[0])["receiver"])
    entries[1] |= {name: rows()[0][name] for name in ("receiver_id", "receiver_park_id")}
    rebuild(entries)
    assert "is of another exchange, round or party" in found(1, Check.CONFIRMATIONS)
    said = body_of(rows()[1])["confirmations"]
    rebuild(changed(1, confirmations=[c | {"party": body_of(rows()[1])[c["side"]]["party"]} for c in said]))
    assert "not number 3 in the log of confirmations" in found(1, Check.CONFIRMATIONS)
    rebuild_confirmations()
    assert Check.CHECKPOINT in checks()
    sign_anew()
    assert checks() == {Check.TOTALS}
    found(None, Check.SAVED, four)


def test_two_entries_swapped(four):
    first, second, *others = rows()
    swapped = [second | {"position": 0}, first | {"position": 1}, *others]
    with write_access():
        for row in swapped[:2]:
            values = {"canonical": row["canonical"], "leaf_hash": row["leaf_hash"]}
            db.session.execute(update(LedgerEntry).where(LedgerEntry.position == row["position"]).values(**values))
    assert "calls itself number 1" in found(0, Check.COLUMNS)
    rebuild(swapped, renumber=False)
    assert "calls itself number 1" in found(0, Check.COLUMNS)
    rebuild(swapped)
    found(None, Check.CHECKPOINT)
    sign_anew()
    assert verify().is_sound, "who holds our key and the database leaves no trace inside"
    found(None, Check.SAVED, four)


def test_the_heads_frontier_edited(four):
    with write_access():
        db.session.execute(
            text("UPDATE ledger_head SET frontier = replace(frontier, substr(frontier, 3, 8), 'abababab')")
        )
    assert "another frontier" in found(None, Check.TREE)


def test_the_last_entry_deleted(four):
    with write_access():
        db.session.execute(text("DELETE FROM ledger_entry WHERE position = 3"))
    assert found(3, Check.ORDER) == "position 3 is missing"


def test_the_last_entry_deleted_and_the_head_moved_back(four):
    rebuild(rows()[:-1])
    assert {Check.CHECKPOINT, Check.EXCHANGE, Check.TOTALS} <= checks()
    sign_anew()
    assert checks() == {Check.EXCHANGE, Check.TOTALS}
    assert "its end was cut off" in found(None, Check.SAVED, four)


def test_one_in_the_middle_deleted_and_the_others_renumbered(four):
    rebuild([row for row in rows() if row["position"] != 1])
    found(None, Check.CHECKPOINT)
    sign_anew()
    assert checks() == {Check.EXCHANGE, Check.TOTALS}
    assert "its end was cut off" in found(None, Check.SAVED, four)


def test_a_back_dated_entry_inserted(four):
    first, *others = rows()
    body = body_of(first)
    forged = with_body(first, recorded_at=earlier(body["recorded_at"], days=40), month=body["month"], round="2")
    rebuild([first, *others, forged])
    assert "before its neighbour" in found(4, Check.ORDER)
    rebuild([first, with_body(first, round="2"), *others])
    assert "another exchange, round or party" in found(1, Check.CONFIRMATIONS)
    said = [c | {"round": "2", "number": str(8 + at)} for at, c in enumerate(body["confirmations"])]
    rebuild([first, with_body(first, round="2", confirmations=said), *others])
    assert "not number 8 in the log of confirmations" in found(1, Check.CONFIRMATIONS)
    sign_anew()
    assert "not number 8 in the log of confirmations" in found(1, Check.CONFIRMATIONS)
    with write_access():
        for at, given in enumerate(db.session.scalars(select(Confirmation).where(Confirmation.number < 2)).all()):
            columns = {c.name: getattr(given, c.name) for c in Confirmation.__table__.columns if c.name != "id"}
            db.session.execute(insert(Confirmation).values(columns | {"round": 2, "number": 8 + at}))
    rebuild_confirmations()
    sign_anew()
    assert checks() == {Check.TOTALS, Check.EXCHANGE}
    found(None, Check.SAVED, four)


def test_an_entry_replayed_at_the_end_with_totals_that_fit(four):
    """Its figure, its confirmations and its times are true; the database refuses it, but not for who owns it."""
    replayed = [*rows(), rows()[-1]]
    with no_uniqueness():
        rebuild(replayed)
        sign_anew()
        body = body_of(replayed[-1])
        parties = [replayed[-1][n] for n in ("supplier_park_id", "receiver_park_id", "supplier_id", "receiver_id")]
        with transaction():
            rollups.apply(rollups.cells_of(rollups.Contribution(body, body, *parties)))
        exchange_id = replayed[-1]["exchange_id"]
        assert found(4, Check.EXCHANGE) == f"it counts exchange {exchange_id} a second time in round 1"
        assert checks() == {Check.EXCHANGE}, "nothing else is wrong with it"


def test_an_exchange_opened_by_hand_and_confirmed_again_counts_twice(four):
    """Both parties confirm in good faith, so that all that is written is true and signed."""
    exchange = db.session.get_one(Exchange, rows()[1]["exchange_id"])
    opened = {"state": ExchangeState.DELIVERING, "round": 2, "completed_at": None}
    with write_access():
        db.session.execute(update(Exchange).where(Exchange.id == exchange.id).values(opened))
    confirm_both(exchange)
    assert exchange.state is ExchangeState.COMPLETED
    again = f"it counts exchange {exchange.id}, of which an earlier entry stands"
    assert found(4, Check.EXCHANGE) == again
    assert checks(four) == {Check.EXCHANGE}, "nothing else is wrong with it"
    with pytest.raises(tool.Wrong, match="entry 4: it counts exchange .* for a time that entry 1 counts"):
        export_checked()
    with transaction():
        service.reverse(1, "counted twice")
    assert verify(against=[four]).is_sound, "which is how an operator sets it right"
    export_checked()


def test_a_reversal_that_names_another_exchange(four):
    with transaction():
        service.reverse(3, "wrong")
    entries = changed(4, exchange=body_of(rows()[0])["exchange"], round="7")
    entries[4] |= {"exchange_id": rows()[0]["exchange_id"], "round": 7}
    rebuild(entries)
    sign_anew()
    assert found(4, Check.FIGURE) == "its exchange is not that of entry 3 with its signs turned"
    with pytest.raises(tool.Wrong, match="it is not entry 3 with signs turned"):
        export_checked()


def test_an_entry_reversed_twice(four):
    with transaction():
        service.reverse(3, "wrong")
    reversal = rows()[-1]
    with no_uniqueness():
        rebuild([*rows(), reversal])
        sign_anew()
        assert "it reverses entry 3 a second time" in {fault.what for fault in verify().faults}


def test_a_confirmation_edited_with_all_else_made_to_fit(four):
    """Without the key nobody can make a party confirm at another time, or by another person."""
    first, second = body_of(rows()[1])["confirmations"]
    rebuild(changed(1, confirmations=[first | {"member": "member-0"}, second]))
    sign_anew()
    assert "the supplier's confirmation is not number 2 in the log" in found(1, Check.CONFIRMATIONS)
    rebuild_confirmations()
    assert "the head's checkpoint says root" in found(None, Check.CONFIRMATIONS)
    sign_anew()
    assert verify().is_sound, "who holds our key and the database leaves no trace inside"
    found(None, Check.SAVED, four)


def pending(four):
    """One side has confirmed, the other has not; gives back the number of that confirmation."""
    exchange = agreed(open_listing())
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    return exchange, db.session.scalars(select(func.max(Confirmation.number))).one()


def test_a_confirmation_edited_before_it_counts(four):
    exchange, number = pending(four)
    with write_access():
        db.session.execute(text("UPDATE confirmation SET revision = 2 WHERE number = :n"), {"n": number})
    assert f"number {number} is not what the supplier's row says" in found(None, Check.CONFIRMATIONS)
    with pytest.raises(ConfirmationNotLogged), transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.RECEIVER)))


def test_a_confirmation_unsaid(four):
    _, number = pending(four)
    with write_access():
        db.session.execute(text("DELETE FROM confirmation WHERE number = :n"), {"n": number})
    assert f"number {number} is missing" in found(None, Check.CONFIRMATIONS)
    with write_access():
        db.session.execute(text("UPDATE confirmation SET leaf_hash = 'x' WHERE number = 3"))
    assert "not number 3 in the log" in found(1, Check.CONFIRMATIONS)


@pytest.mark.parametrize("number", ["NULL", "10"])
def test_a_confirmation_written_into_the_database(four, number):
    """With full write access to the database one can confirm in another's name; the key is not there to sign it."""
    exchange, given = pending(four)
    receiver = side_user(exchange, Side.RECEIVER)
    with write_access():
        db.session.execute(
            text(
                "INSERT INTO confirmation (exchange_id, side, round, revision, user_id, at, terms_sha256, vkey, "
                f"signature, number, leaf_hash) SELECT exchange_id, 'receiver', round, revision, :u, at, terms_sha256, "
                f"'', '', {number}, leaf_hash FROM confirmation WHERE number = :n"
            ),
            {"u": receiver.id, "n": given},
        )
    if number != "NULL":
        assert "number 10 stands beyond the head of 9" in found(None, Check.CONFIRMATIONS)
    with write_access():  # the other side's own one is taken away, so that it can be given again
        db.session.execute(text("DELETE FROM confirmation WHERE number = :n"), {"n": given})
    with pytest.raises(ConfirmationNotLogged), transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))


def test_yesterdays_backup_restored(world, client, tmp_path):
    completed(open_listing())
    yesterday = backup()
    completed(open_listing())
    today = kept()
    log, seen = LogSource("test", lambda path: client.get(f"/ledger/{path}").data), Seen(tmp_path / "seen")
    cosigning.cosign(log, signing_key().verifier, WITNESS, seen)
    restore(yesterday)
    assert verify().is_sound, "yesterday's ledger is sound in itself"
    assert "of 2 entries, the ledger has 1" in found(None, Check.SAVED, today)
    with pytest.raises(Refused, match="entries were cut off"):
        cosigning.cosign(log, signing_key().verifier, WITNESS, seen)


def test_a_rollup_changed(four):
    with write_access():
        db.session.execute(update(Rollup).values(net_kgco2e=Rollup.net_kgco2e + 1))
    assert "the entries give" in found(None, Check.TOTALS)


def test_a_factors_value_replaced_under_the_same_version(four):
    with write_access():
        db.session.execute(
            update(EmissionFactor).where(EmissionFactor.factor_id == "clinker-cn").values(value=Decimal(900))
        )
    assert "factor clinker-cn version 1" in found(0, Check.FACTORS)


def test_a_factor_replaced_that_no_entry_uses_yet(four):
    with write_access():
        db.session.execute(
            update(EmissionFactor).where(EmissionFactor.factor_id == "rail-cn").values(value=EmissionFactor.value + 1)
        )
    assert "another table of" in found(None, Check.FACTORS)


def test_signed_with_another_key(four, client, tmp_path):
    sign_anew(SigningKey.generate(signing_key().name))
    assert "not signed by a key of this ledger" in found(None, Check.SIGNATURE)
    log = LogSource("test", lambda path: client.get(f"/ledger/{path}").data)
    with pytest.raises(Refused, match="not signed by"):
        cosigning.cosign(log, signing_key().verifier, WITNESS, Seen(tmp_path / "seen"))


def test_two_trees_served_to_two_people(four, client, tmp_path):
    """Alice was shown the true tree, Bob one of the same size with a greener entry, both signed by our key."""
    log, seen = LogSource("test", lambda path: client.get(f"/ledger/{path}").data), Seen(tmp_path / "seen")
    true_note = cosigning.cosign(log, signing_key().verifier, WITNESS, seen)
    rebuild(greener())
    sign_anew()
    bobs = kept()
    assert CheckpointBody.parse(true_note.text).size == bobs.body.size
    assert CheckpointBody.parse(true_note.text).root != bobs.body.root, "two signed roots of one size are the proof"
    with pytest.raises(Refused, match="shows two trees") as refused:
        cosigning.cosign(log, signing_key().verifier, WITNESS, seen)
    assert refused.value.is_alarm
    with pytest.raises(Refused, match="does not begin with"):
        cosigning.check_extends(log, four.body, bobs.body)


def test_a_stored_checkpoint_edited(four):
    other = signed(signing_key(), 2, "ab" * 32)
    with write_access():
        db.session.execute(
            update(Checkpoint).where(Checkpoint.size == 2).values(note=other.encoded, root_hash="ab" * 32)
        )
    assert "says root abab" in found(None, Check.CHECKPOINT)
    with write_access():
        db.session.execute(update(Checkpoint).where(Checkpoint.size == 2).values(note="nonsense"))
    assert "is broken" in found(None, Check.CHECKPOINT)


def test_an_exchange_taken_from_its_entry(four):
    with write_access():
        db.session.execute(text("UPDATE exchange SET uuid = 'x' WHERE id = (SELECT min(id) FROM exchange)"))
    assert "column exchange is x" in found(0, Check.COLUMNS)
