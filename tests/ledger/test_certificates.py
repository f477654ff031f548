"""Certificates: what they say, to whom, and that one changed bit anywhere is found; on both databases."""

import json
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.accounts.policy import Permission, may, viewer_of
from marketplace.database import transaction
from marketplace.exchanges import service as exchanges
from marketplace.exchanges.models import Side
from marketplace.extensions import db
from marketplace.ledger import keys
from marketplace.ledger import service as ledger
from marketplace.ledger import verify_certificate as tool
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.certificates import queries, service
from marketplace.ledger.certificates.documents import bundle_of, credential_of
from marketplace.ledger.certificates.errors import NothingToCertify
from marketplace.ledger.certificates.pdf import certificate_pdf
from marketplace.ledger.checkpoints import latest_checkpoint
from marketplace.ledger.models import LedgerEntry
from marketplace.ledger.notes import CheckpointBody, Note
from marketplace.ledger.tile_store import tree_of
from tests.factories import completed, find_user, open_listing, trader
from tests.ledger.attacking import sealed

SILENT = tool.Report(lambda _: None)


@pytest.fixture
def certified(app, world):
    """The second of three entries, with a certificate; both parties by pseudonym."""
    for _ in range(3):
        completed(open_listing(), use="scm-cement")
    with transaction():
        service.issue(1, trader("ironworks"))
    with app.test_request_context():
        yield queries.of_entry(db.session.get_one(LedgerEntry, 1))


def bundle(found):
    return bundle_of(found.entry, queries.place_of(found.entry))


def credential(found):
    return credential_of(found, queries.place_of(found.entry))


def pdf(found):
    return certificate_pdf(found, queries.place_of(found.entry))


def checked(data, **trust):
    """What the stand-alone verifier says; the report of a good file."""
    said = []
    tool.check(data, tool.Trust(**trust), tool.Report(said.append))
    return "\n".join(said)


def log_key():
    return tool.Key.parse(keys.signing_key().verifier.encoded)


DOCUMENTS = {"bundle": bundle, "credential": credential, "pdf": pdf}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_each_document_is_good_by_the_stand_alone_verifier(certified, kind):
    words = checked(DOCUMENTS[kind](certified), keys=(log_key(),))
    assert "entry 1 is in that tree" in words
    assert "2 of 2 in the signed log of confirmations" in words
    assert str(certified.entry.net_kgco2e) in words


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_same_certificate_twice_has_the_same_words(certified, kind):
    first, second = DOCUMENTS[kind](certified), DOCUMENTS[kind](certified)
    if kind == "pdf":
        first, second = (tool.attachments(data) for data in (first, second))
    assert first == second


def test_one_changed_bit_anywhere_in_the_bundle_is_found(certified):
    data = bundle(certified)
    assert_each_bit_counts(data, range(len(data)))


def test_one_changed_bit_anywhere_in_the_credential_is_found(certified):
    data = credential(certified)
    assert_each_bit_counts(data, range(0, len(data), 3))


def assert_each_bit_counts(data, places):
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises((tool.Wrong, tool.Unreadable)):
            tool.check(bytes(changed), tool.Trust(), SILENT)


def test_one_changed_bit_anywhere_in_the_pdf_is_found(certified):
    data = pdf(certified)

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(place=st.integers(0, len(data) - 1), bit=st.integers(0, 7))
    def is_found(place, bit):
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        with pytest.raises((tool.Wrong, tool.Unreadable)):
            tool.check(bytes(changed), tool.Trust(), SILENT)

    is_found()


def test_a_bundle_signed_with_another_key_is_refused_by_who_brings_the_right_one(certified, tmp_path):
    other = tool.Key(log_key().name, bytes(32))
    with pytest.raises(tool.Wrong, match="not signed by the given key"):
        checked(bundle(certified), keys=(other,))


def test_a_figure_changed_and_hashed_anew_is_found_by_recomputing(certified):
    body = json.loads(certified.entry.canonical)
    body["result"]["net_kgco2e"] = "99999.000"
    with pytest.raises(tool.Wrong, match=r"net_kgco2e is 99999\.000 in the entry, recomputed"):
        tool.check_figure(body)


def test_a_confirmation_that_nobody_gave_is_not_in_the_log(certified):
    body = json.loads(certified.entry.canonical)
    place = queries.place_of(certified.entry)
    checkpoint = tool.Checkpoint.parse(place.checkpoint.note)
    proofs = [tool.hashes(list(proof), "a proof") for proof in place.confirmation_proofs]
    is_logged = tool._logged_in(checkpoint, proofs)
    assert "2 of 2 in the signed log" in tool.check_confirmations(body, (), is_logged)
    for change in ({"at": "2026-01-01T00:00:00.000000Z"}, {"number": "1"}, {"round": "2"}, {"party": "ent-third"}):
        forged = [body["confirmations"][0], body["confirmations"][1] | change]
        with pytest.raises(tool.Wrong, match="receiver's confirmation"):
            tool.check_confirmations(body | {"confirmations": forged}, (), is_logged)
    with pytest.raises(tool.Wrong, match="receiver's confirmation"):
        tool.check_confirmations(body, (), tool._logged_in(checkpoint, proofs[:1]))


def test_a_certificate_from_before_the_log_of_confirmations_stays_good(certified):
    """Its entry names seals, its checkpoint has no line about confirmations, and it holds no proofs of them."""
    document = json.loads(bundle(certified))
    body = sealed(document["entry"])
    tree = tool.Tree()
    tree.append(tool.leaf_hash(canonical_bytes(body | {"position": "0"})))
    text = CheckpointBody(keys.signing_key().name, 1, tree.root()).text
    old = {name: value for name, value in document.items() if name != "confirmationProofs"} | {
        "format": "gcx-certificate/1", "entry": canonical_bytes(body | {"position": "0"}).decode(), "position": "0",
        "leafHash": tree.root().hex(), "inclusionProof": [],
        "checkpoint": Note(text, (keys.signing_key().sign(text),)).encoded,
    }  # fmt: skip
    assert "2 of 2 under a seal that fits" in checked(canonical_bytes(old), keys=(log_key(),))


def test_an_earlier_checkpoint_that_was_kept_is_extended(certified):
    kept = latest_checkpoint().note
    completed(open_listing())
    with transaction():
        service.issue(3, trader("ironworks"))
    later = queries.of_entry(db.session.get_one(LedgerEntry, 3))
    proof = json.dumps({"proof": [step.hex() for step in tree_of(4).consistency_proof(3)]})

    assert "extends the tree of 3" in checked(bundle(later), kept=kept, consistency=proof)
    assert "consistency proof from 3 to 4 is needed" in checked(bundle(later), kept=kept)
    wrong = json.dumps({"proof": [step.hex() for step in tree_of(4).consistency_proof(2)]})
    with pytest.raises(tool.Wrong, match="rewritten"):
        checked(bundle(later), kept=kept, consistency=wrong)


def test_two_faces_of_the_ledger_show(certified):
    """The same size, signed with the same key, another root."""
    kept = tool.Checkpoint.parse(queries.place_of(db.session.get_one(LedgerEntry, 1)).checkpoint.note)
    text = kept.note.text.replace(kept.note.text.split("\n")[2], "A" * 43 + "=")
    forged = f"{text}\n{keys.signing_key().sign(text).line}\n"
    with pytest.raises(tool.Wrong, match="two faces"):
        checked(bundle(certified), kept=forged)


@pytest.mark.parametrize(("old", "new"), [(o, n) for n in range(1, 9) for o in range(1, n + 1)])
def test_the_verifier_reads_consistency_proofs_of_all_shapes(old, new):
    from marketplace.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root

    leaves = [leaf_hash(bytes([i])) for i in range(new)]
    if old < new:
        known = root(leaves[:old]) if old & (old - 1) == 0 else None
        found = tool.roots_by_consistency(old, new, consistency_proof(leaves, old), known)
        assert found == (root(leaves[:old]), root(leaves))
    assert tool.root_by_inclusion(leaves[old - 1], old - 1, new, inclusion_proof(leaves, old - 1)) == root(leaves)


def test_a_party_appears_by_pseudonym_until_it_chooses_its_name(certified):
    assert not certified.parties[Side.SUPPLIER].is_named
    assert b"Ironworks" not in credential(certified) + pdf(certified)

    with transaction():
        service.choose_appearance(certified.entry.exchange_id, Side.SUPPLIER, True, trader("ironworks"))
    named = queries.by_serial(certified.certificate.serial)

    assert named.parties[Side.SUPPLIER].name("en") == "Ironworks"
    assert not named.parties[Side.RECEIVER].is_named
    words = checked(credential(named))
    assert "supplier: ironworks（示例） / Ironworks (the issuer's word" in words
    assert "Ironworks" not in named.entry.canonical

    with transaction():
        service.choose_appearance(certified.entry.exchange_id, Side.SUPPLIER, False, trader("ironworks"))
    assert not queries.by_serial(certified.certificate.serial).parties[Side.SUPPLIER].is_named


def test_a_certificate_is_made_once(certified):
    with transaction():
        assert service.issue(1, trader("grinding")).serial == certified.certificate.serial


def test_what_does_not_stand_is_not_certified(world):
    exchange = completed(open_listing())
    with transaction():
        ledger.reverse(0, "wrong scale")
        exchanges.reopen(exchange.id, find_user("district_officer@example.com"), "wrong scale")
    for position in (0, 1):
        with pytest.raises(NothingToCertify), transaction():
            service.issue(position, trader("ironworks"))


def test_a_reversed_entry_makes_its_certificate_say_so(certified):
    with transaction():
        ledger.reverse(1, "wrong scale")
    found = queries.by_serial(certified.certificate.serial)
    assert found.state is queries.CertificateState.REVERSED
    assert found.reversed_by.position == 3
    assert tool.attachments(pdf(found)).keys() == {
        "entry.json", "certificate.json", "checkpoint.txt", "credential.json"
    }  # fmt: skip


def test_an_unknown_serial_has_no_certificate(world):
    assert queries.by_serial("0" * 32) is None


def test_only_the_parties_traders_take_part(certified):
    allowed = {
        email: may(viewer_of(find_user(email)), Permission.TAKE_PART, certified.entry)
        for email in ("trader@ironworks.example", "viewer@ironworks.example", "trader@third.example")
    }
    assert list(allowed.values()) == [True, False, False]


def test_after_a_change_of_key_one_key_checks_the_whole_certificate(app, certified, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "LEDGER_KEY_FILE", str(tmp_path / "ledger.key"))
    before = keys.signing_key().verifier
    keys.new_key()
    assert keys.signing_key().verifier != before
    completed(open_listing())
    found = queries.of_entry(db.session.get_one(LedgerEntry, 1))
    place = queries.place_of(db.session.get_one(LedgerEntry, 1))
    assert place.key == keys.signing_key().verifier
    assert "entry 1 is in that tree" in checked(bundle_of(found.entry, place))
    assert "fits" in checked(credential(found))


def test_the_verifier_runs_alone_with_exit_codes(certified, tmp_path):
    """As an auditor runs it: one file, copied elsewhere, its own process."""
    script = tmp_path / "verify_certificate.py"
    script.write_bytes(Path(tool.__file__).read_bytes())
    good, bad, alien, entry = (tmp_path / name for name in ("good.pdf", "bad.json", "alien.txt", "entry.json"))
    good.write_bytes(pdf(certified))
    bad.write_bytes(bundle(certified).replace(b"gbfs", b"ggbs"))
    alien.write_text('{"a": 1}')
    entry.write_text(certified.entry.canonical)
    newer = tmp_path / "newer.json"
    newer.write_bytes(canonical_bytes(json.loads(certified.entry.canonical) | {"method": "avoided/9.9"}))

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-I", script, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        return done.returncode, done.stdout + done.stderr

    assert run(good, "--key", log_key().vkey)[0] == tool.GOOD
    assert run(bad) == (tool.WRONG, "WRONG  the leaf hash is not that of the entry\n")
    assert run(alien)[0] == run(tmp_path / "absent")[0] == tool.UNREADABLE
    assert run(entry)[0] == tool.INCOMPLETE
    code, words = run(newer)
    assert (code, "unknown method version 'avoided/9.9': this copy knows avoided/1.0" in words) == (
        tool.INCOMPLETE,
        True,
    )


def test_a_certificate_by_a_newer_method_is_checked_but_for_its_figure(certified, monkeypatch):
    """As a reader sees it who kept last year's verifier."""
    monkeypatch.setattr(tool, "METHODS", {"avoided/0.9": tool.recompute})
    for document in (bundle(certified), credential(certified), pdf(certified)):
        said = []
        report = tool.Report(said.append)
        tool.check(document, tool.Trust(keys=(log_key(),)), report)
        words = "\n".join(said)
        assert "open   unknown method version 'avoided/1.0': this copy knows avoided/0.9" in words
        assert "is in that tree" in words
        assert "2 of 2 in the signed log of confirmations" in words
        assert not report.is_complete


def test_a_credential_says_who_may_claim_how_much_and_a_changed_share_is_found(certified):
    document = json.loads(credential(certified))
    shares = document["credentialSubject"]["sharesKgCO2e"]
    assert shares == {"supplier": certified.body["result"]["shares"]["supplier"],
                      "receiver": certified.body["result"]["shares"]["user"]}  # fmt: skip
    subject = document["credentialSubject"] | {"sharesKgCO2e": shares | {"supplier": "1.000"}}
    with pytest.raises(tool.Wrong, match="sharesKgCO2e"):
        tool._compare_subject(subject, certified.body)


def test_the_code_on_the_page_opens_the_public_page(certified):
    found = zxingcpp.read_barcodes(page_image(pdf(certified)))
    assert [code.text for code in found] == [f"http://test/ledger/certificates/{certified.certificate.serial}"]


def page_image(data):
    (page,) = pypdfium2.PdfDocument(data)  # one page
    return page.render(scale=110 / 72).to_pil()
