"""The bars of the ledger as ratios in one run: append, verify, proofs, and the figure.

    bench/ledger.py [--database URL] [--entries 100000] [--kept-every 100] [--turns 3]

Fills an empty database with entries like those of the demo (three deliveries, about 3.8 kB), each with other weights
and ways and with two confirmations in their log, then measures against what the same machine does at the same time with
the least that is possible: a bare INSERT of the same row in its own durable transaction, reading and hashing each row
once. Measured and compared take turns (A B A B …), and medians are told, so that ratios hold on a machine that does
other things. Writes bench/out/ledger-<database>.json. `--kept-every` says how many entries come between two checkpoints
that are kept, each with a signature to check. A million entries take a while to make.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["GCX_ENV"] = "testing"
os.environ.setdefault("LOG_LEVEL", "ERROR")

import psutil  # noqa: E402 - the environment is chosen first
from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import delete, insert, select, text  # noqa: E402

from marketplace import create_app  # noqa: E402
from marketplace.carbon.method import assess  # noqa: E402
from marketplace.carbon.uncertainty import monte_carlo  # noqa: E402
from marketplace.database import now, transaction  # noqa: E402
from marketplace.exchanges.models import Confirmation, Exchange, Side  # noqa: E402
from marketplace.extensions import db  # noqa: E402
from marketplace.ledger import factors, rollups, service, tile_store  # noqa: E402
from marketplace.ledger.assessing import figure_of, raw_factors  # noqa: E402
from marketplace.ledger.canonical import canonical_bytes  # noqa: E402
from marketplace.ledger.checkpoints import hold_head, keep_newest, publish_head  # noqa: E402
from marketplace.ledger.confirmations import enter  # noqa: E402
from marketplace.ledger.entries import assessment_body  # noqa: E402
from marketplace.ledger.merkle import leaf_hash  # noqa: E402
from marketplace.ledger.models import LedgerEntry  # noqa: E402
from marketplace.ledger.recompute import quick_result  # noqa: E402
from marketplace.ledger.service import columns_of  # noqa: E402
from marketplace.ledger.sums import Sums  # noqa: E402
from marketplace.ledger.verify import verify  # noqa: E402
from tests.factories import World, agreed, completed, delivered, open_listing, side_user  # noqa: E402

BATCH = 4096
APPENDS = 200
PROOFS = 500
FIRST_SIZE = 10_000
FILLED = 1_000_000  # where the numbers of rows begin that no service made


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/bench.sqlite3"
        app = create_app({"SQLALCHEMY_DATABASE_URI": url, "DATA_DIR": Path(folder)})
        with app.app_context():
            upgrade()
            figures = run(options)
            name = db.engine.dialect.name
    out = ROOT / "bench" / "out"
    out.mkdir(parents=True, exist_ok=True)
    (out / f"ledger-{name}.json").write_text(json.dumps(figures, indent=1) + "\n")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All measurements, printed as they come."""
    entries, kept_every = options.entries, options.kept_every
    figures: dict[str, Any] = {"database": db.engine.dialect.name, "entries": entries, "kept_every": kept_every}

    def tell(name: str, value: float, bar: str = "") -> None:
        figures[name] = round(value, 3)
        print(f"{name:58} {value:12.3f}  {bar}", flush=True)

    with transaction():
        factors.publish_library()
        World.build()
    completed(open_listing(), use="scm-cement")
    template = db.session.scalars(select(LedgerEntry)).one()
    first, others = ([under_way() for _ in range(APPENDS)] for _ in range(2))
    tell("assessment with analytic interval, ms", _figure_ms(template, assess), "≤ 1")
    tell("Monte Carlo of 10,000 draws, ms", _figure_ms(template, monte_carlo), "≤ 20")

    small = fill(min(FIRST_SIZE, entries), kept_every)
    at_small = append_ratio(first)
    tell(f"append / bare INSERT at {small}, rate", at_small["ratio"], "≥ 0.4")
    tell(f"append at {small}, ms", at_small["append_ms"])
    large = fill(entries, kept_every)
    at_large = append_ratio(others)
    tell(f"append / bare INSERT at {large}, rate", at_large["ratio"], "≥ 0.4")
    tell(f"append at {large}, ms", at_large["append_ms"])
    tell("bare INSERT in its own transaction, ms", at_large["bare_ms"])
    tell("figure with loading the exchange, before the append, ms", at_large["figure_ms"])
    tell("append at the larger / at the smaller size, time", at_large["append_ms"] / at_small["append_ms"], "≤ 1.3")
    size = db.session.scalar(text("SELECT size FROM ledger_head")) or 0
    db.session.rollback()

    median, p99 = proof_ms(size)
    tell("inclusion proof p50, ms", median)
    tell("inclusion proof p99, ms", p99, "≤ 5")

    bytes_read, reading, hashing = read_and_hash()
    tell("bytes per entry", bytes_read / size)
    tell("reading and hashing once, µs per entry", reading / size * 1e6)
    rebuilding, wrote = rebuild_seconds(size)
    tell("tiles and root rebuilt / hashing alone", rebuilding / hashing, "≤ 3")
    tell("tiles and root rebuilt with reading / reading and hashing", wrote / reading)
    db.session.rollback()
    for name, limit, arguments in (
        ("hashes and tree", "≤ 2", {"hashes_only": True, "processes": 1}),
        ("everything, one process", "≤ 8", {"processes": 1}),
        ("everything, two processes", "≤ 4.5", {"processes": 2}),
    ):
        ratio, seconds, more = verify_ratio(arguments, options.turns)
        tell(f"verify {name} / reading and hashing", ratio, limit)
        tell(f"verify {name}, µs per entry", seconds / size * 1e6)
        tell(f"verify {name}, MB more at the peak", more / 1e6, "≤ 200")
    return figures


def fill(size: int, kept_every: int) -> int:
    """Entries up to `size`, each of an exchange of its own, with all that they would have; returns the size."""
    template = db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position)).first()
    assert template is not None
    row = _columns(template)
    body, chance, sums = json.loads(template.canonical), random.Random(size), Sums()
    parties = (row["supplier_park_id"], row["receiver_park_id"], row["supplier_id"], row["receiver_id"])
    exchange = _columns(db.session.get_one(Exchange, template.exchange_id))
    first_two = select(Confirmation).where(Confirmation.number < 2).order_by(Confirmation.number)
    given = [{name: value for name, value in _columns(each).items() if name != "id"}
             for each in db.session.scalars(first_two)]  # fmt: skip
    while True:
        with transaction():
            head, made, confirmed, exchanges = hold_head(), [], [], []
            frontier, confirmations = head.entries, head.confirmations
            if frontier.size >= size:
                break
            end = min(size, frontier.size + kept_every, (frontier.size // 128 + 1) * 128)  # two leaves for each entry
            for position in range(frontier.size, end):
                varied(body, position, chance, confirmations.size)
                own, uuid = {"exchange_id": FILLED + position}, body["exchange"]
                exchanges.append(exchange | {"id": FILLED + position, "uuid": uuid, "submission": uuid})
                for said, row_given in zip(body["confirmations"], given, strict=True):
                    leaf = leaf_hash(canonical_bytes(said))
                    confirmations.append(leaf)
                    confirmed.append(row_given | own | {"number": int(said["number"]), "leaf_hash": leaf.hex()})
                canonical = canonical_bytes(body)
                leaf = leaf_hash(canonical)
                frontier.append(leaf)
                made.append(
                    row
                    | columns_of(body)
                    | own
                    | {"position": position, "canonical": canonical.decode(), "leaf_hash": leaf.hex()}
                )
                sums.add(body, 1, parties)
            for table, of in ((Exchange, exchanges), (LedgerEntry, made), (Confirmation, confirmed)):
                db.session.execute(insert(table), of)
            publish_head(head)
            tile_store.keep_full_tiles(frontier.size)
            tile_store.keep_full_tiles(confirmations.size, tile_store.CONFIRMATIONS)
            if frontier.size % kept_every == 0 or frontier.size == size:
                keep_newest()
    with transaction():
        rollups.apply(sums.as_rollups())
    return size


def _columns(row: Any) -> dict[str, Any]:
    return {c.name: getattr(row, c.name) for c in row.__table__.columns}


def under_way() -> int:
    """An exchange with three deliveries."""
    exchange = agreed(open_listing(quantity=Decimal(1000)))
    for _ in range(3):
        delivered(exchange)
    return exchange.id


def varied(body: dict[str, Any], position: int, chance: random.Random, number: int) -> None:
    """Another entry of the same shape, with a figure that follows from its inputs."""
    delivery = body["inputs"]["deliveries"][0]
    body["inputs"]["deliveries"] = [
        delivery | {
            "wet_t": f"{chance.uniform(5, 35):.2f}", "moisture": f"{chance.uniform(0, 0.2):.3f}",
            "ticket": f"T{position}-{number}", "legs": [delivery["legs"][0] | {"km": f"{chance.uniform(2, 90):.1f}"}],
        }
        for number in range(3)
    ]  # fmt: skip
    body["position"], body["exchange"] = str(position), str(UUID(int=chance.getrandbits(128), version=4))
    result = quick_result(body["inputs"], body["factors"])
    assert result is not None
    body["result"] = result
    total = sum(Decimal(d["wet_t"]) for d in body["inputs"]["deliveries"])
    body["accepted_t"] = f"{total.normalize():f}"
    for at, confirmation in enumerate(body["confirmations"]):
        confirmation |= {"exchange": body["exchange"], "number": str(number + at)}


def append_ratio(exchange_ids: Sequence[int]) -> dict[str, float]:
    """Appending in its transaction against a bare INSERT of the same row, turn by turn, in milliseconds (medians)."""
    appends, inserts, figures = [], [], []
    confirmer = side_user(db.session.get_one(Exchange, exchange_ids[0]), Side.SUPPLIER)
    table = LedgerEntry.__table__
    last = db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.position.desc()).limit(1)).one()
    row = _columns(last)
    db.session.rollback()
    spare = itertools.count(900_000_000 + row["position"])
    for exchange_id in exchange_ids:
        begun = time.perf_counter()
        with db.engine.connect().execution_options(begin_immediate=True) as connection, connection.begin():
            connection.execute(insert(table), row | {"position": next(spare), "round": -next(spare)})
        inserts.append(time.perf_counter() - begun)
        with transaction():
            exchange = db.session.get_one(Exchange, exchange_id)
            for side in Side:
                enter(Confirmation(side=side, round=1, revision=1, user=confirmer, at=now()), exchange)
            started = time.perf_counter()
            figure = figure_of(exchange)  # needed before, to see whether it is plausible
            figures.append(time.perf_counter() - started)
            assessment_body(0, exchange, figure, Decimal(0), now())  # parties and sites are loaded
            begun = time.perf_counter()
            service.append_assessment(exchange, figure)
            db.session.commit()
            appends.append(time.perf_counter() - begun)
    _remove(900_000_000)
    append, bare, figure_ms = (statistics.median(times) * 1e3 for times in (appends, inserts, figures))
    return {"append_ms": append, "bare_ms": bare, "figure_ms": figure_ms, "ratio": bare / append}


def _remove(first: int) -> None:
    from tests.ledger.attacking import write_access

    with write_access():
        db.session.execute(delete(LedgerEntry).where(LedgerEntry.position >= first))


def proof_ms(size: int) -> tuple[float, float]:
    """Median and 99th percentile of an inclusion proof in the present tree."""
    chance, times = random.Random(3), []
    for _ in range(PROOFS):
        position = chance.randrange(size)
        begun = time.perf_counter()
        tile_store.served_tree(size).inclusion_proof(position)
        times.append(time.perf_counter() - begun)
        db.session.rollback()
    times.sort()
    return statistics.median(times) * 1e3, times[int(len(times) * 0.99)] * 1e3


def canonicals() -> Iterator[list[str]]:
    """All entries in batches, through the same engine."""
    with db.engine.connect() as connection:
        for first in itertools.count(0, BATCH):
            rows = connection.exec_driver_sql(
                f"SELECT canonical FROM ledger_entry WHERE position >= {first} AND position < {first + BATCH} "
                "ORDER BY position"
            ).fetchall()
            if not rows:
                return
            yield [row[0] for row in rows]


def read_and_hash() -> tuple[int, float, float]:
    """Bytes, seconds for reading and hashing, and of these for hashing alone."""
    count, hashing, begun = 0, 0.0, time.perf_counter()
    for batch in canonicals():
        started = time.perf_counter()
        for canonical in batch:
            data = canonical.encode()
            count += len(data)
            hashlib.sha256(data).digest()
        hashing += time.perf_counter() - started
    return count, time.perf_counter() - begun, hashing


def rebuild_seconds(size: int) -> tuple[float, float]:
    """Leaf hashes, tiles of all levels and root from the entries: without and with reading them."""
    from marketplace.ledger.tiles import fold

    inside, begun = 0.0, time.perf_counter()
    levels: list[list[bytes]] = [[]]
    tiles = 0
    for batch in canonicals():
        started = time.perf_counter()
        for canonical in batch:
            levels[0].append(leaf_hash(canonical.encode()))
        for level in itertools.count():
            if level == len(levels) or len(levels[level]) < 256:
                break
            if level + 1 == len(levels):
                levels.append([])
            while len(levels[level]) >= 256:
                levels[level + 1].append(fold(levels[level][:256]))
                del levels[level][:256]
                tiles += 1
        inside += time.perf_counter() - started
    assert tiles >= size // 256
    return inside, time.perf_counter() - begun


def verify_ratio(arguments: dict[str, Any], turns: int) -> tuple[float, float, float]:
    """Medians over turns: verification to reading and hashing right before and after; its seconds; bytes of memory."""
    ratios, times, more = [], [], []
    reading = read_and_hash()[1]
    for _ in range(turns):
        seconds, bytes_more = verify_seconds(arguments)
        before, reading = reading, read_and_hash()[1]
        ratios.append(seconds / ((before + reading) / 2))
        times.append(seconds)
        more.append(bytes_more)
    return statistics.median(ratios), statistics.median(times), max(more)


def verify_seconds(arguments: dict[str, Any]) -> tuple[float, float]:
    """Seconds of a verification, and how many bytes more this process and its children held at the peak.

    Between two stretches both are looked at; of this process the kernel knows the peak at any time.
    """
    before = peak = _memory()
    before_alone = _peak_alone(anew=True)

    def watch(done: int, size: int) -> None:
        nonlocal peak
        peak = max(peak, _memory())

    begun = time.perf_counter()
    report = verify(watch, **arguments)
    seconds = time.perf_counter() - begun
    assert report.is_sound, report.faults[:3]
    return seconds, max(peak - before, _peak_alone() - before_alone)


def _peak_alone(*, anew: bool = False) -> int:
    """Most bytes that this process ever held; `anew`: forget what it held before."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _memory() -> int:
    """Bytes of this process and its children; what they share is counted once (proportional set size)."""
    own = psutil.Process()
    return sum(process.memory_full_info().pss for process in (own, *own.children(recursive=True)))


def _figure_ms(entry: LedgerEntry, work: Callable[..., Any]) -> float:
    body, times = json.loads(entry.canonical), []
    raw = raw_factors(body["factors"])
    for _ in range(50):
        begun = time.perf_counter()
        work(body["inputs"], raw)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e3


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="an empty database; SQLite in a temporary folder when nothing is said")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--kept-every", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3, help="how often each verification is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
