"""Where trained models lie: a folder for each version, and one small file that says which is in use.

    models/<version>/model.skops, card.json     the classifier and what is known of it
    models/in_use.json                          the version in use, the former one, and how they came to be
    models/lock                                 held while somebody trains or changes what is in use

A version is complete before anything names it, and `in_use.json` is replaced in one step, so that a training that is
killed at any moment leaves the present model as it was. scikit-learn and skops take seconds to import, so they are
imported where they are used: most commands and pages never need them.
"""

import enum
import fcntl
import gc
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
MOST_KEPT = 8  # versions beside the one in use and the former one: refused ones, to look into


class ModelState(enum.StrEnum):
    """What became of a version."""

    CANDIDATE = "candidate"
    PROMOTED = "promoted"
    REFUSED = "refused"


class BrokenModel(RuntimeError):
    """The stored model cannot be used; train a new one."""


class TrainingUnderWay(RuntimeError):
    """Somebody else is training at this moment."""


def folder() -> Path:
    return Path(current_app.config["DATA_DIR"]) / "models"


@contextmanager
def sole_trainer() -> Iterator[None]:
    """Held by one process at a time; a killed one holds it no longer.

    Raises:
        TrainingUnderWay: another process holds it.
    """
    with _lock_file() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise TrainingUnderWay("somebody else is training; try again when they are done") from busy
        yield


def keep(model: "MatchModel", facts: Mapping[str, Any]) -> str:
    """Store a trained model as a candidate, with a card of what it was trained on; returns its version."""
    import skops.io as sio

    from marketplace.matching.core.features import NAMES

    moment = datetime.now(UTC)
    version = f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    aside = folder() / f".{version}"
    aside.mkdir(parents=True)
    sio.dump(model.classifier, aside / "model.skops")
    card = {"version": version, "trained_at": moment.isoformat(), "features": list(NAMES)}
    _write(aside / "card.json", card | dict(facts) | {"state": ModelState.CANDIDATE})
    os.replace(aside, folder() / version)
    return version


def promote(version: str, why: str) -> None:
    """Put a candidate to use; the one in use becomes the former one."""
    _decide(version, ModelState.PROMOTED, why)
    _put_to_use(version, _in_use().get("version"), why)
    _clear_away()


def refuse(version: str, why: str) -> None:
    """Keep a candidate for inspection only."""
    _decide(version, ModelState.REFUSED, why)
    _clear_away()


def save(model: "MatchModel", metrics: Mapping[str, Any]) -> Path:
    """Store a model and put it to use at once, as the first of an installation is; returns its file."""
    version = keep(model, {"metrics": dict(metrics)})
    promote(version, "put to use without comparison")
    return model_path(version)


def model_path(version: str) -> Path:
    """The file of a version."""
    return folder() / version / "model.skops"


def rollback() -> None:
    """Exchange the model in use and the former one.

    Raises:
        BrokenModel: there is no former model, or it is one of another release.
    """
    present = _in_use()
    if not present.get("former"):
        raise BrokenModel("there is no former model to go back to")
    if not _takes_our_features(card(present["former"])):
        raise BrokenModel("the former model takes other features than this release computes")
    _put_to_use(present["former"], present["version"], f"rolled back from {present['version']}")


def version() -> str:
    """The version in use; empty when there is none."""
    return str(_in_use().get("version", ""))


def card(of: str | None = None) -> dict[str, Any]:
    """What is known of a version, the one in use when none is named; empty when there is none."""
    name = of or version()
    return _read(folder() / name / "card.json") if name else {}


def standing() -> dict[str, Any]:
    """Which version is in use, since when and why, and which was before: version, since, why, former."""
    return _in_use()


def versions() -> list[str]:
    """All that are kept, oldest first."""
    return sorted(p.parent.name for p in folder().glob("[0-9]*/card.json"))


def train_if_missing() -> None:
    """A first model for a new installation, or one for other features than the stored one; about twenty seconds."""
    if is_usable():
        return
    from marketplace.matching.core.training import train

    with _lock_file() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # another worker may be at it: wait, then look again
        if not is_usable():
            save(train(knowledge()), {"pairs": "from the knowledge base"})


def is_usable() -> bool:
    """Whether a model is in use and takes the features that this release computes."""
    return _takes_our_features(card())


def matcher() -> "Matcher":
    """The matcher in use; a first model is trained when there is none."""
    train_if_missing()
    target = model_path(version())
    return _loaded(str(target), target.stat().st_mtime_ns)


def load(name: str) -> "MatchModel":
    """The model of a version. Raises: BrokenModel."""
    return read_model(model_path(name))


@lru_cache(maxsize=1)
def _loaded(path: str, _changed: int) -> "Matcher":
    from marketplace.matching.core.rank import Matcher

    found = Matcher(knowledge(), read_model(Path(path)))
    # A million small objects that live as long as the process; walking them would be a tenth of a search.
    gc.collect()
    gc.freeze()
    return found


def read_model(path: Path) -> "MatchModel":
    """The model of a file. Raises: BrokenModel."""
    import skops.io as sio

    from marketplace.matching.core.model import MatchModel

    try:
        untrusted = [t for t in sio.get_untrusted_types(file=path) if t not in TRUSTED]
        if untrusted:
            raise BrokenModel(f"{path} holds types that no model of ours has: {', '.join(untrusted)}")
        return MatchModel(sio.load(path, trusted=TRUSTED))
    except (OSError, ValueError, KeyError, BadZipFile) as broken:
        raise BrokenModel(f"{path} cannot be read; run `flask match train`") from broken


def _takes_our_features(facts: Mapping[str, Any]) -> bool:
    from marketplace.matching.core.features import NAMES

    return facts.get("features") == list(NAMES)


def _decide(version: str, state: ModelState, why: str) -> None:
    path = folder() / version / "card.json"
    _write(path, _read(path) | {"state": state, "why": why})


def _in_use() -> dict[str, Any]:
    return _read(folder() / "in_use.json")


def _put_to_use(version: str, former: str | None, why: str) -> None:
    standing = {"version": version, "since": datetime.now(UTC).isoformat(), "why": why, "former": former}
    _write(folder() / "in_use.json", standing)


def _clear_away() -> None:
    """Drop the oldest versions that are neither in use nor the former one, and what killed trainings left."""
    standing = _in_use()
    needed = {standing.get("version"), standing.get("former")}
    for name in [v for v in versions() if v not in needed][:-MOST_KEPT]:
        shutil.rmtree(folder() / name)
    for left in folder().glob(".[0-9]*"):
        shutil.rmtree(left)


@contextmanager
def _lock_file() -> Iterator[int]:
    folder().mkdir(parents=True, exist_ok=True)
    held = os.open(folder() / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield held
    finally:
        os.close(held)


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _write(path: Path, body: Mapping[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as out:
        json.dump(body, out, indent=2, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, path)
