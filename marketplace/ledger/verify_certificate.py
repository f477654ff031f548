#!/usr/bin/env python3
"""Check a certificate of avoided emissions, or a whole export of the ledger, without a network and without trust.

    python3 verify_certificate.py certificate.pdf
    python3 verify_certificate.py certificate.json --key 'exchange.example/ledger+8cb739f9+Adt…'
    python3 verify_certificate.py credential.json --against saved.ckpt --consistency proof.json
    python3 verify_certificate.py export.zip --against saved.ckpt

It needs Python 3.11 and the package `cryptography`, and nothing of the exchange that issued what it checks. It is one
file on purpose: read it, or write your own from the page "How to check a certificate".

What is checked: canonical form of the entry (RFC 8785), its leaf hash and inclusion proof (RFC 9162), the signed
checkpoint (C2SP tlog-checkpoint, Ed25519), consistency with a checkpoint that you kept, both parties' confirmations and
their places in the tree of confirmations that the checkpoint signs (or the seals of older ones), the credential's proof
(W3C Data Integrity, eddsa-jcs-2022), the seal over a PDF's pages, and the figure itself, recomputed from the weights,
distances and factors in the entry by the version of the method that it names. A version that this copy does not know
leaves the figure open (exit code 3); all else is checked.

Exit code: 0 all good; 1 something is wrong; 2 the file cannot be read; 3 good as far as it could be checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import io
import json
import re
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, FloatOperation, InvalidOperation, localcontext
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENTRY_FORMATS = ("gcx-entry/1", "gcx-entry/2", "gcx-entry/3")
CONFIRMATION_FORMAT = "gcx-confirmation/2"
EXPORT_FORMATS = ("gcx-export/1", "gcx-export/2")
GOOD, WRONG, UNREADABLE, INCOMPLETE = 0, 1, 2, 3


class Wrong(Exception):
    """A check that failed: what is wrong, in a sentence."""


class Unreadable(Exception):
    """The file is not one this tool knows."""


@dataclass(slots=True)
class Report:
    """What was found; `say` shows each line as it comes."""

    say: Callable[[str], None]
    is_complete: bool = True

    def good(self, text: str) -> None:
        self.say(f"good   {text}")

    def note(self, text: str) -> None:
        self.say(f"       {text}")

    def open(self, text: str) -> None:
        """Something that was asked for and could not be decided."""
        self.is_complete = False
        self.say(f"open   {text}")


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader brings along: keys they got elsewhere, a checkpoint they kept, its consistency proof."""

    keys: Sequence[Key] = ()
    witnesses: Sequence[Key] = ()
    kept: str | None = None
    consistency: str | None = None


# --- Canonical JSON (RFC 8785) ----------------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """The one form of a JSON value: keys by UTF-16 code units, no spaces, no floats, text in normal form C."""
    return _ordered(value).encode()


def _ordered(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=None if "".join(value).isascii() else _utf16)
        return "{" + ",".join(f"{_text(key)}:{_ordered(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_ordered, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    raise Wrong(f"{value!r} is not allowed in canonical JSON; numbers are written as strings")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _text(text: str) -> str:
    if not text.isascii():
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise Wrong("a text holds a lone surrogate")
        if not unicodedata.is_normalized("NFC", text):
            raise Wrong("a text is not in Unicode normal form C")
    return _QUOTED(text)


_QUOTED = json.JSONEncoder(ensure_ascii=False).encode


def read_json(data: bytes, what: str) -> Any:
    """The value in UTF-8 JSON; a key that stands twice and a number with a point are refused."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as broken:
        raise Wrong(f"{what} is not JSON in UTF-8: {broken}") from broken


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Wrong("an object has a key twice")
    return members


def _no_float(literal: str) -> Any:
    raise Wrong(f"{literal} is not allowed; numbers are written as strings")


def text_of(document: Any, key: str, what: str) -> str:
    """A member that must be a text."""
    value = document.get(key) if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise Wrong(f"{what} has no text `{key}`")
    return value


def whole_number(text: str, what: str) -> int:
    """A size or position: decimal digits without a leading zero."""
    if not (text.isascii() and text.isdigit()) or text != str(int(text)):
        raise Wrong(f"{what} is no whole number: {text[:40]!r}")
    return int(text)


# --- Merkle tree (RFC 9162 §2.1) --------------------------------------------------------------------------------------


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00", entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01", left, right)


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that a proof leads to. From the root down: at each split the leaf is left or right, and the other
    side's hash is the proof's last (RFC 9162 §2.1.3.1 read backwards)."""
    if not 0 <= index < size:
        raise Wrong(f"position {index} is not within a tree of {size}")
    if size == 1:
        if proof:
            raise Wrong("the inclusion proof has too many hashes")
        return leaf
    if not proof:
        raise Wrong("the inclusion proof has too few hashes")
    split = 1 << ((size - 1).bit_length() - 1)
    if index < split:
        return node_hash(root_by_inclusion(leaf, index, split, proof[:-1]), proof[-1])
    return node_hash(proof[-1], root_by_inclusion(leaf, index - split, size - split, proof[:-1]))


def roots_by_consistency(
    old: int, new: int, proof: list[bytes], known: bytes | None, is_edge: bool = True
) -> tuple[bytes, bytes]:
    """The old and the new root that a consistency proof leads to (RFC 9162 §2.1.4.1 read backwards). `known` is the
    old root, which stands in no proof when the old tree is one whole left side of the new one."""
    if old == new:
        if is_edge and known is not None:
            if proof:
                raise Wrong("the consistency proof has too many hashes")
            return known, known
        if len(proof) != 1:
            raise Wrong("the consistency proof has the wrong length")
        return proof[0], proof[0]
    if not proof:
        raise Wrong("the consistency proof has too few hashes")
    split = 1 << ((new - 1).bit_length() - 1)
    if old <= split:
        old_root, left = roots_by_consistency(old, split, proof[:-1], known, is_edge)
        return old_root, node_hash(left, proof[-1])
    old_right, right = roots_by_consistency(old - split, new - split, proof[:-1], known, False)
    return node_hash(proof[-1], old_right), node_hash(proof[-1], right)


class Tree:
    """Right edge of a growing tree: roots of its perfect subtrees, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        carry, size = leaf, self.size
        while size & 1:
            carry = node_hash(self._edge.pop(), carry)
            size >>= 1
        self._edge.append(carry)
        self.size += 1

    def root(self) -> bytes:
        if not self._edge:
            return sha256()
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root


def hashes(texts: Any, what: str) -> list[bytes]:
    """Hashes written in hexadecimal, in lower case."""
    if not isinstance(texts, list) or not all(isinstance(t, str) and re.fullmatch("[0-9a-f]{64}", t) for t in texts):
        raise Wrong(f"{what} is no list of hashes in hexadecimal")
    return [bytes.fromhex(text) for text in texts]


# --- Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature) -----------------------------------------------


def unbase64(text: str, what: str) -> bytes:
    """Base64 in its one form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as broken:
        raise Wrong(f"{what} is not base64") from broken
    if base64.b64encode(data).decode() != text:
        raise Wrong(f"{what} is not base64 in its one form")
    return data


@dataclass(frozen=True, slots=True)
class Key:
    """An Ed25519 public key and the name it signs under; kind 1 for a log, 4 for a witness."""

    name: str
    public: bytes
    kind: int = 1

    @classmethod
    def parse(cls, vkey: str) -> Key:
        """The key in `name+id+base64(kind ‖ key)`."""
        name, _, rest = vkey.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        typed = unbase64(encoded, "the key")
        if not name or len(typed) != 33 or typed[0] not in (1, 4):
            raise Wrong(f"this is no Ed25519 verifier key: {vkey[:80]!r}")
        key = cls(name, typed[1:], typed[0])
        if key.id.hex() != key_id:
            raise Wrong(f"the key of {name} does not fit its own ID")
        return key

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode(), b"\n", bytes([self.kind]), self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text: the text with its last newline, and (name, key ID, signature) of each line."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, encoded: str) -> Note:
        text, gap, tail = encoded.rpartition("\n\n")
        if not gap or not tail.endswith("\n"):
            raise Wrong("a signed note is a text, an empty line and signature lines")
        return cls(text + "\n", tuple(cls._line(line) for line in tail[:-1].split("\n")))

    @staticmethod
    def _line(line: str) -> tuple[str, bytes, bytes]:
        dash, name, *rest = [*line.split(" "), ""]
        blob = unbase64(rest[0], "a signature") if len(rest) == 2 else b""
        if dash != "\u2014" or not name or len(blob) < 5:
            raise Wrong("a signature line is `— name base64`")
        return name, blob[:4], blob[4:]

    def is_signed_by(self, key: Key) -> bool:
        """Whether this key made one of the signatures (a witness's is over its time and the text)."""
        for name, key_id, signature in self.signatures:
            if (name, key_id) != (key.name, key.id):
                continue
            message = self.text.encode()
            if key.kind == 4:
                seconds, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = f"cosignature/v1\ntime {seconds}\n".encode() + message
            if key.has_signed(message, signature):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed size and root of the log called `origin`."""

    note: Note
    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...]

    @classmethod
    def parse(cls, encoded: str) -> Checkpoint:
        note = Note.parse(encoded)
        lines = note.text[:-1].split("\n")
        if len(lines) < 3 or not lines[0]:
            raise Wrong("a checkpoint has at least three lines: origin, size, root")
        root = unbase64(lines[2], "the checkpoint's root")
        if len(root) != 32:
            raise Wrong("the checkpoint's root is no SHA-256 hash")
        return cls(note, lines[0], whole_number(lines[1], "the checkpoint's size"), root, tuple(lines[3:]))

    def extension(self, name: str) -> list[str]:
        """The words after the name of an extension line; none when there is no such line."""
        return next((line.split(" ")[1:] for line in self.extensions if line.split(" ")[0] == name), [])

    @property
    def confirmations(self) -> tuple[int, bytes]:
        """How many confirmations there were, and the root over them; before they had a log of their own, none."""
        words = self.extension("gcx-confirmations")
        if not words:
            return 0, sha256()
        size = whole_number(words[0], "the number of confirmations")
        (root,) = hashes(words[1:], "the root of the confirmations")
        return size, root


def check_signature(checkpoint: Checkpoint, keys: Iterable[Key], what: str) -> Key:
    """The key of the log itself that signed; a key of another name signs for another log."""
    for key in keys:
        if key.name == checkpoint.origin and checkpoint.note.is_signed_by(key):
            return key
    raise Wrong(f"{what} is not signed by the given key of {checkpoint.origin}")


# --- The figure, by the method avoided/1.0 ----------------------------------------------------------------------------

EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, FloatOperation])
KG, TENTH_KM, MICRO = Decimal("0.001"), Decimal("0.1"), Decimal("0.000001")
Z_95 = Decimal("1.959963984540054")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
COMPONENTS = (
    "disposal", "disposal_transport", "displaced", "displaced_transport", "reprocessing", "transport", "rejects",
)  # fmt: skip
PER_T, PER_TKM = ("kgCO2e/t", "kgCO2/t"), ("kgCO2e/tkm",)


class WrongInput(Wrong):
    """A field of the inputs that stops the assessment, by its path."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        super().__init__(f"{path} {why}")


@dataclass(frozen=True, slots=True)
class Figure:
    """A recomputed figure, kg CO2e, not rounded; `total_specific` in kg² CO2e."""

    components: Mapping[str, Decimal]
    sensitivities: Mapping[str, Decimal]
    gsds: Mapping[str, Decimal]
    total_specific: Decimal
    shares: Mapping[str, Decimal]
    break_even_km: Decimal | None
    biogenic: Decimal | None

    @property
    def net(self) -> Decimal:
        with localcontext(EXACT):
            return sum(self.components.values(), Decimal(0))

    def result(self) -> dict[str, Any]:
        """The figure as an entry writes it."""
        with localcontext(EXACT):
            shared = [(s, self.gsds[f]) for f, s in self.sensitivities.items()]
            low, high = bounds(self.net, shared, self.total_specific)
            result: dict[str, Any] = {
                "net_kgco2e": rounded(self.net),
                "low_kgco2e": rounded(low),
                "high_kgco2e": rounded(high),
                "components": {name: rounded(kg) for name, kg in self.components.items()},
                "break_even_km": None if self.break_even_km is None else rounded(self.break_even_km, TENTH_KM),
                "shares": _amounts(Decimal(rounded(self.net)), self.shares),
                "sensitivities": {f: _plain(s) for f, s in sorted(self.sensitivities.items())},
                "specific_variance": _plain(self.total_specific),
            }
            if self.biogenic is not None:
                result["biogenic_kgco2"] = rounded(self.biogenic)
            return result


def bounds(net: Decimal, shared: Iterable[tuple[Decimal, Decimal]], specific: Decimal) -> tuple[Decimal, Decimal]:
    """95 % interval: variance is Σ (S_j · ln g_j)² over factors, plus what belongs to single entries."""
    with localcontext(EXACT):
        variance = sum(((s * ln(gsd)) ** 2 for s, gsd in shared), specific)
        reach = Z_95 * variance.sqrt()
        return net - reach, net + reach


@lru_cache(maxsize=1024)
def ln(gsd: Decimal) -> Decimal:
    with localcontext(EXACT):
        return gsd.ln()


def rounded(value: Decimal, step: Decimal = KG) -> str:
    """Half to even, never a negative zero."""
    with localcontext(EXACT):
        return str(value.quantize(step) + 0)


def _plain(value: Decimal) -> str:
    text = f"{Decimal(rounded(value, MICRO)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amounts(net: Decimal, shares: Mapping[str, Decimal]) -> dict[str, str]:
    *others, last = shares
    amounts = {party: rounded(net * shares[party]) for party in others}
    amounts[last] = rounded(net - sum(map(Decimal, amounts.values()), Decimal(0)))
    return amounts


def recompute(inputs: Any, factors: Any) -> Figure:
    """The figure of one exchange from its inputs and factors; sections 2 to 6 of the method.

    Raises:
        WrongInput: the first field that is missing or wrong, by its path.
    """
    with localcontext(EXACT):
        return _Assessment(_mapping("input", inputs), _mapping("factors", factors)).figure()


class _Assessment:
    """The inputs, read field by field in the order in which the method names them."""

    def __init__(self, raw: Mapping[str, Any], factors: Mapping[str, Any]) -> None:
        self.raw, self.factors = raw, factors
        self.used: dict[str, tuple[Decimal, Decimal]] = {}
        rows = raw.get("deliveries")
        if not isinstance(rows, list) or not rows:
            raise WrongInput("deliveries", "must hold at least one delivery")
        everything = [self._delivery(f"deliveries.{i}", row) for i, row in enumerate(rows)]
        self.disposal = self._step("disposal")
        self.displaced = self._step("displaced")
        product = raw["displaced"]
        self.substitution = _number("displaced.substitution", product.get("substitution"), 0)
        self.quality = _number("displaced.quality", product.get("quality", "1"), 0, 1)
        if self.quality == 0:
            raise WrongInput("displaced.quality", "must be greater than 0")
        self.reprocessing = self._step("reprocessing")
        self.rejects = self._rejects(everything)
        self.shares = self._shares()
        self.mass_gsd = _number("mass_gsd", raw.get("mass_gsd", "1"), 1)
        self.km_gsd = _number("km_gsd", raw.get("km_gsd", "1"), 1)
        self.substitution_gsd = _number("displaced.substitution_gsd", product.get("substitution_gsd", "1"), 1)
        bases = _mapping("basis", raw.get("basis"))
        self.basis = {
            step: _basis(f"basis.{step}", bases.get(step)) for step in ("disposal", "displaced", "reprocessing")
        }
        self.hauls = {n: self._leg(n, raw[n]) for n in ("disposal_transport", "displaced_transport") if raw.get(n)}
        self.deliveries = [d for d in everything if self._is_in_period(d.weighed_on)]

    def figure(self) -> Figure:
        components = dict.fromkeys(COMPONENTS, Decimal(0))
        sensitivities: dict[str, Decimal] = {}
        by_delivery = [Decimal(0)] * len(self.deliveries)
        for index, delivery in enumerate(self.deliveries):
            for component, factor, amount in self._terms(delivery):
                kg = self.used[factor][0] * amount
                components[component] += kg
                sensitivities[factor] = sensitivities.get(factor, Decimal(0)) + kg
                by_delivery[index] += kg
        by_substitution = components["displaced"] + components["displaced_transport"]
        by_km = components["transport"] + components["disposal_transport"] + components["displaced_transport"]
        specific = (by_substitution * ln(self.substitution_gsd)) ** 2 + (by_km * ln(self.km_gsd)) ** 2
        specific += sum(((kg * ln(self.mass_gsd)) ** 2 for kg in by_delivery), Decimal(0))
        gsds = {factor: self.used[factor][1] for factor in sensitivities}
        break_even, biogenic = self._break_even(components), self._biogenic()
        return Figure(components, sensitivities, gsds, specific, self.shares, break_even, biogenic)

    def _terms(self, d: _Delivery) -> Iterator[tuple[str, str, Decimal]]:
        replaced = self.substitution * self.quality * d.mass(self.basis["displaced"])
        yield "disposal", self.disposal, d.mass(self.basis["disposal"])
        if "disposal_transport" in self.hauls:
            km, factor = self.hauls["disposal_transport"]
            yield "disposal_transport", factor, km * d.accepted
        yield "displaced", self.displaced, replaced
        if "displaced_transport" in self.hauls:
            km, factor = self.hauls["displaced_transport"]
            yield "displaced_transport", factor, km * replaced
        yield "reprocessing", self.reprocessing, -d.mass(self.basis["reprocessing"])
        for km, factor in d.legs:
            yield "transport", factor, -km * d.wet
        if self.rejects is not None:
            yield "rejects", self.rejects, -d.reject

    def _break_even(self, components: Mapping[str, Decimal]) -> Decimal | None:
        mode = self.raw.get("default_mode")
        default = None if mode is None else self.used[self._factor("default_mode", mode, PER_TKM)][0]
        weighed = sum((d.wet for d in self.deliveries), Decimal(0))
        tonne_km = sum((km * d.wet for d in self.deliveries for km, _ in d.legs), Decimal(0))
        factor = -components["transport"] / tonne_km if tonne_km else default
        before_transport = sum(components.values(), Decimal(0)) - components["transport"]
        if not weighed or factor is None or factor <= 0 or before_transport <= 0:
            return None
        return before_transport / weighed / factor

    def _biogenic(self) -> Decimal | None:
        if self.raw.get("biogenic") is None:
            return None
        row = _mapping("biogenic", self.raw["biogenic"])
        factor = self._factor("biogenic.factor", row.get("factor"), PER_T)
        basis = _basis("biogenic.basis", row.get("basis"))
        return self.used[factor][0] * sum((d.mass(basis) for d in self.deliveries), Decimal(0))

    def _delivery(self, path: str, raw: Any) -> _Delivery:
        row = _mapping(path, raw)
        wet = _number(f"{path}.wet_t", row.get("wet_t"), 0)
        if wet == 0:
            raise WrongInput(f"{path}.wet_t", "must be greater than 0")
        reject = _number(f"{path}.reject_t", row.get("reject_t"), 0, wet)
        moisture = _number(f"{path}.moisture", row.get("moisture"), 0, 1)
        legs = row.get("legs")
        if not isinstance(legs, list):
            raise WrongInput(f"{path}.legs", "must be a list")
        read = tuple(self._leg(f"{path}.legs.{i}", leg) for i, leg in enumerate(legs))
        return _Delivery(wet, reject, moisture, _day(f"{path}.weighed_on", row.get("weighed_on")), read)

    def _leg(self, path: str, raw: Any) -> tuple[Decimal, str]:
        row = _mapping(path, raw)
        return _number(f"{path}.km", row.get("km"), 0), self._factor(f"{path}.factor", row.get("factor"), PER_TKM)

    def _step(self, name: str) -> str:
        return self._factor(f"{name}.factor", _mapping(f"{name}.factor", self.raw.get(name)).get("factor"), PER_T)

    def _factor(self, path: str, factor: Any, units: tuple[str, ...]) -> str:
        """A known factor in a unit that fits; its value and spread are kept in `used`."""
        if not isinstance(factor, str) or factor not in self.factors:
            raise WrongInput(path, "names no known factor")
        row = _mapping(f"factors.{factor}", self.factors[factor])
        value = _number(f"factors.{factor}.value", row.get("value"))
        if value and row.get("unit") not in units:
            raise WrongInput(path, f"is in {row.get('unit')}, needs {units[0]}")
        self.used[factor] = value, _number(f"factors.{factor}.gsd", row.get("gsd"), 1)
        return factor

    def _rejects(self, deliveries: list[_Delivery]) -> str | None:
        if self.raw.get("rejects") is not None:
            return self._step("rejects")
        if any(d.reject for d in deliveries):
            raise WrongInput("rejects", "must name what happens to the rejected material")
        return None

    def _shares(self) -> dict[str, Decimal]:
        raw = self.raw.get("attribution")
        raw = {"supplier": "0.5", "user": "0.5"} if raw is None else _mapping("attribution", raw)
        shares = {party: _number("attribution", share, 0, 1) for party, share in raw.items()}
        if sum(shares.values(), Decimal(0)) != 1:
            raise WrongInput("attribution", "must add up to exactly 1")
        return shares

    def _is_in_period(self, day: date) -> bool:
        if self.raw.get("period") is None:
            return True
        row = _mapping("period", self.raw["period"])
        return _day("period.from", row.get("from")) <= day < _day("period.to", row.get("to"))


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A weighing in tonnes; `legs` are (km, factor)."""

    wet: Decimal
    reject: Decimal
    moisture: Decimal
    weighed_on: date
    legs: tuple[tuple[Decimal, str], ...]

    @property
    def accepted(self) -> Decimal:
        return self.wet - self.reject

    def mass(self, basis: str) -> Decimal:
        return self.accepted * (1 - self.moisture) if basis == "dry" else self.accepted


def _mapping(path: str, raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise WrongInput(path, "must be an object")
    return raw


def _number(path: str, raw: Any, low: int | None = None, high: int | Decimal | None = None) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, str | int) or not NUMBER.fullmatch(str(raw)):
        raise WrongInput(path, "must be a decimal number written as a string")
    value = Decimal(raw)
    if (low is not None and value < low) or (high is not None and value > high):
        raise WrongInput(path, f"must be at least {low}" + ("" if high is None else f" and at most {high}"))
    return value


def _day(path: str, raw: Any) -> date:
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise WrongInput(path, "must be a date as YYYY-MM-DD") from None


def _basis(path: str, raw: Any) -> str:
    if raw not in ("wet", "dry"):
        raise WrongInput(path, "must be wet or dry")
    return str(raw)


# Every version of the method that entries may name: versions stay for ever, new ones come beside them.
METHODS: Mapping[str, Callable[[Any, Any], Figure]] = {"avoided/1.0": recompute}


class Total:
    """Sum of many figures. A factor that several entries share is one uncertainty: its S_j add up before squaring."""

    def __init__(self) -> None:
        self.net = Decimal(0)
        self._specific = Decimal(0)
        self._shared: dict[tuple[str, str, Decimal], Decimal] = {}

    def add(self, net: Decimal, shared: Mapping[tuple[str, str, Decimal], Decimal], specific: Decimal) -> None:
        """One entry: its net, its S_j by (factor, version, gsd), and its own variance (negative to take it away)."""
        with localcontext(EXACT):
            self.net += net
            self._specific += specific
            for key, kg in shared.items():
                self._shared[key] = self._shared.get(key, Decimal(0)) + kg

    def bounds(self) -> tuple[Decimal, Decimal]:
        with localcontext(EXACT):
            shared = [(kg, gsd) for (_, _, gsd), kg in self._shared.items()]
            return bounds(self.net, shared, max(self._specific, Decimal(0)))


# --- Entries ----------------------------------------------------------------------------------------------------------


def read_entry(data: bytes) -> dict[str, Any]:
    """The entry in these bytes, which must be its canonical ones."""
    body = read_json(data, "the entry")
    if not isinstance(body, dict) or canonical(body) != data:
        raise Wrong("the entry is not in canonical form (RFC 8785)")
    if body.get("format") not in ENTRY_FORMATS:
        raise Wrong(f"unknown format of entry {body.get('format')!r}; known are {', '.join(ENTRY_FORMATS)}")
    text_of(body, "method", "the entry")
    return body


def unknown_method(method: str) -> str:
    """What to say of a figure that this copy of the tool cannot recompute."""
    return (
        f"unknown method version {method!r}: this copy knows {', '.join(METHODS)}, so no figure by it was recomputed; "
        "get the newest verifier from the ledger's page"
    )


def check_figure(body: Mapping[str, Any]) -> Figure:
    """Recompute the figure of an assessment from its entry alone, by a method of `METHODS`."""
    try:
        figure = METHODS[body["method"]](body.get("inputs"), body.get("factors"))
        wanted = figure.result()
    except WrongInput as wrong:
        raise Wrong(f"the figure cannot be recomputed: {wrong}") from wrong
    except (ArithmeticError, DecimalException) as wrong:
        raise Wrong("the figure cannot be recomputed: a number is out of range") from wrong
    stated = body.get("result")
    if not isinstance(stated, dict):
        raise Wrong("the entry has no result")
    for name in sorted(wanted.keys() | stated.keys()):
        if wanted.get(name) != stated.get(name):
            raise Wrong(f"{name} is {stated.get(name)} in the entry, recomputed {wanted.get(name)}")
    return figure


def report_figure(body: Mapping[str, Any], report: Report) -> None:
    """Recompute the figure, or say that it is open because the method is unknown."""
    if body["method"] not in METHODS:
        report.open(unknown_method(body["method"]))
        return
    figure = check_figure(body)
    report.good(f"the figure follows from weights, distances and {len(figure.gsds)} factors to the last digit")


def turned(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result with all signs turned, as a reversal states it; low and high change places."""

    def turn(text: str) -> str:
        return text if Decimal(text) == 0 else text[1:] if text.startswith("-") else "-" + text

    def turn_all(texts: Mapping[str, str]) -> dict[str, str]:
        return {name: turn(text) for name, text in texts.items()}

    opposite = dict(result) | {name: turn_all(result[name]) for name in ("components", "shares", "sensitivities")}
    opposite |= {"net_kgco2e": turn(result["net_kgco2e"])}
    opposite |= {"low_kgco2e": turn(result["high_kgco2e"]), "high_kgco2e": turn(result["low_kgco2e"])}
    if "biogenic_kgco2" in result:
        opposite["biogenic_kgco2"] = turn(result["biogenic_kgco2"])
    return opposite


# Which confirmation of the entry, its number in the log of confirmations, its leaf hash: is it there?
IsLogged = Callable[[int, int, bytes], bool]


def check_confirmations(body: Mapping[str, Any], keys: Sequence[Key], is_logged: IsLogged | None) -> str:
    """Both sides' confirmations: in their log (since gcx-entry/3), or under a seal (since gcx-entry/2); in words."""
    confirmations = body.get("confirmations")
    if not isinstance(confirmations, list) or {c.get("side") for c in confirmations} != {"supplier", "receiver"}:
        raise Wrong("the entry does not hold a confirmation of each side")
    period = body["inputs"].get("period") or {}
    for c in confirmations:
        if {name: c[name] for name in ("from", "to") if name in c} != period:
            raise Wrong(f"the {c['side']} confirmed another period than the entry counts")
    if body["format"] == "gcx-entry/1":
        return "both sides confirmed (an entry of the first format: without seals)"
    sealed = logged = 0
    for at, confirmation in enumerate(confirmations):
        if confirmation.get("format") == CONFIRMATION_FORMAT:
            _check_logged(at, confirmation, body, is_logged)
            logged += 1
            continue
        if confirmation.get("signature") is None and body["format"] == "gcx-entry/2":
            continue  # given before there were seals
        key = _trusted(text_of(confirmation, "key", "a confirmation"), keys)
        statement = {k: v for k, v in confirmation.items() if k not in ("key", "signature")}
        statement |= {"format": "gcx-confirmation/1", "exchange": body["exchange"], "round": body["round"]}
        seal = unbase64(text_of(confirmation, "signature", "a confirmation"), "a confirmation's seal")
        if not key.has_signed(canonical(statement), seal):
            raise Wrong(f"the seal under the {confirmation['side']}'s confirmation does not fit what it says")
        sealed += 1
    if logged and is_logged is None:
        return "both sides confirmed; that their log holds it shows with the certificate"
    ways = [f"{logged} of 2 in the signed log of confirmations"] if logged else []
    ways += [f"{sealed} of 2 under a seal that fits"] if sealed or not logged else []
    return f"both sides confirmed, {', '.join(ways)}"


def _check_logged(at: int, said: Mapping[str, Any], body: Mapping[str, Any], is_logged: IsLogged | None) -> None:
    side = said["side"]
    about = (body["exchange"], body["round"], body[side]["party"])
    if (said.get("exchange"), said.get("round"), said.get("party")) != about:
        raise Wrong(f"the {side}'s confirmation is of another exchange, round or party")
    number = whole_number(text_of(said, "number", "a confirmation"), "a confirmation's number")
    if is_logged is not None and not is_logged(at, number, leaf_hash(canonical(said))):
        raise Wrong(f"the {side}'s confirmation is not number {number} in the log of confirmations")


def _trusted(vkey: str, keys: Sequence[Key]) -> Key:
    key = Key.parse(vkey)
    if keys and key not in keys:
        raise Wrong(f"a confirmation is sealed with a key that was not given: {vkey}")
    return key


# --- Certificates -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a bundle and a credential both hold: the entry's bytes and what ties them to the log."""

    entry: bytes
    position: int
    proof: list[bytes]
    confirmation_proofs: list[list[bytes]]
    checkpoint: str
    key: Key

    @classmethod
    def read(cls, document: Any, what: str) -> Evidence:
        """Certificates from before the log of confirmations have no proofs of these."""
        proofs = document.get("confirmationProofs", []) if isinstance(document, dict) else []
        if not isinstance(proofs, list):
            raise Wrong("the proofs of the confirmations are no list")
        return cls(
            entry=text_of(document, "entry", what).encode("utf-8", "surrogatepass"),
            position=whole_number(text_of(document, "position", what), "the position"),
            proof=hashes(document.get("inclusionProof"), "the inclusion proof"),
            confirmation_proofs=[hashes(proof or [], "a confirmation's proof") for proof in proofs],
            checkpoint=text_of(document, "checkpoint", what),
            key=Key.parse(text_of(document, "logKey", what)),
        )


_MEMBERS = {"format", "entry", "leafHash", "position", "inclusionProof", "checkpoint", "logKey"}
BUNDLE_MEMBERS = {"gcx-certificate/1": _MEMBERS, "gcx-certificate/2": _MEMBERS | {"confirmationProofs"}}


def check_bundle(data: bytes, trust: Trust, report: Report) -> Evidence:
    """A certificate as a JSON bundle."""
    document = read_json(data, "the certificate")
    members = BUNDLE_MEMBERS.get(str(document.get("format"))) if isinstance(document, dict) else None
    if members is None:
        raise Wrong(f"unknown format of certificate; known are {', '.join(BUNDLE_MEMBERS)}")
    if document.keys() != members:
        raise Wrong(f"a certificate holds exactly {', '.join(sorted(members))}")
    evidence = Evidence.read(document, "the certificate")
    if document["leafHash"] != leaf_hash(evidence.entry).hex():
        raise Wrong("the leaf hash is not that of the entry")
    check_evidence(evidence, trust, report)
    return evidence


def check_evidence(evidence: Evidence, trust: Trust, report: Report) -> dict[str, Any]:
    """Entry, leaf, proof, checkpoint, consistency and figure."""
    body = read_entry(evidence.entry)
    report.good("the entry is in canonical form")
    if body.get("position") != str(evidence.position):
        raise Wrong(f"the entry calls itself number {body.get('position')}, the certificate {evidence.position}")
    if body.get("kind") != "assessment":
        raise Wrong("the entry takes another one back; that is nothing to certify")
    report_figure(body, report)
    checkpoint = Checkpoint.parse(evidence.checkpoint)
    keys = trust.keys or (evidence.key,)
    key = check_signature(checkpoint, keys, "the checkpoint")
    given = "the key you gave" if trust.keys else "the key in the certificate: compare it with the published one"
    report.good(f"the checkpoint of {checkpoint.origin}, {checkpoint.size} entries, is signed with {given}")
    report.note(key.vkey)
    root = root_by_inclusion(leaf_hash(evidence.entry), evidence.position, checkpoint.size, evidence.proof)
    if root != checkpoint.root:
        raise Wrong("the entry is not in the tree of the checkpoint: leaf and proof lead to another root")
    report.good(f"entry {evidence.position} is in that tree, leaf {leaf_hash(evidence.entry).hex()}")
    report.good(check_confirmations(body, trust.keys, _logged_in(checkpoint, evidence.confirmation_proofs)))
    if trust.kept is not None:
        _check_kept(checkpoint, trust, keys, report)
    _describe(body, report)
    return body


def _logged_in(checkpoint: Checkpoint, proofs: Sequence[Sequence[bytes]]) -> IsLogged:
    size, root = checkpoint.confirmations

    def is_logged(at: int, number: int, leaf: bytes) -> bool:
        return at < len(proofs) and number < size and root_by_inclusion(leaf, number, size, proofs[at]) == root

    return is_logged


def _check_kept(checkpoint: Checkpoint, trust: Trust, keys: Sequence[Key], report: Report) -> None:
    """Whether the certificate's tree extends (or is extended by) the one in the checkpoint that was kept."""
    kept = Checkpoint.parse(trust.kept or "")
    check_signature(kept, keys, "the checkpoint you kept")
    for witness in trust.witnesses:
        if not kept.note.is_signed_by(witness):
            raise Wrong(f"the checkpoint you kept is not cosigned by {witness.name}")
        report.good(f"the checkpoint you kept is cosigned by {witness.name}")
    old, new = sorted((kept, checkpoint), key=lambda c: c.size)
    if old.size in (0, new.size):
        if old.size and old.root != new.root:
            raise Wrong(f"two checkpoints of {old.size} entries have different roots: the ledger shows two faces")
        report.good("the certificate's checkpoint agrees with the one you kept")
        return
    if trust.consistency is None:
        report.open(
            f"to compare with the checkpoint you kept ({kept.size} entries) a consistency proof from {old.size} to "
            f"{new.size} is needed: download it from the ledger's page and give it with --consistency"
        )
        return
    document = read_json(trust.consistency.encode(), "the consistency proof")
    proof = hashes(document.get("proof") if isinstance(document, dict) else document, "the consistency proof")
    known = old.root if old.size & (old.size - 1) == 0 else None
    try:
        roots = roots_by_consistency(old.size, new.size, proof, known)
    except Wrong as wrong:
        raise Wrong(f"the ledger was rewritten, or this is another proof: {wrong}") from wrong
    if roots != (old.root, new.root):
        raise Wrong(f"the ledger was rewritten: the tree of {new.size} does not extend the tree of {old.size}")
    report.good(f"the tree of {new.size} extends the tree of {old.size} that you kept" if old is kept else
                f"the tree of {new.size} that you kept extends the certificate's of {old.size}")  # fmt: skip


def _describe(body: Mapping[str, Any], report: Report) -> None:
    result = body["result"]
    report.note(f"{result['net_kgco2e']} kg CO2e avoided ({result['low_kgco2e']} to {result['high_kgco2e']}, 95 %)")
    parties = " to ".join(str(body.get(side, {}).get("party")) for side in ("supplier", "receiver"))
    report.note(f"{body.get('accepted_t')} t of {body.get('material')}, {parties}, recorded {body.get('recorded_at')}")


# --- Verifiable Credential (W3C VC 2.0, Data Integrity eddsa-jcs-2022) ------------------------------------------------

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def unbase58(text: str) -> bytes:
    number = 0
    for char in text:
        if char not in BASE58:
            raise Wrong("a value is not base58btc")
        number = number * 58 + BASE58.index(char)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def key_of_did(did: str) -> bytes:
    """The Ed25519 public key in a did:key."""
    prefix = "did:key:z"
    data = unbase58(did.removeprefix(prefix)) if did.startswith(prefix) else b""
    if len(data) != 34 or data[:2] != b"\xed\x01":
        raise Wrong(f"this is no did:key of an Ed25519 key: {did[:80]!r}")
    return data[2:]


def secured_bytes(document: Mapping[str, Any]) -> bytes:
    """What the proof of a document signs: the hash of its options, then that of the document without it."""
    options = {k: v for k, v in document["proof"].items() if k != "proofValue"}
    unsecured = {k: v for k, v in document.items() if k != "proof"}
    return sha256(canonical(options)) + sha256(canonical(unsecured))


def check_data_integrity(document: dict[str, Any]) -> bytes:
    """The public key that made the proof over a credential (vc-di-eddsa §3.3)."""
    proof = document.get("proof")
    if not isinstance(proof, dict):
        raise Wrong("the credential has no proof")
    wanted = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod"}
    for name, value in wanted.items():
        if proof.get(name) != value:
            raise Wrong(f"the credential's proof has {name} {proof.get(name)!r}, not {value}")
    issuer = document.get("issuer")
    issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
    method = text_of(proof, "verificationMethod", "the proof")
    if method != f"{issuer}#{str(issuer).removeprefix('did:key:')}":
        raise Wrong("the credential is not signed by its issuer's key")
    if "@context" in proof and proof["@context"] != document.get("@context"):
        raise Wrong("the proof was made for another @context")
    value = text_of(proof, "proofValue", "the proof")
    if not value.startswith("z"):
        raise Wrong("the proof's value is not base58btc")
    public = key_of_did(str(issuer))
    if not Key("issuer", public).has_signed(secured_bytes(document), unbase58(value[1:])):
        raise Wrong("the credential's proof does not fit what it says: something was changed")
    return public


def check_credential(data: bytes, trust: Trust, report: Report) -> tuple[Evidence, bytes]:
    """A certificate as a Verifiable Credential; returns its evidence and the issuer's public key."""
    document = read_json(data, "the credential")
    if not isinstance(document, dict):
        raise Wrong("the credential is no object")
    public = check_data_integrity(document)
    report.good("the credential's proof (eddsa-jcs-2022) fits")
    rows = document.get("evidence")
    evidence = Evidence.read(rows[0] if isinstance(rows, list) and rows else None, "the credential's evidence")
    _check_issuer(public, evidence.key, trust)
    body = check_evidence(evidence, trust, report)
    _compare_subject(document.get("credentialSubject"), body)
    report.good("the credential says what the entry says")
    for side in ("supplier", "receiver"):
        party = document["credentialSubject"][side]
        if "name" in party:
            report.note(f"{side}: {party['name']} (the issuer's word; the ledger holds {party['pseudonym']} only)")
    return evidence, public


def _check_issuer(public: bytes, log_key: Key, trust: Trust) -> None:
    """The issuer signs with a key of the log: one that was given, or the one in the certificate."""
    known = [key.public for key in trust.keys or (log_key,)]
    if public not in known and trust.keys:
        raise Wrong("the credential's issuer is not one of the keys you gave")
    if public not in known:
        raise Wrong("the credential is signed with another key than its checkpoint; give the keys you trust with --key")


def _compare_subject(subject: Any, body: Mapping[str, Any]) -> None:
    result = body["result"]
    said = {
        "avoidedKgCO2e": result["net_kgco2e"],
        "lowKgCO2e": result["low_kgco2e"],
        "highKgCO2e": result["high_kgco2e"],
        "acceptedTonnes": body["accepted_t"],
        "material": body["material"],
        "method": body["method"],
        "exchange": body["exchange"],
        "recordedAt": body["recorded_at"],
    }
    for name, value in said.items():
        if not isinstance(subject, dict) or subject.get(name) != value:
            raise Wrong(f"the credential's {name} is not the entry's: {value}")
    for side in ("supplier", "receiver"):
        if not isinstance(subject.get(side), dict) or subject[side].get("pseudonym") != body[side]["party"]:
            raise Wrong(f"the credential's {side} is not the entry's")
    shares = {"supplier": result["shares"]["supplier"], "receiver": result["shares"]["user"]}
    if subject.get("sharesKgCO2e", shares) != shares:  # older credentials do not name them
        raise Wrong("the credential's sharesKgCO2e are not the entry's")
    if subject.get("period") != body["inputs"].get("period"):
        raise Wrong("the credential's period is not the entry's")


# --- PDF --------------------------------------------------------------------------------------------------------------

SEAL = re.compile(rb"%gcx-seal (did:key:z[1-9A-HJ-NP-Za-km-z]+) ([A-Za-z0-9+/]+=*)\n\Z")
PDF_SEAL_CONTEXT = b"gcx-pdf/1\n"
OBJECT = re.compile(rb"(?<![0-9])([0-9]+) 0 obj\s*")


def check_pdf(data: bytes, trust: Trust, report: Report) -> None:
    """A certificate as a PDF: the seal over its bytes, then what is attached."""
    found = SEAL.search(data)
    if found is None:
        raise Wrong("the PDF does not end with a seal, or its end was changed")
    public = key_of_did(found[1].decode())
    digest = sha256(data[: found.start()])
    if not Key("pdf", public).has_signed(PDF_SEAL_CONTEXT + digest, unbase64(found[2].decode(), "the PDF's seal")):
        raise Wrong("the PDF was changed after it was issued: its seal does not fit")
    files = attachments(data)
    missing = {"entry.json", "certificate.json", "checkpoint.txt", "credential.json"} - files.keys()
    if missing:
        raise Wrong(f"the PDF lacks {', '.join(sorted(missing))}")
    evidence, issuer = check_credential(files["credential.json"], trust, report)
    if issuer != public:
        raise Wrong("the PDF is sealed with another key than its credential")
    report.good("the PDF's pages and attachments are as they were issued")
    if check_bundle(files["certificate.json"], trust, Report(lambda _: None)) != evidence:
        raise Wrong("the attached certificate is of another entry than the credential")
    if files["entry.json"] != evidence.entry or files["checkpoint.txt"].decode() != evidence.checkpoint:
        raise Wrong("the attached entry or checkpoint is not the credential's")


def attachments(data: bytes) -> dict[str, bytes]:
    """Files attached to a PDF, by name: enough of the format for PDFs as the exchange writes them."""
    objects: dict[int, bytes] = {}
    streams: dict[int, bytes] = {}
    at = 0
    while found := OBJECT.search(data, at):
        at = _read_object(data, found, objects, streams)
    for number, head in list(objects.items()):
        if b"/ObjStm" in head:
            objects |= _packed(head, streams[number])
    files = {}
    for head in objects.values():
        name = re.search(rb"/UF\s*(\((?:\\.|[^\\)])*\)|<[0-9A-Fa-f]*>)", head)
        target = re.search(rb"/EF\s*<<[^>]*/F\s+([0-9]+) 0 R", head)
        if name and target:
            files[_pdf_text(name[1])] = streams.get(int(target[1]), b"")
    return files


def _read_object(data: bytes, found: re.Match[bytes], objects: dict[int, bytes], streams: dict[int, bytes]) -> int:
    """Keep one object's dictionary and unpacked stream; returns where to go on."""
    number, start = int(found[1]), found.end()
    end = data.find(b"endobj", start)
    stream = re.compile(rb"stream\r?\n").search(data, start, end if end >= 0 else len(data))
    if stream is None:
        objects[number] = data[start:end]
        return max(end, start)
    objects[number] = data[start : stream.start()]
    length = re.search(rb"/Length\s+([0-9]+)", objects[number])
    raw = data[stream.end() : stream.end() + int(length[1] if length else 0)]
    try:
        streams[number] = zlib.decompress(raw) if b"/FlateDecode" in objects[number] else raw
    except zlib.error:
        streams[number] = b""
    return stream.end() + len(raw)


def _packed(head: bytes, stream: bytes) -> dict[int, bytes]:
    """Objects inside an object stream: pairs of number and offset, then the objects."""
    first = re.search(rb"/First\s+([0-9]+)", head)
    begin = int(first[1]) if first else 0
    numbers = [int(word) for word in stream[:begin].split()]
    offsets = [*numbers[1::2], len(stream)]
    ends = zip(numbers[::2], offsets, offsets[1:], strict=False)
    return {number: stream[begin + low : begin + high] for number, low, high in ends}


def _pdf_text(raw: bytes) -> str:
    text = bytes.fromhex(raw[1:-1].decode()) if raw.startswith(b"<") else re.sub(rb"\\(.)", rb"\1", raw[1:-1])
    return text[2:].decode("utf-16-be") if text.startswith(b"\xfe\xff") else text.decode("latin-1")


# --- The auditor's export ---------------------------------------------------------------------------------------------

FACTOR_FIELDS = ("value", "unit", "gsd", "region", "year", "source", "source_detail")


def _digest(body: Mapping[str, Any], result: Mapping[str, Any]) -> bytes:
    """Of what a reversal has in common with the entry that it takes back."""
    return sha256(canonical([body["exchange"], body["round"], result]))[:16]


@dataclass(slots=True)
class Standing:
    """What each entry that stands counts of its exchange: certain days, or all of it."""

    _days: dict[bytes, tuple[tuple[str, str, int], ...]] = field(default_factory=dict)

    def add(self, position: int, body: Mapping[str, Any]) -> None:
        exchange, period = body["exchange"].encode(), body["inputs"].get("period")
        starts, ends = (period["from"], period["to"]) if period else ("", "~")
        self._days[exchange] = (*self._days.get(exchange, ()), (starts, ends, position))

    def take_back(self, position: int, body: Mapping[str, Any]) -> None:
        exchange = body["exchange"].encode()
        self._days[exchange] = tuple(each for each in self._days.get(exchange, ()) if each[2] != position)

    def check(self) -> None:
        """Nothing counts twice; only at the end, because a reversal sets right what counted twice until then."""
        for exchange, days in self._days.items():
            for (_, ends, first), (starts, _, second) in pairwise(sorted(days)):
                if starts < ends:
                    name = exchange.decode()
                    raise Wrong(f"entry {second}: it counts exchange {name} for a time that entry {first} counts")


@dataclass(slots=True)
class Archive:
    """A whole ledger as one ZIP file, checked from the first entry to the last."""

    zip: zipfile.ZipFile
    trust: Trust
    report: Report
    progress: Callable[[int], None] = lambda done: None
    keys: Sequence[Key] = ()
    tree: Tree = field(default_factory=Tree)
    total: Total = field(default_factory=Total)
    factors: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    factor_roots: list[bytes] = field(default_factory=list)
    confirmations: bytearray = field(default_factory=bytearray)
    confirmation_roots: dict[int, bytes] = field(default_factory=dict)
    assessments: int = 0
    _digests: bytearray = field(default_factory=bytearray)
    _versions: list[tuple[tuple[str, str, Decimal], ...] | None] = field(default_factory=list)
    _same: dict[Any, Any] = field(default_factory=dict)
    _reversed: set[int] = field(default_factory=set)
    _unknown: dict[str, int] = field(default_factory=dict)  # entries by methods that are not known here
    _counted: set[bytes] = field(default_factory=set)
    _standing: Standing = field(default_factory=Standing)

    def check(self) -> None:
        self._check_files()
        self._read_factors()
        self._read_confirmations()
        checkpoints = self._checkpoints()
        pending = next(checkpoints, None)
        count, last = 0, None
        kept = Checkpoint.parse(self.trust.kept) if self.trust.kept is not None else None
        entries = self._lines("entries.jsonl")
        while True:
            while pending is not None and pending.size == self.tree.size:
                self._check_checkpoint(pending)
                count, last, pending = count + 1, pending, next(checkpoints, None)
            if kept is not None and kept.size == self.tree.size:
                self._check_kept(kept)
            line = next(entries, None)
            if line is None:
                break
            self._check_entry(line)
            if self.tree.size % 1000 == 0:
                self.progress(self.tree.size)
        self._finish(pending, last, kept, count)

    def _finish(self, pending: Checkpoint | None, last: Checkpoint | None, kept: Checkpoint | None, count: int) -> None:
        size = self.tree.size
        if pending is not None:
            raise Wrong(f"a checkpoint says {pending.size} entries, the archive holds {size}: its end was cut off")
        if kept is not None and kept.size > size:
            raise Wrong(f"the checkpoint you kept says {kept.size} entries, the archive holds {size}: it was cut off")
        if last is None or last.size != size:
            raise Wrong(f"no checkpoint covers all {size} entries")
        self._standing.check()
        self.report.good(f"{size} entries: canonical form, figures, factors, reversals and confirmations")
        for method, entries in self._unknown.items():
            self.report.open(f"{entries} of them, and no total: {unknown_method(method)}")
        self.report.good(f"{count} checkpoints are signed and fit the tree; root {self.tree.root().hex()}")
        if self._unknown:
            return
        with localcontext(EXACT):
            low, high = self.total.bounds()
            standing = self.assessments - len(self._reversed)
            self.report.note(
                f"{standing} figures stand: {rounded(self.total.net)} kg CO2e avoided "
                f"({rounded(low)} to {rounded(high)}, 95 %)"
            )

    def _check_files(self) -> None:
        manifest = Note.parse(self._read("MANIFEST").decode())
        listed = self.trust.keys or [
            Key.parse(line.split()[-1]) for line in self._read("keys.txt").decode().splitlines()
        ]
        self.keys = listed
        if not any(manifest.is_signed_by(key) for key in listed):
            raise Wrong("the archive's MANIFEST is not signed by a key of the ledger")
        first, *lines = manifest.text[:-1].split("\n")
        if first not in EXPORT_FORMATS:
            raise Unreadable(f"unknown format of export: {first!r}")
        wanted = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        names = set(self.zip.namelist()) - {"MANIFEST"}
        if names != wanted.keys():
            raise Wrong(f"the archive's files are not those of its MANIFEST: {sorted(names ^ wanted.keys())}")
        for name, digest in wanted.items():
            with self.zip.open(name) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:  # type: ignore[arg-type]
                    raise Wrong(f"{name} was changed: it is not the file of the MANIFEST")
        given = "keys you gave" if self.trust.keys else "keys in the archive: compare them with the published ones"
        self.report.good(f"{len(wanted)} files are those of the signed MANIFEST ({given})")
        for key in listed:
            self.report.note(key.vkey)

    def _read_factors(self) -> None:
        tree = Tree()
        self.factor_roots.append(tree.root())
        for line in self._lines("factors.jsonl"):
            row = read_json(line, "a factor")
            if (row["factor_id"], row["version"]) in self.factors:
                raise Wrong(f"factor {row['factor_id']} has version {row['version']} twice")
            self.factors[row["factor_id"], row["version"]] = row
            tree.append(leaf_hash(line))
            self.factor_roots.append(tree.root())

    def _read_confirmations(self) -> None:
        """All leaf hashes one after the other, and the root at each size that a checkpoint says."""
        wanted, tree = {0, *(checkpoint.confirmations[0] for checkpoint in self._checkpoints())}, Tree()
        self.confirmation_roots[0] = tree.root()
        if "confirmations.txt" not in self.zip.namelist():
            return  # an export from before there was a log of them
        for line in self._lines("confirmations.txt"):
            (leaf,) = hashes([line.decode()], "confirmations.txt")
            self.confirmations += leaf
            tree.append(leaf)
            if tree.size in wanted:
                self.confirmation_roots[tree.size] = tree.root()

    def _is_logged(self, _at: int, number: int, leaf: bytes) -> bool:
        return self.confirmations[32 * number : 32 * number + 32] == leaf

    def _checkpoints(self) -> Iterator[Checkpoint]:
        size = 0
        for line in self._lines("checkpoints.jsonl"):
            checkpoint = Checkpoint.parse(text_of(read_json(line, "a checkpoint"), "note", "a checkpoint"))
            if checkpoint.size < size:
                raise Wrong(f"a checkpoint of {checkpoint.size} entries comes after one of {size}")
            size = checkpoint.size
            yield checkpoint

    def _check_checkpoint(self, checkpoint: Checkpoint) -> None:
        check_signature(checkpoint, self.keys, f"the checkpoint of {checkpoint.size} entries")
        if checkpoint.root != self.tree.root():
            raise Wrong(f"the checkpoint of {checkpoint.size} entries has another root than the entries before it")
        confirmations, root = checkpoint.confirmations
        if self.confirmation_roots.get(confirmations) != root:
            raise Wrong(f"the confirmations are not those of the checkpoint of {checkpoint.size} entries")
        if words := checkpoint.extension("gcx-factors"):
            count = whole_number(words[0], "the number of factors")
            if count >= len(self.factor_roots) or self.factor_roots[count].hex() != words[-1]:
                raise Wrong(f"the factor table is not the one of the checkpoint of {checkpoint.size} entries")

    def _check_kept(self, kept: Checkpoint) -> None:
        check_signature(kept, self.keys, "the checkpoint you kept")
        if kept.root != self.tree.root():
            raise Wrong(f"the ledger was rewritten: your checkpoint of {kept.size} entries has another root")
        self.report.good(f"the first {kept.size} entries are those of the checkpoint you kept")

    def _check_entry(self, line: bytes) -> None:
        position = self.tree.size
        try:
            body = read_entry(line)
            if body.get("position") != str(position):
                raise Wrong(f"it calls itself number {body.get('position')}")
            if body["method"] not in METHODS:
                self._unknown[body["method"]] = self._unknown.get(body["method"], 0) + 1
            if body.get("kind") == "reversal":
                self._check_reversal(body)
            else:
                self._check_assessment(body)
        except Wrong as wrong:
            raise Wrong(f"entry {position}: {wrong}") from wrong
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise Wrong(f"entry {position}: a member is missing or of the wrong kind ({wrong})") from wrong
        self.tree.append(leaf_hash(line))

    def _check_assessment(self, body: Mapping[str, Any]) -> None:
        figure = check_figure(body) if body["method"] in METHODS else None
        check_confirmations(body, self.keys, self._is_logged)
        counted = sha256(canonical([body["exchange"], body["round"]]))[:16]
        if counted in self._counted:
            raise Wrong(f"it counts exchange {body['exchange']} a second time in round {body['round']}")
        self._counted.add(counted)
        self._standing.add(self.tree.size, body)
        for factor_id, copy in body["factors"].items():
            published = self.factors.get((factor_id, copy.get("version", "")))
            if published is None:
                raise Wrong(f"factor {factor_id} version {copy.get('version')} was never published")
            for name in FACTOR_FIELDS:
                if copy.get(name) != published[name]:
                    raise Wrong(f"factor {factor_id}: {name} is {copy.get(name)}, published was {published[name]}")
        self._digests += _digest(body, body["result"])
        self.assessments += 1
        if figure is None:
            self._versions.append(())
            return
        result = body["result"]
        versions = tuple((f, body["factors"][f]["version"], figure.gsds[f]) for f in result["sensitivities"])
        self._versions.append(self._same.setdefault(versions, versions))
        self._count(result, versions, Decimal(result["specific_variance"]))

    def _check_reversal(self, body: Mapping[str, Any]) -> None:
        original = whole_number(str(body.get("reverses")), "the entry it takes back")
        versions = self._versions[original] if original < len(self._versions) else None
        if versions is None:
            raise Wrong(f"it takes back entry {original}, which is no earlier figure")
        if original in self._reversed:
            raise Wrong(f"it takes back entry {original}, which is taken back already")
        self._reversed.add(original)
        self._versions.append(None)
        digest = self._digests[16 * original : 16 * original + 16]
        self._digests += bytes(16)
        self._standing.take_back(original, body)
        if body["method"] not in METHODS:
            return  # how its results turn is not known either
        if _digest(body, turned(body["result"])) != digest:
            raise Wrong(f"it is not entry {original} with signs turned")
        self._count(body["result"], versions, -Decimal(body["result"]["specific_variance"]))

    def _count(
        self, result: Mapping[str, Any], versions: Iterable[tuple[str, str, Decimal]], specific: Decimal
    ) -> None:
        shared = {key: Decimal(result["sensitivities"][key[0]]) for key in versions}
        self.total.add(Decimal(result["net_kgco2e"]), shared, specific)

    def _lines(self, name: str) -> Iterator[bytes]:
        with self.zip.open(name) as file:
            for line in file:
                yield line.removesuffix(b"\n")

    def _read(self, name: str) -> bytes:
        try:
            return self.zip.read(name)
        except KeyError:
            raise Wrong(f"the archive lacks {name}") from None


# --- Command line -----------------------------------------------------------------------------------------------------


# What reading a forged or damaged file may raise: a member missing or of another kind, a ZIP that leads nowhere.
MALFORMED = (
    LookupError, TypeError, ValueError, AttributeError, RecursionError, zipfile.BadZipFile, zlib.error, EOFError,
    NotImplementedError, RuntimeError,
)  # fmt: skip


def check(
    data: bytes | Path, trust: Trust, report: Report, progress: Callable[[int], None] = lambda done: None
) -> None:
    """Check a file of any known kind; an export given by its path is read piece by piece.

    Raises:
        Wrong: the first thing that is wrong.
        Unreadable: it is of no known kind.
    """
    try:
        _check_any(data, trust, report, progress)
    except MALFORMED as broken:
        raise Wrong(f"the file is damaged or not made by the exchange: {broken!r:.200}") from broken


def _check_any(data: bytes | Path, trust: Trust, report: Report, progress: Callable[[int], None]) -> None:
    with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as file:
        if file.read(2) == b"PK":
            with zipfile.ZipFile(file) as archive:
                Archive(archive, trust, report, progress).check()
            return
        file.seek(0)
        data = file.read()
    if data.startswith(b"%PDF-"):
        check_pdf(data, trust, report)
    else:
        document = read_json(data, "the file")
        if isinstance(document, dict) and "@context" in document:
            check_credential(data, trust, report)
        elif isinstance(document, dict) and document.get("format") in ENTRY_FORMATS:
            _check_bare_entry(data, trust, report)
        elif isinstance(document, dict) and "inclusionProof" in document:
            check_bundle(data, trust, report)
        else:
            raise Unreadable("this is no certificate (PDF, JSON, credential), no entry and no export")


def _check_bare_entry(data: bytes, trust: Trust, report: Report) -> None:
    body = read_entry(data)
    report.good(f"the entry is in canonical form, leaf {leaf_hash(data).hex()}")
    if body.get("kind") == "assessment":
        report_figure(body, report)
        report.good(check_confirmations(body, trust.keys, None))
        _describe(body, report)
    report.open("an entry alone does not show that it is in the ledger: get its certificate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0], epilog="Exit code: 0 good, 1 wrong, "
                                     "2 unreadable, 3 good as far as it could be checked.")  # fmt: skip
    parser.add_argument("file", type=Path, help="certificate (PDF, JSON or credential), entry, or export (ZIP)")
    parser.add_argument("--key", action="append", default=[], help="verifier key of the ledger you trust (repeatable)")
    parser.add_argument("--against", type=Path, help="a checkpoint that you kept")
    parser.add_argument("--consistency", type=Path, help="consistency proof between the two checkpoints, JSON")
    parser.add_argument("--witness", action="append", default=[], help="key of a witness that must have cosigned it")
    parser.add_argument("--quiet", action="store_true", help="say only what is wrong")
    given = parser.parse_args(arguments)
    report = Report((lambda _: None) if given.quiet else print)
    try:
        trust = Trust(
            keys=tuple(map(Key.parse, given.key)),
            witnesses=tuple(map(Key.parse, given.witness)),
            kept=given.against.read_text("utf-8") if given.against else None,
            consistency=given.consistency.read_text("utf-8") if given.consistency else None,
        )
        check(given.file, trust, report, _show_progress)
    except Wrong as wrong:
        print(f"WRONG  {wrong}", file=sys.stderr)
        return WRONG
    except (Unreadable, OSError, UnicodeDecodeError) as failure:
        print(f"cannot read: {failure}", file=sys.stderr)
        return UNREADABLE
    report.say("All checks passed." if report.is_complete else "Good as far as it could be checked.")
    return GOOD if report.is_complete else INCOMPLETE


def _show_progress(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} entries", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
