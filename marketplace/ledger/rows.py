"""Rows against what they were made from: the columns of an entry, and a stored checkpoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import mul
from typing import Any

from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.notes import CheckpointBody, Note, NoteError, VerifierKey

COLUMNS = (
    "e.leaf_hash, e.kind, e.round, e.reverses, e.recorded_at, e.month, "
    "e.material, e.family, e.accepted_t, e.value_cny, e.net_kgco2e, e.low_kgco2e, e.high_kgco2e, "
    "e.supplier_park_id, e.receiver_park_id, e.supplier_id, e.receiver_id, x.uuid, "
    "p.starts_on, p.ends_before, p.exchange_id = e.exchange_id"
)
_COMPARED = (
    "position", "kind", "round", "material", "family", "exchange", "supplier", "receiver", "supplier_park",
    "receiver_park", "month", "accepted_t", "value_cny", "net_kgco2e", "low_kgco2e", "high_kgco2e",
)  # fmt: skip
_UNITS = (Decimal(1),) * 5
_STORED_UNITS = (Decimal(10**6), Decimal(100), Decimal(1000), Decimal(1000), Decimal(1000))  # SQLite has whole numbers


@dataclass(frozen=True, slots=True)
class Register:
    """What entries are checked against, read once: keys, names of parties and parks, published factors."""

    vkeys: tuple[str, ...]
    parties: Mapping[int, str]
    parks: Mapping[int, str]
    factors: Mapping[tuple[str, str], tuple[str, str, str]]
    factor_roots: Mapping[str, str]
    saved: Mapping[int, tuple[str, str]]  # size → root, where the saved checkpoint came from


def column_fault(row: Sequence[Any], body: Mapping[str, Any], register: Register, *, is_sqlite: bool) -> str | None:
    """Which column of an entry's row is not what the entry says."""
    (position, _, _, kind, round_, reverses, recorded_at, month, material, family, accepted, value, net, low,
     high, supplier_park, receiver_park, supplier, receiver, uuid, *period) = row  # fmt: skip
    result, parties, parks = body["result"], register.parties, register.parks
    stored = (
        str(position), kind, str(round_), material, family, uuid, parties.get(supplier), parties.get(receiver),
        parks.get(supplier_park), parks.get(receiver_park), str(month),
    )  # fmt: skip
    said = (
        body["position"], body["kind"], body["round"], body["material"], body["family"], body["exchange"],
        body["supplier"]["party"], body["receiver"]["party"], body["supplier"]["park"], body["receiver"]["park"],
        body["month"],
    )  # fmt: skip
    amounts, units = (accepted, value, net, low, high), _STORED_UNITS if is_sqlite else _UNITS
    said_amounts = (
        body["accepted_t"], body["value_cny"], result["net_kgco2e"], result["low_kgco2e"], result["high_kgco2e"],
    )  # fmt: skip
    if stored != said or tuple(map(mul, map(Decimal, said_amounts), units)) != amounts:
        numbers = tuple(Decimal(amount) / unit for amount, unit in zip(amounts, units, strict=True))
        pairs = zip(_COMPARED, (*stored, *numbers), (*said, *map(Decimal, said_amounts)), strict=True)
        name, here, there = next(it for it in pairs if it[1] != it[2])
        if name == "position":
            return f"the entry calls itself number {there}"
        return f"column {name} is {here}, the entry says {there}"
    said_period = body["inputs"].get("period") if "inputs" in body else None
    wanted = (said_period["from"], said_period["to"], True) if said_period else (None, None, None)
    starts, ends, is_own = period
    if (starts and str(starts), ends and str(ends), is_own and bool(is_own)) != wanted:
        return f"the settled period is {starts} to {ends}, the entry says {said_period}"
    if (reverses is not None) != (kind == "reversal"):
        return "column reverses does not fit the kind of the entry"
    stored_at = str(recorded_at).replace(" ", "T") if is_sqlite else recorded_at.isoformat()
    said_at = body["recorded_at"]
    if stored_at[:26] != said_at[:26] and not _is_same_time(stored_at, said_at):
        return f"column recorded_at is {stored_at}, the entry says {said_at}"
    return None


def checkpoint_fault(
    name: str, encoded: str, size: int, root: str, keys: Collection[VerifierKey], factor_roots: Mapping[str, str],
    stored_root: str | None = None,
) -> Fault | None:  # fmt: skip
    """What is wrong with a checkpoint, given the root that the entries have at its size.

    Args:
        stored_root: what the column beside it says; None where there is none.
    """
    name = f"{name} of {size} entries"
    try:
        note = Note.parse(encoded)
        body = CheckpointBody.parse(note.text)
    except NoteError as broken:
        return Fault(None, f"{name} is broken: {broken}", Check.CHECKPOINT)
    if not any(key.name == body.origin and key.signature_in(note) for key in keys):
        return Fault(None, f"{name} is not signed by a key of this ledger", Check.SIGNATURE)
    if body.size != size or stored_root not in (None, body.root.hex()):
        return Fault(None, f"{name}: its columns are not what it says", Check.CHECKPOINT)
    if body.root.hex() != root:
        return Fault(None, f"{name} says root {body.root.hex()}, the entries give {root}", Check.CHECKPOINT)
    for line in body.extensions:
        word, _, rest = line.partition(" ")
        count, _, factor_root = rest.partition(" ")
        if word == "gcx-factors" and factor_roots.get(count) != factor_root:
            return Fault(None, f"{name} was signed over another table of {count} factor versions", Check.FACTORS)
    return None


def _is_same_time(stored: str, said: str) -> bool:
    """Also where there are no microseconds, which both databases then leave out."""
    return stored[:19] == said[:19] and datetime.fromisoformat(stored).microsecond == int(said[20:26])
