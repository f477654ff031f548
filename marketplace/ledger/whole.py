"""What concerns the ledger as a whole: higher tiles, checkpoints beyond it, exchanges and their entries, totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, case, exists, func, select
from sqlalchemy.orm import aliased

from marketplace.exchanges.models import Exchange, ExchangeState, SettledPeriod
from marketplace.ledger import rollups
from marketplace.ledger.confirmation_check import stated_in
from marketplace.ledger.faults import Check, Fault
from marketplace.ledger.merkle import EMPTY_ROOT
from marketplace.ledger.models import (
    Checkpoint,
    Dimension,
    EntryKind,
    LedgerEntry,
    LedgerTile,
    Rollup,
    RollupFactor,
)
from marketplace.ledger.notes import VerifierKey
from marketplace.ledger.rows import Register, checkpoint_fault
from marketplace.ledger.sums import Sums
from marketplace.ledger.tiles import WIDTH, fold, hashes_of

MOST_NAMED = 20


def tile_faults(connection: Connection, size: int) -> Iterator[Fault]:
    """Tiles above the lowest level: each holds the roots of 256 of the level below."""
    level, count = 1, size // WIDTH**2
    while count:
        for number in range(count):
            row = connection.execute(
                select(LedgerTile.hashes, LedgerTile.root).where(LedgerTile.level == level, LedgerTile.number == number)
            ).first()
            below = connection.scalars(
                select(LedgerTile.root)
                .where(LedgerTile.level == level - 1, LedgerTile.number >= number * WIDTH,
                       LedgerTile.number < (number + 1) * WIDTH)
                .order_by(LedgerTile.number)
            ).all()  # fmt: skip
            if row is None or hashes_of(row.hashes, WIDTH) != list(below) or row.root != fold(below):
                what = f"tile {level}/{number} does not hold the roots of the tiles below it"
                yield Fault(None, what, Check.TREE)
        level, count = level + 1, count // WIDTH


def checkpoint_faults(connection: Connection, size: int, register: Register) -> Iterator[Fault]:
    """Checkpoints of the empty tree, and of more entries than there are."""
    keys = [VerifierKey.parse(vkey) for vkey in register.vkeys]
    rows = connection.execute(
        select(Checkpoint.id, Checkpoint.size, Checkpoint.root_hash, Checkpoint.note).where(
            (Checkpoint.size == 0) | (Checkpoint.size > size)
        )
    )
    for number, of, root, note in rows:
        if of > size:
            what = f"checkpoint {number} is of {of} entries, the ledger has {size}: its end was cut off"
            yield Fault(None, what, Check.CHECKPOINT)
            continue
        fault = checkpoint_fault(f"checkpoint {number}", note, of, EMPTY_ROOT.hex(), keys, register.factor_roots, root)
        if fault:
            yield fault


def head_faults(head: Row[Any], register: Register) -> Iterator[Fault]:
    """The newest checkpoint, which stands in the head: ours, and over the trees that the head says."""
    if not head.note and not head.size and not head.confirmations:
        return
    keys = [VerifierKey.parse(vkey) for vkey in register.vkeys]
    fault = checkpoint_fault("the head's checkpoint", head.note, head.size, head.root_hash, keys, register.factor_roots)
    if fault:
        yield fault
    elif stated_in(head.note, "").size != head.confirmations:
        yield Fault(None, "the head's checkpoint says another number of confirmations than the head", Check.CHECKPOINT)


def exchange_faults(connection: Connection) -> Iterator[Fault]:
    """What is wrong between exchanges and entries: one without the other, or more of one than of the other."""
    yield from _unrecorded_faults(connection)
    yield from _repeated_faults(connection)
    yield from _period_faults(connection)


def _unrecorded_faults(connection: Connection) -> Iterator[Fault]:
    """Completed exchanges without an entry: of their round, or of a period that stands."""
    recorded = exists().where(
        LedgerEntry.exchange_id == Exchange.id,
        LedgerEntry.round == Exchange.round,
        LedgerEntry.kind == EntryKind.ASSESSMENT,
    )
    settled = exists().where(SettledPeriod.exchange_id == Exchange.id, SettledPeriod.reversed_at.is_(None))
    completed = select(Exchange.id).where(Exchange.state == ExchangeState.COMPLETED, ~recorded, ~settled)
    for (exchange_id,) in connection.execute(completed.limit(MOST_NAMED)):
        yield Fault(None, f"exchange {exchange_id} is completed and has no entry", Check.EXCHANGE)


def _period_faults(connection: Connection) -> Iterator[Fault]:
    """Deliveries that count twice: entries of one recurring exchange that stand and share a day.

    That a settled period is the one its entry says was seen on the walk through the entries.
    """
    reversal = aliased(LedgerEntry)
    is_reversed = exists().where(reversal.reverses == SettledPeriod.position)
    wrong = select(SettledPeriod.position).where((SettledPeriod.reversed_at.is_(None)) == is_reversed)
    for (position,) in connection.execute(wrong.limit(MOST_NAMED)):
        yield Fault(position, "its period is open and counts, or is settled and was reversed", Check.EXCHANGE)
    first, second, early, late = (
        aliased(LedgerEntry),
        aliased(LedgerEntry),
        aliased(SettledPeriod),
        aliased(SettledPeriod),
    )
    recurring = select(SettledPeriod.exchange_id).distinct().subquery()  # few: the query begins with them
    twice = (
        select(second.position, first.position)
        .select_from(recurring)
        .join(second, second.exchange_id == recurring.c.exchange_id)
        .join(first, (first.exchange_id == second.exchange_id) & (first.position < second.position))
        .outerjoin(early, early.position == first.position)
        .outerjoin(late, late.position == second.position)
        .where(
            first.kind == EntryKind.ASSESSMENT,
            second.kind == EntryKind.ASSESSMENT,
            ~exists().where(reversal.reverses == first.position),
            ~exists().where(reversal.reverses == second.position),
            early.id.is_(None)
            | late.id.is_(None)
            | ((early.starts_on < late.ends_before) & (late.starts_on < early.ends_before)),
        )
        .limit(MOST_NAMED)
    )
    for position, other in connection.execute(twice):
        yield Fault(position, f"it counts deliveries of the same exchange and time as entry {other}", Check.EXCHANGE)


def _repeated_faults(connection: Connection) -> Iterator[Fault]:
    """Entries that count an exchange again while an earlier one stands or in the same round, or reverse an entry again.

    The columns were compared with the entries, and we refuse such entries; but not for who owns the database.
    """
    twice = (
        select(LedgerEntry.exchange_id, LedgerEntry.round, func.max(LedgerEntry.position))
        .group_by(LedgerEntry.exchange_id, LedgerEntry.kind, LedgerEntry.round)
        .having(func.count() > 1)
        .limit(MOST_NAMED)
    )
    for exchange_id, round_number, last in connection.execute(twice):
        what = f"it counts exchange {exchange_id} a second time in round {round_number}"
        yield Fault(last, what, Check.EXCHANGE)
    stand = func.sum(case((LedgerEntry.kind == EntryKind.ASSESSMENT, 1), else_=-1))
    both = (
        select(LedgerEntry.exchange_id, func.max(LedgerEntry.position))
        .where(LedgerEntry.exchange_id.not_in(select(SettledPeriod.exchange_id)))  # theirs: `_period_faults`
        .group_by(LedgerEntry.exchange_id)
        .having(stand > 1)
        .limit(MOST_NAMED)
    )
    for exchange_id, last in connection.execute(both):
        yield Fault(last, f"it counts exchange {exchange_id}, of which an earlier entry stands", Check.EXCHANGE)
    again = (
        select(LedgerEntry.reverses, func.max(LedgerEntry.position))
        .where(LedgerEntry.reverses.is_not(None))
        .group_by(LedgerEntry.reverses)
        .having(func.count() > 1)
        .limit(MOST_NAMED)
    )
    for reversed_one, last in connection.execute(again):
        yield Fault(last, f"it reverses entry {reversed_one} a second time", Check.EXCHANGE)
    same = select(Exchange.uuid).group_by(Exchange.uuid).having(func.count() > 1).limit(MOST_NAMED)
    for (uuid,) in connection.execute(same):
        yield Fault(None, f"there are two exchanges {uuid}", Check.EXCHANGE)


def rollup_faults(
    sums: Sums, stored: Mapping[rollups.CellKey, Any], factors: Mapping[tuple[Any, ...], Any]
) -> list[str]:
    """Totals that are not the sums of the entries."""
    wanted, faults = sums.as_rollups(), []
    for slot in wanted.keys() | stored.keys():
        cell, row = wanted.get(slot, rollups.Cell()), stored.get(slot)
        for name in rollups.AMOUNTS:
            have = getattr(row, name) if row else 0
            if have != getattr(cell, name):
                faults.append(f"{_slot(slot)} {name} is {have}, the entries give {getattr(cell, name)}")
    shared = {(*s, f, v): amount for s, c in wanted.items() for (f, v, _), amount in c.sensitivities.items()}
    for key in shared.keys() | factors.keys():
        if shared.get(key, 0) != factors.get(key, 0):
            faults.append(f"{_slot(key[:3])} of factor {key[3]} is {factors.get(key, 0)}, not {shared.get(key, 0)}")
    return sorted(faults)


def stored_rollups(connection: Connection) -> tuple[dict[rollups.CellKey, Any], dict[tuple[Any, ...], Any]]:
    cells = connection.execute(
        select(Rollup.dimension, Rollup.key, Rollup.month, *(getattr(Rollup, f) for f in rollups.AMOUNTS))
    )
    factors = connection.execute(
        select(
            RollupFactor.dimension, RollupFactor.key, RollupFactor.month, RollupFactor.factor_id,
            RollupFactor.factor_version, RollupFactor.sensitivity_kgco2e,
        )
    )  # fmt: skip
    return {(r[0], r[1], r[2]): r for r in cells}, {tuple(r[:5]): r[5] for r in factors}


def _slot(slot: tuple[Any, ...]) -> str:
    dimension: Dimension = slot[0]
    return f"{dimension.value} {slot[1]} {slot[2]:%Y-%m}"
