"""Find the best partners of a listing in a block of many: the most promising lists first, within a budget. Pure.

The score is a sum of curves (core/model.py), so what a list's concept can contribute at most is known before a row
of it is read. Filters apply to the rows before they are ranked.
"""

from collections.abc import Callable, Iterator

import numpy as np

from marketplace.matching.core.block import STEP_TOPS, STEPS, Block
from marketplace.matching.core.boxes import LEAF, gains
from marketplace.matching.core.features import NAMED, Query
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.picking import Picked, may_suggest_rows, pick
from marketplace.matching.core.tables import KnowledgeTables

MOST_BOXES = 2048  # compared at a time
BUDGET = 7000  # rows of a helping, to be weighed by what is cheap
RESERVE = 250  # rows that are weighed by everything
ALIKE = 0.5  # of a helping comes first, of rows that share a material with the query
ENOUGH = 0.6  # of a helping left by the filters; more than ALIKE, or those alone would do
HOPELESS = 2.5  # log-odds: more than the other features of a row often make up for
CELLS = 6  # read when nothing known is named
Filter = Callable[[np.ndarray], np.ndarray]


def search(
    query: Query,
    block: Block,
    model: MatchModel,
    tables: KnowledgeTables,
    most: int,
    keep: Filter | None = None,
    budget: int = BUDGET,
) -> Picked:
    """The best `most` rows of a block for a query, of those `keep` answers true for."""
    rows = candidates(query, block, model, tables, keep, budget)
    return pick(query, block.columns, rows, model, most, max(RESERVE, most))


def candidates(
    query: Query, block: Block, model: MatchModel, tables: KnowledgeTables, keep: Filter | None, budget: int
) -> np.ndarray:
    """Rows worth weighing, in order; not more than about `budget`."""
    marked = np.zeros(len(block.columns), bool)
    found = 0
    for rows in _promising(query, block, model, tables, budget):
        fresh = rows[~marked[rows]]
        fresh = fresh[may_suggest_rows(query, block.columns, fresh)]
        if keep is not None:
            fresh = fresh[keep(fresh)]
        marked[fresh] = True
        found += len(fresh)
        if found >= budget * ENOUGH:
            break
    return np.flatnonzero(marked)


def _promising(
    query: Query, block: Block, model: MatchModel, tables: KnowledgeTables, budget: int
) -> Iterator[np.ndarray]:
    """Rows in helpings of at most `budget`, those first whose concepts and boxes can contribute most.

    What a row gains by one of its concepts says nothing of the others. So rows that share a material with the query
    get a helping of their own: many of them are documented partners by another concept, and the best of all then.
    Lists that promise HOPELESS less than the best are left out as soon as there is anything else.
    """
    of_likeness, bounds = _bounds(query, model, tables)
    filled = np.diff(block.first_box) > 0
    alike = _portions(of_likeness, filled & (of_likeness > 0), block)
    if alike:
        yield next(_best_first(query, block, model, alike[0], of_likeness, int(budget * ALIKE)))
    is_hopeful = bounds > max(bounds[filled].max(initial=0) - HOPELESS, 0)
    for which in (is_hopeful, ~is_hopeful & (bounds > 0)):
        for lists in _portions(bounds, filled & which, block):
            yield from _best_first(query, block, model, lists, bounds, budget)
    if max(query.applies.max(), query.same.max()) < NAMED and len(block.centres):
        nearness = block.centres @ query.columns.vectors[0].astype(np.float32)
        yield np.concatenate([block.cell(number) for number in np.argsort(-nearness)[:CELLS]])


def _portions(bounds: np.ndarray, which: np.ndarray, block: Block) -> list[np.ndarray]:
    """Lists, best first, in groups of about MOST_BOXES boxes."""
    lists = np.flatnonzero(which)
    lists = lists[np.argsort(-bounds[lists], kind="stable")]
    portion = np.cumsum(block.box_counts(lists)) // MOST_BOXES
    return np.split(lists, np.flatnonzero(np.diff(portion)) + 1) if len(lists) else []


def _best_first(
    query: Query, block: Block, model: MatchModel, lists: np.ndarray, bounds: np.ndarray, helping: int
) -> Iterator[np.ndarray]:
    """Rows of some lists, box by box, in helpings."""
    boxes = block.boxes_of(lists)
    most = np.repeat(bounds[lists], block.box_counts(lists)) + gains(query, block.boxes, boxes, model)
    step = max(1, helping // LEAF)
    while len(boxes) > step:
        order = np.argpartition(-most, step)  # within a helping any order will do
        yield block.rows_in(boxes[order[:step]])
        boxes, most = boxes[order[step:]], most[order[step:]]
    yield block.rows_in(boxes)


def _bounds(query: Query, model: MatchModel, tables: KnowledgeTables) -> tuple[np.ndarray, np.ndarray]:
    """What each list's concept adds to the log-odds at most: by likeness (material and family), and by everything."""
    from marketplace.matching.core import loops

    likeness = np.zeros((tables.material_count + tables.use_count, len(STEPS)))
    by_use = np.zeros_like(likeness)
    target = by_use[tables.material_count :] if query.is_offer else by_use[: tables.material_count]
    for step, top in enumerate(STEP_TOPS):
        of_materials = likeness[: tables.material_count, step]
        of_materials += model.gain("material", np.minimum(query.same[:-1], top))
        of_materials += model.gain("family", np.minimum(query.family[:-1], top))
        target[:, step] += model.gain("application", query.applies[:-1] * top)
    benefit = model.gain("benefit", loops.benefit_fits(query.gross_applies[:-1]))
    target += np.where(query.applies[:-1] > 0, benefit, 0)[:, np.newaxis]
    return likeness.reshape(-1), (likeness + by_use).reshape(-1)
