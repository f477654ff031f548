"""The log of confirmations, older entries with seals or none, and a published test vector; on both databases."""

import base64
import json

import pytest
from sqlalchemy import insert, select, text

from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Confirmation, Side
from marketplace.extensions import db
from marketplace.ledger import keys, tile_store
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.certificates.credential import did_key
from marketplace.ledger.checkpoints import adopt_head, latest_checkpoint
from marketplace.ledger.confirmation_check import Leaves, Stated, walk_faults
from marketplace.ledger.confirmations import statement, terms_digest
from marketplace.ledger.confirmed import confirmation_fault, sealed_bytes
from marketplace.ledger.errors import ConfirmationNotLogged
from marketplace.ledger.merkle import Frontier
from marketplace.ledger.models import LedgerEntry
from marketplace.ledger.reading import Logged, read_entry
from marketplace.ledger.verify import verify
from tests.factories import agreed, completed, delivered, open_listing, side_user, trader
from tests.ledger.attacking import OF_THE_LOG, sealed
from tests.ledger.test_service import without_guards


def our_keys():
    return {row.key.encoded: row.key for row in keys.listed_keys()}


def body_of(position=0):
    return json.loads(db.session.get_one(LedgerEntry, position).canonical)


def fault_of(body, leaves):
    """As found in the entry's bytes, where each is read quickly if it can be, and taken apart."""
    leaf_at = dict(enumerate(leaves)).get
    read, broken = read_entry(canonical_bytes(body))
    assert broken is None
    fault = confirmation_fault(read, leaf_at, our_keys())
    assert fault == confirmation_fault(body, leaf_at, our_keys())
    return fault


@pytest.fixture
def confirmed(world):
    """An entry, and the leaves of the log of confirmations."""
    completed(open_listing(), use="scm-cement")
    leaves = db.session.scalars(select(Confirmation.leaf_hash).order_by(Confirmation.number))
    return body_of(), [bytes.fromhex(leaf) for leaf in leaves]


def test_each_confirmation_says_who_when_and_which_terms(world):
    exchange = completed(open_listing(), use="scm-cement")
    supplier, receiver = body_of()["confirmations"]
    assert (supplier["side"], receiver["side"]) == ("supplier", "receiver")
    assert (supplier["number"], receiver["number"]) == ("0", "1")
    assert (supplier["exchange"], supplier["round"]) == (exchange.uuid, "1")
    assert supplier["party"] == "ent-ironworks"
    assert supplier["member"] == trader("ironworks").pseudonym
    assert supplier["terms_revision"] == "1"
    assert supplier["terms_sha256"] == terms_digest(exchange.current_terms) == receiver["terms_sha256"]


def test_a_confirmation_is_signed_for_before_it_counts(world):
    """The checkpoint of its own transaction covers it, so that whoever sees that can prove later what was confirmed."""
    exchange = agreed(open_listing())
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    (given,) = exchange.confirmations
    leaf = tool.leaf_hash(canonical_bytes(statement(given, exchange)))
    checkpoint = tool.Checkpoint.parse(latest_checkpoint().note)
    assert (checkpoint.size, checkpoint.confirmations) == (0, (1, leaf))
    assert checkpoint.note.is_signed_by(tool.Key.parse(keys.signing_key().verifier.encoded))


def test_what_an_entry_says_is_in_the_log(confirmed):
    body, leaves = confirmed
    assert fault_of(body, leaves) is None
    read, _ = read_entry(canonical_bytes(body))
    assert [type(confirmation) for confirmation in read["confirmations"]] == [Logged, Logged], "read the quick way"


def test_people_have_pseudonyms_that_tell_nothing(world):
    names = {trader(key).pseudonym for key in ("ironworks", "grinding", "third")}
    assert len(names) == 3
    assert all(name.startswith("member-") and len(name) == 23 for name in names)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("at", "2026-01-01T00:00:00.000000Z"),
        ("member", "member-0"),
        ("terms_revision", "2"),
        ("number", "1"),
        ("number", "7"),
        ("party", "ent-third"),
        ("round", "2"),
        ("exchange", "00000000-0000-0000-0000-000000000000"),
        ("side", "receiver"),
        ("from", "2026-01-01"),
        ("format", "gcx-confirmation/1"),
    ],
)
def test_a_confirmation_changed_afterwards_is_found(confirmed, member, value):
    body, leaves = confirmed
    body["confirmations"][0][member] = value
    fault = fault_of(body, leaves)
    assert fault is not None
    assert ("receiver" if member == "side" else "supplier") in fault


@pytest.mark.parametrize("kept", [[], [0], [0, 0]])
def test_an_entry_needs_a_confirmation_of_each_side(confirmed, kept):
    body, leaves = confirmed
    body["confirmations"] = [body["confirmations"][at] for at in kept]
    assert fault_of(body, leaves) == "the entry does not hold a confirmation of each side"


def test_true_confirmations_hidden_in_another_member_do_not_help_forged_ones(confirmed):
    body, leaves = confirmed
    forged = [confirmation | {"member": "member-0"} for confirmation in body["confirmations"]]
    hidden = {"accepted": {"accepted_t": "1", "confirmations": body["confirmations"]}}
    assert "not number 0" in fault_of(body | hidden | {"confirmations": forged}, leaves)
    told = {"accepted_t": '1","confirmations":['}
    assert "not number 0" in fault_of(body | told | {"confirmations": forged}, leaves)


def without_log(exchange):
    """The confirmations as they were given before there was a log: under seals."""
    for given in exchange.confirmations:
        said = {name: value for name, value in statement(given, exchange).items() if name not in OF_THE_LOG}
        key = keys.signing_key()
        signature = key.sign_bytes(sealed_bytes(said, exchange.uuid, str(given.round)))
        without_guards(
            "UPDATE confirmation SET number = NULL, leaf_hash = '', vkey = :k, signature = :s WHERE id = :i",
            k=key.verifier.encoded, s=base64.b64encode(signature).decode(), i=given.id,
        )  # fmt: skip
    without_guards("UPDATE ledger_head SET confirmations = 0, confirmations_frontier = '[]'")
    with transaction():
        adopt_head()


def half_confirmed():
    exchange = agreed(open_listing(), use="scm-cement")
    delivered(exchange)
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.SUPPLIER)))
    return exchange


def confirm_the_rest(exchange):
    with transaction():
        exchanges.confirm_completion(exchanges.as_party(exchange.id, side_user(exchange, Side.RECEIVER)))


def test_a_confirmation_given_before_the_log_completes_under_its_seal(world):
    exchange = half_confirmed()
    without_log(exchange)
    confirm_the_rest(exchange)
    supplier, receiver = body_of()["confirmations"]
    assert ("number" in supplier, "signature" in supplier, receiver["number"]) == (False, True, "0")
    assert verify().is_sound
    words = tool.check_confirmations(body_of(), (), lambda at, number, leaf: (at, number) == (1, 0))
    assert words == "both sides confirmed, 1 of 2 in the signed log of confirmations, 1 of 2 under a seal that fits"


@pytest.mark.parametrize("change", ["signature = ''", "vkey = ''", "revision = 7"])
def test_a_seal_that_does_not_fit_completes_nothing(world, change):
    exchange = half_confirmed()
    without_log(exchange)
    without_guards(f"UPDATE confirmation SET {change}")
    with pytest.raises(ConfirmationNotLogged) as refused:
        confirm_the_rest(exchange)
    assert "was not given by its party" in refused.value.sentence()
    assert db.session.query(LedgerEntry).count() == 0


def as_it_was(body):
    """Write the only entry anew, without confirmations in the log; gives back its bytes."""
    old = canonical_bytes(body)
    leaf = tool.leaf_hash(old).hex()
    without_guards("UPDATE ledger_entry SET canonical = :c, leaf_hash = :h", c=old.decode(), h=leaf)
    without_guards("UPDATE ledger_head SET root_hash = :h, frontier = :f", h=leaf, f=json.dumps([leaf]))
    with transaction():
        adopt_head()
    return old


def test_an_entry_of_the_second_format_stays_valid(world):
    """Entries that were there before the log: each confirmation under a seal."""
    completed(open_listing(), use="scm-cement")
    body = sealed(json.dumps(body_of()))
    old = as_it_was(body)
    assert verify().is_sound
    said = []
    tool.check(old, tool.Trust(), tool.Report(said.append))
    assert any("2 of 2 under a seal that fits" in line for line in said)

    body["confirmations"][0]["member"] = "member-0"
    as_it_was(body)
    assert "the supplier's confirmation does not fit its seal" in verify().faults[0].what
    with pytest.raises(tool.Wrong, match="supplier's confirmation"):
        tool.check_confirmations(body, (), None)


def test_an_entry_of_the_first_format_stays_valid(world):
    """Entries that were there before seals: no party, no digest, members by number."""
    completed(open_listing(), use="scm-cement")
    body = body_of() | {"format": "gcx-entry/1"}
    body["confirmations"] = [
        {"side": c["side"], "member": "member-7", "at": c["at"], "terms_revision": "1"} for c in body["confirmations"]
    ]
    old = as_it_was(body)
    assert verify().is_sound
    said = []
    tool.check(old, tool.Trust(), tool.Report(said.append))
    assert any("an entry of the first format" in line for line in said)


def test_the_log_has_tiles_that_are_checked(world):
    exchange, size = agreed(open_listing()), 700
    leaves = [tool.leaf_hash(bytes([number % 256, number // 256])) for number in range(size)]
    given = {"exchange_id": exchange.id, "side": Side.SUPPLIER, "revision": 1, "user_id": trader("ironworks").id}
    tree, stated = Frontier(), []
    with transaction():
        for number, leaf in enumerate(leaves):
            tree.append(leaf)
            row = given | {"round": number + 1, "number": number, "leaf_hash": leaf.hex()}
            db.session.execute(insert(Confirmation).values(row))
            tile_store.keep_full_tiles(tree.size, tile_store.CONFIRMATIONS)
            if tree.size in (1, 255, 256, 300, 512, 700):
                stated.append(Stated(tree.size, tree.root().hex(), "somebody"))
    proof = tile_store.tree_of(size, tile_store.CONFIRMATIONS).inclusion_proof(257)
    assert tool.root_by_inclusion(leaves[257], 257, size, proof) == tree.root()

    def faults(*more):
        with db.engine.connect() as connection:
            found = walk_faults(connection, size, json.dumps(tree.to_list()), [*stated, *more])
            log = [Leaves(connection, size)(number) for number in (0, 255, 256, 511, 512, 699, 700)]
        assert log == [*(leaves[number] for number in (0, 255, 256, 511, 512, 699)), None]
        return [fault.what.removeprefix("confirmations: ") for fault in found]

    assert faults() == []
    assert "somebody says root abab for 257, they give" in faults(Stated(257, "abab", "somebody"))[0]
    assert faults(Stated(701, "ab", "she")) == ["she is of 701, there are 700: the end was cut off"]
    without_guards("UPDATE confirmation_tile SET root = hashes WHERE number = 1 AND level = 0")
    assert faults() == ["tile 0/1 does not hold the hashes of its confirmations"]


def test_the_guards_hold_on_the_new_columns(world):
    completed(open_listing())
    for change in ("signature = ''", "number = NULL", "leaf_hash = ''"):
        with pytest.raises(Exception, match="append-only"):
            db.session.execute(text(f"UPDATE confirmation SET {change}"))
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
