"""A W3C Verifiable Credential 2.0 and its Data Integrity proof, cryptosuite eddsa-jcs-2022 (vc-di-eddsa §3.3). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.ledger.canonical import canonical_bytes

ED25519_MULTICODEC = b"\xed\x01"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def did_key(public_key: bytes) -> str:
    """The did:key of an Ed25519 public key: the key itself is its identifier."""
    return f"did:key:{multibase(ED25519_MULTICODEC + public_key)}"


def multibase(data: bytes) -> str:
    """Base58 as Bitcoin writes it, with its multibase prefix z."""
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = BASE58[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + BASE58[0] * zeros + digits


def secured(document: Mapping[str, Any], seed: bytes, created: str) -> dict[str, Any]:
    """The document with a proof by its issuer.

    Args:
        document: a credential whose issuer is the did:key of the seed's public key.
        seed: 32 bytes, the Ed25519 private key.
        created: when the proof is made, RFC 3339.
    """
    key = Ed25519PrivateKey.from_private_bytes(seed)
    did = did_key(key.public_key().public_bytes_raw())
    options = {
        "@context": document["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": created,
        "verificationMethod": f"{did}#{did.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
    }
    message = hashlib.sha256(canonical_bytes(options)).digest() + hashlib.sha256(canonical_bytes(document)).digest()
    return {**document, "proof": {**options, "proofValue": multibase(key.sign(message))}}
