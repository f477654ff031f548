"""What each feature of the matcher is worth: nDCG@10 and recall@10 on judged pairs without it in training.

    bench/ablation.py [FOLDER ...]      offers.jsonl, wants.jsonl and qrels.tsv

Without folders the shared dev set, whose grades know nothing but the use, and `tests/matching/judged_terms`, whose
offers differ in everything but the use.

A feature that is left out is constant in training and adds nothing when pairs are ranked. Each row's difference is to
the full model of the same run; under 0.03 says little with 50 wants.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["GCX_ENV"] = "testing"

import numpy as np  # noqa: E402 - the environment is chosen first

from marketplace.knowledge import knowledge  # noqa: E402
from marketplace.matching.core.evaluation import Grades, evaluate, rank_all  # noqa: E402
from marketplace.matching.core.features import NAMES  # noqa: E402
from marketplace.matching.core.metrics import Summary  # noqa: E402
from marketplace.matching.core.model import SEED, MatchModel  # noqa: E402
from marketplace.matching.core.rank import Matcher  # noqa: E402
from marketplace.matching.core.training import training_pairs  # noqa: E402
from marketplace.matching.core.values import MatchListing  # noqa: E402
from marketplace.matching.files import read_grades, read_listings  # noqa: E402

PAIRS = 12000
SETS = (ROOT.parent / "shared" / "matching" / "dev", ROOT / "tests" / "matching" / "judged_terms")


def main() -> None:
    features, useful = training_pairs(knowledge(), PAIRS, SEED)
    full = Matcher(knowledge(), MatchModel.fit(features, useful))
    without = {name: _without(column, features, useful) for column, name in enumerate(NAMES)}
    for folder in [Path(name) for name in sys.argv[1:]] or SETS:
        print(f"\n{folder.name}")
        compare(folder, full, without)


def compare(folder: Path, whole: Matcher, without: Mapping[str, Matcher]) -> None:
    """A line for each feature: how well the pairs of a folder are ranked without it."""
    offers = read_listings(folder / "offers.jsonl", is_offer=True)
    wants = read_listings(folder / "wants.jsonl", is_offer=False)
    grades = read_grades(folder / "qrels.tsv", {w.id for w in wants}, {o.id for o in offers})
    full = _judge(whole, grades, wants, offers)
    print(f"{'without':14}{'nDCG@10':>9}{'difference':>12}{'recall@10':>11}{'difference':>12}")
    print(f"{'(nothing)':14}{full.ndcg:>9.3f}{'':>12}{full.recall:>11.3f}")
    for name, matcher in without.items():
        found = _judge(matcher, grades, wants, offers)
        differences = f"{found.ndcg - full.ndcg:>+12.3f}{found.recall:>11.3f}{found.recall - full.recall:>+12.3f}"
        print(f"{name:14}{found.ndcg:>9.3f}{differences}")


def _without(column: int, features: np.ndarray, useful: np.ndarray) -> Matcher:
    """A matcher to which a feature says nothing: neither to the trees nor to the slope beside them."""
    constant = features.copy()
    constant[:, column] = 0.0
    model = MatchModel.fit(constant, useful)
    model.curves[column] = 0
    return Matcher(knowledge(), model)


def _judge(matcher: Matcher, grades: Grades, wants: list[MatchListing], offers: list[MatchListing]) -> Summary:
    return evaluate(rank_all(matcher, wants, offers), grades, wants, offers).groups["all"]


if __name__ == "__main__":
    main()
