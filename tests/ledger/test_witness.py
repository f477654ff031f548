"""A witness outside follows the log and cosigns; a log that contradicts itself gets none. On both databases."""

import stat

import pytest

from marketplace.database import transaction
from marketplace.ledger import cosigning, witnesses
from marketplace.ledger.checkpoints import issue_checkpoint, latest_checkpoint, published_note
from marketplace.ledger.cosigning import LogSource, Refused, Seen
from marketplace.ledger.keys import signing_key
from marketplace.ledger.merkle import leaf_hash, root
from marketplace.ledger.models import Cosignature
from marketplace.ledger.notes import Algorithm, CheckpointBody, Note, NoteError, SigningKey, VerifierKey
from tests.factories import completed, open_listing

WITNESS = SigningKey("verifier.example/w1", bytes(range(32)), Algorithm.COSIGNATURE_V1)
LOG = SigningKey("log.example/ledger", bytes(32))


@pytest.fixture
def known(world):
    with transaction():
        witnesses.add_witness(WITNESS.verifier.encoded)


@pytest.fixture
def served(client, known):
    """Our log as the witness reads it."""
    return LogSource("test", lambda path: client.get(f"/ledger/{path}").data)


def mirrored(folder, leaves, key=LOG, size=None):
    """A log in a directory, as a mirror would write it."""
    size = len(leaves) if size is None else size
    (folder / "tile/0").mkdir(parents=True, exist_ok=True)
    (folder / f"tile/0/000.p/{size}").parent.mkdir(exist_ok=True)
    (folder / f"tile/0/000.p/{size}").write_bytes(b"".join(leaves[:size]))
    text = CheckpointBody(key.name, size, root(leaves[:size])).text
    (folder / "checkpoint").write_text(Note(text, (key.sign(text),)).encoded)
    return LogSource.of(str(folder))


def leaves_of(*words):
    return [leaf_hash(word.encode()) for word in words]


def test_a_witness_follows_our_log_and_the_page_shows_it(client, served, tmp_path):
    seen = Seen(tmp_path / "seen")
    for size in (1, 2):
        completed(open_listing())
        note = cosigning.cosign(served, signing_key().verifier, WITNESS, seen)
        answer = client.post("/ledger/cosignatures", data=note.encoded)
        assert (answer.status_code, f"checkpoint of {size} entries" in answer.text) == (201, True)
    assert WITNESS.verifier.signature_in(Note.parse(client.get("/ledger/checkpoint").text))
    assert signing_key().verifier.signature_in(Note.parse(client.get("/ledger/checkpoint").text))
    assert [(s.witness.name, s.size) for s in witnesses.states()] == [("verifier.example/w1", 2)]
    for page in ("/ledger", "/ledger/checkpoints"):
        assert "verifier.example/w1" in client.get(page).text
    assert seen.last().size == 2


def test_a_cosignature_handed_in_twice_is_kept_once(client, served, tmp_path):
    completed(open_listing())
    note = cosigning.cosign(served, signing_key().verifier, WITNESS, Seen(tmp_path / "seen"))
    assert [client.post("/ledger/cosignatures", data=note.encoded).status_code for _ in range(2)] == [201, 201]
    from marketplace.extensions import db

    assert db.session.query(Cosignature).count() == 1


def test_a_cosignature_may_come_by_other_means(app, served, tmp_path):
    completed(open_listing())
    note = cosigning.cosign(served, signing_key().verifier, WITNESS, Seen(tmp_path / "seen"))
    (tmp_path / "note").write_text(note.encoded)
    result = app.test_cli_runner().invoke(args=["ledger", "witness", "take", str(tmp_path / "note")])
    assert result.output == "verifier.example/w1 has cosigned 1 entries\n"


def test_only_a_good_cosignature_of_a_known_witness_on_our_checkpoint_is_taken(client, known):
    completed(open_listing())
    ours = Note.parse(latest_checkpoint().note)
    stranger = SigningKey.generate("stranger.example/w", Algorithm.COSIGNATURE_V1)
    imposter = SigningKey.generate(WITNESS.name, Algorithm.COSIGNATURE_V1)
    other_text = CheckpointBody(signing_key().name, 1, bytes(32)).text
    for note, words in (
        (ours, "none of its signatures"),
        (ours.with_signatures(stranger.cosign(ours.text, 1)), "none of its signatures"),
        (ours.with_signatures(imposter.cosign(ours.text, 1)), "none of its signatures"),
        (Note(other_text, (WITNESS.cosign(other_text, 1),)), "no such checkpoint"),
        (Note("hello\n", (WITNESS.cosign("hello\n", 1),)), "three lines"),
        (Note(ours.text, (WITNESS.cosign(ours.text, 2**63),)), "is no time"),
    ):
        answer = client.post("/ledger/cosignatures", data=note.encoded)
        assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert client.post("/ledger/cosignatures", data=b"\xff" * 100).status_code == 422
    assert client.post("/ledger/cosignatures", data=b"x" * 70_000).status_code == 413
    assert published_note(latest_checkpoint()) == ours


def test_a_witness_is_known_by_a_cosignature_key_and_once(app, known):
    runner = app.test_cli_runner()
    for vkey, words in (
        (WITNESS.verifier.encoded, "known already"),
        (LOG.verifier.encoded, "cosignature/v1"),
        ("nonsense", "name+hash+base64"),
    ):
        result = runner.invoke(args=["ledger", "witness", "add", vkey])
        assert (result.exit_code, words in result.output) == (1, True), result.output


def test_a_log_that_grows_is_cosigned_from_a_mirror(tmp_path):
    seen = Seen(tmp_path / "seen")
    for leaves in (leaves_of("a"), leaves_of("a", "b"), leaves_of("a", "b"), leaves_of("a", "b", "c", "d")):
        note = cosigning.cosign(mirrored(tmp_path / "log", leaves), LOG.verifier, WITNESS, seen)
        assert WITNESS.verifier.signature_in(note)
        assert seen.last().size == len(leaves)


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (leaves_of("a", "b"), "entries were cut off"),
        (leaves_of("a", "b", "X"), "does not begin with the tree of 3"),
        (leaves_of("a", "X", "c", "d"), "does not begin with the tree of 3"),
        (leaves_of("b", "a", "c", "d"), "does not begin with the tree of 3"),
        ([], "entries were cut off"),
    ],
)
def test_a_log_that_was_cut_or_rewritten_is_refused(tmp_path, later, words):
    seen = Seen(tmp_path / "seen")
    cosigning.cosign(mirrored(tmp_path / "log", leaves_of("a", "b", "c")), LOG.verifier, WITNESS, seen)
    with pytest.raises(Refused, match=words) as refused:
        cosigning.cosign(mirrored(tmp_path / "log", later), LOG.verifier, WITNESS, seen)
    assert refused.value.is_alarm
    assert seen.last().size == 3


def test_another_key_wrong_tiles_and_a_forgotten_past_are_refused(tmp_path):
    seen = Seen(tmp_path / "seen")
    log = mirrored(tmp_path / "log", leaves_of("a", "b"), key=SigningKey.generate(LOG.name))
    with pytest.raises(Refused, match="not signed by"):
        cosigning.cosign(log, LOG.verifier, WITNESS, seen)
    log = mirrored(tmp_path / "log", leaves_of("a", "b"))
    (tmp_path / "log/tile/0/000.p/2").write_bytes(b"".join(leaves_of("a", "c")))
    with pytest.raises(Refused, match="do not give the root"):
        cosigning.cosign(log, LOG.verifier, WITNESS, seen)
    (tmp_path / "log/tile/0/000.p/2").write_bytes(bytes(63))
    with pytest.raises(Refused, match="missing or broken"):
        cosigning.cosign(log, LOG.verifier, WITNESS, seen)
    (tmp_path / "log/tile/0/000.p/2").unlink()
    with pytest.raises(Refused, match="cannot be read"):
        cosigning.cosign(log, LOG.verifier, WITNESS, seen)
    seen.path.write_text("")
    with pytest.raises(Refused, match="not the checkpoint it should be"):
        cosigning.cosign(mirrored(tmp_path / "log", leaves_of("a")), LOG.verifier, WITNESS, seen)


def test_the_commands_of_a_witness_from_key_to_alarm(app, world, tmp_path):
    runner = app.test_cli_runner()
    key_file = tmp_path / "w.key"
    made = runner.invoke(args=["ledger", "witness", "key", "city.example/w", str(key_file)])
    vkey = VerifierKey.parse(made.output)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert runner.invoke(args=["ledger", "witness", "key", "city.example/w", str(key_file)]).exit_code == 1
    mirrored(tmp_path / "log", leaves_of("a", "b"))
    cosign = ["ledger", "cosign", str(tmp_path / "log"), "--log-key", LOG.verifier.encoded, "--key", str(key_file)]
    cosign += ["--seen", str(tmp_path / "seen")]
    done = runner.invoke(args=cosign)
    assert done.exit_code == 0, done.output
    assert vkey.signature_in(Note.parse(done.stdout))
    mirrored(tmp_path / "log", leaves_of("a"))
    alarm = runner.invoke(args=cosign)
    assert (alarm.exit_code, "ALARM: the log had 2 entries and has 1" in alarm.output) == (2, True)
    nowhere = runner.invoke(args=[*cosign[:2], str(tmp_path / "nowhere"), *cosign[3:]])
    assert (nowhere.exit_code, "cannot be read" in nowhere.output) == (1, True)


def test_a_directory_takes_no_cosignature(tmp_path):
    log = mirrored(tmp_path / "log", leaves_of("a"))
    note = cosigning.cosign(log, LOG.verifier, WITNESS, Seen(tmp_path / "seen"))
    with pytest.raises(Refused, match="takes no cosignature"):
        log.hand_in(note)


def test_an_hourly_checkpoint_of_the_same_tree_is_cosigned_too(served, tmp_path):
    completed(open_listing())
    seen = Seen(tmp_path / "seen")
    cosigning.cosign(served, signing_key().verifier, WITNESS, seen)
    with transaction():
        issue_checkpoint()
    assert cosigning.cosign(served, signing_key().verifier, WITNESS, seen)


def test_a_plain_key_does_not_cosign(known):
    with pytest.raises(NoteError), transaction():
        witnesses.add_witness(LOG.verifier.encoded)
