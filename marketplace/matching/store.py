"""Where the trained model lies: a skops file with its card, the former one kept for rollback.

scikit-learn and skops take seconds to import, so they are imported where they are used: most commands and pages
never need them.
"""

import json
import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from flask import current_app

from marketplace.knowledge import knowledge

if TYPE_CHECKING:
    from marketplace.matching.core.model import MatchModel
    from marketplace.matching.core.rank import Matcher

TRUSTED = [
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "marketplace.matching.core.model.AdditiveTrees",
]


class BrokenModel(RuntimeError):
    """The stored model cannot be used; train a new one."""


def folder() -> Path:
    return Path(current_app.config["DATA_DIR"]) / "models"


def save(model: "MatchModel", metrics: dict[str, Any]) -> Path:
    """Store a model beside its card; the one in use becomes `previous`."""
    import skops.io as sio

    from marketplace.matching.core.features import NAMES

    folder().mkdir(parents=True, exist_ok=True)
    target, temporary = folder() / "match.skops", folder() / f".match.{os.getpid()}"
    sio.dump(model.classifier, temporary)
    card = {"trained_at": datetime.now(UTC).isoformat(), "features": list(NAMES), "metrics": metrics}
    if target.exists():
        os.replace(target, folder() / "match.previous.skops")
        os.replace(folder() / "match.json", folder() / "match.previous.json")
    os.replace(temporary, target)
    (folder() / "match.json").write_text(json.dumps(card, indent=2), encoding="utf-8")
    _loaded.cache_clear()
    return target


def card() -> dict[str, Any]:
    """What is known of the model in use; empty when there is none."""
    path = folder() / "match.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def rollback() -> None:
    """Exchange the model in use and the former one, with their cards.

    Raises:
        BrokenModel: there is no former model.
    """
    if not (folder() / "match.previous.skops").exists():
        raise BrokenModel("there is no former model to go back to")
    for name in ("match.{}skops", "match.{}json"):
        present, former = folder() / name.format(""), folder() / name.format("previous.")
        aside = folder() / f".aside.{os.getpid()}"
        os.replace(present, aside)
        os.replace(former, present)
        os.replace(aside, former)
    _loaded.cache_clear()


def train_if_missing() -> None:
    """A first model for a new installation; about twenty seconds."""
    if (folder() / "match.skops").exists():
        return
    from marketplace.matching.core.training import train

    save(train(knowledge()), {"pairs": "from the knowledge base"})


def matcher() -> "Matcher":
    """The matcher in use; a first model is trained when there is none."""
    train_if_missing()
    target = folder() / "match.skops"
    return _loaded(str(target), target.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _loaded(path: str, _changed: int) -> "Matcher":
    import skops.io as sio

    from marketplace.matching.core.model import MatchModel
    from marketplace.matching.core.rank import Matcher

    try:
        untrusted = [t for t in sio.get_untrusted_types(file=path) if t not in TRUSTED]
        if untrusted:
            raise BrokenModel(f"{path} holds types that no model of ours has: {', '.join(untrusted)}")
        classifier = sio.load(path, trusted=TRUSTED)
    except (OSError, ValueError, KeyError, BadZipFile) as broken:
        raise BrokenModel(f"{path} cannot be read; run `flask match train`") from broken
    return Matcher(knowledge(), MatchModel(classifier))
