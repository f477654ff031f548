"""What the commands of the matcher print."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from marketplace.knowledge import knowledge
from marketplace.matching import store
from marketplace.materials.thesaurus import thesaurus

if TYPE_CHECKING:
    from marketplace.matching.core.evaluation import Calibration, Quality
    from marketplace.matching.core.promotion import Comparison


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


def comparison_table(comparisons: "Sequence[Comparison]") -> str:
    """One row per part of the set that both models were judged on: losses, difference, and what is allowed."""
    lines = [f"{'judged on':12}{'pairs':>7}{'old':>9}{'new':>9}{'difference, 95 %':>22}{'allowed':>10}"]
    for c in comparisons:
        old = "-" if c.old_loss is None else f"{c.old_loss:.4f}"
        difference = "-" if c.old_loss is None else f"{c.low:+.4f} to {c.high:+.4f}"
        allowed = f"{c.margin:+.4f}" if c.decides else "-"
        lines.append(f"{c.part:12}{c.pairs:>7}{old:>9}{c.new_loss:>9.4f}{difference:>22}{allowed:>10}")
    return "\n".join(lines)


def status() -> list[tuple[str, str]]:
    """Name and value of what is in use."""
    base, card, standing = knowledge(), store.card(), store.standing()
    return [
        ("model", card.get("version", "none; run flask match train")),
        ("in use since", standing.get("since", "-")),
        ("because", standing.get("why", "-")),
        ("trained at", card.get("trained_at", "-")),
        ("trained on", _trained_on(card)),
        ("features", ", ".join(card.get("features", []))),
        ("figures", json.dumps(card.get("metrics", {}))),
        ("former model", standing.get("former") or "none"),
        ("last refused", _last_refused()),
        ("materials", str(len(base.taxonomy.materials))),
        ("uses", str(len(base.uses))),
        ("applications", str(len(base.applications))),
        ("concepts", f"{len(thesaurus()) + len(base.uses)} in the thesaurus, uses included"),
    ]


def _trained_on(card: Mapping[str, Any]) -> str:
    facts = card.get("trained_on")
    if not facts:
        return "-"
    known = f"{facts['pairs']} pairs of the knowledge base"
    if not facts.get("judged_pairs"):
        return known
    used = f"{facts['judged_pairs']} pairs judged by use until {facts['until']} ({facts['events']} events"
    return f"{known}, {used}, {facts['held_out_pairs']} pairs held out)"


def _last_refused() -> str:
    cards = (store.card(version) for version in reversed(store.versions()))
    refused = next((c for c in cards if c.get("state") == store.ModelState.REFUSED), None)
    return f"{refused['version']}: {refused['why']}" if refused else "none"
