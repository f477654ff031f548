"""Use cases of saved interests. Each runs inside the transaction its caller opened."""

from dataclasses import dataclass, fields, replace
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload

from marketplace.accounts.models import User
from marketplace.database import now
from marketplace.extensions import db
from marketplace.listings.models import Kind
from marketplace.matching.interests.errors import SameInterest, TooManyInterests
from marketplace.matching.models import Interest, InterestMaterial, Pace

MOST = 50  # that tell something, per enterprise


@dataclass(frozen=True, slots=True)
class InterestFacts:
    """What a person wants to hear of; empty values leave it open. At most one of `site_id` and `near_park_id`."""

    kind: Kind
    pace: Pace
    words: str = ""
    materials: tuple[str, ...] = ()
    use: str = ""
    family: str = ""
    park_id: int | None = None
    is_hazardous: bool | None = None
    minimum_t: Decimal | None = None
    within_km: Decimal | None = None
    site_id: int | None = None
    near_park_id: int | None = None


def save(facts: InterestFacts, by: User, submission: str) -> Interest:
    """Keep an interest; a second sending of the same form finds the first's.

    Raises:
        SameInterest: another one asks for the same.
        TooManyInterests: the enterprise has as many as it may.
    """
    assert by.membership is not None
    enterprise_id = by.membership.enterprise_id
    same = select(Interest).where(Interest.submission == submission, Interest.enterprise_id == enterprise_id)
    already = db.session.scalar(same)
    if already:
        return already
    _refuse_same(facts, enterprise_id)
    _refuse_too_many(enterprise_id)
    interest = Interest(submission=submission, enterprise_id=enterprise_id, user_id=by.id)
    _write(interest, facts)
    db.session.add(interest)
    db.session.flush()
    return interest


def change(interest: Interest, facts: InterestFacts) -> None:
    """Ask for something else from now on.

    Raises:
        SameInterest: another one asks for the same.
    """
    if interest.ended_at is None:
        _refuse_same(facts, interest.enterprise_id, interest)
    _write(interest, facts)


def end(interest: Interest) -> None:
    """Tell nothing more; nothing happens when it was ended before."""
    interest.ended_at = interest.ended_at or now()


def resume(interest: Interest) -> None:
    """Tell again what is posted from now on.

    Raises:
        SameInterest: another one asks for the same.
        TooManyInterests: the enterprise has as many as it may.
    """
    if interest.ended_at is not None:
        _refuse_same(_facts_of(interest), interest.enterprise_id, interest)
        _refuse_too_many(interest.enterprise_id)
        interest.ended_at = None


def _waiting(enterprise_id: int) -> tuple[ColumnElement[bool], ...]:
    return Interest.enterprise_id == enterprise_id, Interest.ended_at.is_(None)


def _refuse_same(facts: InterestFacts, enterprise_id: int, own: Interest | None = None) -> None:
    """Two that differ in their pace only would tell the same twice."""
    wanted = replace(facts, pace=Pace.AT_ONCE, materials=tuple(sorted(set(facts.materials))))
    for interest in db.session.scalars(
        select(Interest).where(*_waiting(enterprise_id)).options(selectinload(Interest.materials))
    ):
        if interest is not own and replace(_facts_of(interest), pace=Pace.AT_ONCE) == wanted:
            raise SameInterest(interest.id)


def _facts_of(interest: Interest) -> InterestFacts:
    named = {f.name: getattr(interest, f.name) for f in fields(InterestFacts) if f.name != "materials"}
    return InterestFacts(**named, materials=interest.slugs)


def _refuse_too_many(enterprise_id: int) -> None:
    waiting = select(func.count()).select_from(Interest).where(*_waiting(enterprise_id))
    if db.session.execute(waiting).scalar_one() >= MOST:
        raise TooManyInterests(MOST)


def _write(interest: Interest, facts: InterestFacts) -> None:
    interest.kind, interest.pace = facts.kind, facts.pace
    interest.words, interest.use, interest.family = facts.words, facts.use, facts.family
    interest.park_id, interest.is_hazardous = facts.park_id, facts.is_hazardous
    interest.minimum_t, interest.within_km = facts.minimum_t, facts.within_km
    interest.site_id, interest.near_park_id = facts.site_id, facts.near_park_id
    known = {m.material: m for m in interest.materials}
    interest.materials = [known.get(slug) or InterestMaterial(material=slug) for slug in sorted(set(facts.materials))]
