"""What a write promises: all or nothing, numbers for what happened only, and the truth under a lock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from schedsvc.domain.changes import Place
from schedsvc.domain.errors import DomainError, ResourceNotFound, StoreUnavailable
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedHead, FeedKey, account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, EventName
from schedsvc.repositories.base import EventFilter, Page, Read, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database, DatabaseClock
from tests.repositories.records import ADA, INTRO, MONDAY, SIDE, TENANT, account, booking, event

FEED = calendar_feed(ADA)
ALL = Page(10_000)


async def head(store: SqlStore, feed: FeedKey = FEED) -> FeedHead:
    async with store.read(TENANT) as tx:
        return (await tx.heads([feed]))[feed]


async def event_ids(store: SqlStore) -> set[str]:
    async with store.read(TENANT) as tx:
        return {found.name.event for found in await tx.events.list(ADA, EventFilter(), ALL)}


async def add(store: SqlStore, id_: str, *, dry_run: bool = False) -> Event:
    async def work(tx: Write) -> Event:
        return tx.events.create(event(id_))

    return await store.write(TENANT, [FEED], work, dry_run=dry_run)


async def test_a_committed_write_is_there_for_every_process(store: SqlStore, database: Database) -> None:
    made = await add(store, "e1")
    async with (await database.open()).read(TENANT) as tx:
        assert await tx.events.get(made.name) == made


async def test_uncommitted_work_vanishes_when_it_raises(store: SqlStore) -> None:
    before = await head(store)

    async def work(tx: Write) -> None:
        tx.events.create(event("e1"))
        raise ResourceNotFound("event", "x")

    with pytest.raises(ResourceNotFound):
        await store.write(TENANT, [FEED], work)
    assert await head(store) == before
    assert await event_ids(store) == set()


async def test_uncommitted_work_vanishes_when_its_task_is_killed(store: SqlStore) -> None:
    reached = asyncio.Event()

    async def work(tx: Write) -> None:
        tx.events.create(event("e1"))
        reached.set()
        await asyncio.Event().wait()

    writing = asyncio.create_task(store.write(TENANT, [FEED], work))
    await reached.wait()
    (task,) = store._committer._running
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await event_ids(store) == set()
    assert (await add(store, "e2")).revision == 1


async def test_work_killed_in_the_middle_of_a_statement_leaves_the_lock_free(
    store: SqlStore,
) -> None:
    for pauses in range(0, 48, 3):

        async def work(tx: Write) -> None:
            tx.events.create(event("never"))
            while True:
                await tx.events.get(EventName(ADA, "never"))

        writing = asyncio.create_task(store.write(TENANT, [FEED], work))
        for _ in range(1 + pauses):
            await asyncio.sleep(0)
        for task in store._committer._running:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    assert (await add(store, "e2")).revision == 1
    assert await event_ids(store) == {"e2"}


async def test_a_refused_work_consumes_no_revision(store: SqlStore) -> None:
    async def refused(tx: Write) -> None:
        tx.events.create(event("no"))
        raise ResourceNotFound("event", "x")

    for number in range(1, 4):
        assert (await add(store, f"e{number}")).revision == number
        with pytest.raises(DomainError):
            await store.write(TENANT, [FEED], refused)


async def test_all_changes_of_one_work_in_a_feed_share_a_revision(store: SqlStore) -> None:
    async def work(tx: Write) -> list[tuple[int, int]]:
        made = [tx.events.create(event(f"e{n}")) for n in range(3)]
        other = tx.events.create(event("e1", within=SIDE))
        return [(e.revision, e.index) for e in [*made, other]]

    places = await store.write(TENANT, [FEED, calendar_feed(SIDE)], work)
    assert places == [(1, 0), (1, 1), (1, 2), (1, 0)]
    assert (await head(store)).revision == 1


async def test_every_touched_feed_moves_its_version_once(store: SqlStore) -> None:
    feeds = [account_feed(AccountName("ada")), profile_feed(INTRO), FEED]
    before = [await head(store, feed) for feed in feeds]

    async def work(tx: Write) -> None:
        tx.touch(feeds[1])
        tx.touch(feeds[1])
        tx.events.create(event("e1"))
        tx.events.create(event("e2"))

    await store.write(TENANT, feeds, work)
    after = [await head(store, feed) for feed in feeds]
    assert [a.version - b.version for a, b in zip(after, before, strict=True)] == [0, 1, 1]
    assert [a.revision - b.revision for a, b in zip(after, before, strict=True)] == [0, 0, 1]


async def test_a_work_that_only_reads_moves_nothing(store: SqlStore) -> None:
    before = await head(store)

    async def work(tx: Write) -> FeedHead:
        return tx.locked[FEED]

    assert await store.write(TENANT, [FEED], work) == before
    assert await head(store) == before


async def test_writing_to_a_feed_that_is_not_locked_is_a_defect(store: SqlStore) -> None:
    async def create(tx: Write) -> None:
        tx.events.create(event("e1"))

    async def touch(tx: Write) -> None:
        tx.touch(FEED)

    async def book(tx: Write) -> None:
        tx.bookings.create(booking())

    for work in (create, touch, book):
        with pytest.raises(RuntimeError, match="not locked"):
            await store.write(TENANT, [calendar_feed(SIDE)], work)


async def test_a_feed_that_does_not_exist_is_absent_from_the_locked_ones(store: SqlStore) -> None:
    unknown = FeedKey(FEED.kind, "ada/unknown")

    async def work(tx: Write) -> set[FeedKey]:
        assert set(await tx.heads([unknown, FEED])) == {FEED}
        return set(tx.locked)

    assert await store.write(TENANT, [unknown, FEED], work) == {FEED}
    assert await store.write(TENANT, [unknown], work) == set()


async def test_a_work_does_not_see_its_own_writes(store: SqlStore) -> None:
    async def work(tx: Write) -> Event | None:
        made = tx.events.create(event("e1"))
        return await tx.events.get(made.name)

    assert await store.write(TENANT, [FEED], work) is None


async def test_several_writes_to_one_record_leave_its_last_state_and_every_change(
    store: SqlStore,
) -> None:
    async def work(tx: Write) -> tuple[Event, Event]:
        first = tx.events.create(event("e1", subject="first"))
        second = tx.events.update(replace(first, subject="second"), first)
        gone = tx.events.create(event("e2"))
        tx.events.delete(gone)
        return second, gone

    second, gone = await store.write(TENANT, [FEED], work)
    async with store.read(TENANT) as tx:
        assert await tx.events.get(second.name) == second
        assert await tx.events.get(gone.name) is None
        log = await tx.changes.log(FEED, Place(0, 0), 1, 10)
    assert [(c.place.index, c.resource_id) for c in log] == [
        (0, "e1"),
        (1, "e1"),
        (2, "e2"),
        (3, "e2"),
    ]

    async def anew(tx: Write) -> Event:
        before = await tx.events.get(second.name)
        assert before is not None
        tx.events.delete(before)
        return tx.events.create(event("e1", subject="third"))

    third = await store.write(TENANT, [FEED], anew)
    async with store.read(TENANT) as tx:
        assert await tx.events.get(third.name) == third
    assert (third.revision, third.index, third.born) == (2, 1, 2)


async def test_a_dry_run_answers_but_changes_nothing_and_wakes_nobody(store: SqlStore) -> None:
    before = await head(store)
    subscription = store.signal.subscribe(TENANT, [FEED])
    made = await add(store, "e1", dry_run=True)
    assert (made.revision, made.create_time.year) == (1, 2030)
    assert await head(store) == before
    assert await event_ids(store) == set()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await subscription.wait(60)


async def test_a_dry_run_meets_the_constraints_too(store: SqlStore) -> None:
    async def work(tx: Write) -> None:
        if await tx.accounts.is_taken(AccountName("ada")):
            seen.append("taken")
        tx.accounts.create(account("ada"))

    seen: list[str] = []
    with pytest.raises(DomainError) as caught:
        await store.write(TENANT, (), work, dry_run=True)
    assert caught.value.reason == "SERIALIZATION_RETRY"
    assert seen == ["taken"] * 3


async def test_now_is_the_injected_clocks_time(store: SqlStore, database: Database) -> None:
    database.clock.time = datetime(2031, 5, 6, 7, 8, 9, 101112, tzinfo=UTC)

    async def work(tx: Write) -> tuple[datetime, Event]:
        return tx.now, tx.events.create(event("e1"))

    now, made = await store.write(TENANT, [FEED], work)
    assert now == made.create_time == made.update_time == database.clock.time
    database.clock.time += timedelta(microseconds=1)

    async def change(tx: Write) -> Event:
        assert tx.now == database.clock.time
        return tx.events.update(replace(made, subject="new", create_time=tx.now, born=9), made)

    after = await store.write(TENANT, [FEED], change)
    assert (after.create_time, after.born) == (made.create_time, made.born)
    assert after.update_time == database.clock.time


async def test_now_without_an_injected_clock_is_one_clock_for_all_processes(
    database: Database, store: SqlStore
) -> None:
    real = await database.open(clock=DatabaseClock())

    async def work(tx: Write) -> datetime:
        return tx.now

    with_lock = await real.write(TENANT, [FEED], work)
    without_lock = await real.write(TENANT, (), work)
    unknown = await real.write(TENANT, [FeedKey(FEED.kind, "no/no")], work)
    assert with_lock.tzinfo is not None
    assert with_lock < without_lock < unknown


async def test_a_cancelled_callers_write_still_commits_and_wakes(store: SqlStore) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def work(tx: Write) -> None:
        tx.events.create(event("e1"))
        reached.set()
        await go_on.wait()

    subscription = store.signal.subscribe(TENANT, [FEED])
    writing = asyncio.create_task(store.write(TENANT, [FEED], work))
    await reached.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go_on.set()
    async with asyncio.timeout(30):
        await subscription.wait(60)
    assert await event_ids(store) == {"e1"}


async def test_a_write_whose_caller_left_before_it_began_is_dropped(database: Database, store: SqlStore) -> None:
    narrow = await database.open(pool_size=1)
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def first(tx: Write) -> None:
        tx.events.create(event("e1"))
        reached.set()
        await go_on.wait()

    async def second(tx: Write) -> None:
        tx.events.create(event("e2"))

    running = asyncio.create_task(narrow.write(TENANT, [FEED], first))
    await reached.wait()
    queued = asyncio.create_task(narrow.write(TENANT, [FEED], second))
    await asyncio.sleep(0)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    go_on.set()
    await running
    await narrow.close()
    assert await event_ids(store) == {"e1"}


async def test_closing_waits_for_running_writes_and_takes_no_more(database: Database, store: SqlStore) -> None:
    other = await database.open()
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def work(tx: Write) -> None:
        tx.events.create(event("e1"))
        reached.set()
        await go_on.wait()

    running = asyncio.create_task(other.write(TENANT, [FEED], work))
    await reached.wait()
    closing = asyncio.create_task(other.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable):
        await add(other, "e2")
    assert not closing.done()
    go_on.set()
    await closing
    await running
    assert await event_ids(store) == {"e1"}


async def test_a_read_sees_each_commit_and_a_snapshot_one_state(store: SqlStore) -> None:
    async def count(tx: Read) -> int:
        return len((await tx.events.occupying(ADA, (MONDAY, MONDAY + 86_400))).items)

    async with store.read(TENANT) as live, store.snapshot(TENANT) as fixed:
        assert (await count(live), await count(fixed)) == (0, 0)
        await add(store, "e1")
        assert (await count(live), await count(fixed)) == (1, 0)
        await add(store, "e2")
        assert (await count(live), await count(fixed)) == (2, 0)
        assert (await fixed.heads([FEED]))[FEED].revision == 0
    async with store.snapshot(TENANT) as anew:
        assert await count(anew) == 2


async def test_a_defect_in_a_write_nobody_waits_for_is_logged_and_a_refusal_is_not(store: SqlStore) -> None:
    async def left(error: Exception) -> list[Any]:
        reached, go_on = asyncio.Event(), asyncio.Event()

        async def work(_tx: Write) -> None:
            reached.set()
            await go_on.wait()
            raise error

        writing = asyncio.create_task(store.write(TENANT, [FEED], work))
        await reached.wait()
        (task,) = store._committer._running
        writing.cancel()
        await asyncio.wait([writing])
        go_on.set()
        with structlog.testing.capture_logs() as logs:
            await asyncio.wait([task])
            await asyncio.sleep(0)
        return [log["exc_info"] for log in logs]

    defect = RuntimeError("a defect")
    assert await left(defect) == [defect]
    assert await left(ResourceNotFound("event", "x")) == []
