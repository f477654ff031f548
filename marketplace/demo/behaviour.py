"""Six weeks of suggestions that the demo's people were shown, opened, requested, put aside or completed.

The suggestions are those a plant would get without any learning: documented uses first, the nearest first. The people
differ from what is documented in ways that can be learned from: they hardly look past forty kilometres, and hardly at
quantities of another order. They look at the first places of the list more than at the last, as everybody does.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from marketplace.calendar import SHANGHAI
from marketplace.database import now
from marketplace.demo.people import World
from marketplace.extensions import db
from marketplace.knowledge import knowledge, mentions_of
from marketplace.listings.models import Kind, Listing, ListingState
from marketplace.listings.quantities import monthly_t
from marketplace.matching.core.learning import DismissalReason, EventKind, usual_examination
from marketplace.matching.models import Dismissal, MatchEvent
from marketplace.matching.weighing import QuantityFit
from marketplace.places import road_km

DAYS = 42
MOST_SHOWN = 8
MODEL = "demo"
INTEREST = {3: 0.9, 2: 0.65, 1: 0.2}
NEAR_KM = 40.0
_SEED = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A partner as the demo ranks it; `interest` is how often somebody who sees it opens it."""

    other: Listing
    grade: int
    distance_km: float
    fit: float

    @property
    def interest(self) -> float:
        return INTEREST[self.grade] * min(1.0, NEAR_KM / max(self.distance_km, 1.0)) * self.fit**2


def add_behaviour(world: World) -> int:
    """Write the events, and the dismissals that stand; returns how many events. Call after the listings are there."""
    db.session.flush()
    listings = db.session.scalars(select(Listing).where(Listing.state == ListingState.OPEN).order_by(Listing.id)).all()
    rng = random.Random(_SEED)  # noqa: S311 - of its own, so that the other demo data stay as they are
    uses = {x.id: mentions_of(x.text).uses for x in listings if x.kind is Kind.WANT}
    events: list[dict[str, Any]] = []
    for listing in listings:
        partners = _suggestions(listing, listings, uses)
        events += _life_of(listing, partners, rng)
    if events:
        db.session.execute(insert(MatchEvent), events)
    db.session.add_all(_standing_dismissals(world, events))
    return len(events)


def _suggestions(listing: Listing, listings: Any, uses: dict[int, tuple[str, ...]]) -> list[Suggestion]:
    found = []
    for other in listings:
        if other.kind is listing.kind or other.enterprise_id == listing.enterprise_id:
            continue
        offer, want = (listing, other) if listing.kind is Kind.OFFER else (other, listing)
        grade = _grade(offer, want, uses)
        if grade and not (offer.is_hazardous and not want.accepts_hazard):
            km = road_km(offer.lat, offer.lon, want.lat, want.lon)
            fit = QuantityFit(monthly_t(offer.quantity_t, offer.rhythm), monthly_t(want.quantity_t, want.rhythm)).share
            found.append(Suggestion(other, grade, km, fit))
    return sorted(found, key=lambda s: (-s.grade, s.distance_km, s.other.id))[:MOST_SHOWN]


def _grade(offer: Listing, want: Listing, uses: dict[int, tuple[str, ...]]) -> int:
    if offer.material == want.material:
        return 3
    found = (knowledge().of_pair(offer.material, use) for use in uses[want.id])
    return max((a.grade for a in found if a), default=0)


def _life_of(listing: Listing, partners: list[Suggestion], rng: random.Random) -> Iterator[dict[str, Any]]:
    """The days on which somebody looked at the page of one listing, oldest first."""
    settled: set[int] = set()
    for days_ago in sorted(rng.sample(range(2, DAYS), rng.randint(1, 4)), reverse=True):
        shown = _on_the_page([s for s in partners if s.other.id not in settled], rng)
        for place, suggestion in enumerate(shown, 1):
            for kind, reason in _what_happened(suggestion, place, rng):
                if kind in (EventKind.REQUESTED, EventKind.DISMISSED):
                    settled.add(suggestion.other.id)
                # A completion follows its request by some days; all else is of the day.
                age = max(1, days_ago - 14) if kind is EventKind.COMPLETED else days_ago
                yield _event(kind, listing, suggestion, place, reason, age)


def _on_the_page(partners: list[Suggestion], rng: random.Random) -> list[Suggestion]:
    """Neighbours change places now and then, as models and listings change."""
    shown = list(partners)
    for place in range(len(shown) - 1):
        if rng.random() < 0.3:
            shown[place], shown[place + 1] = shown[place + 1], shown[place]
    return shown


def _what_happened(
    suggestion: Suggestion, place: int, rng: random.Random
) -> Iterator[tuple[EventKind, DismissalReason | None]]:
    yield EventKind.SHOWN, None
    if rng.random() > usual_examination(place):
        return  # nobody looked so far down
    if rng.random() < suggestion.interest:
        yield EventKind.OPENED, None
        if rng.random() < 0.5 * suggestion.interest:
            yield EventKind.REQUESTED, None
            if rng.random() < 0.6:
                yield EventKind.COMPLETED, None
    elif rng.random() < 0.15:
        yield EventKind.DISMISSED, _reason_against(suggestion, rng)


def _reason_against(suggestion: Suggestion, rng: random.Random) -> DismissalReason:
    """What is most in the way; else one of those that say little."""
    if suggestion.grade == 1:
        return DismissalReason.MATERIAL
    if suggestion.distance_km > 2 * NEAR_KM:
        return DismissalReason.DISTANCE
    if suggestion.fit < 0.6:
        return DismissalReason.QUANTITY
    return rng.choice([DismissalReason.QUALITY, DismissalReason.PRICE, DismissalReason.OTHER])


def _event(
    kind: EventKind, listing: Listing, suggestion: Suggestion, place: int, reason: DismissalReason | None, days_ago: int
) -> dict[str, Any]:
    at = now() - timedelta(days=days_ago)
    is_shown = kind is EventKind.SHOWN
    return {
        "kind": kind,
        "listing_id": listing.id,
        "other_id": suggestion.other.id,
        "enterprise_id": listing.enterprise_id,
        "position": place if is_shown else None,
        "model_version": MODEL if is_shown else "",
        "reason": reason,
        "day": at.astimezone(SHANGHAI).date(),
        "at": at,
    }


def _standing_dismissals(world: World, events: list[dict[str, Any]]) -> Iterator[Dismissal]:
    """Those of the enterprises that visitors of the demo sign in to are taken back: their pages stay whole."""
    guests = {next(iter(world.enterprises.values())).id, world.by_industry["building-materials"][0].id}
    for event in events:
        if event["kind"] is EventKind.DISMISSED and event["enterprise_id"] not in guests:
            yield Dismissal(
                listing_id=event["listing_id"],
                other_id=event["other_id"],
                enterprise_id=event["enterprise_id"],
                user_id=world.traders[event["enterprise_id"]].id,
                reason=event["reason"],
                at=event["at"],
            )
