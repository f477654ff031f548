"""Speed of the matcher on clustered synthetic offers, as ratios within one run.

    bench/match.py [SIZE ...]      10000 100000 1000000 without sizes; `make bench-serving`

A query is the whole path: text to features to the best 20 that may be suggested, with reasons, on one core. Against
it stand scikit-learn's brute-force neighbours over the same vectors and one reading of these vectors.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["GCX_ENV"] = "testing"

import gc  # noqa: E402 - one core is chosen first
import shutil  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator, Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from sklearn.neighbors import NearestNeighbors  # noqa: E402
from synthetic import listing  # noqa: E402

from marketplace.knowledge import knowledge  # noqa: E402
from marketplace.matching.core.encode import Encoder  # noqa: E402
from marketplace.matching.core.features import Query  # noqa: E402
from marketplace.matching.core.picking import may_suggest_rows, weigh  # noqa: E402
from marketplace.matching.core.rank import Matcher  # noqa: E402
from marketplace.matching.core.search import search  # noqa: E402
from marketplace.matching.core.snapshot import Mark, Writer, open_snapshot  # noqa: E402
from marketplace.matching.core.training import train  # noqa: E402
from marketplace.matching.core.values import MatchListing  # noqa: E402
from marketplace.matching.serving.building import PART, encoded  # noqa: E402
from marketplace.matching.serving.delta import Delta  # noqa: E402

QUERIES, TOP, JUDGED, DELTA = 500, 20, 100, 10_000
OPENS = """
import sys, time; sys.path.insert(0, sys.argv[1])
import numpy, psutil
from pathlib import Path
from marketplace.knowledge import knowledge
from marketplace.matching.core.search import search
from marketplace.matching.core.snapshot import open_snapshot
from marketplace.matching.core.tables import tables_of
tables = tables_of(knowledge()); open_snapshot(Path(sys.argv[2]), tables)
me = psutil.Process(); before = me.memory_full_info().uss; times = []
for _ in range(15):
    start = time.perf_counter(); found = open_snapshot(Path(sys.argv[2]), tables)
    times.append(time.perf_counter() - start)
dead = numpy.zeros(len(found.offers.columns), bool); dead[:] = False
print(sorted(times)[7], (me.memory_full_info().uss - before) / 1e6)
"""


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    ranker = Matcher(knowledge(), train(knowledge()))
    gc.collect()
    gc.freeze()  # as the store does when it has loaded a matcher
    wants = [listing(10_000_000 + number, False) for number in range(QUERIES)]
    first: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        for size in sizes:
            found = measure(Path(folder) / str(size), size, ranker, wants)
            first = first or found
            print(f"\n{size} offers", flush=True)
            for name, value in found.items():
                print(f"  {name:46}{value:>12.3f}")
            for name in ("whole path, p99, ms", "opening, ms"):
                print(f"  {name + ' / at the first size':46}{found[name] / first[name]:>12.2f}", flush=True)
            shutil.rmtree(Path(folder) / str(size))


def measure(folder: Path, size: int, ranker: Matcher, wants: Sequence[MatchListing]) -> dict[str, float]:
    """Every figure of one size."""
    built = _build(folder, size, ranker.encoder)
    block = open_snapshot(folder, ranker.tables).offers
    queries = [ranker.query(want) for want in wants]

    def answer(want: MatchListing) -> Query:
        query = ranker.query(want)
        picked = search(query, block, ranker.model, ranker.tables, TOP)
        ranker.matches(query, want.id, block.columns, picked, [str(i) for i in block.columns.ids[picked.rows]])
        return query

    for want in wants[:30]:
        answer(want)
    whole = _times(answer, wants)
    only = _times(lambda q: search(q, block, ranker.model, ranker.tables, TOP), queries)
    delta = Delta()
    delta.add(ranker.encoder.encode([listing(20_000_000 + n, True) for n in range(DELTA)]))
    everything = lambda rows: np.ones(len(rows), bool)  # noqa: E731

    def answer_with_delta(want: MatchListing) -> None:
        delta.search(answer(want), ranker.model, TOP, everything)  # one query asks both, as in `serving/live.py`

    with_delta = _times(answer_with_delta, wants[:200])
    vectors = np.asarray(block.columns.vectors, np.float32)
    brute = NearestNeighbors(n_neighbors=TOP, algorithm="brute").fit(vectors)
    of_brute = _times(lambda q: brute.kneighbors(np.asarray(q.columns.vectors, np.float32)), queries[:12])
    scan = _times(lambda q: vectors @ np.asarray(q.columns.vectors[0], np.float32), queries[:12])
    opening, memory = _opening(folder)
    median = float(np.median(whole))
    return {
        "built in, s": built,
        "whole path, median, ms": median * 1e3,
        "whole path, p99, ms": float(np.quantile(whole, 0.99)) * 1e3,
        "search alone, median, ms": float(np.median(only)) * 1e3,
        "brute force / whole path": float(np.median(of_brute)) / median,
        "one reading of the vectors / whole path": float(np.median(scan)) / median,
        "recall@20 against all, by score": _recall(block, ranker, queries[:JUDGED]),
        "with a delta of 10,000 / without": float(np.median(with_delta)) / median,
        "opening, ms": opening * 1e3,
        "a further worker's own memory, MB": memory,
    }


def _build(folder: Path, size: int, encoder: Encoder) -> float:
    start = time.perf_counter()
    writer = Writer(folder, encoder.tables)
    writer.write("offers", size, encoded(parts(size, True), size, encoder))
    writer.write("wants", 0, [])
    writer.finish(Mark(0, ""), "bench")
    return time.perf_counter() - start


def parts(size: int, is_offer: bool) -> Iterator[list[MatchListing]]:
    """Listings of one kind, in parts as the job that builds a snapshot reads them."""
    for start in range(0, size, PART):
        yield [listing(number, is_offer) for number in range(start, min(size, start + PART))]


def _recall(block, ranker: Matcher, queries: Sequence) -> float:  # type: ignore[no-untyped-def, type-arg]
    """Share of the exact best 20 that were found; an equal score is as good."""
    every, found = np.arange(len(block.columns)), []
    for query in queries:
        exact = weigh(query, block.columns, every[may_suggest_rows(query, block.columns, every)], ranker.model).first(
            TOP
        )
        picked = search(query, block, ranker.model, ranker.tables, TOP)
        found.append(float((picked.scores >= exact.scores[-1] - 1e-12).sum()) / len(exact.scores))
    return float(np.mean(found))


def _opening(folder: Path) -> tuple[float, float]:
    """Seconds to open the snapshot once more, and the megabytes a process of its own needs for it."""
    said = subprocess.run(
        [sys.executable, "-c", OPENS, str(ROOT), str(folder)], capture_output=True, text=True, check=True
    )
    seconds, megabytes = said.stdout.split()
    return float(seconds), float(megabytes)


def _times(work: Callable, subjects: Sequence) -> np.ndarray:  # type: ignore[type-arg]
    found = []
    for subject in subjects:
        start = time.perf_counter()
        work(subject)
        found.append(time.perf_counter() - start)
    return np.array(found)


if __name__ == "__main__":
    print(f"{psutil.cpu_count()} cores; queries on one")
    main()
