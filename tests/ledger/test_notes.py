"""Signed notes, checkpoints and keys: the published example to the last byte, and what is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ledger.notes import Algorithm, CheckpointBody, Note, NoteError, Signature, SigningKey, VerifierKey

ORIGIN = "exchange.example/ledger"
SEED = bytes.fromhex("87187dbef37a533057593355648f26adbccf6da15391b62d11b4b64db8aa67bb")
ROOT_OF_8 = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
VKEY = "exchange.example/ledger+8cb739f9+Adt/YyuJRSe46B0tz1hLeHD8kfSWQiT+vJ4eeeErPBsu"
PUBLISHED = """exchange.example/ledger
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— exchange.example/ledger jLc5+VXCrjGngS7HNh8IMqHPa77CXZ3QwAtI8Ojkhvg+hGuI6lAarRtEsB8wZeHYTpPH7CaVCs1coqPHEKDYO1iNGAU=
"""


def test_the_published_checkpoint_is_made_and_read_to_the_last_byte():
    key, body = SigningKey(ORIGIN, SEED), CheckpointBody(ORIGIN, 8, ROOT_OF_8)
    assert Note(body.text, (key.sign(body.text),)).encoded == PUBLISHED
    read = Note.parse(PUBLISHED)
    assert CheckpointBody.parse(read.text) == body
    assert VerifierKey.parse(VKEY) == key.verifier
    assert VerifierKey.parse(VKEY).signature_in(read) is not None


def test_keys_are_read_as_they_are_written():
    for algorithm in Algorithm:
        key = SigningKey.generate(ORIGIN, algorithm)
        assert SigningKey.parse(key.encoded) == key
        assert VerifierKey.parse(key.verifier.encoded) == key.verifier
        assert key.seed.hex() not in repr(key) + str(key)
        assert base64.b64encode(key.seed).decode()[:10] not in repr(key)


@given(bit=st.integers(0, len(PUBLISHED.encode()) * 8 - 1))
def test_no_bit_of_a_signed_checkpoint_can_be_turned(bit):
    data = bytearray(PUBLISHED.encode())
    data[bit // 8] ^= 1 << bit % 8
    try:
        note = Note.parse(bytes(data).decode())
    except (NoteError, UnicodeDecodeError):
        return
    assert VerifierKey.parse(VKEY).signature_in(note) is None


def test_a_cosignature_covers_its_time_and_is_no_plain_signature():
    witness = SigningKey.generate("verifier.example/w1", Algorithm.COSIGNATURE_V1)
    text = CheckpointBody(ORIGIN, 8, ROOT_OF_8).text
    signature = witness.cosign(text, 1_790_000_000)
    assert signature.time == 1_790_000_000
    assert witness.verifier.has_signed(text, signature)
    later = (1_790_000_001).to_bytes(8, "big") + signature.blob[8:]
    assert not witness.verifier.has_signed(text, Signature(signature.name, signature.key_id, later))
    plain = SigningKey(witness.name, witness.seed).sign(text)
    assert not witness.verifier.has_signed(text, plain)
    assert plain.key_id != signature.key_id


def test_another_signature_leaves_the_text_and_ours_as_they_are():
    witness = SigningKey.generate("verifier.example/w1", Algorithm.COSIGNATURE_V1)
    note = Note.parse(PUBLISHED)
    both = Note.parse(note.with_signatures(witness.cosign(note.text, 1)).encoded)
    assert both.encoded.startswith(PUBLISHED)
    assert VerifierKey.parse(VKEY).signature_in(both)
    assert witness.verifier.signature_in(both)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty line"),
        ("a\nb\n", "empty line"),
        ("a\n\nno dash\n", "not a signature line"),
        ("a\n\n— name\n", "not a signature line"),
        ("a\n\n— name !!!!\n", "not base64"),
        ("a\n\n— name AAAA\n", "too short"),
        ("a\n\n— na+me AAAAAAAA\n", "neither space nor plus"),
        ("a\x00\n\n— name AAAAAAAA\n", "control"),
        ("a\n\n" + "— name AAAAAAAA\n" * 101, "at most 100"),
        ("a\n\n— name AAAAAAAA", "end with a newline"),
    ],
)
def test_what_is_no_note_is_refused_with_the_reason(text, words):
    with pytest.raises(NoteError, match=words):
        Note.parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("origin\n8\n", "three lines"),
        ("origin\n08\n" + "A" * 43 + "=\n", "leading zeros"),
        ("origin\n-1\n" + "A" * 43 + "=\n", "leading zeros"),
        ("origin\n٣\n" + "A" * 43 + "=\n", "leading zeros"),
        ("origin\n8\nAAAA\n", "32 bytes"),
        ("origin\n8\n" + "A" * 42 + "B=\n", "one form"),
        ("\n8\n" + "A" * 43 + "=\n", "needs an origin"),
        ("origin\n8\n" + "A" * 43 + "=\n\nx\n", "extension"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_the_reason(text, words):
    with pytest.raises(NoteError, match=words):
        CheckpointBody.parse(text)


@pytest.mark.parametrize(
    ("vkey", "words"),
    [
        ("name", r"name\+hash\+base64"),
        (VKEY.replace("8cb739f9", "8cb739f8"), "key ID"),
        ("n+00000000+AAAA", "of key"),
        ("n+00000000+" + base64.b64encode(b"\x09" + bytes(32)).decode(), "unknown kind"),
    ],
)
def test_what_is_no_key_is_refused_with_the_reason(vkey, words):
    with pytest.raises(NoteError, match=words):
        VerifierKey.parse(vkey)
