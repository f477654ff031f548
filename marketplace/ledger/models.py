"""Entries of the ledger, its head, tiles and checkpoints, and the published emission factors.

All but the head and the witnesses are append-only.
"""

import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from marketplace.database import ExactDecimal, Kilograms, Money, Tonnes, UtcDateTime, now, state_column_type
from marketplace.extensions import db


class EntryKind(enum.StrEnum):
    ASSESSMENT = "assessment"
    REVERSAL = "reversal"


class LedgerEntry(db.Model):
    """One figure, for ever. `canonical` is the truth; the other columns are read from it for queries."""

    __tablename__ = "ledger_entry"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[EntryKind] = mapped_column(state_column_type(EntryKind))
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    round: Mapped[int]
    reverses: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.position"), unique=True)
    canonical: Mapped[str] = mapped_column(Text)
    leaf_hash: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    month: Mapped[date] = mapped_column(index=True)
    material: Mapped[str] = mapped_column(String(60), index=True)
    family: Mapped[str] = mapped_column(String(40))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    receiver_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    supplier_park_id: Mapped[int] = mapped_column(ForeignKey("park.id"))
    receiver_park_id: Mapped[int] = mapped_column(ForeignKey("park.id"))
    accepted_t: Mapped[Decimal] = mapped_column(Tonnes)
    value_cny: Mapped[Decimal] = mapped_column(Money)
    net_kgco2e: Mapped[Decimal] = mapped_column(Kilograms)
    low_kgco2e: Mapped[Decimal] = mapped_column(Kilograms)
    high_kgco2e: Mapped[Decimal] = mapped_column(Kilograms)

    __table_args__ = (
        CheckConstraint("position >= 0", name="position_not_negative"),
        CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reversal_names_its_entry"),
        UniqueConstraint("exchange_id", "kind", "round"),
    )


class LedgerHead(db.Model):
    """Size, root and frontier of the tree, and of that of the confirmations: one row, locked by whoever appends.

    `note` is the newest checkpoint, signed over both in the transaction that moved the head; `factors` is what it says
    of the published factors, or empty when others were published since.
    """

    __tablename__ = "ledger_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    root_hash: Mapped[str] = mapped_column(String(64))
    frontier: Mapped[str] = mapped_column(Text)
    confirmations: Mapped[int] = mapped_column(default=0)
    confirmations_frontier: Mapped[str] = mapped_column(Text, default="[]")
    note: Mapped[str] = mapped_column(Text, default="")
    factors: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)


class _Tile:
    """256 neighbouring hashes of one level of a tree, written once when the last of them is known (C2SP tlog-tiles).

    `root` is the hash over the whole tile: the tile's place among the hashes of the next level.
    """

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerTile(_Tile, db.Model):
    """A tile of the tree over the entries."""

    __tablename__ = "ledger_tile"


class ConfirmationTile(_Tile, db.Model):
    """A tile of the tree over the confirmations."""

    __tablename__ = "confirmation_tile"


class Checkpoint(db.Model):
    """A checkpoint that is kept: one an hour, and those on which a certificate or a cosignature rests.

    `note` is the truth; the other columns are for queries.
    """

    __tablename__ = "checkpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(index=True)
    root_hash: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    note: Mapped[str] = mapped_column(Text)
    cosignatures: Mapped[list["Cosignature"]] = relationship(order_by="Cosignature.id", back_populates="checkpoint")


class Witness(db.Model):
    """A party that may cosign our checkpoints, with its public key (a vkey of kind cosignature/v1)."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    vkey: Mapped[str] = mapped_column(String(400), unique=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Cosignature(db.Model):
    """A witness's signature line on one checkpoint."""

    id: Mapped[int] = mapped_column(primary_key=True)
    checkpoint_id: Mapped[int] = mapped_column(ForeignKey("checkpoint.id"))
    witness_id: Mapped[int] = mapped_column(ForeignKey("witness.id"), index=True)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    line: Mapped[str] = mapped_column(Text)
    checkpoint: Mapped[Checkpoint] = relationship(back_populates="cosignatures")
    witness: Mapped[Witness] = relationship()

    __table_args__ = (UniqueConstraint("checkpoint_id", "witness_id"),)


class EmissionFactor(db.Model):
    """One published version of a factor; a new value is a new version, never an edit."""

    __tablename__ = "emission_factor"

    id: Mapped[int] = mapped_column(primary_key=True)
    factor_id: Mapped[str] = mapped_column(String(120))
    version: Mapped[int]
    name_en: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(40))
    value: Mapped[Decimal] = mapped_column(ExactDecimal(9))
    unit: Mapped[str] = mapped_column(String(40))
    gsd: Mapped[Decimal] = mapped_column(ExactDecimal(4))
    region: Mapped[str] = mapped_column(String(40))
    year: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)
    source_detail: Mapped[str] = mapped_column(Text, default="")
    confidence: Mapped[str] = mapped_column(String(20), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # Whose own measurement it is; none for the library's. It says who may see it, and is no part of what entries copy.
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))

    @validates("gsd")
    def _spread(self, _name: str, gsd: Decimal) -> Decimal:
        """The constraint below is blind on SQLite, which keeps decimals as integers of their smallest unit."""
        if gsd < 1:
            raise ValueError(f"factor {self.factor_id}: a spread (gsd) of {gsd} is below 1")
        return gsd

    __table_args__ = (
        UniqueConstraint("factor_id", "version"),
        CheckConstraint("gsd >= 1", name="gsd_at_least_one"),
    )


class Dimension(enum.StrEnum):
    """By what the district's totals are kept."""

    ALL = "all"
    PARK = "park"
    FAMILY = "family"
    MATERIAL = "material"
    ENTERPRISE = "enterprise"


class Rollup(db.Model):
    """The sum of entries of one month for one key of one dimension.

    A figure is shared between supplier and receiver by its attribution (METHOD.md §6), so parks and
    enterprises add up to the district. `specific_variance` is what no other entry shares (§4).
    """

    __tablename__ = "rollup"

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension: Mapped[Dimension] = mapped_column(state_column_type(Dimension))
    key: Mapped[str] = mapped_column(String(60))
    month: Mapped[date]
    net_kgco2e: Mapped[Decimal] = mapped_column(Kilograms, default=Decimal(0))
    supplied_t: Mapped[Decimal] = mapped_column(Tonnes, default=Decimal(0))
    received_t: Mapped[Decimal] = mapped_column(Tonnes, default=Decimal(0))
    value_cny: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    exchanges: Mapped[int] = mapped_column(default=0)
    specific_variance: Mapped[Decimal] = mapped_column(ExactDecimal(2), default=Decimal(0))

    __table_args__ = (UniqueConstraint("dimension", "key", "month"),)


class RollupFactor(db.Model):
    """ΣS_j of one factor version in one rollup cell (METHOD.md §4: shared factors add before they are squared)."""

    __tablename__ = "rollup_factor"

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension: Mapped[Dimension] = mapped_column(state_column_type(Dimension))
    key: Mapped[str] = mapped_column(String(60))
    month: Mapped[date]
    factor_id: Mapped[str] = mapped_column(String(120))
    factor_version: Mapped[int]
    gsd: Mapped[Decimal] = mapped_column(ExactDecimal(4))
    sensitivity_kgco2e: Mapped[Decimal] = mapped_column(ExactDecimal(6), default=Decimal(0))

    __table_args__ = (UniqueConstraint("dimension", "key", "month", "factor_id", "factor_version"),)
