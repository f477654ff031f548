"""What the commands of the matcher print."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from marketplace.knowledge import knowledge
from marketplace.matching import store
from marketplace.materials.thesaurus import thesaurus

if TYPE_CHECKING:
    from marketplace.matching.core.evaluation import Calibration, Quality


def as_json(qualities: "Mapping[str, Quality]", calibration: "Calibration") -> str:
    """Everything, with full precision."""
    body = {"rankings": {name: asdict(q) for name, q in qualities.items()}, "calibration": asdict(calibration)}
    return json.dumps(body, ensure_ascii=False, indent=1)


def as_table(qualities: "Mapping[str, Quality]", calibration: "Calibration") -> str:
    """One row per ranking and group, then the reliability of the scores with a bar per tenth."""
    lines = [
        f"{'ranking':22}{'group':22}{'wants':>6}{'nDCG@10':>9}{'95 %':>16}{'recall@10':>11}{'MRR':>7}{'hazard':>8}"
    ]
    for name, quality in qualities.items():
        for group, s in quality.groups.items():
            interval = f"{s.low:.3f} to {s.high:.3f}"
            violations = str(quality.hazard_violations) if group == "all" else ""
            figures = f"{s.wants:>6}{s.ndcg:>9.3f}{interval:>16}{s.recall:>11.3f}{s.mrr:>7.3f}{violations:>8}"
            lines.append(f"{name:22}{group:22}{figures}")
    lines.append(f"\ncalibration on {calibration.pairs} fresh pairs: Brier score {calibration.brier:.3f}")
    for b in calibration.bins:
        lines.append(
            f"score {b.mean_score:.2f}  useful {b.share_useful:.2f}  {b.pairs:>5}  {'#' * round(40 * b.share_useful)}"
        )
    return "\n".join(lines)


def status() -> list[tuple[str, str]]:
    """Name and value of what is in use."""
    base, card = knowledge(), store.card()
    return [
        ("model", card.get("trained_at", "none; run flask match train")),
        ("features", ", ".join(card.get("features", []))),
        ("figures", json.dumps(card.get("metrics", {}))),
        ("former model", "kept" if (store.folder() / "match.previous.skops").exists() else "none"),
        ("materials", str(len(base.taxonomy.materials))),
        ("uses", str(len(base.uses))),
        ("applications", str(len(base.applications))),
        ("concepts", f"{len(thesaurus()) + len(base.uses)} in the thesaurus, uses included"),
    ]
