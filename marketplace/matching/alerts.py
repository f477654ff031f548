"""Tell those whose listings or saved interests a new one fits, once, by the worker; the rest waits for the digest."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice

from sqlalchemy import func, select, update

from marketplace.accounts.models import Office
from marketplace.accounts.policy import Viewer
from marketplace.calendar import SHANGHAI, today
from marketplace.database import now, transaction
from marketplace.extensions import db
from marketplace.listings.models import Listing, ListingState
from marketplace.matching import digest, service
from marketplace.matching.interests import fitting as interests
from marketplace.matching.interests.fitting import Fit
from marketplace.matching.models import Dismissal, DismissalReason, Pace
from marketplace.notifications.models import OutboxMessage
from marketplace.notifications.service import tell, traders_of

AT_ONCE_FROM = 0.8  # "very likely"
DAILY_FROM = 0.55  # "likely": once a day is soon enough
MOST_LISTINGS = 20
MOST_RANKED = 50
MOST_TOLD = 12
MOST_A_DAY = 20  # messages to a person because of interests: a bulk of listings fills the digest, not the inbox
_EVERYTHING_OPEN = Viewer(office=Office.DISTRICT_OFFICER)


def alert_new_listings() -> int:
    """Handle listings that were published and not yet told; returns how many messages were left.

    Ranking happens before the transaction, so that no lock is held meanwhile; a second worker that was as fast finds
    the listing claimed.
    """
    waiting = select(Listing.id).where(Listing.alerted_at.is_(None), Listing.state == ListingState.OPEN)
    ids = db.session.scalars(waiting.order_by(Listing.id).limit(MOST_LISTINGS)).all()
    return sum(_alert(listing_id) for listing_id in ids)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a new listing concerns, by enterprise: the owner's best fitting listing, what was asked for, the rest."""

    owners: Mapping[int, int]
    interested: Mapping[int, Fit]
    later: Sequence[int]


def _alert(listing_id: int) -> int:
    listing = db.session.get_one(Listing, listing_id)
    ranked = service.ranked_partners(listing, _EVERYTHING_OPEN, (), MOST_RANKED, explain=False)
    likely = [(other.enterprise_id, other.id, match.score) for other, match in ranked if match.score >= DAILY_FROM]
    asked = interests.fitting(listing)
    with transaction():
        if not _claim(listing_id):
            return 0
        concerned = {e for e, _, _ in likely} | {fit.enterprise_id for fit in asked}
        audience = _audience(likely, asked, _who_declined(listing_id, concerned))
        for enterprise_id in audience.later:
            digest.remember(traders_of(enterprise_id), listing_id)
        to_owners = sum(_tell(enterprise_id, own_id, listing_id) for enterprise_id, own_id in audience.owners.items())
        return to_owners + sum(_tell_interested(fit, listing_id) for fit in audience.interested.values())


def _audience(likely: Sequence[tuple[int, int, float]], asked: Sequence[Fit], unwanted: Set[int]) -> Audience:
    """Who hears of a listing and how: once each, at once rather than later, owners of a fitting listing first.

    `likely`: enterprise, its listing and the score, best first; `unwanted`: enterprises that want none of this.
    """
    best: dict[int, int] = {}
    for enterprise_id, own_id, score in likely:
        if score >= AT_ONCE_FROM and enterprise_id not in unwanted:
            best.setdefault(enterprise_id, own_id)
    owners = dict(islice(best.items(), MOST_TOLD))
    interested: dict[int, Fit] = {}
    for fit in asked:
        if fit.pace is Pace.AT_ONCE and fit.enterprise_id not in unwanted | owners.keys():
            interested.setdefault(fit.enterprise_id, fit)
    concerned = {e for e, _, _ in likely} | {fit.enterprise_id for fit in asked}
    return Audience(owners, interested, sorted(concerned - unwanted - owners.keys() - interested.keys()))


def _claim(listing_id: int) -> bool:
    claimed = db.session.execute(
        update(Listing)
        .where(Listing.id == listing_id, Listing.alerted_at.is_(None))
        .values(alerted_at=now())
        .execution_options(synchronize_session=False)
    )
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _who_declined(listing_id: int, enterprises: Iterable[int]) -> set[int]:
    """Enterprises that want nothing from this listing's enterprise."""
    partner = select(Listing.enterprise_id).where(Listing.id == listing_id).scalar_subquery()
    return set(
        db.session.scalars(
            select(Dismissal.enterprise_id)
            .join(Dismissal.other)
            .where(
                Dismissal.enterprise_id.in_(list(enterprises)),
                Dismissal.reason == DismissalReason.PARTNER,
                Listing.enterprise_id == partner,
            )
        )
    )


def _tell(enterprise_id: int, own_id: int, listing_id: int) -> int:
    own, new = db.session.get_one(Listing, own_id), db.session.get_one(Listing, listing_id)
    users = traders_of(enterprise_id)
    tell(users, "new_match", f"/listings/{own_id}", listing=own.title, new=new.title)
    return len(users)


def _tell_interested(fit: Fit, listing_id: int) -> int:
    """Whoever heard of enough today finds the listing in the digest."""
    new, users = db.session.get_one(Listing, listing_id), traders_of(fit.enterprise_id)
    full = _who_heard_enough({user.id for user in users})
    digest.remember([user for user in users if user.id in full], listing_id)
    told = [user for user in users if user.id not in full]
    for user in told:
        title = fit.titles.get(user.language, fit.titles["en"])
        tell([user], "new_for_interest", f"/listings/{listing_id}", interest=title, new=new.title)
    return len(told)


def _who_heard_enough(user_ids: Set[int]) -> set[int]:
    """Of these people, those who were told of as much today, as Shanghai counts days, as anybody should be."""
    midnight = datetime.combine(today(), time(), SHANGHAI)
    return set(
        db.session.scalars(
            select(OutboxMessage.user_id)
            .where(
                OutboxMessage.user_id.in_(user_ids),
                OutboxMessage.kind == "new_for_interest",
                OutboxMessage.created_at >= midnight,
            )
            .group_by(OutboxMessage.user_id)
            .having(func.count() >= MOST_A_DAY)
        )
    )
