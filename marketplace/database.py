"""How we talk to both databases: exact decimals, aware times, one transaction per use case."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Enum, Numeric, event
from sqlalchemy.orm import scoped_session
from sqlalchemy.types import TypeDecorator

from marketplace.extensions import db

# 64 MB of page cache: the indexes of 100,000 listings do not fit into SQLite's two.
PRAGMAS = ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536")


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal with a fixed number of places, exact on both databases.

    PostgreSQL keeps it as NUMERIC; SQLite, whose NUMERIC is a float, as an integer of the
    smallest unit, so that SUM, ORDER BY and comparisons stay exact there as well.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, places: int) -> None:
        self.places = places
        self._unit = Decimal(1).scaleb(-places)
        super().__init__(28, places)

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(28, self.places))

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        exact = Decimal(value).quantize(self._unit)
        if exact != value:
            raise ValueError(f"{value} has more than {self.places} decimal places; round it where that is decided")
        return int(exact.scaleb(self.places)) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(int(value)).scaleb(-self.places)
        return Decimal(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; refuses naive ones."""

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def state_column_type(states: type[enum.StrEnum]) -> Enum:
    """A text column that holds the values of a StrEnum and nothing else."""
    name = "".join("_" + c.lower() if c.isupper() else c for c in states.__name__).lstrip("_")
    return Enum(
        states,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name,
        values_callable=lambda members: [m.value for m in members],
    )


Tonnes = ExactDecimal(6)
Kilograms = ExactDecimal(3)
Money = ExactDecimal(2)
Percent = ExactDecimal(2)


_pretended: ContextVar[datetime | None] = ContextVar("pretended_now", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC, to the microsecond."""
    return _pretended.get() or datetime.now(UTC)


@contextmanager
def pretend_now(moment: datetime) -> Iterator[None]:
    """Let `now()` answer `moment`: how the demo data get a history. No request can reach this."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)


@contextmanager
def transaction() -> Iterator[scoped_session[Any]]:
    """One use case, one transaction: opened at the edge, committed on success, undone on any error.

    What was read before (the signed-in user, the page's subject) is expired, so the use case
    decides on fresh rows. On SQLite the transaction takes the write lock at once: two writers
    that first read and then write would otherwise lose an update.
    """
    db.session.rollback()
    db.session.connection(execution_options={"begin_immediate": True})
    try:
        yield db.session
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


@event.listens_for(Engine, "connect")
def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    if type(dbapi_connection).__module__.startswith("sqlite3"):
        dbapi_connection.isolation_level = None  # SQLAlchemy's "begin" event below opens transactions
        cursor = dbapi_connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        immediate = connection.get_execution_options().get("begin_immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
