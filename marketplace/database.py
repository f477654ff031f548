"""How we talk to both databases: exact decimals, aware times, one transaction per use case."""

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Insert,
    Numeric,
    Select,
    Update,
    event,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import scoped_session
from sqlalchemy.sql.compiler import SQLCompiler
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
    db.session.expire_all()
    db.session.connection(execution_options={"begin_immediate": True})
    try:
        yield db.session
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


class Prepared:
    """A statement that is compiled once for each kind of database, and run by the driver (`straight`).

    For the few that everybody waits for: the way to a cached statement takes SQLAlchemy longer than SQLite to run it.
    Values pass the types of their columns; rows come back as the driver gives them.
    """

    def __init__(self, statement: Select[Any] | Insert | Update, *names: str) -> None:
        """Args: names: the columns that values are given for."""
        self._statement, self._names = statement, names
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, connection: Connection, values: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """Run it, `values` by column; the driver's cursor."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compiled.setdefault(dialect.name, self._compile(dialect))
        bound = [(name, values.get(name, value), to_driver) for name, value, to_driver in compiled.binds]
        ready = [(name, value if to_driver is None else to_driver(value)) for name, value, to_driver in bound]
        given = tuple(value for _, value in ready) if compiled.is_positional else dict(ready)
        return straight(connection, compiled.text, given)

    def _compile(self, dialect: Dialect) -> "_Compiled":
        found = cast(SQLCompiler, self._statement.compile(dialect=dialect, column_keys=self._names or None))
        constants = found.construct_params(dict.fromkeys(self._names), _check=False)
        of_name = {name: bind for bind, name in found.bind_names.items()}
        binds = [
            (name, constants[name], of_name[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in found.positiontup or of_name
        ]
        return _Compiled(found.string, bool(found.positional), binds)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement's text, and of each of its parameters the name, the value when none is given, and how it is bound."""

    text: str
    is_positional: bool
    binds: Sequence[tuple[str, Any, Callable[[Any], Any] | None]]


def straight(connection: Connection, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> Any:
    """Run a statement in the driver's own form by the driver itself, in the connection's transaction; its cursor.

    Raises:
        DBAPIError: as from SQLAlchemy.
    """
    cursor = cast(Any, connection.connection.cursor())
    errors: type[Exception] = connection.dialect.loaded_dbapi.Error
    try:
        cursor.execute(statement, values)
    except errors as failure:
        cursor.close()
        raise DBAPIError.instance(statement, values, failure, errors, dialect=connection.dialect) from failure
    return cursor


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Statements whose answers nobody reads are sent to PostgreSQL one after the other and waited for once, at the end.

    Raises:
        DBAPIError: one of them failed; as outside, but only now.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    errors: type[Exception] = connection.dialect.loaded_dbapi.Error
    try:
        with cast(Any, connection.connection.driver_connection).pipeline():
            yield
    except errors as failure:
        raise DBAPIError.instance(None, None, failure, errors, dialect=connection.dialect) from failure


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
