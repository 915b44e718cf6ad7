"""Statements follow what is asked for, not what is stored: 100,000 records and the same few are looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from schedsvc.domain.changes import Place
from schedsvc.domain.events import ShowAs
from schedsvc.domain.feeds import FeedKey, FeedKind, account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, CalendarName, GrantName
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import BookingFilter, EventFilter, EventOrder, Once, Page, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import ADA, DAY, INTRO, MONDAY, SIDE, TENANT, booking, event
from tests.repositories.tour import Call

pytestmark = pytest.mark.slow

COUNT = 100_000
LO = MONDAY + 100 * DAY
WINDOW = (LO, LO + 7 * DAY)
FEED = calendar_feed(ADA)
MESSAGE = r'{"message"\:{},"v"\:2}'
# When a series with number n begins.
SERIES = f"{LO} + (n - 1990) * 86400"
FAR = Place(COUNT // 2, 0)
UPDATED = EventOrder.UPDATED
FILTERED = EventFilter(
    window=WINDOW,
    attendee="b@example.org",
    show_as=(ShowAs.FREE,),
    metadata={"k": "v"},
    updated_min=datetime(2030, 1, 1, tzinfo=UTC),
)
BULK = [FeedKey(FeedKind.CALENDAR, f"bulk/c{n}") for n in range(20)]

# Each call with the most rows that may be looked at. About 1,000 events, 100 of them long, overlap the window.
READS: dict[str, tuple[Call, int]] = {
    "what takes time": (lambda tx: tx.events.occupying(ADA, WINDOW), 2000),
    "single events of a window": (
        lambda tx: tx.events.list(ADA, EventFilter(window=WINDOW, recurring=False), Page(50)),
        800,
    ),
    "filtered events of a window": (lambda tx: tx.events.list(ADA, FILTERED, Page(50)), 3000),
    "series after a key": (
        lambda tx: tx.events.list(ADA, EventFilter(recurring=True), Page(50, (MONDAY + 5 * DAY, ""))),
        100,
    ),
    "events by update": (lambda tx: tx.events.list(ADA, EventFilter(), Page(50), UPDATED), 50),
    "events by update after a key": (
        lambda tx: tx.events.list(ADA, EventFilter(), Page(50, (COUNT // 2, 0)), UPDATED),
        50,
    ),
    "events of a window": (lambda tx: tx.events.list(ADA, EventFilter(window=WINDOW), Page(50)), 800),
    "events of a window after a key": (
        lambda tx: tx.events.list(ADA, EventFilter(window=WINDOW), Page(50, (LO + DAY, ""))),
        800,
    ),
    # The key lies long before the window, as that of a long event does.
    "events of a window after an early key": (
        lambda tx: tx.events.list(ADA, EventFilter(window=WINDOW), Page(50, (LO - 60 * DAY, ""))),
        800,
    ),
    "events after a key": (lambda tx: tx.events.list(ADA, EventFilter(), Page(50, (LO, ""))), 400),
    "an event": (lambda tx: tx.events.get(event("x5").name), 1),
    "whether there are events": (lambda tx: tx.events.exist(SIDE), 1),
    "events on dates": (lambda tx: tx.events.zoned_by_calendar(ADA), 0),
    "messages": (lambda tx: tx.outbox.list(Page(50)), 50),
    "messages after a key": (lambda tx: tx.outbox.list(Page(50, (COUNT // 2, ""))), 50),
    "a grant": (lambda tx: tx.grants.get(GrantName(ADA, "g5")), 1),
    "grants after a key": (lambda tx: tx.grants.list(ADA, Page(50, ("g5",))), 50),
    "shared calendars after a key": (
        lambda tx: tx.grants.shared("zoe", Role.READER, Page(50, ("bulk", "c5"))),
        50,
    ),
    "live events": (lambda tx: tx.events.live(ADA, None, FAR, COUNT, 50), 50),
    "a booking": (lambda tx: tx.bookings.get(booking("x5").name), 1),
    "bookings of a profile": (lambda tx: tx.bookings.list(INTRO, None, BookingFilter(starts=WINDOW), Page(50)), 50),
    "bookings after a key": (
        lambda tx: tx.bookings.list(INTRO, None, BookingFilter(starts=WINDOW), Page(50, (LO + DAY, "", ""))),
        50,
    ),
    "bookings of an account": (lambda tx: tx.bookings.list(None, "bob", BookingFilter(starts=WINDOW), Page(50)), 50),
    "live bookings": (lambda tx: tx.bookings.live(INTRO, None, FAR, COUNT, 50), 50),
    "the log": (lambda tx: tx.changes.log(FEED, FAR, COUNT, 50), 50),
    "few net changes": (lambda tx: tx.changes.net(FEED, COUNT - 10, Place(0, 0), COUNT, 50), 40),
    "a page of many net changes": (lambda tx: tx.changes.net(FEED, COUNT - 5000, Place(0, 0), COUNT, 50), 250),
}
# What is sure to go by the right index only once there are statistics, which PostgreSQL makes by itself.
WITH_STATISTICS: dict[str, tuple[Call, int]] = {
    "grants on calendars": (
        lambda tx: tx.grants.get_many("zoe", [CalendarName("bulk", f"c{n}") for n in range(20)]),
        32,
    ),
    "calendars": (lambda tx: tx.calendars.get_many([ADA, SIDE, CalendarName("x", "x")]), 3),
    "heads": (lambda tx: tx.heads([FEED, profile_feed(INTRO), *BULK]), 30),
    "bookings of a tenant": (lambda tx: tx.bookings.list(None, None, BookingFilter(starts=WINDOW), Page(50)), 50),
    "events by UID": (lambda tx: tx.events.by_uids(ADA, [f"u{n}" for n in range(20)]), 40),
    "events of a list by UID": (lambda tx: tx.events.list(ADA, EventFilter(uids=("u7", "u8")), Page(50)), 4),
}


@pytest.fixture
def rows(kind: str) -> str:
    """The numbers 1 to COUNT as a table `g`."""
    if kind == "postgresql":
        return f"generate_series(1, {COUNT}) AS g(n)"
    numbers = f"WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {COUNT})"
    return f"({numbers} SELECT n FROM g) AS g"


@pytest.fixture
async def large(store: SqlStore, rows: str) -> SqlStore:
    """A calendar of 100,000 events over two years, with as many bookings, changes, feeds, requests and messages.

    Besides 2,000 series, each of a day; all but the last few are long over.
    """

    async def one(tx: Write) -> None:
        tx.events.create(event(within=SIDE))
        tx.bookings.create(booking())

    await store.write(TENANT, [calendar_feed(SIDE), profile_feed(INTRO)], one)
    async with store._database.writing() as transaction:
        for statement in bulk(rows):
            await transaction.connection.execute(sa.text(statement))
        await transaction.commit()
    return store


def bulk(rows: str) -> Iterator[str]:
    start = f"{MONDAY} + (n * 7919 % {COUNT}) * 630"
    # One in ten lasts a day, one in a thousand 23 days, one in 9,999 three years.
    length, span = (
        f"(CASE WHEN n % 9999 = 0 THEN {a} WHEN n % 1000 = 0 THEN {b} WHEN n % 10 = 0 THEN {c} ELSE {d} END)"
        for a, b, c, d in ((1095 * DAY, 23 * DAY, DAY, 1800), (5, 3, 1, 0))
    )
    first = f"(SELECT body FROM {{}} WHERE tenant_id = '{TENANT}' ORDER BY tenant_id LIMIT 1)"
    yield (
        "INSERT INTO events (tenant_id, feed_id, event_id, uid, span, start_s, end_s, occupied_start_s, occupied_end_s,"
        " level, all_day, recurring, shown, booking, revision, idx, born, update_us, search, attendees, pairs, body)"
        f" SELECT '{TENANT}', 'ada/ada', 'x' || n, 'u' || n, {span}, {start}, {start} + {length}, {start},"
        f" {start} + {length}, 3, 0, 0, 3, NULL, n, 0, n, n, 'text', '', '', {first.format('events')} FROM {rows}"
    )
    yield (
        "INSERT INTO events (tenant_id, feed_id, event_id, uid, span, start_s, end_s, occupied_start_s, occupied_end_s,"
        " level, all_day, recurring, shown, booking, revision, idx, born, update_us, search, attendees, pairs, body)"
        f" SELECT '{TENANT}', 'ada/ada', 's' || n, 's' || n, 1, {SERIES}, {SERIES} + {DAY}, {SERIES}, {SERIES} + {DAY},"
        f" 0, 0, 1, 3, NULL, {COUNT} + n, 0, n, n, 'text', '', '', {first.format('events')} FROM {rows}"
        " WHERE n <= 2000"
    )
    yield f"INSERT INTO outbox SELECT '{TENANT}', 'm' || n, 't', 'a', '{MESSAGE}', n, n, 0 FROM {rows}"
    yield (
        f"INSERT INTO bookings SELECT '{TENANT}', o || '/intro', 'x' || n, o, 1, {start}, {start} + 1800, 'b', n, 0, n,"
        f" {first.format('bookings')} FROM (SELECT n, CASE WHEN n % 10 = 0 THEN 'bob' ELSE 'ada' END AS o FROM {rows})"
        " AS mixed"
    )
    yield (
        f"INSERT INTO changes SELECT '{TENANT}', 2, 'ada/ada', n, 0, 2, NULL, 'x' || (n % 20000), 'u', 1, 2, 1, 2, 1,"
        f" 1, {first.format('events')}, NULL, NULL FROM {rows}"
    )
    yield f"INSERT INTO grants SELECT '{TENANT}', 'bulk/c' || n, 'zoe', 'bulk', 'c' || n, 2, 1, 1, 1 FROM {rows}"
    yield f"INSERT INTO grants SELECT '{TENANT}', 'ada/ada', 'g' || n, 'ada', 'ada', 2, 1, 1, 1 FROM {rows}"
    yield f"INSERT INTO feeds SELECT '{TENANT}', 2, 'bulk/c' || n, 1, 1, 1, 0 FROM {rows}"
    yield f"INSERT INTO requests SELECT '{TENANT}', '', 'm', 'r' || n, 'x', 'y', n FROM {rows}"


class Watched:
    """Runs a call and looks at how the database carried out its statements."""

    def __init__(self, store: SqlStore, database: Database) -> None:
        self._store, self._database = store, database
        self._seen: list[tuple[str, Any]] = []
        for engine in (store._database.reader, store._database.writer):
            sa.event.listen(engine.sync_engine, "before_cursor_execute", self._record)

    def _record(self, _c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        self._seen.append((statement, parameters))

    async def read(self, call: Call) -> int:
        """The rows that were looked at. Fails for a statement without an index."""
        async with self._store.read(TENANT) as tx:
            await call(tx)
        return await self._visited()

    async def lock(self, once: Once) -> int:
        async def work(_tx: Write) -> None:
            return None

        feeds = [FEED, account_feed(AccountName("ada")), profile_feed(INTRO), *BULK]
        await self._store.write(TENANT, feeds, work, once=once, dry_run=True)
        return await self._visited()

    async def _visited(self) -> int:
        seen, self._seen = self._seen, []
        async with self._store._database.writer.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            return sum([await self._explained(driver, *each) for each in seen if each[0].startswith("SELECT")])

    async def _explained(self, driver: Any, statement: str, parameters: Any) -> int:
        if self._database.is_postgresql:
            # SQLAlchemy has the driver decode JSON.
            plan = await driver.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *parameters)
            return _visited_rows(plan[0]["Plan"])
        for row in await driver.execute_fetchall(f"EXPLAIN QUERY PLAN {statement}", parameters):
            assert not re.match(r"SCAN (events|bookings|changes|feeds|grants|requests|outbox)", row[3]), row[3]
            assert not re.search(r"\(tenant_id=\?( AND feed_id=\?)?\)$", _but_for_unique(row[3])), row[3]
        return 0


def _but_for_unique(line: str) -> str:
    """A search by tenant and feed alone is short where that is a whole key, a partial index, or the order of a page."""
    short = (
        "calendars USING INDEX sqlite_autoindex",
        "ix_events_all_day",
        "events USING COVERING INDEX",
        "ix_events_tenant_id_feed_id_revision_idx",
        "ix_outbox_tenant_id_due_us_outbox_id",
    )
    return "" if any(part in line for part in short) else line


def _visited_rows(node: dict[str, Any]) -> int:
    own = 0
    if "Relation Name" in node:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        own = round((node["Actual Rows"] + removed) * node["Actual Loops"])
    return own + sum(_visited_rows(child) for child in node.get("Plans", ()))


async def analyse(store: SqlStore) -> None:
    async with store._database.writer.connect() as connection:
        await connection.execute(sa.text("ANALYZE"))


def over(bounds: dict[str, int], visited: dict[str, int]) -> dict[str, int]:
    return {name: rows for name, rows in visited.items() if rows > bounds[name]}


async def test_reads_and_locks_look_at_what_they_need_whether_or_not_there_are_statistics(
    large: SqlStore, database: Database
) -> None:
    watched = Watched(large, database)
    for calls in (READS, READS | WITH_STATISTICS):
        bounds = {name: limit for name, (_, limit) in calls.items()}
        assert over(bounds, {name: await watched.read(call) for name, (call, _) in calls.items()}) == {}
        # Rows of feeds are counted where they are found, sorted and locked.
        assert await watched.lock(Once("m", "r500", b"", lambda _: b"")) <= len(BULK) + 3 + 1
        await analyse(large)
