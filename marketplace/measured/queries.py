"""Reads for the pages of sites' own factors."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Site
from marketplace.extensions import db
from marketplace.measured.models import MeasuredFactor, MeasuredState

PAGE_SIZE = 50


def proposals(
    who_sees: ColumnElement[bool], state: MeasuredState | None, before: int | None
) -> tuple[Sequence[MeasuredFactor], int | None]:
    """Proposals, newest first, and the number before which the next page begins."""
    statement = (
        select(MeasuredFactor)
        .where(who_sees)
        .options(joinedload(MeasuredFactor.site).joinedload(Site.enterprise))
        .order_by(MeasuredFactor.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if state is not None:
        statement = statement.where(MeasuredFactor.state == state)
    if before is not None:
        statement = statement.where(MeasuredFactor.id < before)
    rows = db.session.scalars(statement).all()
    return rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None


def count_waiting() -> int:
    """How many wait for an officer."""
    return db.session.scalar(select(func.count()).where(MeasuredFactor.state == MeasuredState.PROPOSED)) or 0
