"""The reasons of a score as bars that add up, to the last per cent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShareBar:
    """One part of a score: from `start` over `width` (0 to 1 of the whole), told as `percent` with its sign."""

    start: float
    width: float
    percent: int

    @property
    def is_negative(self) -> bool:
        return self.percent < 0


def stacked(shares: Sequence[float], score: float) -> list[ShareBar]:
    """Bars that follow each other from zero to the score; the last is what the given shares leave.

    Args:
        shares: signed parts of the score.
        score: 0 to 1.

    Returns:
        One bar per share and one for the rest. Their per cents are whole and add up to the score's.
    """
    parts = [*shares, score - sum(shares)]
    percents = whole_percents(parts, round(score * 100))
    bars, reached = [], 0.0
    for part, percent in zip(parts, percents, strict=True):
        low, high = sorted((_within(reached), _within(reached + part)))
        bars.append(ShareBar(round(low, 4), round(high - low, 4), percent))
        reached += part
    return bars


def whole_percents(parts: Sequence[float], total: int) -> list[int]:
    """Parts (0 to 1) as whole per cents that add up to `total`: the largest remainders are rounded up.

    `total` may differ from the sum of the parts by rounding only.
    """
    floors = [int(part * 100 // 1) for part in parts]
    missing = total - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda i: (floors[i] - parts[i] * 100, i))
    for i in by_remainder[: max(missing, 0)]:
        floors[i] += 1
    for i in by_remainder[len(parts) + min(missing, 0) :]:
        floors[i] -= 1
    return floors


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
