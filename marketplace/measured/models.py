"""What an enterprise proposes for one of its sites; the approved value itself is a published `EmissionFactor`."""

import enum
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Site, User
from marketplace.attachments.models import Attachment
from marketplace.database import ExactDecimal, UtcDateTime, now, state_column_type
from marketplace.extensions import db
from marketplace.ledger.models import EmissionFactor


class MeasuredState(enum.StrEnum):
    """Only what is proposed can change; each decision is final, and a new measurement is a new proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class MeasuredFactor(db.Model):
    """A site's own value in place of the library's factor ``factor_key``.

    ``value`` is in the library's unit of that factor; ``typed_value`` and ``typed_unit`` are what the person wrote.
    """

    __tablename__ = "measured_factor"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission: Mapped[str] = mapped_column(String(36), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    factor_key: Mapped[str] = mapped_column(String(120))
    value: Mapped[Decimal] = mapped_column(ExactDecimal(9))
    unit: Mapped[str] = mapped_column(String(40))
    typed_value: Mapped[str] = mapped_column(String(40))
    typed_unit: Mapped[str] = mapped_column(String(40))
    gsd: Mapped[Decimal] = mapped_column(ExactDecimal(4))
    year: Mapped[int]
    method: Mapped[str] = mapped_column(Text)
    state: Mapped[MeasuredState] = mapped_column(
        state_column_type(MeasuredState), default=MeasuredState.PROPOSED, index=True
    )
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    published_id: Mapped[int | None] = mapped_column(ForeignKey("emission_factor.id"), unique=True)

    site: Mapped[Site] = relationship()
    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
    published: Mapped[EmissionFactor | None] = relationship()
    evidence: Mapped[list[Attachment]] = relationship(order_by="Attachment.id")

    __table_args__ = (
        CheckConstraint("value > 0", name="value_positive"),
        CheckConstraint("gsd >= 1", name="gsd_at_least_one"),
        CheckConstraint("(state = 'approved') = (published_id IS NOT NULL)", name="approved_is_published"),
    )
