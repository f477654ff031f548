"""Build a snapshot of all open listings, on all cores, and put it to use."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from flask import current_app
from joblib import Parallel, delayed
from sqlalchemy import delete, select

from marketplace.database import now, transaction
from marketplace.extensions import db
from marketplace.knowledge import knowledge
from marketplace.listings.models import Kind, Listing
from marketplace.matching.core.columns import Columns
from marketplace.matching.core.encode import Encoder, encoder_for
from marketplace.matching.core.snapshot import BrokenSnapshot, Writer, open_snapshot
from marketplace.matching.core.values import MatchListing
from marketplace.matching.listing_values import as_value, licences_of
from marketplace.matching.serving.changelog import present_mark
from marketplace.matching.serving.live import servable
from marketplace.matching.serving.models import ListingChange
from marketplace.matching.serving.places import current_folder, put_to_use, snapshots_folder

PART = 2000
ONE_PROCESS_UNTIL = 3 * PART  # below, starting further processes costs more than it saves


def build() -> tuple[Path, int]:
    """Write, check and put to use a snapshot of the listings open now; returns its folder and their number.

    What changes meanwhile is in the change log and thereby in every worker's delta.

    Raises:
        BrokenSnapshot: what was written cannot be read back; the former snapshot stays in use.
    """
    mark, moment = present_mark(), now()
    encoder = encoder_for(knowledge())
    writer = Writer(snapshots_folder(current_app) / f"{moment:%Y%m%d-%H%M%S-%f}-{os.getpid()}", encoder.tables)
    total = 0
    for kind, name in ((Kind.OFFER, "offers"), (Kind.WANT, "wants")):
        ids = db.session.scalars(select(Listing.id).where(Listing.kind == kind, *servable()).order_by(Listing.id)).all()
        writer.write(name, len(ids), encoded(_values(ids), len(ids), encoder))
        total += len(ids)
    former = _change_of_present(encoder)
    folder = writer.finish(mark, moment.isoformat())
    put_to_use(current_app, folder)
    with transaction():  # nobody opens a snapshot older than the former one any more
        db.session.execute(delete(ListingChange).where(ListingChange.id <= former))
    return folder, total


def encoded(parts: Iterator[Sequence[MatchListing]], count: int, encoder: Encoder) -> Iterator[Columns]:
    """The columns of parts of `count` listings in all, in order, read on all cores when it is worth it."""
    if count <= ONE_PROCESS_UNTIL:
        yield from map(encoder.encode, parts)
        return
    jobs = os.cpu_count() or 1
    parallel = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch=2 * jobs, batch_size=1)
    yield from parallel(delayed(_encode)(part) for part in parts)


def _encode(part: Sequence[MatchListing]) -> Columns:
    return encoder_for(knowledge()).encode(part)


def _values(ids: Sequence[int]) -> Iterator[list[MatchListing]]:
    """The listings of these ids in parts. One that was closed meanwhile stays in: its change is in the log."""
    for start in range(0, len(ids), PART):
        wanted = ids[start : start + PART]
        listings = db.session.scalars(select(Listing).where(Listing.id.in_(wanted)).order_by(Listing.id)).all()
        licences = licences_of(listings)
        yield [as_value(x, licences) for x in listings]
        db.session.expunge_all()


def _change_of_present(encoder: Encoder) -> int:
    folder = current_folder(current_app)
    try:
        return open_snapshot(folder, encoder.tables).mark.change if folder else 0
    except BrokenSnapshot:
        return 0
