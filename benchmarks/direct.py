"""Child: the least that a write of an event costs without the service: its feed and its row, in two statements.

Settings: `url` of a migrated database with empty feeds, `row` of an event as the service writes it, `feeds`, `loop`.
Orders: `seconds` to write, `in_flight` transactions at once: each on a connection of its own on PostgreSQL, all in one
other thread on SQLite.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg

from benchmarks import loops
from benchmarks.children import Answer, Order, serve_orders, settings, tell

CALENDAR = 2
"""The kind of a calendar's feed."""
HALF_HOUR = 1800

Values = tuple[Any, ...]
Write = Callable[[], Awaitable[None]]


class Rows:
    """Events to write: that of the service, with other ids and times, in one feed after the other."""

    def __init__(self, row: dict[str, Any], feeds: Sequence[str]) -> None:
        self.columns = tuple(row)
        self.feeds = feeds
        self.tenant = row["tenant_id"]
        self._row = row
        self._numbers = itertools.count()

    def next(self) -> tuple[Values, dict[str, Any]]:
        """The key of a feed and a row for it; the revision comes from the feed."""
        number = next(self._numbers)
        feed, later = self.feeds[number % len(self.feeds)], number * HALF_HOUR
        times = {name: value + later for name, value in self._row.items() if name.endswith("_s")}
        event_id = str(uuid.uuid4())
        changed = {"feed_id": feed, "event_id": event_id, "uid": f"{event_id}@schedsvc", **times}
        return (self.tenant, CALENDAR, feed), {**self._row, **changed}

    def statements(self, mark: Callable[[int], str]) -> tuple[str, str]:
        """The two statements; `mark` writes the parameter of a number, from 1 on."""
        update = (
            "UPDATE feeds SET revision = revision + 1, version = version + 1 "
            f"WHERE tenant_id = {mark(1)} AND kind = {mark(2)} AND feed_id = {mark(3)} RETURNING revision"
        )
        return update, f"INSERT INTO events ({', '.join(self.columns)}) VALUES ({_marks(mark, len(self.columns))})"

    def empty_feeds(self, mark: Callable[[int], str]) -> tuple[str, list[Values]]:
        """The statement that makes a feed, and its values for each."""
        columns = "tenant_id, kind, feed_id, revision, version, epoch, trimmed"
        text = f"INSERT INTO feeds ({columns}) VALUES ({_marks(mark, 7)})"
        return text, [(self.tenant, CALENDAR, feed, 0, 0, 1, 0) for feed in self.feeds]


def _marks(mark: Callable[[int], str], count: int) -> str:
    return ", ".join(mark(number) for number in range(1, count + 1))


class Postgres:
    """asyncpg, with statements prepared once on each connection."""

    def __init__(self, url: str, rows: Rows) -> None:
        self._url = url.replace("+asyncpg", "")
        self._rows = rows
        self._writes: list[Write] = []

    async def prepare(self) -> None:
        connection = await asyncpg.connect(self._url)
        await connection.executemany(*self._rows.empty_feeds(_dollar))
        await connection.close()

    async def writes(self, count: int) -> Sequence[Write]:
        """That many ways to write, each on a connection of its own."""
        while len(self._writes) < count:
            self._writes.append(await self._connected())
        return self._writes[:count]

    async def _connected(self) -> Write:
        connection = await asyncpg.connect(self._url)
        update, insert = [await connection.prepare(text) for text in self._rows.statements(_dollar)]

        async def write() -> None:
            feed, row = self._rows.next()
            async with connection.transaction():
                row["revision"] = row["born"] = await update.fetchval(*feed)
                await insert.fetch(*row.values())

        return write


class Sqlite:
    """sqlite3 in one thread, with one hop for a whole transaction."""

    def __init__(self, url: str, rows: Rows) -> None:
        self._path = url.partition(":///")[2]
        self._rows = rows
        self._thread = ThreadPoolExecutor(1)
        self._texts = rows.statements(_question)

    async def prepare(self) -> None:
        await self._hop(self._open)

    async def writes(self, count: int) -> Sequence[Write]:
        """That many ways to write, all on the one connection."""

        async def write() -> None:
            await self._hop(self._write)

        return [write] * count

    async def _hop(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        # As the service opens its file.
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executemany(*self._rows.empty_feeds(_question))

    def _write(self) -> None:
        feed, row = self._rows.next()
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        row["revision"] = row["born"] = execute(self._texts[0], feed).fetchone()[0]
        execute(self._texts[1], tuple(row.values()))
        execute("COMMIT")


def _dollar(number: int) -> str:
    return f"${number}"


def _question(_number: int) -> str:
    return "?"


async def repeat(writes: Sequence[Write], seconds: float) -> Answer:
    """Runs all of them side by side, each again and again."""
    loop = asyncio.get_running_loop()
    began, done = loop.time(), itertools.count()

    async def again(write: Write) -> None:
        while loop.time() < began + seconds:
            await write()
            next(done)

    await asyncio.gather(*map(again, writes))
    return {"seconds": loop.time() - began, "codes": {"OK": next(done)}}


async def work(order: Order) -> None:
    """Answers orders until there are no more."""
    kind = Sqlite if order["url"].startswith("sqlite") else Postgres
    target = kind(order["url"], Rows(order["row"], order["feeds"]))
    await target.prepare()
    tell({})

    async def carry_out(given: Order) -> Answer:
        return await repeat(await target.writes(given["in_flight"]), given["seconds"])

    await serve_orders(carry_out)


if __name__ == "__main__":
    given = settings()
    loops.run(work(given), given["loop"])
