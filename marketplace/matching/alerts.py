"""Tell those whose listings or saved interests a new one fits, once, by the worker; the rest waits for the digest."""

from collections.abc import Iterable

from sqlalchemy import select, update

from marketplace.accounts.models import Office
from marketplace.accounts.policy import Viewer
from marketplace.database import now, transaction
from marketplace.extensions import db
from marketplace.listings.models import Listing, ListingState
from marketplace.matching import digest, service
from marketplace.matching.interests import fitting as interests
from marketplace.matching.interests.fitting import Fit
from marketplace.matching.models import Dismissal, DismissalReason, Pace
from marketplace.notifications.service import tell, traders_of

AT_ONCE_FROM = 0.8  # "very likely"
DAILY_FROM = 0.55  # "likely": once a day is soon enough
MOST_LISTINGS = 20
MOST_RANKED = 50
MOST_TOLD = 12
_EVERYTHING_OPEN = Viewer(office=Office.DISTRICT_OFFICER)


def alert_new_listings() -> int:
    """Handle listings that were published and not yet told; returns how many messages were left.

    Ranking happens before the transaction, so that no lock is held meanwhile; a second worker that was as fast finds
    the listing claimed.
    """
    waiting = select(Listing.id).where(Listing.alerted_at.is_(None), Listing.state == ListingState.OPEN)
    ids = db.session.scalars(waiting.order_by(Listing.id).limit(MOST_LISTINGS)).all()
    return sum(_alert(listing_id) for listing_id in ids)


def _alert(listing_id: int) -> int:
    listing = db.session.get_one(Listing, listing_id)
    ranked = service.ranked_partners(listing, _EVERYTHING_OPEN, (), MOST_RANKED, explain=False)
    fitting = [other for other, match in ranked if match.score >= AT_ONCE_FROM]
    likely = {other.enterprise_id for other, match in ranked if match.score >= DAILY_FROM}
    first_of_each: dict[int, int] = {}  # enterprise → its best fitting listing, best first
    for other in fitting:
        first_of_each.setdefault(other.enterprise_id, other.id)
    asked = interests.fitting(listing)
    with transaction():
        if not _claim(listing_id):
            return 0
        unwanted = _who_declined(listing_id, likely | {fit.enterprise_id for fit in asked})
        told = [(e, own) for e, own in first_of_each.items() if e not in unwanted][:MOST_TOLD]
        known = unwanted | {e for e, _ in told}
        at_once = _first_at_once(fit for fit in asked if fit.enterprise_id not in known)
        later = (likely | {fit.enterprise_id for fit in asked}) - known - set(at_once)
        for enterprise_id in sorted(later):
            digest.remember(traders_of(enterprise_id), listing_id)
        return sum(_tell(enterprise_id, own_id, listing_id) for enterprise_id, own_id in told) + sum(
            _tell_interested(fit, listing_id) for fit in at_once.values()
        )


def _first_at_once(asked: Iterable[Fit]) -> dict[int, Fit]:
    """By enterprise its oldest interest that wants to hear at once."""
    found: dict[int, Fit] = {}
    for fit in asked:
        if fit.pace is Pace.AT_ONCE:
            found.setdefault(fit.enterprise_id, fit)
    return found


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
    new, users = db.session.get_one(Listing, listing_id), traders_of(fit.enterprise_id)
    for user in users:
        title = fit.titles.get(user.language, fit.titles["en"])
        tell([user], "new_for_interest", f"/listings/{listing_id}", interest=title, new=new.title)
    return len(users)
