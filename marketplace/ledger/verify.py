"""Recompute the whole ledger: every figure, every hash, the tree, the copied columns and the totals."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from marketplace.carbon.errors import InputError
from marketplace.carbon.method import METHOD, assess
from marketplace.extensions import db
from marketplace.ledger import rollups
from marketplace.ledger.assessing import raw_factors
from marketplace.ledger.canonical import CanonicalError, parse_canonical
from marketplace.ledger.entries import result_of, turned_result
from marketplace.ledger.merkle import Frontier, leaf_hash
from marketplace.ledger.models import Dimension, EntryKind, LedgerEntry, LedgerHead, Rollup, RollupFactor
from marketplace.ledger.service import columns_of

BATCH = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with which entry (None: with the head or the totals)."""

    position: int | None
    what: str


@dataclass(slots=True)
class Report:
    """The outcome: how many entries were read, the root they give, and the first faults."""

    size: int = 0
    root_hash: str = ""
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.faults


def verify(progress: Callable[[int, int], None] = lambda done, size: None) -> Report:
    """Check everything; stops at the first bad entry, since all later hashes depend on it.

    Args:
        progress: called with entries done and the size the head claims.
    """
    report, frontier = Report(), Frontier()
    head = db.session.get_one(LedgerHead, 1)
    originals: dict[int, Mapping[str, Any]] = {}
    totals: dict[rollups.CellKey, rollups.Cell] = {}
    for entry in _entries():
        fault = _fault_of(entry, frontier, originals)
        if fault:
            report.faults.append(Fault(entry.position, fault))
            return report
        _add(totals, entry, originals)
        report.size += 1
        if report.size % BATCH == 0:
            progress(report.size, head.size)
    report.root_hash = frontier.root().hex()
    if (head.size, head.root_hash) != (report.size, report.root_hash):
        report.faults.append(Fault(None, f"head says {head.size} entries, root {head.root_hash}; the entries give "
                                         f"{report.size}, root {report.root_hash}"))  # fmt: skip
    report.faults += [Fault(None, f"total {what}") for what in _rollup_faults(totals)]
    progress(report.size, head.size)
    return report


def _entries() -> Iterator[LedgerEntry]:
    return iter(
        db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position).execution_options(yield_per=BATCH))
    )


def _fault_of(entry: LedgerEntry, frontier: Frontier, originals: dict[int, Mapping[str, Any]]) -> str | None:
    """The first thing wrong with an entry; on the way the tree grows by it."""
    if entry.position != frontier.size:
        return f"position {frontier.size} is missing"
    try:
        body = parse_canonical(entry.canonical.encode())
    except CanonicalError as wrong:
        return f"not canonical JSON: {wrong}"
    leaf = leaf_hash(entry.canonical.encode())
    if leaf.hex() != entry.leaf_hash:
        return "the leaf hash is not that of the entry"
    frontier.append(leaf)
    if frontier.root().hex() != entry.root_hash:
        return "the root after this entry does not follow from the entries before"
    return _column_fault(entry, body) or _figure_fault(body, originals)


def _column_fault(entry: LedgerEntry, body: Mapping[str, Any]) -> str | None:
    if body.get("position") != str(entry.position):
        return f"the entry calls itself number {body.get('position')}"
    for name, value in columns_of(body).items():
        if getattr(entry, name) != value:
            return f"column {name} is {getattr(entry, name)}, the entry says {value}"
    return None


def _figure_fault(body: Mapping[str, Any], originals: dict[int, Mapping[str, Any]]) -> str | None:
    if body["method"] != METHOD:
        return f"unknown method {body['method']}"
    if body["kind"] == EntryKind.REVERSAL:
        original = originals.get(int(body["reverses"]))
        if original is None:
            return f"reverses entry {body['reverses']}, which is no earlier entry"
        wanted = turned_result(original["result"])
    else:
        try:
            wanted = result_of(assess(body["inputs"], raw_factors(body["factors"])))
        except InputError as wrong:
            return f"the figure cannot be recomputed: {wrong}"
        originals[int(body["position"])] = body
    if body["result"] != wanted:
        return f"the figure is {body['result']['net_kgco2e']} kg CO2e, recomputed {wanted['net_kgco2e']}"
    return None


def _add(totals: dict[rollups.CellKey, rollups.Cell], entry: LedgerEntry, originals: Mapping[int, Any]) -> None:
    position = entry.reverses if entry.reverses is not None else entry.position
    body = {"kind": entry.kind.value}
    contribution = rollups.Contribution(
        body, originals[position], entry.supplier_park_id, entry.receiver_park_id, entry.supplier_id, entry.receiver_id
    )
    for slot, cell in rollups.cells_of(contribution).items():
        totals.setdefault(slot, rollups.Cell()).add(cell)


def _rollup_faults(wanted: dict[rollups.CellKey, rollups.Cell]) -> list[str]:
    faults = []
    stored = {(r.dimension, r.key, r.month): r for r in db.session.scalars(select(Rollup))}
    for slot in wanted.keys() | stored.keys():
        cell, row = wanted.get(slot, rollups.Cell()), stored.get(slot)
        for name in ("net_kgco2e", "supplied_t", "received_t", "value_cny", "exchanges", "specific_variance"):
            have = getattr(row, name) if row else 0
            if have != getattr(cell, name):
                faults.append(f"{_slot(slot)} {name} is {have}, the entries give {getattr(cell, name)}")
    factors = {
        (r.dimension, r.key, r.month, r.factor_id, r.factor_version): r.sensitivity_kgco2e
        for r in db.session.scalars(select(RollupFactor))
    }
    sums = {(*s, f, v): amount for s, c in wanted.items() for (f, v, _), amount in c.sensitivities.items()}
    for key in sums.keys() | factors.keys():
        if sums.get(key, 0) != factors.get(key, 0):
            faults.append(f"{_slot(key[:3])} of factor {key[3]} is {factors.get(key, 0)}, not {sums.get(key, 0)}")
    return sorted(faults)


def _slot(slot: tuple[Any, ...]) -> str:
    dimension: Dimension = slot[0]
    return f"{dimension.value} {slot[1]} {slot[2]:%Y-%m}"
