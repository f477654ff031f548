"""Everything against everything on Dask: the best ten offers of every want, on one worker and on two.

    bench/everything.py [SIZE]      100000 offers and as many wants without it

Both runs must write the same bytes. Workers are processes with one thread; starting them counts.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["GCX_ENV"] = "testing"

import hashlib  # noqa: E402 - one core for each worker is chosen first
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
os.environ["PYTHONPATH"] = str(ROOT)  # for the workers

import skops.io as sio  # noqa: E402
from match import parts  # noqa: E402

from marketplace.knowledge import knowledge  # noqa: E402
from marketplace.matching.core.encode import Encoder  # noqa: E402
from marketplace.matching.core.rank import Matcher  # noqa: E402
from marketplace.matching.core.snapshot import Mark, Writer  # noqa: E402
from marketplace.matching.core.training import train  # noqa: E402
from marketplace.matching.everything import rank_everything  # noqa: E402
from marketplace.matching.serving.building import encoded  # noqa: E402

MOST = 10


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    ranker = Matcher(knowledge(), train(knowledge()))
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        snapshot, model = (
            _snapshot(Path(folder) / "snapshot", size, ranker.encoder),
            Path(folder) / "bench" / "model.skops",
        )
        model.parent.mkdir()
        sio.dump(ranker.model.classifier, model)
        took, hashes = {}, set()
        for workers in (1, 2):
            out, start = Path(folder) / f"{workers}.tsv", time.perf_counter()
            rows = rank_everything(None, workers, snapshot, model, out, MOST, lambda done: None)
            took[workers] = time.perf_counter() - start
            hashes.add(hashlib.sha256(out.read_bytes()).hexdigest())
            print(f"{workers} workers: {rows} rows, {took[workers]:.1f} s, {took[workers] / size * 1e3:.2f} ms a want")
    print(f"1 to 2 workers {took[1] / took[2]:.2f}; same bytes {len(hashes) == 1}")


def _snapshot(folder: Path, size: int, encoder: Encoder) -> Path:
    writer = Writer(folder, encoder.tables)
    for kind in ("offers", "wants"):
        writer.write(kind, size, encoded(parts(size, kind == "offers"), size, encoder))
    return writer.finish(Mark(0, ""), "bench")


if __name__ == "__main__":
    main()
