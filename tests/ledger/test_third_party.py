"""What others' code says of our checkpoints and proofs: sigstore-python's, written for Rekor's log."""

import base64
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore.errors import VerificationError
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails
from sqlalchemy import select

from marketplace.extensions import db
from marketplace.ledger.keys import signing_key
from marketplace.ledger.models import LedgerEntry
from tests.factories import completed, open_listing

KEY_ID_OF_REKOR_BYTES = 32


def keyring(public_key: bytes) -> RekorKeyring:
    der = Ed25519PublicKey.from_public_bytes(public_key).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return RekorKeyring(
        Keyring([PublicKey(raw_bytes=base64.b64encode(der), key_details=PublicKeyDetails.PKIX_ED25519)])
    )


def as_rekor_entry(client, entry: bytes, position: int) -> SimpleNamespace:
    """What our public addresses serve, in the form that sigstore reads."""
    found = client.get(f"/ledger/proofs/inclusion/{position}").json
    proof = SimpleNamespace(
        log_index=int(found["position"]),
        tree_size=int(found["size"]),
        root_hash=bytes.fromhex(found["root"]),
        hashes=[bytes.fromhex(step) for step in found["proof"]],
        checkpoint=SimpleNamespace(envelope=client.get("/ledger/checkpoint").text),
    )
    hint = signing_key().verifier.key_id.ljust(KEY_ID_OF_REKOR_BYTES, b"\0")
    log_id = SimpleNamespace(key_id=hint)
    return SimpleNamespace(
        _inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=entry, log_id=log_id)
    )  # fmt: skip


@pytest.fixture
def five(client, world):
    for _ in range(5):
        completed(open_listing())
    return [row.canonical.encode() for row in db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position))]


def test_sigstore_accepts_each_entry_with_its_proof_and_checkpoint(client, five):
    for position, entry in enumerate(five):
        foreign = as_rekor_entry(client, entry, position)
        verify_merkle_inclusion(foreign)
        verify_checkpoint(keyring(signing_key().verifier.public_key), foreign)


def test_sigstore_refuses_an_entry_with_one_bit_changed(client, five):
    changed = bytes([five[2][0] ^ 1]) + five[2][1:]
    with pytest.raises(VerificationError, match="root hash"):
        verify_merkle_inclusion(as_rekor_entry(client, changed, 2))


def test_sigstore_refuses_a_checkpoint_of_another_key_or_root(client, five):
    foreign = as_rekor_entry(client, five[0], 0)
    with pytest.raises(VerificationError, match="signature"):
        verify_checkpoint(keyring(bytes(32)), foreign)
    foreign._inner.inclusion_proof.root_hash = bytes(32)
    with pytest.raises(VerificationError, match="root hash"):
        verify_checkpoint(keyring(signing_key().verifier.public_key), foreign)
