"""Find the best partners of a listing in a block of many: the most promising lists first, within a budget. Pure.

The score is a sum of curves (core/model.py), so what a list's concept can contribute at most is known before a row
of it is read. Filters apply to the rows before they are ranked.
"""

from collections.abc import Callable, Iterator

import numpy as np

from marketplace.matching.core.block import STEP_TOPS, STEPS, Block
from marketplace.matching.core.features import NAMED, NAMES, Query
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.picking import Picked, may_suggest_rows, pick
from marketplace.matching.core.tables import KnowledgeTables

BUDGET = 5000  # rows that are weighed by what is cheap
RESERVE = 400  # of them, rows that are weighed by everything
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
        if len(fresh) > budget:
            fresh = _nearest(query, block, fresh, budget)
        marked[fresh] = True
        found += len(fresh)
        if found >= budget / 2:
            break
    return np.flatnonzero(marked)


def _promising(
    query: Query, block: Block, model: MatchModel, tables: KnowledgeTables, budget: int
) -> Iterator[np.ndarray]:
    """Rows in helpings of about `budget`, those first whose concepts can contribute most.

    Lists that promise HOPELESS less than the best are left out as soon as there is anything else.
    """
    bounds = _bounds(query, model, tables)
    sizes = np.diff(block.starts)
    filled = np.flatnonzero((bounds > 0) & (sizes > 0))
    order = filled[np.argsort(-bounds[filled], kind="stable")]
    hopeful = order[bounds[order] > bounds[order[0]] - HOPELESS] if len(order) else order
    for lists in (hopeful, order[len(hopeful) :]):
        helping = np.cumsum(sizes[lists]) // budget
        for group in np.split(lists, np.flatnonzero(np.diff(helping)) + 1) if len(lists) else ():
            yield np.concatenate([block.list_of(i) for i in group])
    if max(query.applies.max(), query.same.max()) < NAMED and len(block.centres):
        nearness = block.centres @ query.columns.vectors[0].astype(np.float32)
        yield np.concatenate([block.cell(number) for number in np.argsort(-nearness)[:CELLS]])


def _bounds(query: Query, model: MatchModel, tables: KnowledgeTables) -> np.ndarray:
    """What each list's concept adds to the log-odds at most: application, same material and same family."""
    curve = {name: model.curves[NAMES.index(name)] for name in ("application", "material", "family")}
    at = lambda name, values: curve[name].take(np.rint(values * 1000).astype(int))  # noqa: E731
    found = np.zeros((tables.material_count + tables.use_count, len(STEPS)))
    of_materials, of_uses = found[: tables.material_count], found[tables.material_count :]
    for step, top in enumerate(STEP_TOPS):
        of_materials[:, step] = at("material", np.minimum(query.same[:-1], top))
        of_materials[:, step] += at("family", np.minimum(query.family[:-1], top))
        target = of_uses if query.is_offer else of_materials
        target[:, step] += at("application", query.applies[:-1] * top)
    return found.reshape(-1)


def _nearest(query: Query, block: Block, rows: np.ndarray, most: int) -> np.ndarray:
    """The nearest of many rows; degrees will do."""
    north = block.columns.lat[rows] - query.columns.lat[0]
    east = (block.columns.lon[rows] - query.columns.lon[0]) * np.float32(0.855)
    return np.asarray(rows[np.argpartition(north * north + east * east, most)[:most]])
