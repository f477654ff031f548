"""Signed notes and checkpoints as C2SP writes them: a text, and who signed it.

Sources: C2SP signed-note, tlog-checkpoint and tlog-cosignature (https://c2sp.org). Keys are Ed25519 (RFC 8032).
A note's text ends with a newline; an empty line parts it from its signature lines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from marketplace.ledger.merkle import HASH_BYTES

DASH = "— "  # U+2014 and a space: how each signature line begins
KEY_BYTES = 32
KEY_ID_BYTES = 4
TIME_BYTES = 8
SIGNATURE_BYTES = 64
MOST_SIGNATURES = 100  # what signed-note asks a reader to accept at least, and lets it refuse beyond
MOST_BYTES = 1_000_000
PRIVATE_PREFIX = "PRIVATE+KEY+"


class NoteError(ValueError):
    """A text that is no note, no checkpoint or no key, and why."""


class Algorithm(IntEnum):
    """The signature type bytes of signed-note that are in use here."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says to have signed, with which key, and the bytes after the key ID."""

    name: str
    key_id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, without its newline."""
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.blob).decode()}"

    @property
    def time(self) -> int:
        """Of a cosignature: when it was made, in Unix seconds.

        Raises:
            NoteError: it is too short to be a cosignature.
        """
        if len(self.blob) != TIME_BYTES + SIGNATURE_BYTES:
            raise NoteError("a cosignature has 8 bytes of time and 64 of signature")
        return int.from_bytes(self.blob[:TIME_BYTES], "big")

    @classmethod
    def parse(cls, line: str) -> Signature:
        """The signature in one line.

        Raises:
            NoteError: the line is not `— name base64`.
        """
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        if not line.startswith(DASH) or not encoded:
            raise NoteError(f"not a signature line: {line[:80]!r}")
        _check_name(name)
        decoded = _base64(encoded, "signature")
        if len(decoded) <= KEY_ID_BYTES:
            raise NoteError("a signature line is too short")
        return cls(name, decoded[:KEY_ID_BYTES], decoded[KEY_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def encoded(self) -> str:
        """The whole note."""
        return self.text + "\n" + "".join(s.line + "\n" for s in self.signatures)

    def with_signatures(self, *more: Signature) -> Note:
        """The same text, signed by others too."""
        return Note(self.text, (*self.signatures, *more))

    @classmethod
    def parse(cls, encoded: str) -> Note:
        """The note in a text.

        Raises:
            NoteError: no empty line before the signatures, no signature, a broken line, or a control character.
        """
        if len(encoded) > MOST_BYTES:
            raise NoteError(f"a note has at most {MOST_BYTES} characters")
        if any(ord(char) < 0x20 and char != "\n" or char in "\x7f\ufffd" for char in encoded):
            raise NoteError("a note holds no control characters")
        text, gap, tail = encoded.rpartition("\n\n")
        if not gap or not tail.endswith("\n"):
            raise NoteError("a note is a text, an empty line, and signature lines that end with a newline")
        lines = tail[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise NoteError(f"a note has at most {MOST_SIGNATURES} signatures")
        return cls(text + "\n", tuple(Signature.parse(line) for line in lines))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under."""

    name: str
    public_key: bytes
    algorithm: Algorithm = Algorithm.ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public_key) != KEY_BYTES:
            raise NoteError(f"an Ed25519 public key has {KEY_BYTES} bytes, got {len(self.public_key)}")

    @property
    def key_id(self) -> bytes:
        """The four bytes that tell which key made a signature; a hint, not a proof."""
        typed = bytes([self.algorithm]) + self.public_key
        return _key_id(self.name, typed)

    @property
    def encoded(self) -> str:
        """The verifier key ("vkey"): name, key ID, algorithm and key in one word."""
        typed = base64.b64encode(bytes([self.algorithm]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{typed}"

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """The key in a vkey.

        Raises:
            NoteError: not `name+hash+key`, another algorithm, or a key ID that is not that of name and key.
        """
        name, key_id, typed = _key_parts(vkey)
        key = cls(name, typed[1:], _algorithm(typed))
        if key.key_id.hex() != key_id:
            raise NoteError(f"the key ID of {name} is {key.key_id.hex()}, the vkey says {key_id}")
        return key

    def has_signed(self, text: str, signature: Signature) -> bool:
        """Whether this key made the signature over the text (for a cosignature: over its time and the text)."""
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            return False
        message, blob = text.encode(), signature.blob
        if self.algorithm is Algorithm.COSIGNATURE_V1:
            if len(blob) != TIME_BYTES + SIGNATURE_BYTES:
                return False
            message, blob = cosigned_message(text, signature.time), blob[TIME_BYTES:]
        return self.fits(blob, message)

    def fits(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the bare Ed25519 signature over the bytes."""
        try:
            _public(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def signature_in(self, note: Note) -> Signature | None:
        """The first good signature of this key on a note."""
        return next((s for s in note.signatures if self.has_signed(note.text, s)), None)


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key with the name it signs under. It has no `repr`, so that no log shows it."""

    name: str
    seed: bytes
    algorithm: Algorithm = Algorithm.ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise NoteError(f"an Ed25519 seed has {KEY_BYTES} bytes, got {len(self.seed)}")

    @classmethod
    def generate(cls, name: str, algorithm: Algorithm = Algorithm.ED25519) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw(), algorithm)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return _verifier(self)

    @property
    def encoded(self) -> str:
        """The key in the one-word form of Go's note package, to be kept secret."""
        typed = base64.b64encode(bytes([self.algorithm]) + self.seed).decode()
        return f"{PRIVATE_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{typed}"

    @classmethod
    def parse(cls, encoded: str) -> SigningKey:
        """The key in `PRIVATE+KEY+name+hash+key`.

        Raises:
            NoteError: another form or algorithm, or the key ID does not fit.
        """
        if not encoded.startswith(PRIVATE_PREFIX):
            raise NoteError(f"a private key begins with {PRIVATE_PREFIX}")
        name, key_id, typed = _key_parts(encoded.removeprefix(PRIVATE_PREFIX))
        key = cls(name, typed[1:], _algorithm(typed))
        if key.verifier.key_id.hex() != key_id:
            raise NoteError("the private key's ID does not fit its name and key")
        return key

    def sign(self, text: str) -> Signature:
        """A signature over a note's text."""
        return self._signature(text.encode(), b"")

    def cosign(self, text: str, unix_seconds: int) -> Signature:
        """A witness's timestamped signature over a checkpoint's text (tlog-cosignature v1)."""
        return self._signature(cosigned_message(text, unix_seconds), unix_seconds.to_bytes(TIME_BYTES, "big"))

    def sign_bytes(self, message: bytes) -> bytes:
        """A bare Ed25519 signature."""
        return _private(self.seed).sign(message)

    def _signature(self, message: bytes, prefix: bytes) -> Signature:
        return Signature(self.name, self.verifier.key_id, prefix + self.sign_bytes(message))


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """What a checkpoint says: which log, how many entries, which root; and lines of the log's own."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin or self.size < 0 or len(self.root) != HASH_BYTES:
            raise NoteError("a checkpoint needs an origin, a size and a root of 32 bytes")
        if any(not line or "\n" in line for line in self.extensions):
            raise NoteError("an extension line is one line, and not empty")

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(line + "\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> CheckpointBody:
        """The checkpoint in a note's text.

        Raises:
            NoteError: fewer than three lines, a size that is no plain decimal, or a root that is no 32 bytes in base64.
        """
        if not text.endswith("\n") or text.count("\n") < 3:
            raise NoteError("a checkpoint has at least three lines: origin, size, root")
        origin, size, encoded, *extensions = text[:-1].split("\n")
        if not (size.isascii() and size.isdigit()) or size != str(int(size)):
            raise NoteError(f"the size of a checkpoint is a decimal without leading zeros, not {size[:40]!r}")
        return cls(origin, int(size), _base64(encoded, "root"), tuple(extensions))


@lru_cache(maxsize=16)
def _private(seed: bytes) -> Ed25519PrivateKey:
    """The key made from its seed, which takes as long as signing with it."""
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=16)
def _verifier(key: SigningKey) -> VerifierKey:
    return VerifierKey(key.name, _private(key.seed).public_key().public_bytes_raw(), key.algorithm)


@lru_cache(maxsize=256)
def _key_id(name: str, typed_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + typed_key).digest()[:KEY_ID_BYTES]


@lru_cache(maxsize=256)
def _public(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def cosigned_message(text: str, unix_seconds: int) -> bytes:
    """What a witness signs (tlog-cosignature v1)."""
    return f"cosignature/v1\ntime {unix_seconds}\n{text}".encode()


def _key_parts(encoded: str) -> tuple[str, str, bytes]:
    # The base64 may hold a plus, name and key ID may not.
    name, _, rest = encoded.strip().partition("+")
    key_id, _, typed = rest.partition("+")
    if not typed:
        raise NoteError("a key is name+hash+base64")
    decoded = _base64(typed, "key")
    if len(decoded) != 1 + KEY_BYTES:
        raise NoteError(f"a key has one byte for its kind and {KEY_BYTES} of key")
    return name, key_id, decoded


def _algorithm(typed: bytes) -> Algorithm:
    try:
        return Algorithm(typed[0])
    except ValueError as unknown:
        raise NoteError(f"key of unknown kind {typed[0]}; known are Ed25519 (1) and cosignature (4)") from unknown


def _base64(encoded: str, what: str) -> bytes:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as broken:
        raise NoteError(f"the {what} is not base64") from broken
    if base64.b64encode(decoded).decode() != encoded:
        raise NoteError(f"the {what} is not base64 in its one form")
    return decoded


def _check_name(name: str) -> None:
    if not name or "+" in name or any(char.isspace() for char in name):
        raise NoteError(f"a key's name is not empty and holds neither space nor plus, got {name[:80]!r}")
