"""Listings of one kind with lists of who names what, so that a query looks at a few thousand rows of a million. Pure.

A list ("posting") holds the rows that name a concept, in steps of weight; further lists hold the rows whose
texts lie in one cell of the text space, for listings that name nothing known. A list is cut into short runs, and the
box around each run says what its rows could offer at best (core/boxes.py).
"""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from marketplace.matching.core.boxes import Boxes, boxes_of
from marketplace.matching.core.columns import FULL_WEIGHT, Columns, joined_runs
from marketplace.matching.core.tables import KnowledgeTables

# A list's rows have at least this weight, in 1/255, and less than the step before: what is named first and second in a
# title, later, in the description, and what is guessed.
STEPS = (240, 214, 180, 154, 128, 64, 1)
STEP_TOPS = (1.0, *(step / FULL_WEIGHT for step in STEPS[:-1]))
SEED = 1
SAMPLE = 40_000
MOST_CELLS = 1024


@dataclass(frozen=True, slots=True)
class Block:
    """n rows.

    `starts`, `rows`: list i holds `rows[starts[i]:starts[i + 1]]`. Lists go by concept (materials, then uses) and step
    of weight; list i is cut into `boxes` from `first_box[i]` to before `first_box[i + 1]`. `cell_starts`, `cell_rows`:
    the same for cells of the text space, whose centres are `centres`. `by_id`: rows in the order of their ids.
    """

    columns: Columns
    starts: np.ndarray
    rows: np.ndarray
    first_box: np.ndarray
    boxes: Boxes
    centres: np.ndarray
    cell_starts: np.ndarray
    cell_rows: np.ndarray
    by_id: np.ndarray

    def box_counts(self, lists: np.ndarray) -> np.ndarray:
        """Into how many boxes each of some lists is cut."""
        return np.asarray(self.first_box[lists + 1] - self.first_box[lists])

    def boxes_of(self, lists: np.ndarray) -> np.ndarray:
        """Numbers of the boxes of some lists, list by list."""
        return joined_runs(self.first_box[lists], self.box_counts(lists))

    def rows_in(self, boxes: np.ndarray) -> np.ndarray:
        """Rows of some boxes, box by box."""
        starts = self.boxes.starts[boxes]
        return self.rows[joined_runs(starts, self.boxes.starts[boxes + 1] - starts)]

    def cell(self, number: int) -> np.ndarray:
        """Rows of one cell."""
        return self.cell_rows[self.cell_starts[number] : self.cell_starts[number + 1]]


def block_of(columns: Columns, tables: KnowledgeTables) -> Block:
    """The lists of some columns."""
    concepts = tables.material_count + tables.use_count
    keys, rows = [], []
    for slots, weights, first, size in (
        (columns.materials, columns.material_weights, 0, tables.material_count),
        (columns.uses, columns.use_weights, tables.material_count, tables.use_count),
    ):
        for slot, weight in zip(slots, weights, strict=True):
            found = np.flatnonzero((slot < size) & (weight > 0))
            step = np.digitize(weight[found], STEPS[:0:-1])  # 0 the lightest
            keys.append((slot[found].astype(np.int64) + first) * len(STEPS) + (len(STEPS) - 1 - step))
            rows.append(found.astype(np.uint32))
    starts, listed = _lists(np.concatenate(keys), np.concatenate(rows), concepts * len(STEPS))
    boxes = boxes_of(columns, listed, starts[1:])
    first_box = np.searchsorted(boxes.starts[:-1], starts).astype(np.int64)
    centres, cells = _cells(columns.vectors)
    cell_starts, cell_rows = _lists(cells, np.arange(len(columns), dtype=np.uint32), len(centres))
    by_id = np.argsort(columns.ids, kind="stable").astype(np.uint32)
    return Block(columns, starts, listed, first_box, boxes, centres, cell_starts, cell_rows, by_id)


def _lists(keys: np.ndarray, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((rows, keys))
    starts = np.searchsorted(keys[order], np.arange(count + 1)).astype(np.int64)
    return starts, rows[order]


def _cells(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of clusters of texts, and the cluster of each row."""
    count = len(vectors)
    if count == 0:
        return np.zeros((0, vectors.shape[1]), np.float32), np.zeros(0, np.int64)
    sample = vectors[np.random.default_rng(SEED).permutation(count)[:SAMPLE]].astype(np.float32)
    clusters = max(1, min(MOST_CELLS, int(len(sample) ** 0.5) * 4, len(np.unique(sample, axis=0))))
    means = MiniBatchKMeans(clusters, random_state=SEED, n_init=1, batch_size=4096, max_iter=20).fit(sample)
    centres = means.cluster_centers_.astype(np.float32)
    half = (centres * centres).sum(axis=1) / 2
    nearest = np.empty(count, np.int64)
    for start in range(0, count, 8192):
        part = slice(start, start + 8192)
        nearest[part] = (vectors[part].astype(np.float32) @ centres.T - half).argmax(axis=1)
    return centres, nearest
