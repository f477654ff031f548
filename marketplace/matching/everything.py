"""Everything against everything: the best offers for each want of a snapshot, in parts, on as many machines as wanted.

A part is a file that appears whole or not at all, and what stands in it depends on the snapshot and the model alone. So
a run that was stopped goes on where it stood, a worker that dies costs only its part, and any number of workers write
the same result.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from marketplace.knowledge import knowledge
from marketplace.matching.core.features import query_of
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.search import search
from marketplace.matching.core.snapshot import Snapshot, open_snapshot
from marketplace.matching.core.tables import KnowledgeTables, tables_of
from marketplace.matching.store import read_model

PART = 1000  # wants


def rank_everything(
    scheduler: str | None,
    workers: int,
    snapshot: Path,
    model: Path,
    out: Path,
    most: int,
    progress: Callable[[int], None],
    part: int = PART,
) -> int:
    """Write `out`: want, offer, score, tab-separated, best first, wants by their numbers; returns the rows.

    Args:
        scheduler: address of a Dask scheduler whose workers see the same files; None starts `workers` processes here.
        progress: told the number of wants done, part by part.
        part: wants that a worker takes at a time, and that its death costs at most.

    Raises:
        BrokenSnapshot, BrokenModel: what is to be read cannot be.
    """
    from dask.distributed import Client, as_completed

    wants = len(open_snapshot(snapshot, _tables()).wants.columns)
    parts = out.with_name(f".{out.name}.parts-{snapshot.name}-{model.parent.name}-{most}-{part}")
    parts.mkdir(parents=True, exist_ok=True)
    missing = [start for start in range(0, wants, part) if not (parts / _name(start)).exists()]
    progress(wants - sum(min(part, wants - start) for start in missing))
    if missing:
        options = {"address": scheduler} if scheduler else {"n_workers": workers, "threads_per_worker": 1}
        with Client(**options, dashboard_address="127.0.0.1:0") as client:
            rank = partial(rank_part, snapshot, model, size=part, most=most, parts=parts)
            tasks = [client.submit(rank, start, pure=False) for start in missing]
            for done in as_completed(tasks):
                progress(done.result())
    return _join(parts, range(0, wants, part), out)


def rank_part(snapshot: Path, model: Path, start: int, size: int, most: int, parts: Path) -> int:
    """Rank the offers for `size` wants from the `start`-th on, by their numbers; returns how many there were."""
    found, ranker, tables = _opened(str(snapshot)), _read(str(model)), _tables()
    wants = found.wants.columns
    rows = np.asarray(found.wants.by_id[start : start + size])
    lines: list[str] = []
    for row in rows.tolist():
        query = query_of(wants.take([row]), False, tables)
        picked = search(query, found.offers, ranker, tables, most)
        offers = found.offers.columns.ids[picked.rows].tolist()
        scored = zip(offers, picked.scores.tolist(), strict=True)
        lines += [f"{wants.ids[row]}\t{offer}\t{score:.6f}\n" for offer, score in scored]
    aside = parts / f".{_name(start)}.{os.getpid()}"
    aside.write_text("".join(lines), encoding="ascii")
    os.replace(aside, parts / _name(start))
    return len(rows)


def _join(parts: Path, starts: Iterator[int] | range, out: Path) -> int:
    aside, rows = out.with_name(f".{out.name}.{os.getpid()}"), 0
    with aside.open("wb") as whole:
        for start in starts:
            body = (parts / _name(start)).read_bytes()
            rows += body.count(b"\n")
            whole.write(body)
    os.replace(aside, out)
    shutil.rmtree(parts)
    return rows


def _name(start: int) -> str:
    return f"{start:09d}.tsv"


@lru_cache(maxsize=1)
def _tables() -> KnowledgeTables:
    return tables_of(knowledge())


@lru_cache(maxsize=1)
def _opened(folder: str) -> Snapshot:
    return open_snapshot(Path(folder), _tables())


@lru_cache(maxsize=1)
def _read(path: str) -> MatchModel:
    return read_model(Path(path))
