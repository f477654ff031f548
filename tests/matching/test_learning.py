"""What people did becomes graded, weighted pairs: the promises hold for every history, and the place of a list is
taken out of what it says."""

import math
import random
from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.core.learning import (
    LEAST_EXAMINED,
    LEAST_WEIGHT,
    MOST_WEIGHT,
    DismissalReason,
    Event,
    EventKind,
    estimate_examination,
    judge,
    split_by_time,
    usual_examination,
)

DAY = date(2026, 11, 1)
LADDER = [EventKind.DISMISSED, EventKind.SHOWN, EventKind.OPENED, EventKind.REQUESTED, EventKind.COMPLETED]


def happened(kind, listing=1, other=2, day=0, position=1, reason=None):
    is_shown, is_dismissed = kind is EventKind.SHOWN, kind is EventKind.DISMISSED
    return Event(
        listing,
        other,
        kind,
        DAY + timedelta(days=day),
        position if is_shown else None,
        (reason or DismissalReason.OTHER) if is_dismissed else None,
    )


events = st.builds(
    happened,
    st.sampled_from(EventKind),
    st.integers(1, 3),
    st.integers(4, 6),
    st.integers(0, 4),
    st.integers(1, 30),
    st.sampled_from(DismissalReason),
)
histories = st.lists(events, max_size=40)


def target(*history):
    (judged,) = judge(history, estimate_examination([]))
    return judged.target


def weight(*history):
    (judged,) = judge(history, estimate_examination([]))
    return judged.weight


@given(histories)
def test_targets_and_weights_are_bounded(history):
    for judged in judge(history, estimate_examination(history)):
        assert 0 <= judged.target <= 1
        assert LEAST_WEIGHT <= judged.weight <= MOST_WEIGHT


@given(st.lists(events.map(lambda e: happened(e.kind, 1, 2, e.day.day, 3, e.reason)), min_size=1), histories)
def test_a_higher_event_never_lowers_the_target_of_a_pair(own, others):
    examination = estimate_examination(others)
    highest = max(LADDER.index(e.kind) for e in own)
    (before,) = judge(own, examination)
    for kind in LADDER[highest + 1 :]:
        for day in (0, 1, 40):
            (after,) = judge([*own, happened(kind, day=day, position=2)], examination)
            assert after.target >= before.target - 1e-12


@given(histories)
def test_examination_falls_down_the_list_and_is_clipped(history):
    examined = estimate_examination(history).examined
    assert examined[0] == 1
    assert all(a >= b >= LEAST_EXAMINED for a, b in zip(examined, examined[1:], strict=False))


@given(histories)
def test_judging_depends_on_each_pair_alone_once_the_places_are_known(history):
    examination = estimate_examination(history)
    by_pair = defaultdict(list)
    for event in history:
        by_pair[event.listing, event.other].append(event)
    alone = [j for pair in sorted(by_pair) for j in judge(by_pair[pair], examination)]
    assert judge(history, examination) == alone


def test_completed_is_more_than_requested_is_more_than_opened_is_more_than_left_alone():
    shown = happened(EventKind.SHOWN)
    grades = [target(shown)] + [target(shown, happened(kind)) for kind in LADDER[2:]]
    assert grades == sorted(grades)
    assert len(set(grades)) == 4


def test_a_wrong_material_is_a_clear_no_and_a_price_hardly_one():
    shown, reason = happened(EventKind.SHOWN), DismissalReason
    for clear in (reason.MATERIAL, reason.QUALITY):
        assert target(shown, happened(EventKind.DISMISSED, reason=clear)) == 0
    for weak in (reason.PRICE, reason.DISTANCE, reason.PARTNER):
        no = happened(EventKind.DISMISSED, reason=weak)
        assert target(shown, no) > 0.2
        assert weight(shown, no) < weight(shown, happened(EventKind.DISMISSED, reason=reason.MATERIAL)) / 2


def test_the_last_reason_counts():
    first, last = DismissalReason.MATERIAL, DismissalReason.PRICE
    history = [happened(EventKind.DISMISSED, reason=r) for r in (first, last)]
    assert target(*history) == target(history[1])


def test_an_opening_far_down_says_more_and_a_showing_far_down_less():
    def opened_at(place):
        return weight(happened(EventKind.SHOWN, position=place), happened(EventKind.OPENED))

    assert opened_at(8) > opened_at(2) > opened_at(1)


def test_without_measurements_the_usual_curve_holds():
    assert estimate_examination([]).examined[:4] == pytest.approx([usual_examination(k) for k in (1, 2, 3, 4)])


def browsing(examined, sessions=6000, seed=5):
    """People who look at each place with a known chance and open what they see as often as it is useful.

    Ten pairs; the list is ranked by usefulness, with a neighbour swap now and then, as models and listings change.
    """
    rng = random.Random(seed)
    useful = {other: 0.75 - 0.07 * other for other in range(10)}
    found = []
    for session in range(sessions):
        order = sorted(useful, key=lambda o: -useful[o] + rng.gauss(0, 0.05))
        for place, other in enumerate(order, 1):
            # A pair per person, so that each is shown once a day; the same hundred people come again.
            found.append(happened(EventKind.SHOWN, session % 100, other, session // 100, place))
            if rng.random() < examined[place - 1] * useful[other]:
                found.append(happened(EventKind.OPENED, session % 100, other, session // 100))
    return useful, found


def opened_shares(found, examination):
    """By suggestion, the weighed share of openings: what a reader of the whole list would have opened."""
    opened, ignored = defaultdict(float), defaultdict(float)
    places = {(e.listing, e.other, e.day): e.position for e in found if e.kind is EventKind.SHOWN}
    taken = {(e.listing, e.other, e.day) for e in found if e.kind is EventKind.OPENED}
    for key, place in places.items():
        if key in taken:
            opened[key[1]] += 1 / examination.of(place)
        else:
            ignored[key[1]] += examination.weight_of_ignored(place)
    return {o: opened[o] / (opened[o] + ignored[o]) for o in opened}


def test_the_place_of_the_list_is_taken_out():
    """Simulated readers with a steeper habit than the usual curve: the estimate finds it, and usefulness with it."""
    truth = [1.0, 0.7, 0.5, 0.4, 0.33, 0.28, 0.25, 0.22, 0.2, 0.2]
    useful, found = browsing(truth)
    examination = estimate_examination(found)
    assert examination.examined[:6] == pytest.approx(truth[:6], abs=0.07)

    debiased = opened_shares(found, examination)
    naive = opened_shares(found, type(examination)((1.0,) * 12, (1.0,) * 12))
    error = {name: math.dist(s.values(), [useful[o] for o in s]) for name, s in (("d", debiased), ("n", naive))}
    assert error["d"] < error["n"] / 3


@given(histories, st.floats(0, 0.9))
def test_held_out_pairs_began_after_all_others(history, share):
    judged = judge(history, estimate_examination(history))
    earlier, later = split_by_time(judged, share)
    assert len(earlier) + len(later) == len(judged)
    assert len(later) <= share * len(judged)
    if earlier and later:
        assert max(j.day for j in earlier) < min(j.day for j in later)
