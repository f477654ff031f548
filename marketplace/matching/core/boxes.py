"""What the listings of a short run of rows could at best offer: the box around their places, amounts, days and prices.
Pure (numpy).

Rows that lie together are stored together (`order_of`), so that runs of LEAF rows have small boxes. The listing a box
could hold that suits a query best is weighed by the same features as a real one; since every curve of the model is
monotone, no row of the run can do better in them.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.core.columns import NO_DAY, Columns
from marketplace.matching.core.features import Query
from marketplace.matching.core.model import MatchModel

LEAF = 16  # rows of a run
KM_PER_DEGREE = 111.2
HALF_LOG_T = 2.0  # a quantity hundred times another is half as good
UNKNOWN = -1e4  # apart from everything known
BOXED = ("lat", "lon", "log_t", "from_day", "until_day", "price")


@dataclass(frozen=True, slots=True)
class Boxes:
    """m boxes: `lows` and `highs` (6, m) in the order of BOXED; `starts` (m + 1): where each run begins among the
    rows it was made from. NaN when nothing is known (where some is, it speaks for the run),
    NO_DAY when any of the days is not."""

    lows: np.ndarray
    highs: np.ndarray
    starts: np.ndarray


def boxes_of(columns: Columns, rows: np.ndarray, ends: np.ndarray) -> Boxes:
    """Boxes of runs of `rows`; a run has at most LEAF rows and does not reach over any of `ends` (rising)."""
    starts = _starts(ends)
    lows = np.empty((len(BOXED), len(starts) - 1), np.float32)
    highs = np.empty_like(lows)
    for k, name in enumerate(BOXED):
        values = getattr(columns, name)[rows].astype(np.float32)
        if len(starts) > 1:
            lows[k] = np.fmin.reduceat(values, starts[:-1])
            highs[k] = np.where(lows[k] == NO_DAY, NO_DAY, np.fmax.reduceat(values, starts[:-1]))
    return Boxes(lows, highs, starts)


def _starts(ends: np.ndarray) -> np.ndarray:
    """Where runs begin, and the end of the last."""
    sizes = np.diff(ends, prepend=0)
    runs = -(-sizes // LEAF)
    first = np.repeat(ends - sizes, runs)
    within = np.arange(len(first)) - np.repeat(np.cumsum(runs) - runs, runs)
    return np.append(first + within * LEAF, ends[-1] if len(ends) else 0).astype(np.int64)


def gains(query: Query, boxes: Boxes, which: np.ndarray, model: MatchModel) -> np.ndarray:
    """The most log-odds that quantity, dates, price and nearness can add in each of the boxes `which`."""
    from marketplace.matching.core import loops

    return loops.promised(query.is_offer, query.facts, boxes.lows, boxes.highs, which, model.curves)


def order_of(columns: Columns) -> np.ndarray:
    """The order in which rows are best stored: by first material, and within it so that runs have small boxes."""
    points = _points(columns)
    order = np.argsort(columns.materials[0], kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(columns.materials[0][order])) + 1)
    return np.concatenate([_halved(points, part) for part in parts])


def _points(columns: Columns) -> np.ndarray:
    """Rows as points (n, 5) whose distances are about as much as they matter; what is unknown lies together."""
    from marketplace.matching.core.loops import HALF_DAYS, HALF_KM

    north, east = columns.lat * KM_PER_DEGREE / HALF_KM, columns.lon * KM_PER_DEGREE * 0.855 / HALF_KM
    days = [np.maximum(day / HALF_DAYS, UNKNOWN) for day in (columns.from_day, columns.until_day)]
    log_t = np.nan_to_num(columns.log_t / HALF_LOG_T, nan=UNKNOWN)
    return np.column_stack([north, east, log_t, *days])


def _halved(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The rows, halved again and again across where they spread most."""
    pending, done = [rows], []
    while pending:
        part = pending.pop()
        if len(part) <= LEAF:
            done.append(part)
            continue
        own = points[part]
        low, high = np.quantile(own, (0.1, 0.9), axis=0, method="nearest")
        across = own[:, int(np.argmax(high - low))]
        # halves are whole runs, so that runs of the stored rows are these parts
        half = -(-len(part) // (2 * LEAF)) * LEAF
        split = np.argpartition(across, half)
        pending += [part[split[half:]], part[split[:half]]]
    return np.concatenate(done)
