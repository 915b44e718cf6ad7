"""The log is complete, and what it comes to is what a fold over it comes to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from schedsvc.domain.changes import Change, ChangeCause, ChangeKind, Place, TombstoneReason
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import EventName
from schedsvc.repositories.base import Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.records import ADA, HOUR, MONDAY, SIDE, TENANT, event

FEED = calendar_feed(ADA)
START = Place(0, 0)


async def history(store: SqlStore, seed: int, works: int = 30) -> list[list[Event]]:
    """Random works of up to four changes each. Returns the events after each work, by revision."""
    choice = random.Random(seed)
    events: dict[str, Event] = {}
    states: list[list[Event]] = [[]]
    for _ in range(works):

        async def work(tx: Write) -> None:
            for id_ in choice.sample([f"e{n}" for n in range(8)], choice.randint(1, 4)):
                act(tx, choice, events, id_)

        await store.write(TENANT, [FEED], work)
        states.append(list(events.values()))
    return states


def act(tx: Write, choice: random.Random, events: dict[str, Event], id_: str) -> None:
    start = MONDAY + choice.randrange(100) * HOUR
    extent = (start, start + HOUR)
    before = events.get(id_)
    if before is None:
        events[id_] = tx.events.create(event(id_, extent))
    elif choice.random() < 0.3:
        tx.events.delete(events.pop(id_))
    else:
        events[id_] = tx.events.update(replace(before, extent=extent, occupied=extent), before)


async def whole_log(store: SqlStore, size: int = 1000) -> list[Change]:
    found: list[Change] = []
    while True:
        async with store.read(TENANT) as tx:
            after = found[-1].place if found else START
            page = await tx.changes.log(FEED, after, 10_000, size)
        if not page:
            return found
        found += page


def folded(log: Sequence[Change], since: int, mark: int) -> list[Change]:
    """What `net` is to say, by going through the log change by change."""
    extents: dict[str, Interval | None] = {}
    last: dict[str, Change] = {}
    for change in log:
        if change.place.revision <= since:
            extents[change.resource_id] = change.extent
        elif change.place.revision <= mark:
            last[change.resource_id] = change
    return sorted(
        (replace(c, previous=extents.get(c.resource_id)) for c in last.values()),
        key=lambda c: c.place,
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_net_equals_a_fold_of_the_log(store: SqlStore, seed: int) -> None:
    await history(store, seed)
    log = await whole_log(store)
    revisions = log[-1].place.revision
    assert revisions == 30
    choice = random.Random(seed)
    async with store.read(TENANT) as tx:
        for _ in range(40):
            since, mark = sorted(choice.choices(range(revisions + 2), k=2))
            found: list[Change] = []
            while True:
                after = found[-1].place if found else START
                page = await tx.changes.net(FEED, since, after, mark, choice.randint(1, 5))
                if not page:
                    break
                found += page
            assert found == folded(log, since, mark)


async def test_the_log_alone_rebuilds_every_state(store: SqlStore) -> None:
    states = await history(store, 4)
    log = await whole_log(store, size=3)
    copy: dict[str, object] = {}
    for change, after in zip(log, [*log[1:], None], strict=True):
        if change.record is None:
            del copy[change.resource_id]
        else:
            copy[change.resource_id] = change.record
        if after is None or after.place.revision != change.place.revision:
            expected = {e.name.event: e for e in states[change.place.revision]}
            assert copy == expected


async def test_the_log_has_every_place_once_and_in_order(store: SqlStore) -> None:
    await history(store, 5)
    places = [change.place for change in await whole_log(store, size=2)]
    assert places == sorted(set(places))
    for before, after in zip([START, *places], places, strict=False):
        same = after.revision == before.revision and after.index == before.index + 1
        assert same or (after.revision, after.index) == (before.revision + 1, 0)


async def test_a_change_says_what_was_before_and_what_is_now(store: SqlStore) -> None:
    first, second = (MONDAY, MONDAY + HOUR), (MONDAY + HOUR, MONDAY + 2 * HOUR)

    async def create(tx: Write) -> Event:
        return tx.events.create(event("e1", first))

    made = await store.write(TENANT, [FEED], create)

    async def move(tx: Write) -> Event:
        return tx.events.update(replace(made, extent=second), made)

    moved = await store.write(TENANT, [FEED], move)

    async def delete(tx: Write) -> Place:
        return tx.events.delete(moved)

    await store.write(TENANT, [FEED], delete)
    created, updated, deleted = await whole_log(store)
    told = [(c.kind, c.previous, c.extent, c.record, c.born, c.reason) for c in (created, updated)]
    assert told == [
        (ChangeKind.CREATED, None, first, made, 1, None),
        (ChangeKind.UPDATED, first, second, moved, 1, None),
    ]
    assert (deleted.kind, deleted.previous, deleted.extent) == (ChangeKind.DELETED, second, None)
    assert (deleted.record, deleted.born, deleted.uid) == (None, 1, made.uid)
    assert deleted.reason is TombstoneReason.DELETED
    assert deleted.feed == FEED
    assert deleted.time == made.create_time


async def test_a_record_made_anew_under_its_old_id_is_one_net_change(store: SqlStore) -> None:
    extents = [(MONDAY + n * HOUR, MONDAY + n * HOUR + 60) for n in range(2)]

    async def create(tx: Write) -> Event:
        return tx.events.create(event("e1", extents[0]))

    old = await store.write(TENANT, [FEED], create)

    async def anew(tx: Write) -> Event:
        tx.events.delete(old)
        return tx.events.create(event("e1", extents[1]))

    new = await store.write(TENANT, [FEED], anew)
    async with store.read(TENANT) as tx:
        (change,) = await tx.changes.net(FEED, 1, START, 2, 10)
    assert (change.kind, change.previous, change.record) == (ChangeKind.CREATED, extents[0], new)


async def test_a_feed_shows_its_own_changes_only(store: SqlStore) -> None:
    await history(store, 6, works=3)
    async with store.read(TENANT) as tx:
        assert await tx.changes.log(calendar_feed(SIDE), START, 100, 100) == []
        assert await tx.changes.net(calendar_feed(SIDE), 0, START, 100, 100) == []


async def test_a_moved_event_leaves_a_tombstone_that_says_where_it_is(store: SqlStore) -> None:
    async def create(tx: Write) -> Event:
        return tx.events.create(event("e1"))

    made = await store.write(TENANT, [FEED], create)

    async def move(tx: Write) -> Event:
        moved = replace(made, name=EventName(SIDE, "e1"))
        tx.events.delete(made, moved_to=moved.name)
        return tx.events.create(moved)

    moved = await store.write(TENANT, [FEED, calendar_feed(SIDE)], move)
    async with store.read(TENANT) as tx:
        (tombstone,) = await tx.changes.net(FEED, 1, START, 2, 10)
        (there,) = await tx.changes.log(calendar_feed(SIDE), START, 1, 10)
        assert await tx.events.get(made.name) is None
        assert await tx.events.get(moved.name) == moved
    assert (tombstone.kind, tombstone.reason) == (ChangeKind.DELETED, TombstoneReason.MOVED)
    assert (tombstone.moved_to, tombstone.record, tombstone.previous) == (moved.name, None, made.extent)
    assert (there.kind, there.record, there.uid, there.moved_to) == (ChangeKind.CREATED, moved, made.uid, None)


async def test_a_change_that_nobody_asked_for_says_why(store: SqlStore) -> None:
    async def create(tx: Write) -> Event:
        return tx.events.create(event("e1"))

    made = await store.write(TENANT, [FEED], create)
    for cause in (ChangeCause.TZDATA, None):

        async def change(tx: Write, cause: ChangeCause | None = cause) -> None:
            tx.events.update(made, made, cause)

        await store.write(TENANT, [FEED], change)
    assert [change.cause for change in await whole_log(store)] == [None, ChangeCause.TZDATA, None]
    async with store.read(TENANT) as tx:
        (net,) = await tx.changes.net(FEED, 1, START, 2, 10)
    assert net.cause is ChangeCause.TZDATA
