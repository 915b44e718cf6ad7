"""The only file that knows which database it talks to.

Connections are in autocommit mode as far as the drivers and SQLAlchemy know; transactions are begun
and ended here, in words of the database. So a read costs no round trip besides its own, and a write
begins with its isolation level and its time limits in one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from schedsvc.domain.errors import Contended, DomainError, Overloaded
from schedsvc.repositories.sql.errors import Conflict, StoreFault, connecting, driver_errors

BUSY_SECONDS = 5
"""How long a SQLite writer waits for the writers before it, of this process and of others."""
SQLITE_READERS = 4
_MIGRATION_LOCK = 7_236_214_519_034_853
_SPARE_SECONDS = 5
_NO_JIT = "SET LOCAL jit = off"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSettings:
    """Times are in seconds. `url` is `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`.

    Of PostgreSQL, `pool_size` connections serve writes and as many serve reads; SQLite has one that writes and four
    that read. Who waits longer than `pool_wait` for a connection is turned away. The other times concern PostgreSQL
    alone, `synchronous` and `create` SQLite alone; `create` makes a file that does not exist. `statement_cache_size` of
    0 is for proxies that pool transactions: no prepared statement outlives its transaction, no start-up parameter is
    sent, and every read is a transaction.
    """

    url: str
    pool_size: int = 10
    pool_wait: float = 1.0
    connect_timeout: float = 5.0
    lock_timeout: float = 2.0
    statement_timeout: float = 10.0
    statement_cache_size: int = 100
    synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    create: bool = False


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the databases say differently.

    `clock` of None: the process's clock is the database's. `one_writer`: the connection to write with is the lock.
    """

    begin_write: str
    begin_read: str | None
    begin_snapshot: str
    clock: sa.ColumnElement[datetime] | None
    one_writer: bool

    def locking(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """Makes a select lock its rows, in its order, against other writers."""
        return statement if self.one_writer else statement.with_for_update(key_share=True)


class Transaction:
    """An open write transaction. It is undone unless `commit` returns."""

    __slots__ = ("connection", "is_open")

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.is_open = True

    async def commit(self) -> None:
        """Raises StoreUnavailable if the outcome is not known."""
        with driver_errors():
            await _say(self.connection, "COMMIT")
        self.is_open = False


class Database:
    """The connections to one database."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, dialect: Dialect) -> None:
        self.writer = writer
        self.reader = reader
        self.dialect = dialect

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """A transaction whose statements each see what is committed when they begin.

        Raises Contended after too long a wait for the only writer, Overloaded after one for any of many.
        """
        begin, too_long = self.dialect.begin_write, Contended if self.dialect.one_writer else Overloaded
        async with _connected(self.writer, too_long) as connection, _transaction(connection, begin) as opened:
            yield opened

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements each see what is committed when they begin."""
        async with _connected(self.reader) as connection:
            if self.dialect.begin_read is None:
                yield connection
                return
            async with _transaction(connection, self.dialect.begin_read):
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state, that of its first statement."""
        begin = self.dialect.begin_snapshot
        async with _connected(self.reader) as connection, _transaction(connection, begin):
            yield connection

    async def dispose(self) -> None:
        """Closes every connection."""
        await self.writer.dispose()
        await self.reader.dispose()


@asynccontextmanager
async def _connected(engine: AsyncEngine, too_long: type[DomainError] = Overloaded) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        try:
            with connecting(), driver_errors():
                connection = await stack.enter_async_context(engine.connect())
        except Overloaded as full:
            raise too_long(full.message) from full
        yield connection


@asynccontextmanager
async def _transaction(connection: AsyncConnection, begin: str) -> AsyncIterator[Transaction]:
    """No connection goes back to the pool with a transaction open: rather it is closed."""
    try:
        with driver_errors():
            await _say(connection, begin)
    except BaseException:
        await connection.invalidate()
        raise
    transaction = Transaction(connection)
    try:
        yield transaction
    finally:
        # SQLAlchemy has closed the connection already if a statement was cut off or found it lost.
        if transaction.is_open and not connection.invalidated:
            await _undo(connection)


async def _undo(connection: AsyncConnection) -> None:
    try:
        with driver_errors():
            await _say(connection, "ROLLBACK")
    except (Conflict, DomainError, StoreFault):
        # The connection is lost, and the transaction with it: what happened before is what counts.
        await connection.invalidate()
    except BaseException:
        await connection.invalidate()
        raise


async def _say(connection: AsyncConnection, text: str) -> None:
    """Several statements may be said at once; on PostgreSQL that is one round trip."""
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.execute(text)


def open_database(settings: SqlSettings) -> Database:
    """Makes the pools; connects to nothing yet. Raises ValueError for a URL it cannot serve."""
    url = make_url(settings.url)
    if url.drivername == "sqlite+aiosqlite":
        return _sqlite(_file_only(url), settings)
    if url.drivername == "postgresql+asyncpg":
        return _postgresql(url, settings)
    raise ValueError(f"{url.drivername}: use sqlite+aiosqlite or postgresql+asyncpg")


@asynccontextmanager
async def exclusive(url: str) -> AsyncIterator[AsyncConnection]:
    """A committed transaction that no other one of this kind runs beside: for schema changes."""
    database = open_database(SqlSettings(url=url, create=True, lock_timeout=60, statement_timeout=3600))
    try:
        async with database.writing() as transaction:
            # For SQLAlchemy and Alembic a transaction is open now; they leave it to its owner.
            await transaction.connection.begin()
            if database.dialect.clock is not None:
                lock = sa.text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
                await transaction.connection.execute(lock)
            yield transaction.connection
            await transaction.commit()
    finally:
        await database.dispose()


def _file_only(url: URL) -> URL:
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise ValueError("SQLite needs a file: several connections share the database")
    return url


def _sqlite(url: URL, settings: SqlSettings) -> Database:
    if not settings.create and not (url.database or "").startswith("file:"):
        # A file that has been taken away must not be made anew, empty, by the next connection.
        url = url.set(database=f"file:{quote(url.database or '')}", query={"mode": "rw", "uri": "true"})
    writer = _engine(url, {}, size=1, wait=BUSY_SECONDS)
    reader = _engine(url, {}, size=SQLITE_READERS, wait=settings.pool_wait)
    for engine in (writer, reader):
        _on_connect(engine, f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        _on_connect(engine, "PRAGMA journal_mode = WAL")
        _on_connect(engine, "PRAGMA foreign_keys = ON")
        _on_connect(engine, f"PRAGMA synchronous = {settings.synchronous}")
    _on_connect(reader, "PRAGMA query_only = ON")
    return Database(writer, reader, Dialect("BEGIN IMMEDIATE", None, "BEGIN DEFERRED", None, one_writer=True))


def _postgresql(url: URL, settings: SqlSettings) -> Database:
    cached = settings.statement_cache_size > 0
    arguments: dict[str, Any] = {
        "timeout": settings.connect_timeout,
        # Beyond what the server allows itself: for a server that no longer answers at all.
        "command_timeout": settings.statement_timeout + _SPARE_SECONDS,
        "statement_cache_size": settings.statement_cache_size,
        "prepared_statement_cache_size": settings.statement_cache_size,
        "server_settings": {"application_name": "schedsvc", "jit": "off"} if cached else {},
    }
    if not cached:
        arguments["prepared_statement_name_func"] = _unnamed
    limits = (
        f"SET LOCAL lock_timeout = {_millis(settings.lock_timeout)}; "
        f"SET LOCAL statement_timeout = {_millis(settings.statement_timeout)}; {_NO_JIT}"
    )
    dialect = Dialect(
        begin_write=f"BEGIN ISOLATION LEVEL READ COMMITTED; {limits}",
        begin_read=None if cached else f"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; {_NO_JIT}",
        begin_snapshot=f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_NO_JIT}",
        clock=sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)),
        one_writer=False,
    )
    writer = _engine(url, arguments, size=settings.pool_size, wait=settings.pool_wait)
    reader = _engine(url, arguments, size=settings.pool_size, wait=settings.pool_wait)
    return Database(writer, reader, dialect)


def _engine(url: URL, arguments: dict[str, Any], *, size: int, wait: float) -> AsyncEngine:
    engine = create_async_engine(
        url,
        connect_args=arguments,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait,
    )
    sa.event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(_dbapi: object, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Has the pool open another connection for one that the server closed in the meantime."""
    is_closed = getattr(record.driver_connection, "is_closed", None)
    if is_closed is not None and is_closed():
        raise DisconnectionError


def _on_connect(engine: AsyncEngine, statement: str) -> None:
    def say(dbapi: Any, _record: ConnectionPoolEntry) -> None:
        cursor = dbapi.cursor()
        cursor.execute(statement)
        cursor.close()

    sa.event.listen(engine.sync_engine, "connect", say)


def _unnamed() -> str:
    """An unnamed prepared statement lasts until the next one and needs no closing."""
    return ""


def _millis(seconds: float) -> int:
    return round(seconds * 1000)
