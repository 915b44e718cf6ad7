"""What is set on every connection and transaction, whatever the server's defaults."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa

from schedsvc.domain.feeds import calendar_feed
from schedsvc.repositories.base import Read, Write
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.repositories.sql.views import SqlRead, SqlWrite
from tests.repositories.conftest import Database
from tests.repositories.records import ADA, TENANT, event

on_sqlite = pytest.mark.parametrize("kind", ["sqlite"])


async def told(tx: Read, question: str) -> Any:
    """One value, asked on the connection of the view."""
    assert isinstance(tx, SqlRead | SqlWrite)
    row = await tx._session.first(sa.text(question))
    assert row is not None
    return row[0]


async def settings(tx: Read, *names: str) -> dict[str, str]:
    return {name: await told(tx, f"SELECT current_setting('{name}')") for name in names}


def in_transaction(tx: Read) -> bool:
    assert isinstance(tx, SqlRead)
    driver = tx._session._connection.sync_connection.connection.driver_connection  # type: ignore[union-attr]
    return bool(driver.is_in_transaction())  # type: ignore[union-attr]


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_writes_are_read_committed_within_limits_whatever_the_servers_default(
    store: SqlStore, database: Database
) -> None:
    connection = await database.connect()
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    await connection.close()
    limited = await database.open(lock_timeout=1.5, statement_timeout=7.25)

    async def work(tx: Write) -> dict[str, str]:
        return await settings(tx, "transaction_isolation", "lock_timeout", "statement_timeout", "jit")

    assert await limited.write(TENANT, (), work) == {
        "transaction_isolation": "read committed",
        "lock_timeout": "1500ms",
        "statement_timeout": "7250ms",
        "jit": "off",
    }
    async with limited.read(TENANT) as tx:
        assert await settings(tx, "lock_timeout", "statement_timeout", "jit") == {
            "lock_timeout": "0",
            "statement_timeout": "0",
            "jit": "off",
        }


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_reads_are_no_transactions_and_snapshots_are_read_only(store: SqlStore) -> None:
    async with store.read(TENANT) as tx:
        await tx.keys.list()
        assert not in_transaction(tx)
    async with store.snapshot(TENANT) as tx:
        assert in_transaction(tx)
        assert await settings(tx, "transaction_isolation", "transaction_read_only") == {
            "transaction_isolation": "repeatable read",
            "transaction_read_only": "on",
        }
    async with store.read(TENANT) as tx:
        assert not in_transaction(tx)


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_without_a_statement_cache_nothing_outlives_its_transaction(store: SqlStore, database: Database) -> None:
    """What a proxy needs that gives each transaction another connection."""
    pooled = await database.open(statement_cache_size=0)
    async with pooled.read(TENANT) as tx:
        assert in_transaction(tx)
        assert await settings(tx, "transaction_isolation", "transaction_read_only", "jit") == {
            "transaction_isolation": "read committed",
            "transaction_read_only": "on",
            "jit": "off",
        }
        assert await told(tx, "SELECT count(*) FROM pg_prepared_statements") == 0

    async def work(tx: Write) -> int:
        tx.events.create(event("e1"))
        return int(await told(tx, "SELECT count(*) FROM pg_prepared_statements"))

    for _ in range(2):
        assert await pooled.write(TENANT, [calendar_feed(ADA)], work, dry_run=True) == 0
    await pooled.write(TENANT, [calendar_feed(ADA)], work)
    async with pooled.read(TENANT) as tx:
        assert await tx.events.get(event("e1").name) is not None
        assert await told(tx, "SELECT current_setting('application_name')") == ""


@on_sqlite
async def test_a_sqlite_write_begins_immediate(store: SqlStore, database: Database) -> None:
    """From its begin on, before any statement, nobody else can write."""
    other = sqlite3.connect(database.path, timeout=0, isolation_level=None)

    async def work(_tx: Write) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    await store.write(TENANT, (), work)
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()


@on_sqlite
@pytest.mark.parametrize(("synchronous", "level"), [("NORMAL", 1), ("FULL", 2)])
async def test_sqlite_connections_are_set_up_alike(database: Database, synchronous: str, level: int) -> None:
    store = await database.open(synchronous=synchronous)
    expected = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000, "synchronous": level}

    async def pragmas(tx: Read) -> dict[str, Any]:
        return {name: await told(tx, f"PRAGMA {name}") for name in (*expected, "query_only")}

    assert await store.write(TENANT, (), pragmas) == expected | {"query_only": 0}
    async with store.read(TENANT) as tx:
        assert await pragmas(tx) == expected | {"query_only": 1}
