"""Speed of the four heaviest pages at 10,000 and 100,000 listings, as ratios in one run; `make bench` runs it.

    bench/pages.py [--database URL] [--requests 200] [--sizes 10000,100000]

For each page: statements per request, median and 95th percentile in milliseconds, and two ratios that hold on any
machine: against the plainest page of the same process (text only), and of the larger against the smaller database.
Also the listings loaded per second. Writes bench/out/pages-<database>.json.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["GCX_ENV"] = "testing"
os.environ.setdefault("LOG_LEVEL", "ERROR")

from flask import Flask  # noqa: E402 - the environment is chosen first
from flask.testing import FlaskClient  # noqa: E402
from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import event, func, select, text  # noqa: E402

from marketplace import create_app  # noqa: E402
from marketplace.database import transaction  # noqa: E402
from marketplace.demo.bulk import load_listings  # noqa: E402
from marketplace.demo.people import PASSWORD  # noqa: E402
from marketplace.extensions import db  # noqa: E402
from marketplace.listings.models import Kind, Listing, ListingState  # noqa: E402
from marketplace.matching import store  # noqa: E402

WORDS = ("steel slag", "钢渣", "sulphuric acid", "废塑料", "pallets", "粉煤灰", "spent grain", "纸箱", "NMP", "石膏")
PLAIN = "plain page"


@dataclass(frozen=True, slots=True)
class Figure:
    """What one page took in one database."""

    page: str
    listings: int
    statements: int
    p50_ms: float
    p95_ms: float


def main() -> None:
    options = _options()
    rates, figures = {}, []
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/bench.sqlite3"
        app = create_app({"SQLALCHEMY_DATABASE_URI": url, "DATA_DIR": Path(folder), "WTF_CSRF_ENABLED": False})
        with app.app_context():
            upgrade()
            store.train_if_missing()
        app.test_cli_runner().invoke(args=["demo", "load"], catch_exceptions=False)
        for size in options.sizes:
            rates[size] = _grow_to(app, size)
            figures += _measure(app, size, options.requests)
    _print(url.split(":")[0], rates, figures, options.sizes)
    out = ROOT / "bench" / "out"
    out.mkdir(exist_ok=True)
    name = f"pages-{url.split(':')[0].split('+')[0]}.json"
    (out / name).write_text(json.dumps({"listings_per_second": rates, "pages": [asdict(f) for f in figures]}, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--database", default="", help="an empty database; SQLite in a temporary folder without it")
    parser.add_argument("--requests", type=int, default=200, help="requests per page and size")
    parser.add_argument(
        "--sizes", type=lambda given: [int(n) for n in given.split(",")], default=[10_000, 100_000], metavar="N,N"
    )
    return parser.parse_args()


def _grow_to(app: Flask, size: int) -> float:
    """Add listings until there are `size`; the rate in listings per second."""
    with app.app_context():
        missing = size - (db.session.scalar(select(func.count(Listing.id))) or 0)
        db.session.rollback()
        started = time.perf_counter()
        with transaction():
            load_listings(missing, seed=size)
        took = time.perf_counter() - started
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    return missing / took


def _measure(app: Flask, size: int, requests: int) -> list[Figure]:
    """Each page asked `requests` times by the person who uses it, after ten requests to warm up."""
    trader, officer = _signed_in(app, "owner@example.com"), _signed_in(app, "officer@example.com")
    with app.app_context():
        is_open = (Listing.state == ListingState.OPEN, Listing.kind == Kind.OFFER)
        ids = db.session.scalars(select(Listing.id).where(*is_open).order_by(Listing.id.desc()).limit(500)).all()
        count = _statement_counter()
    pages: list[tuple[str, FlaskClient, Iterator[str]]] = [
        (PLAIN, trader, itertools.repeat("/pages/about")),
        ("home", trader, itertools.repeat("/")),
        ("search", trader, itertools.cycle(f"/listings?q={word}" for word in WORDS)),
        ("listing with matches", trader, itertools.cycle(f"/listings/{i}" for i in ids)),
        ("district overview", officer, itertools.repeat("/district")),
    ]
    return [_measure_page(name, size, client, addresses, requests, count) for name, client, addresses in pages]


def _measure_page(
    name: str,
    size: int,
    client: FlaskClient,
    addresses: Iterator[str],
    requests: int,
    count: Callable[[], int],
) -> Figure:
    times, most = [], 0
    for number in range(requests + 10):
        before = count()
        started = time.perf_counter()
        answer = client.get(next(addresses))
        took = time.perf_counter() - started
        if answer.status_code != 200:
            raise SystemExit(f"{name}: answered {answer.status_code}")
        if number >= 10:
            times.append(took * 1000)
            most = max(most, count() - before)
    return Figure(name, size, most, statistics.median(times), statistics.quantiles(times, n=20)[-1])


def _signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    client.post("/sign-in", data={"email": email, "password": PASSWORD})
    return client


def _statement_counter() -> Callable[[], int]:
    """How many statements were sent so far, transaction control left out."""
    total = [0]

    def counted(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            total[0] += 1

    event.listen(db.engine, "before_cursor_execute", counted)
    return lambda: total[0]


def _print(database: str, rates: dict[int, float], figures: list[Figure], sizes: list[int]) -> None:
    print(f"database: {database}")
    for size, rate in rates.items():
        print(f"loaded up to {size:,} listings at {rate:,.0f} per second")
    plain = {f.listings: f for f in figures if f.page == PLAIN}
    small = {f.page: f for f in figures if f.listings == sizes[0]}
    print(f"\n{'page':22}{'listings':>10}{'statements':>12}{'p50 ms':>9}{'p95 ms':>9}{'× plain':>9}{'× smaller':>11}")
    for f in sorted(figures, key=lambda f: (f.page != PLAIN, f.page, f.listings)):
        to_plain, to_small = f.p50_ms / plain[f.listings].p50_ms, f.p50_ms / small[f.page].p50_ms
        row = f"{f.statements:>12}{f.p50_ms:>9.1f}{f.p95_ms:>9.1f}{to_plain:>9.1f}{to_small:>11.2f}"
        print(f"{f.page:22}{f.listings:>10,}{row}")


if __name__ == "__main__":
    main()
