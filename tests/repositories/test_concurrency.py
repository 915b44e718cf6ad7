"""Many writers at once: nobody is lost, nobody is skipped, nobody waits for ever."""

from __future__ import annotations

import asyncio
import random

import pytest

from schedsvc.domain.changes import Place
from schedsvc.domain.errors import DomainError, ResourceNotFound
from schedsvc.domain.feeds import FeedKey, account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, CalendarName, EventName, ProfileName
from schedsvc.repositories.base import Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database, DatabaseClock
from tests.repositories.records import (
    ADA,
    TENANT,
    account,
    booking,
    calendar,
    event,
    profile,
)

FEED = calendar_feed(ADA)


async def test_revisions_are_contiguous_under_32_concurrent_writers(store: SqlStore, database: Database) -> None:
    other = await database.open()

    async def writer(number: int) -> list[int]:
        revisions = []
        for turn in range(4):
            refuse = (number + turn) % 5 == 0

            async def work(tx: Write, id_: str = f"e{number}-{turn}", no: bool = refuse) -> int:
                made = tx.events.create(event(id_))
                if no:
                    raise ResourceNotFound("event", id_)
                return made.revision

            try:
                process = (store, other)[number % 2]
                revisions.append(await process.write(TENANT, [FEED], work))
            except ResourceNotFound:
                continue
        return revisions

    each = await asyncio.gather(*(writer(number) for number in range(32)))
    revisions = sorted(revision for own in each for revision in own)
    assert revisions == list(range(1, len(revisions) + 1))
    async with store.read(TENANT) as tx:
        head = (await tx.heads([FEED]))[FEED]
        log = await tx.changes.log(FEED, Place(0, 0), head.revision, 1000)
    assert head.revision == head.version - 1 == len(revisions)
    assert [change.place for change in log] == [Place(n, 0) for n in revisions]


CALENDARS = [CalendarName("ada", f"c{n}") for n in range(5)]
PROFILES = [ProfileName("ada", f"p{n}") for n in range(3)]
FOLLOWED = {calendar_feed(name): name for name in CALENDARS} | {profile_feed(name): name for name in PROFILES}
FEEDS = [*FOLLOWED, account_feed(AccountName("ada"))]


async def furnish(tx: Write) -> None:
    tx.accounts.create(account())
    for calendar_name in CALENDARS:
        tx.calendars.create(calendar(calendar_name))
    for profile_name in PROFILES:
        tx.profiles.create(profile(profile_name.profile, calendar=CALENDARS[0]))


def publish(tx: Write, feed: FeedKey, id_: str) -> None:
    """One change in the feed, or a touch if it has none to show."""
    name = FOLLOWED.get(feed)
    if isinstance(name, CalendarName):
        tx.events.create(event(id_, within=name))
    elif isinstance(name, ProfileName):
        tx.bookings.create(booking(id_, of=name))
    else:
        tx.touch(feed)


async def test_random_subsets_of_feeds_locked_by_16_writers_never_deadlock(empty: SqlStore, database: Database) -> None:
    store, other = empty, await database.open()
    await store.write(TENANT, (), furnish)
    published = dict.fromkeys(FEEDS, 0)
    runs: list[int] = []

    async def writer(seed: int) -> None:
        choice = random.Random(seed)
        for turn in range(25):
            mine = choice.sample(FEEDS, 4)

            async def work(tx: Write, mine: list[FeedKey] = mine, id_: str = f"{seed}-{turn}") -> None:
                runs.append(seed)
                for feed in mine:
                    publish(tx, feed, id_)

            await (store, other)[seed % 2].write(TENANT, mine, work)
            for feed in mine:
                published[feed] += 1

    await asyncio.gather(*(writer(seed) for seed in range(16)))
    # A deadlock would have been tried again.
    assert len(runs) == 16 * 25
    async with store.read(TENANT) as tx:
        heads = await tx.heads(FEEDS)
    assert {feed: head.version - 1 for feed, head in heads.items()} == published
    assert all(heads[feed].revision == published[feed] for feed in FOLLOWED)


async def test_a_waiting_writer_sees_what_the_winner_committed(store: SqlStore, database: Database) -> None:
    other = await database.open()
    inside, go_on = asyncio.Event(), asyncio.Event()
    name = EventName(ADA, "e1")

    async def win(tx: Write) -> None:
        inside.set()
        await go_on.wait()
        tx.events.create(event("e1"))

    async def lose(tx: Write) -> tuple[int, bool]:
        return tx.locked[FEED].revision, await tx.events.get(name) is not None

    winner = asyncio.create_task(store.write(TENANT, [FEED], win))
    await inside.wait()
    losers = [asyncio.create_task(s.write(TENANT, [FEED], lose)) for s in (store, other)]
    await database.until_waiting(2)
    go_on.set()
    await winner
    assert [await loser for loser in losers] == [(1, True), (1, True)]


async def test_now_is_read_after_the_wait_for_the_lock(store: SqlStore, database: Database) -> None:
    first, second = [await database.open(clock=DatabaseClock()) for _ in range(2)]
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def hold(tx: Write) -> None:
        """Changes nothing, so that the row the other waits for stays as it is."""
        inside.set()
        await go_on.wait()

    async def wait(tx: Write) -> object:
        return tx.now

    async def look(tx: Write) -> object:
        return tx.now

    holder = asyncio.create_task(first.write(TENANT, [FEED], hold))
    await inside.wait()
    waiter = asyncio.create_task(second.write(TENANT, [FEED], wait))
    await database.until_waiting()
    # On SQLite nobody else can write meanwhile; the clock is then the process's own.
    before = await first.write(TENANT, (), look) if database.is_postgresql else None
    go_on.set()
    await holder
    now = await waiter
    assert before is None or before < now  # type: ignore[operator]


async def test_writers_of_different_feeds_do_not_wait_for_each_other_on_postgresql(
    store: SqlStore, database: Database
) -> None:
    """SQLite has one writer at a time, whatever the feeds."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def hold(tx: Write) -> None:
        inside.set()
        await go_on.wait()
        tx.events.create(event("e1"))

    async def other(tx: Write) -> int:
        return tx.events.create(event("e1", within=CalendarName("ada", "side"))).revision

    holder = asyncio.create_task(store.write(TENANT, [FEED], hold))
    await inside.wait()
    side = asyncio.create_task(store.write(TENANT, [calendar_feed(CalendarName("ada", "side"))], other))
    if database.is_postgresql:
        assert await side == 1
    go_on.set()
    await holder
    assert await side == 1


async def test_two_accounts_of_one_id_made_at_once_are_one(empty: SqlStore, database: Database) -> None:
    """There is no feed to lock yet: the key decides, and the loser looks again."""
    stores = [empty, await database.open()]
    both = asyncio.Barrier(2)
    runs: list[int] = []

    async def make(number: int) -> str:
        async def work(tx: Write) -> str:
            runs.append(number)
            if await tx.accounts.is_taken(AccountName("ada")):
                return "taken"
            if database.is_postgresql and len(runs) <= 2:
                await both.wait()
            tx.accounts.create(account("ada"))
            return "made"

        return await stores[number].write(TENANT, (), work)

    assert sorted(await asyncio.gather(make(0), make(1))) == ["made", "taken"]


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.postgres
async def test_a_lock_wait_over_the_budget_is_contended_and_leaves_nothing(store: SqlStore, database: Database) -> None:
    hasty = await database.open(lock_timeout=0.05)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def hold(tx: Write) -> None:
        inside.set()
        await go_on.wait()

    async def work(tx: Write) -> None:
        tx.events.create(event("e1"))

    holder = asyncio.create_task(store.write(TENANT, [FEED], hold))
    await inside.wait()
    with pytest.raises(DomainError) as caught:
        await hasty.write(TENANT, [FEED], work)
    assert caught.value.reason == "SERIALIZATION_RETRY"
    go_on.set()
    await holder
    await hasty.write(TENANT, [FEED], work)
    async with store.read(TENANT) as tx:
        assert (await tx.heads([FEED]))[FEED].revision == 1


async def test_a_conflict_is_tried_again_and_leaves_one_effect(store: SqlStore) -> None:
    runs: list[int] = []

    async def work(tx: Write) -> int:
        runs.append(len(runs))
        # The first two runs claim an id that is taken; the third has looked again.
        tx.accounts.create(account("ada" if len(runs) < 3 else "eve"))
        return tx.events.create(event("e1")).revision

    assert await store.write(TENANT, [FEED], work) == 1
    assert len(runs) == 3
    async with store.read(TENANT) as tx:
        assert len(await tx.changes.log(FEED, Place(0, 0), 10, 10)) == 1
