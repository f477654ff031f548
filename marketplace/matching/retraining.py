"""Train a model on what is documented and on what people did, and put it to use when it is not worse."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import or_, select

from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings.models import Listing
from marketplace.matching import events, store
from marketplace.matching.core.learning import Judgement, estimate_examination, judge, split_by_time
from marketplace.matching.core.lessons import Lessons, fit, lessons_of
from marketplace.matching.core.model import MatchModel
from marketplace.matching.core.promotion import Comparison, HeldOut, compare, verdict
from marketplace.matching.core.training import training_pairs
from marketplace.matching.listing_values import as_value
from marketplace.matching.models import MatchEvent

HELD_OUT_SHARE = 0.2  # of the judged pairs, the last to begin
OWN_PAIRS = 2000
OWN_SEED = 93  # not the seed of training, nor that of the calibration
# What a model may lose in squared error and still count as not worse. Labels of people are few and noisy.
OWN_MARGIN, USE_MARGIN = 0.005, 0.02


@dataclass(frozen=True, slots=True)
class FromUse:
    """What there is to learn from use: to train on, to judge by, and how it came about (`facts`, for the card)."""

    learned: Lessons
    held_out: Lessons
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model beside the one in use."""

    model: MatchModel
    comparisons: list[Comparison]
    facts: dict[str, Any]

    @property
    def is_worse(self) -> bool:
        return any(c.is_worse for c in self.comparisons)

    @property
    def why(self) -> str:
        return verdict(self.comparisons)


def nothing_from_use() -> FromUse:
    """Train on what is documented alone."""
    empty = lessons_of(knowledge(), [], {})
    return FromUse(empty, empty, {"events": 0})


def read_use() -> FromUse:
    """The events of enterprises that agree, judged by pair; the last pairs are held out."""
    found = events.learnable_events()
    examination = estimate_examination(found)
    earlier, later = split_by_time(judge(found, examination), HELD_OUT_SHARE)
    listings = {x.id: as_value(x, {}) for x in _listings_of_events()} if found else {}
    learned, held_out = (lessons_of(knowledge(), part, listings) for part in (earlier, later))
    facts = {
        "events": len(found),
        "judged_pairs": len(learned),
        "held_out_pairs": len(held_out),
        "until": _last_day(earlier),
        "examined": [round(p, 3) for p in examination.examined],
    }
    return FromUse(learned, held_out, facts)


def train(pairs: int, use: FromUse) -> Trained:
    """Fit a new model and set it beside the one in use; stores nothing."""
    model = fit(knowledge(), pairs, use.learned)
    present = store.load(store.version()) if store.is_usable() else None
    comparisons = [
        compare(part, present.score(part.features) if present else None, model.score(part.features))
        for part in _held_out(use)
    ]
    facts = {
        "trained_on": {"pairs": pairs, **use.facts},
        "metrics": {"comparisons": [asdict(c) for c in comparisons]},
    }
    return Trained(model, comparisons, facts)


def settle(trained: Trained) -> str:
    """Keep the model; put it to use unless it may be worse. Returns its version; its card says what became of it."""
    version = store.keep(trained.model, trained.facts)
    if trained.is_worse:
        store.refuse(version, trained.why)
    else:
        store.promote(version, trained.why)
    return version


def _held_out(use: FromUse) -> list[HeldOut]:
    """Fresh pairs of the knowledge base and the last pairs of use; no judged set of anybody else."""
    features, useful = training_pairs(knowledge(), OWN_PAIRS, OWN_SEED)
    own = HeldOut("own pairs", features, useful.astype(float), np.ones(OWN_PAIRS), OWN_MARGIN)
    if not len(use.held_out):
        return [own]
    used = use.held_out
    return [own, HeldOut("use", used.features, used.targets, used.weights, USE_MARGIN)]


def _listings_of_events() -> Sequence[Listing]:
    statement = select(Listing).where(
        or_(Listing.id.in_(select(MatchEvent.listing_id)), Listing.id.in_(select(MatchEvent.other_id)))
    )
    return db.session.scalars(statement).all()


def _last_day(judgements: Sequence[Judgement]) -> str:
    return max((j.day.isoformat() for j in judgements), default="")
