"""At most one digest a day and person, of new listings that fit likely but not well enough to be told at once."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import User
from marketplace.accounts.policy import Viewer, may_see
from marketplace.calendar import SHANGHAI, today
from marketplace.database import now, transaction
from marketplace.extensions import db
from marketplace.listings.models import Listing, ListingState
from marketplace.matching.models import Digest, DigestLine
from marketplace.notifications.service import tell

FROM_HOUR = 8  # in Shanghai
MOST_AT_A_TIME = 50
MOST_SHOWN = 60


def remember(users: Iterable[User], listing_id: int) -> None:
    """Let a listing wait for these people's next digest, in the caller's transaction; who wants none gets none."""
    wanting = {u.id for u in users if u.wants_digest}
    lines = select(DigestLine.user_id).where(DigestLine.listing_id == listing_id, DigestLine.user_id.in_(wanting))
    known = set(db.session.scalars(lines)) if wanting else set()
    db.session.add_all(DigestLine(user_id=u, listing_id=listing_id) for u in sorted(wanting - known))


def send_due() -> int:
    """Leave today's digest for everybody who has something waiting; returns how many were left.

    Nothing before eight in the morning. A second worker that was as fast fails on the unique day and leaves nothing.
    """
    if now().astimezone(SHANGHAI).hour < FROM_HOUR:
        return 0
    had_one = select(Digest.user_id).where(Digest.day == today())
    waiting = select(DigestLine.user_id).where(DigestLine.digest_id.is_(None), DigestLine.user_id.not_in(had_one))
    ids = db.session.scalars(waiting.distinct().order_by(DigestLine.user_id).limit(MOST_AT_A_TIME)).all()
    return sum(_send(user_id) for user_id in ids)


def news_of(who: Viewer) -> Sequence[Listing]:
    """The listings of a person's digests of the last month, newest first."""
    return db.session.scalars(
        select(Listing)
        .join(DigestLine, DigestLine.listing_id == Listing.id)
        .join(DigestLine.digest)
        .where(DigestLine.user_id == who.user_id, Digest.sent_at > now() - timedelta(days=31), may_see(Listing, who))
        .options(joinedload(Listing.park))
        .order_by(DigestLine.id.desc())
        .limit(MOST_SHOWN)
    ).all()


def _send(user_id: int) -> int:
    try:
        with transaction():
            return _write(user_id)
    except IntegrityError:  # the other worker wrote today's
        return 0


def _write(user_id: int) -> int:
    user = db.session.get_one(User, user_id)
    digest = Digest(user_id=user_id, day=today())
    db.session.add(digest)
    db.session.flush()
    db.session.execute(
        update(DigestLine)
        .where(DigestLine.user_id == user_id, DigestLine.digest_id.is_(None))
        .values(digest_id=digest.id)
        .execution_options(synchronize_session=False)
    )
    titles = db.session.scalars(
        select(Listing.title)
        .join(DigestLine, DigestLine.listing_id == Listing.id)
        .where(DigestLine.digest_id == digest.id, Listing.state == ListingState.OPEN)
        .order_by(DigestLine.id)
    ).all()
    if not titles or not user.wants_digest:
        return 0
    tell([user], "daily_digest", "/news", count=str(len(titles)), new="; ".join(titles[:5]))
    return 1
