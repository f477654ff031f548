"""What people did with suggestions, made into graded judgements of pairs with a weight each. Pure.

A suggestion far down the list is seen by fewer people, so that what was not opened there says less, and what was opened
there says more, than at the top (position bias). `Examination` estimates how likely each place is looked at; `judge`
weighs by it: an opening counts 1 / examination (inverse propensity), and a showing that nobody opened counts for the
share of such showings, at that place, that were truly of no interest. Per place the expected sums of both are then
those of a list read to its end (Joachims, Swaminathan, Schnabel 2017, doi:10.1145/3018661.3018699), without the
negative weights of the plain estimator.
"""

import enum
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

PLACES = 12  # places with a figure of their own; farther down counts as the last
LEAST_EXAMINED = 0.2  # clips inverse propensities at 5
PRIOR_OPENINGS = 20.0  # how many openings the usual curve weighs against the measured one
MOST_WEIGHT = 5.0
LEAST_WEIGHT = 0.02


class EventKind(enum.StrEnum):
    """What happened to a suggestion."""

    SHOWN = "shown"
    OPENED = "opened"
    REQUESTED = "requested"
    DISMISSED = "dismissed"
    COMPLETED = "completed"


class DismissalReason(enum.StrEnum):
    """Why a suggestion is not for an enterprise."""

    MATERIAL = "material"
    QUALITY = "quality"
    QUANTITY = "quantity"
    DISTANCE = "distance"
    PRICE = "price"
    PARTNER = "partner"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, on one day, to the suggestion of `other` for `listing`.

    `position`: place in the list, from 1; None when the list was not on the page or is not known.
    """

    listing: int
    other: int
    kind: EventKind
    day: date
    position: int | None = None
    reason: DismissalReason | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """How useful a pair proved: `target` 0 to 1, `weight` in pairs of the knowledge base, `day` of its first event."""

    listing: int
    other: int
    target: float
    weight: float
    day: date


# Usefulness and weight by the highest thing that happened. Being shown and left alone is weak evidence, being
# completed is as good as a documented use.
GRADE = {
    EventKind.SHOWN: 0.1,
    EventKind.OPENED: 0.6,
    EventKind.REQUESTED: 0.9,
    EventKind.COMPLETED: 1.0,
}
STRENGTH = {EventKind.REQUESTED: 2.0, EventKind.COMPLETED: 4.0}
# A dismissal speaks of the pair only as far as its reason does: price and partner may be right tomorrow.
DISMISSED = {
    DismissalReason.MATERIAL: (0.0, 2.0),
    DismissalReason.QUALITY: (0.0, 2.0),
    DismissalReason.QUANTITY: (0.2, 1.0),
    DismissalReason.DISTANCE: (0.3, 0.5),
    DismissalReason.OTHER: (0.3, 0.5),
    DismissalReason.PRICE: (0.4, 0.25),
    DismissalReason.PARTNER: (0.4, 0.25),
}


@dataclass(frozen=True, slots=True)
class Examination:
    """How likely each place of the list is looked at, and how much a showing there counts that nobody opened."""

    examined: tuple[float, ...]
    ignored: tuple[float, ...]

    def of(self, position: int | None) -> float:
        """Between `LEAST_EXAMINED` and 1; 1 for an unknown place."""
        return 1.0 if position is None else self.examined[min(position, PLACES) - 1]

    def weight_of_ignored(self, position: int | None) -> float:
        """Between 0 and 1."""
        return 1.0 if position is None else self.ignored[min(position, PLACES) - 1]


def usual_examination(position: int) -> float:
    """What is assumed before anything is measured: 1 / log2(position + 1), as in nDCG, clipped."""
    return max(LEAST_EXAMINED, 1.0 / math.log2(position + 1))


def estimate_examination(events: Iterable[Event]) -> Examination:
    """From pairs that were shown at neighbouring places on different days, so that the pairs themselves cancel out.

    The ratio of opening rates of such pairs at places k and k + 1 is that of their examination (intervention
    harvesting: Agarwal et al. 2019, doi:10.1145/3289600.3291017). With few openings the usual curve prevails. Never
    grows down the list.
    """
    seen = _showings(events)
    examined = [1.0]
    for place in range(1, PLACES):
        usual = usual_examination(place + 1) / usual_examination(place)
        ratio = _measured_ratio(seen, place, usual)
        examined.append(max(LEAST_EXAMINED, examined[-1] * min(1.0, ratio)))
    return Examination(tuple(examined), _ignored(seen, examined))


def judge(events: Iterable[Event], examination: Examination) -> list[Judgement]:
    """One judgement per pair, in the order of listing and other.

    A further event of a higher kind never lowers a pair's target; targets are between 0 and 1, weights between
    `LEAST_WEIGHT` and `MOST_WEIGHT`. A request or completion outranks a dismissal of the same pair; the last
    dismissal is the one that counts.
    """
    of_pair: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in events:
        of_pair[event.listing, event.other].append(event)
    return [_judgement(pair, of_pair[pair], examination) for pair in sorted(of_pair)]


def split_by_time(judgements: Sequence[Judgement], held_out: float) -> tuple[list[Judgement], list[Judgement]]:
    """Those to learn from, and the share that began last, to judge by; pairs of one day stay together.

    Args:
        held_out: share of the judgements, 0 to 1; the later part is at most so large.
    """
    ordered = sorted(judgements, key=lambda j: (j.day, j.listing, j.other))
    cut = ordered[-int(len(ordered) * held_out)].day if int(len(ordered) * held_out) else None
    if cut is None:
        return ordered, []
    earlier = [j for j in ordered if j.day <= cut]
    return earlier, ordered[len(earlier) :]


def _judgement(pair: tuple[int, int], events: list[Event], examination: Examination) -> Judgement:
    target, weight = _graded(events, examination)
    return Judgement(*pair, target, min(MOST_WEIGHT, max(LEAST_WEIGHT, weight)), min(e.day for e in events))


def _graded(events: list[Event], examination: Examination) -> tuple[float, float]:
    kinds = {e.kind for e in events}
    for kind in (EventKind.COMPLETED, EventKind.REQUESTED):
        if kind in kinds:
            return GRADE[kind], STRENGTH[kind] / examination.of(_first_place(events))
    dismissals = [e for e in events if e.kind is EventKind.DISMISSED]
    if dismissals:
        return DISMISSED[dismissals[-1].reason or DismissalReason.OTHER]
    opened = sum(1.0 / examination.of(place) for place, is_opened in _days(events) if is_opened)
    ignored = sum(examination.weight_of_ignored(place) for place, is_opened in _days(events) if not is_opened)
    if opened + ignored == 0.0:
        return GRADE[EventKind.SHOWN], LEAST_WEIGHT
    share = opened / (opened + ignored)
    return share * GRADE[EventKind.OPENED] + (1 - share) * GRADE[EventKind.SHOWN], opened + ignored


def _days(events: Iterable[Event]) -> list[tuple[int | None, bool]]:
    """Of one pair: the place and whether it was opened, for each day it was shown or opened."""
    place: dict[date, int | None] = {}
    opened: set[date] = set()
    for event in events:
        if event.kind is EventKind.OPENED:
            opened.add(event.day)
        if event.kind in (EventKind.SHOWN, EventKind.OPENED):
            place[event.day] = place.get(event.day) or event.position
    return [(place[day], day in opened) for day in sorted(place)]


def _first_place(events: Iterable[Event]) -> int | None:
    return next((place for place, _ in _days(events) if place is not None), None)


@dataclass(frozen=True, slots=True)
class _Showings:
    """Showings and openings by pair and place."""

    shown: Counter[tuple[tuple[int, int], int]]
    opened: Counter[tuple[tuple[int, int], int]]

    def at(self, place: int) -> set[tuple[int, int]]:
        return {pair for pair, where in self.shown if where == place}


def _showings(events: Iterable[Event]) -> _Showings:
    of_pair: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in events:
        of_pair[event.listing, event.other].append(event)
    shown: Counter[tuple[tuple[int, int], int]] = Counter()
    opened: Counter[tuple[tuple[int, int], int]] = Counter()
    for pair, own in of_pair.items():
        for place, is_opened in _days(own):
            if place is not None:
                where = min(place, PLACES)
                shown[pair, where] += 1
                opened[pair, where] += is_opened
    return _Showings(shown, opened)


def _measured_ratio(seen: _Showings, place: int, usual: float) -> float:
    """Examination at the next place over that at `place`: the usual ratio, moved by what was measured."""
    upper, lower = 0.0, 0.0
    for pair in seen.at(place) & seen.at(place + 1):
        # Each pair weighs both places alike, however often it stood at either.
        weight = min(seen.shown[pair, place], seen.shown[pair, place + 1])
        upper += weight * seen.opened[pair, place] / seen.shown[pair, place]
        lower += weight * seen.opened[pair, place + 1] / seen.shown[pair, place + 1]
    return (lower + PRIOR_OPENINGS * usual) / (upper + PRIOR_OPENINGS)


def _ignored(seen: _Showings, examined: Sequence[float]) -> tuple[float, ...]:
    """By place: of the showings that nobody opened, the share whose pair was of no interest."""
    shown, opened = Counter[int](), Counter[int]()
    for (_, place), count in seen.shown.items():
        shown[place] += count
    for (_, place), count in seen.opened.items():
        opened[place] += count
    shares = []
    for place, seen_share in enumerate(examined, 1):
        rate = (opened[place] + 0.1 * seen_share) / (shown[place] + 1.0)  # one showing of a usual rate beforehand
        shares.append((1.0 - min(1.0, rate / seen_share)) / (1.0 - rate))
    return tuple(shares)
