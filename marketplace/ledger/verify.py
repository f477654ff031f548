"""Check the whole ledger: every entry, the tree, tiles, checkpoints and signatures, and the totals.

Stretches of entries go to processes of their own, each with its own connection; what they hand back is small. The
tree is followed through: a stretch begins with the frontier that the tiles state, and that must be the frontier in
which the stretch before ended.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, create_engine, func, select

from marketplace.accounts.models import Enterprise, Park
from marketplace.extensions import db
from marketplace.ledger import whole
from marketplace.ledger.checking import check
from marketplace.ledger.confirmation_check import Stated, row_faults, stated_in, stated_in_checkpoints, walk_faults
from marketplace.ledger.factor_table import roots
from marketplace.ledger.factors import plain
from marketplace.ledger.faults import Check, Fault, Report
from marketplace.ledger.keys import listed_keys
from marketplace.ledger.models import EmissionFactor, LedgerEntry, LedgerHead
from marketplace.ledger.notes import CheckpointBody
from marketplace.ledger.resuming import Progress
from marketplace.ledger.rows import Register
from marketplace.ledger.stretches import STRETCH, Stretch, Task
from marketplace.ledger.tile_store import tree_of
from marketplace.ledger.tiles import TileError

__all__ = ["Check", "Fault", "Report", "verify"]

ALONE_BELOW = 4 * STRETCH  # for so few, one process is as quick

CACHE_KB = 4096  # who reads each page once needs little of a cache


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint kept outside, and where it came from."""

    body: CheckpointBody
    name: str


@dataclass(frozen=True, slots=True)
class Pool:
    """Processes that check stretches, and how many."""

    executor: ProcessPoolExecutor
    size: int


def verify(
    show: Callable[[int, int], None] = lambda done, size: None,
    *,
    against: list[Saved] | None = None,
    since: Saved | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
    hashes_only: bool = False,
) -> Report:
    """Check everything, or what came after a checkpoint; the first bad entry ends the walk through the entries.

    Args:
        show: called with entries done and entries there are.
        against: checkpoints kept outside, which the tree must contain.
        since: entries before this checkpoint are taken as they are, if the tree still contains it.
        processes: how many to use; one for each core when nothing is said.
        progress: where an interrupted run goes on, and where this one writes how far it came.
        hashes_only: look at leaf hashes, tiles and tree; leave figures, signatures and totals.
    """
    with (
        _checkers(processes or os.cpu_count() or 1) as pool,
        db.engine.connect().execution_options(isolation_level=_snapshot()) as connection,
        connection.begin(),
    ):
        run = _Run(connection, against or [], since, progress or Progress(None), hashes_only)
        run.begin_aside(pool)
        run.walk(show, pool)
        run.finish()
    return run.report


@contextmanager
def _checkers(wanted: int) -> Iterator[Pool | None]:
    """Processes for stretches, each with a connection of its own; None where one is wanted or there is little to do.

    They are forked, which takes milliseconds where starting anew takes a second and 90 MB each. A fork shares open
    connections, which neither database bears: so all are closed first, and the caller connects only afterwards.
    """
    with db.engine.connect() as connection:
        size = connection.scalar(select(LedgerHead.size)) or 0
    if wanted == 1 or size < ALONE_BELOW:
        yield None
        return
    db.session.remove()
    db.engine.dispose()
    url = db.engine.url.render_as_string(hide_password=False)
    forking = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(wanted, mp_context=forking, initializer=_connect, initargs=(url,)) as pool:
        pool.submit(os.getpid).result()  # this forks all of them
        yield Pool(pool, wanted)


def _snapshot() -> str:
    # One moment for head, checkpoints and totals, while others go on appending.
    return "SERIALIZABLE" if db.engine.dialect.name == "sqlite" else "REPEATABLE READ"


class _Run:
    def __init__(
        self,
        connection: Connection,
        against: list[Saved],
        since: Saved | None,
        progress: Progress,
        hashes_only: bool,
    ) -> None:
        self._connection = connection
        self.report = Report()
        self._stored_head = head = connection.execute(select(LedgerHead.__table__)).one()
        self._head: tuple[int, str] = (head.size, head.root_hash)
        self._since = since
        self._hashes_only = hashes_only
        self._keeps = since is None and not hashes_only  # totals can be compared only when every entry was read
        self._progress = progress
        self._against = [*against, *([since] if since else [])]
        self._register = self._read_register()
        self._stored = whole.stored_rollups(connection)
        self._aside: tuple[Future[list[Fault]], ...] = ()

    def begin_aside(self, pool: Pool | None) -> None:
        """Where there are several processes, they look meanwhile at the log of confirmations and at the exchanges.

        Of exchanges each question is one statement, to which it does not matter that others go on completing them.
        """
        if pool is not None and not self._hashes_only:
            submit = pool.executor.submit
            self._aside = submit(_check_log, *self._log()), submit(_check_exchanges)

    def walk(self, show: Callable[[int, int], None], pool: Pool | None) -> None:
        """All stretches in order, until one has a fault."""
        report, progress, size = self.report, self._progress, self._head[0]
        for saved in self._against:
            if saved.body.size > size:
                what = f"{saved.name} is of {saved.body.size} entries, the ledger has {size}: its end was cut off"
                report.faults.append(Fault(None, what, Check.SAVED))
        if self._since and not report.faults:
            self._skip_to(self._since)
        report.size = progress.size
        for stretch in self._stretches(pool, size):
            if stretch.fault:
                report.faults.append(stretch.fault)
                return
            if stretch.start != progress.frontier:
                what = f"the tiles do not give the tree of the {stretch.first} entries before"
                report.faults.append(Fault(stretch.first, what, Check.TREE))
                return
            progress.go_on(stretch)
            report.size = stretch.size
            show(report.size, size)
        report.root_hash = progress.root.hex()

    def finish(self) -> None:
        """What concerns the ledger as a whole: head, higher tiles, checkpoints beyond it, exchanges, totals."""
        report = self.report
        if any(fault.position is not None for fault in report.faults):
            return
        if self._head != (report.size, report.root_hash):
            what = f"head says {self._head[0]} entries, root {self._head[1]}; the entries give {report.size}, root " \
                   f"{report.root_hash}"  # fmt: skip
            report.faults.append(Fault(None, what, Check.TREE))
        elif self._stored_head.frontier != json.dumps(self._progress.frontier):
            report.faults.append(Fault(None, "head keeps another frontier than the entries give", Check.TREE))
        last = self._connection.scalar(select(func.max(LedgerEntry.position)))
        if last is not None and last >= self._head[0]:
            report.faults.append(Fault(last, f"stands beyond the head of {self._head[0]} entries", Check.TREE))
        report.faults += whole.tile_faults(self._connection, self._head[0])
        if self._hashes_only:
            report.faults += self._saved_faults()
            report.notes.append("only hashes and tree were checked, no figure, signature or total")
            return
        report.faults += whole.checkpoint_faults(self._connection, self._head[0], self._register)
        report.faults += whole.head_faults(self._stored_head, self._register)
        report.faults += self._faults_aside()
        if not self._keeps:
            report.notes.append("totals were not compared, because entries before the checkpoint were not read")
            return
        totals = whole.rollup_faults(self._progress.sums, *self._stored)
        report.faults += [Fault(None, f"total {what}", Check.TOTALS) for what in totals]
        self._progress.forget()

    def _faults_aside(self) -> list[Fault]:
        if self._aside:
            of_log, of_exchanges = (each.result() for each in self._aside)
        else:
            of_log = walk_faults(self._connection, *self._log())
            of_exchanges = list(whole.exchange_faults(self._connection))
        return (of_log or list(row_faults(self._connection, self._stored_head.confirmations))) + of_exchanges

    def _log(self) -> tuple[int, str, list[Stated]]:
        head, saved = self._stored_head, [stated_in(s.body.text, s.name) for s in self._against]
        in_head = [stated_in(head.note, "the head's checkpoint")] if head.note else []
        stated = [*stated_in_checkpoints(self._connection), *in_head, *saved]
        return head.confirmations, head.confirmations_frontier, stated

    def _skip_to(self, since: Saved) -> None:
        size, tree = since.body.size, tree_of(self._head[0])
        start = size - size % STRETCH  # stretches begin where tiles do
        if size and tree.root(size) != since.body.root:
            what = f"{since.name} says root {since.body.root.hex()}, the tiles give {tree.root(size).hex()}"
            self.report.faults.append(Fault(None, what, Check.SAVED))
        self._progress.skip_to(start, [node.hex() for node in tree.frontier(start)])

    def _stretches(self, pool: Pool | None, size: int) -> Iterator[Stretch]:
        first = self._progress.size
        if self.report.faults or first >= size:
            return
        if pool is None:
            for task in self._tasks(first, size):
                yield check(self._connection, task)
            return
        waiting: deque[Future[Stretch]] = deque()
        for task in self._tasks(first, size):
            waiting.append(pool.executor.submit(_check, task))
            if len(waiting) > 2 * pool.size:  # so that results never pile up
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _tasks(self, first: int, size: int) -> Iterator[Task]:
        tree = tree_of(size)
        confirmations = self._stored_head.confirmations
        for at in range(first, size, STRETCH):
            before = self._connection.scalar(select(LedgerEntry.canonical).where(LedgerEntry.position == at - 1))
            last_time = _recorded_at(before) if before else ""
            try:
                start = [node.hex() for node in tree.frontier(at)]
            except TileError:
                start = []  # which fits no tree but the empty one: the stretch says so when its turn comes
            tree.forget()
            end = min(at + STRETCH, size)
            yield Task(self._register, at, end, start, last_time, confirmations, self._hashes_only)

    def _read_register(self) -> Register:
        read = self._connection.execute
        factors = read(select(EmissionFactor)).all()
        return Register(
            vkeys=tuple(row.key.encoded for row in listed_keys()),
            parties={row.id: row.pseudonym for row in read(select(Enterprise.id, Enterprise.pseudonym))},
            parks={row.id: row.code for row in read(select(Park.id, Park.code))},
            factors={(f.factor_id, str(f.version)): (plain(f.value), f.unit, plain(f.gsd)) for f in factors},
            factor_roots={str(count): root.hex() for count, root in enumerate(roots())},
            saved={s.body.size: (s.body.root.hex(), s.name) for s in self._against},
        )

    def _saved_faults(self) -> Iterator[Fault]:
        """Saved checkpoints against the tiles, which the walk has found to be those of the entries."""
        tree = tree_of(self._head[0])
        for saved in self._against:
            if saved.body.size <= tree.size and tree.root(saved.body.size) != saved.body.root:
                what = f"{saved.name} says another root for {saved.body.size} entries: the ledger was rewritten"
                yield Fault(None, what, Check.SAVED)


def _recorded_at(canonical: str) -> str:
    _, _, rest = canonical.partition('"recorded_at":"')
    return rest.partition('"')[0]


_connection: Connection | None = None


def _connect(url: str) -> None:
    global _connection
    gc.freeze()  # what the parent made stays shared memory
    _connection = create_engine(url).connect()
    if _connection.dialect.name == "sqlite":
        _connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KB}")


def _check(task: Task) -> Stretch:
    assert _connection is not None
    return check(_connection, task)


def _check_log(size: int, frontier: str, stated: list[Stated]) -> list[Fault]:
    assert _connection is not None
    return walk_faults(_connection, size, frontier, stated)


def _check_exchanges() -> list[Fault]:
    assert _connection is not None
    return list(whole.exchange_faults(_connection))
