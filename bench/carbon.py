"""The bars of the figure: one assessment with its analytic interval <= 1 ms, Monte Carlo of 10,000 draws <= 20 ms.

    bench/carbon.py

Each is timed beside a baseline in the same run (hashing the same inputs' JSON; drawing and sorting 10,000 normal
numbers), so that ratios hold on any machine. Medians of 200 and 50 runs after a warm-up. Exit code 1 over a bar.
"""

import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from marketplace.carbon.library import library
from marketplace.carbon.method import assess
from marketplace.carbon.uncertainty import monte_carlo

DRAWS = 10_000
ASSESSMENT_BAR_MS = 1.0
MONTE_CARLO_BAR_MS = 20.0


def median_ms(run: Callable[[], object], times: int) -> float:
    run()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def main() -> int:
    table = library()
    per_tonne = [f.id for f in table.values() if f.unit == "kgCO2e/t" and f.value > 0][:3]
    inputs = {
        "deliveries": [
            {
                "wet_t": f"{20 + n}.5",
                "reject_t": "0.5",
                "moisture": "0.08",
                "weighed_on": f"2026-03-{n + 1:02}",
                "legs": [{"km": "83.2", "factor": "truck-cn-49t"}],
            }
            for n in range(3)
        ],
        "disposal": {"factor": per_tonne[0]},
        "displaced": {"factor": per_tonne[1], "substitution": "0.9", "substitution_gsd": "1.1"},
        "reprocessing": {"factor": per_tonne[2]},
        "rejects": {"factor": per_tonne[0]},
        "basis": {"disposal": "wet", "displaced": "dry", "reprocessing": "wet"},
        "default_mode": "truck-cn-49t",
        "attribution": {"supplier": "0.5", "user": "0.5"},
        "mass_gsd": "1.005",
        "km_gsd": "1.1",
    }
    factors = {i: table[i].to_raw() for i in (*per_tonne, "truck-cn-49t")}
    rng = np.random.default_rng(1)
    figure = median_ms(lambda: assess(inputs, factors), 200)
    hashing = median_ms(lambda: hashlib.sha256(json.dumps([inputs, factors], sort_keys=True).encode()).digest(), 200)
    simulated = median_ms(lambda: monte_carlo(inputs, factors, DRAWS), 50)
    drawing = median_ms(lambda: np.sort(np.exp(rng.standard_normal(DRAWS))), 50)
    print(f"assessment   {figure:7.3f} ms (bar {ASSESSMENT_BAR_MS})  {figure / hashing:6.1f} x hashing its inputs")
    print(
        f"monte carlo  {simulated:7.3f} ms (bar {MONTE_CARLO_BAR_MS})  {simulated / drawing:6.1f} x one sorted sample"
    )
    return int(figure > ASSESSMENT_BAR_MS or simulated > MONTE_CARLO_BAR_MS)


if __name__ == "__main__":
    sys.exit(main())
