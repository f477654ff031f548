"""Which entries have a certificate, and how each party wants to appear in it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.database import UtcDateTime, now, state_column_type
from marketplace.exchanges.models import Side
from marketplace.extensions import db


class Certificate(db.Model):
    """The certificate of one entry. `serial` is a random number in its public address: who has it, has seen it."""

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(32), unique=True)
    position: Mapped[int] = mapped_column(ForeignKey("ledger_entry.position"), unique=True)
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Appearance(db.Model):
    """One side's choice for its exchange: by name, or (without a choice, too) by pseudonym."""

    __tablename__ = "certificate_appearance"

    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), primary_key=True, autoincrement=False)
    side: Mapped[Side] = mapped_column(state_column_type(Side), primary_key=True)
    is_named: Mapped[bool]
    chosen_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
