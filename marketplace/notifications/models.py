"""The outbox: one row per message to one person, written in the transaction that caused it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.database import UtcDateTime, now
from marketplace.extensions import db


class OutboxMessage(db.Model):
    """What to tell one person: shown in the app when they have an account, and mailed by the worker."""

    __tablename__ = "outbox_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(60))
    facts: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(String(300))
    is_in_app: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_outbox_user", "user_id", "id"),
        Index("ix_outbox_due", "sent_at", "due_at"),
    )
