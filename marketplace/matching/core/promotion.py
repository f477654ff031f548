"""Whether a new model is at least as good as the one in use, on pairs that neither has seen. Pure.

The loss is the squared distance of a score from how useful the pair was (Brier 1950), weighted. Both models score the
same pairs, so that the bootstrap draws pairs, not scores. A new model is as good when even the upper end of the 95 %
interval of its additional loss stays within a margin (non-inferiority), on every part of the set.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_PAIRS = 30  # fewer say nothing either way
DRAWS = 2000
SEED = 11


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Pairs of one origin to judge by: features (pairs, features), targets 0 to 1, weights; what may be lost."""

    part: str
    features: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    margin: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Losses of the model in use (None when there is none) and of the new one; `low` and `high` bound the difference
    (new less old) with 95 % confidence."""

    part: str
    pairs: int
    old_loss: float | None
    new_loss: float
    low: float
    high: float
    margin: float

    @property
    def decides(self) -> bool:
        """Whether there is something to compare and enough of it."""
        return self.old_loss is not None and self.pairs >= LEAST_PAIRS

    @property
    def is_worse(self) -> bool:
        """Whether the new model may have lost more than the margin."""
        return self.decides and self.high > self.margin


def compare(held_out: HeldOut, old: np.ndarray | None, new: np.ndarray) -> Comparison:
    """The new model's loss beside the old one's, with a paired bootstrap over pairs.

    Raises:
        ValueError: there is no pair, or a weight is not positive.
    """
    targets, weights = held_out.targets, held_out.weights
    if len(targets) == 0 or not (weights > 0).all():
        raise ValueError("pairs with positive weights are wanted")
    new_losses = (new - targets) ** 2
    if old is None:
        loss = float(np.average(new_losses, weights=weights))
        return Comparison(held_out.part, len(targets), None, loss, 0.0, 0.0, held_out.margin)
    old_losses = (old - targets) ** 2
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(len(targets), size=(DRAWS, len(targets)))
    difference = (weights * (new_losses - old_losses))[drawn].sum(axis=1) / weights[drawn].sum(axis=1)
    low, high = np.quantile(difference, [0.025, 0.975])
    return Comparison(
        held_out.part,
        len(targets),
        float(np.average(old_losses, weights=weights)),
        float(np.average(new_losses, weights=weights)),
        float(low),
        float(high),
        held_out.margin,
    )


def verdict(comparisons: Sequence[Comparison]) -> str:
    """Why a model is promoted or refused, in one sentence."""
    worse = [c for c in comparisons if c.is_worse]
    if worse:
        c = worse[0]
        return f"may be worse on {c.part}: loss {c.high:+.4f} at the upper end, at most {c.margin:+.4f} is allowed"
    judged = [c for c in comparisons if c.decides]
    if not judged:
        return "nothing to compare with"
    return "not worse on " + " and ".join(f"{c.part} ({c.low:+.4f} to {c.high:+.4f})" for c in judged)
