"""Seals under confirmations, entries of the first format, and a published test vector; on both databases."""

import json

import pytest
from sqlalchemy import text

from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Confirmation, Side
from marketplace.extensions import db
from marketplace.ledger import keys
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.certificates.credential import did_key
from marketplace.ledger.confirmations import broken_seal, terms_digest
from marketplace.ledger.models import LedgerEntry
from marketplace.ledger.seals import first_broken_seal
from marketplace.ledger.verify import verify
from tests.factories import agreed, completed, delivered, open_listing, side_user, trader
from tests.ledger.test_service import without_guards


def our_keys():
    return {row.key.encoded: row.key for row in keys.listed_keys()}


def body_of(position=0):
    return json.loads(db.session.get_one(LedgerEntry, position).canonical)


def test_each_confirmation_says_who_when_and_which_terms(world):
    exchange = completed(open_listing(), use="scm-cement")
    supplier, receiver = body_of()["confirmations"]
    assert (supplier["side"], receiver["side"]) == ("supplier", "receiver")
    assert supplier["party"] == "ent-ironworks"
    assert supplier["member"] == trader("ironworks").pseudonym
    assert supplier["terms_revision"] == "1"
    assert supplier["terms_sha256"] == terms_digest(exchange.current_terms) == receiver["terms_sha256"]
    assert broken_seal(body_of(), our_keys()) is None


def test_people_have_pseudonyms_that_tell_nothing(world):
    names = {trader(key).pseudonym for key in ("ironworks", "grinding", "third")}
    assert len(names) == 3
    assert all(name.startswith("member-") and len(name) == 23 for name in names)


@pytest.mark.parametrize(
    ("member", "value"),
    [("at", "2026-01-01T00:00:00.000000Z"), ("member", "member-0"), ("party", "ent-third"), ("terms_revision", "2")],
)
def test_a_confirmation_changed_afterwards_does_not_fit_its_seal(world, member, value):
    completed(open_listing())
    body = body_of()
    body["confirmations"][0][member] = value
    assert broken_seal(body, our_keys()) == "supplier"
    with pytest.raises(tool.Wrong, match="supplier's confirmation"):
        tool.check_confirmations(body, ())


def test_a_confirmation_moved_to_another_exchange_does_not_fit(world):
    completed(open_listing())
    body = body_of() | {"exchange": "00000000-0000-0000-0000-000000000000"}
    assert broken_seal(body, our_keys()) == "supplier"


def test_a_confirmation_written_into_the_database_completes_with_no_seal_that_fits(app, world):
    """With full write access to the database one can confirm in another's name; the key is not there to seal it."""
    exchange = agreed(open_listing())
    delivered(exchange)
    receiver = side_user(exchange, Side.RECEIVER)
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, receiver))
    given = db.session.query(Confirmation).one()
    without_guards(
        "UPDATE confirmation SET side = 'supplier', user_id = :u WHERE id = :i",
        u=side_user(exchange, Side.SUPPLIER).id,
        i=given.id,
    )
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, receiver))
    assert first_broken_seal().position == 0
    done = app.test_cli_runner().invoke(args=["ledger", "seals"])
    assert done.exit_code == 1
    assert "entry 0: the supplier's confirmation does not fit its seal" in done.output


def test_the_command_says_that_all_seals_fit(app, world):
    completed(open_listing())
    done = app.test_cli_runner().invoke(args=["ledger", "seals"])
    assert (done.exit_code, done.output) == (0, "All seals fit.\n")


def test_an_entry_of_the_first_format_stays_valid(world):
    """Entries that were there before seals: no party, no digest, members by number."""
    completed(open_listing(), use="scm-cement")
    body = body_of() | {"format": "gcx-entry/1"}
    body["confirmations"] = [
        {"side": c["side"], "member": "member-7", "at": c["at"], "terms_revision": "1"} for c in body["confirmations"]
    ]
    old = canonical_bytes(body)
    leaf = tool.leaf_hash(old).hex()
    without_guards("UPDATE ledger_entry SET canonical = :c, leaf_hash = :h, root_hash = :h", c=old.decode(), h=leaf)
    without_guards("UPDATE ledger_head SET root_hash = :h, frontier = :f", h=leaf, f=json.dumps([leaf]))

    assert not [fault for fault in verify().faults if fault.position == 0]
    assert first_broken_seal() is None
    said = []
    tool.check(old, tool.Trust(), tool.Report(said.append))
    assert any("an entry of the first format" in line for line in said)


def test_confirmations_older_than_seals_complete_as_before(world):
    """Given before the update, completed after it."""
    exchange = agreed(open_listing())
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    without_guards("UPDATE confirmation SET terms_sha256 = '', vkey = '', signature = ''")
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.RECEIVER)))
    assert "1 of 2 under a seal" in tool.check_confirmations(body_of(), ())


def test_the_guards_hold_on_the_new_columns(world):
    completed(open_listing())
    with pytest.raises(Exception, match="append-only"):
        db.session.execute(text("UPDATE confirmation SET signature = ''"))
    db.session.rollback()


# W3C, Data Integrity EdDSA Cryptosuites v1.0, appendix "Representation: eddsa-jcs-2022".
PUBLISHED = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    "proof": {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
        "#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "proofPurpose": "assertionMethod",
        "proofValue": "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX",
    },
}


def test_the_published_proof_of_another_implementation_fits():
    did, _, _ = PUBLISHED["proof"]["verificationMethod"].partition("#")
    public = tool.key_of_did(did)
    signature = tool.unbase58(PUBLISHED["proof"]["proofValue"][1:])
    assert did_key(public) == did
    assert tool.Key("issuer", public).has_signed(tool.secured_bytes(PUBLISHED), signature)
    assert not tool.Key("issuer", public).has_signed(tool.secured_bytes(PUBLISHED | {"name": "x"}), signature)
