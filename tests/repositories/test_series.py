"""Series are rows like single events: found by their extent, apart from what takes time, and by what overrides say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schedsvc.domain.events import Event, Override, ShowAs
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.repositories.base import EventFilter, EventOrder, Occupying, Page, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import ADA, DAY, HOUR, MONDAY, SIDE, TENANT, event, weekly
from tests.repositories.test_events import changed_series, ids

FEED = calendar_feed(ADA)
ALL = Page(100)
SPAN = (MONDAY, MONDAY + 7 * DAY)


async def create(store: SqlStore, events: Sequence[Event]) -> list[Event]:
    async def work(tx: Write) -> list[Event]:
        return [tx.events.create(e) for e in events]

    return await store.write(TENANT, [FEED, calendar_feed(SIDE)], work)


async def listed(store: SqlStore, order: EventOrder = EventOrder.START, **wanted: Any) -> list[str]:
    async with store.read(TENANT) as tx:
        return ids(await tx.events.list(ADA, EventFilter(**wanted), ALL, order))


@pytest.mark.parametrize(
    ("window", "takes_part", "inside"),
    [
        ((MONDAY - DAY, MONDAY), False, False),
        ((MONDAY - DAY, MONDAY + 1), True, True),
        ((MONDAY + 2 * DAY, MONDAY + 3 * DAY), True, True),
        ((MONDAY + 7 * DAY - 1, MONDAY + 9 * DAY), True, True),
        # An instance of no length could be the last one, and is inside where it starts.
        ((MONDAY + 7 * DAY, MONDAY + 9 * DAY), False, True),
        ((MONDAY + 7 * DAY + 1, MONDAY + 9 * DAY), False, False),
    ],
)
async def test_a_series_is_found_by_its_extent(
    store: SqlStore, window: Interval, takes_part: bool, inside: bool
) -> None:
    (made,) = await create(store, [weekly(extent=SPAN)])
    await create(store, [weekly("elsewhere", SPAN, name=replace(made.name, calendar=SIDE))])
    async with store.read(TENANT) as tx:
        assert await tx.events.occupying(ADA, window) == Occupying([], [made] if takes_part else [])
    for recurring in (None, True):
        assert await listed(store, window=window, recurring=recurring) == (["weekly"] if inside else [])
    assert await listed(store, window=window, recurring=False) == []


async def test_a_series_is_no_item_and_a_single_event_no_series(store: SqlStore) -> None:
    await create(store, [event("e1"), weekly()])
    async with store.read(TENANT) as tx:
        found = await tx.events.occupying(ADA, (MONDAY, MONDAY + DAY))
    assert (ids(found.items), ids(found.series)) == (["e1"], ["weekly"])


async def test_an_event_becomes_a_series_and_single_again(store: SqlStore) -> None:
    (made,) = await create(store, [event("e1")])
    for after in (weekly("e1"), event("e1")):

        async def change(tx: Write, after: Event = after) -> Event:
            return tx.events.update(after, made)

        kept = await store.write(TENANT, [FEED], change)
        async with store.read(TENANT) as tx:
            found = await tx.events.occupying(ADA, (MONDAY, MONDAY + DAY))
        assert (list(found.series) == [kept]) is kept.is_series
        assert (ids(found.items) == ["e1"]) is not kept.is_series


async def test_single_events_and_series_are_listed_together_or_apart(store: SqlStore) -> None:
    early = weekly("early", (MONDAY - 400 * DAY, MONDAY + 400 * DAY))
    await create(store, [event("e1"), weekly("late"), early, event("e0", (MONDAY, MONDAY + 1))])
    for wanted in ({}, {"window": (MONDAY, MONDAY + DAY)}, {"query": "description"}):
        assert await listed(store, **wanted) == ["early", "e0", "e1", "late"]
        assert await listed(store, recurring=True, **wanted) == ["early", "late"]
        assert await listed(store, recurring=False, **wanted) == ["e0", "e1"]


@pytest.mark.parametrize("recurring", [None, True, False])
@pytest.mark.parametrize("order", EventOrder)
async def test_pages_give_every_event_once_in_either_order(
    store: SqlStore, order: EventOrder, recurring: bool | None
) -> None:
    def key(e: Event) -> tuple[str | int, ...]:
        return (e.extent[0], e.name.event) if order is EventOrder.START else (e.revision, e.index)

    made: list[Event] = []
    for n in range(4):
        starts = [MONDAY + (n * 7 + k) % 5 * DAY for k in range(3)]
        made += await create(store, [event(f"e{n}{k}", (start, start + HOUR)) for k, start in enumerate(starts)])
        made += await create(store, [weekly(f"s{n}{k}", (start, start + 99 * DAY)) for k, start in enumerate(starts)])
    found: list[Event] = []
    while True:
        after = key(found[-1]) if found else None
        async with store.read(TENANT) as tx:
            page = await tx.events.list(ADA, EventFilter(recurring=recurring), Page(5, after), order)
        if not page:
            break
        found += page
    assert found == sorted((e for e in made if recurring in (None, e.is_series)), key=key)


async def test_events_changed_since_a_time_are_found_in_the_order_of_their_changes(
    store: SqlStore, database: Database
) -> None:
    begin = database.clock.time
    made = []
    for id_ in ("e3", "e1", "e2"):
        made += await create(store, [event(id_)])
        database.clock.time += timedelta(seconds=1)

    async def change(tx: Write) -> None:
        tx.events.update(made[0], made[0])

    await store.write(TENANT, [FEED], change)
    assert await listed(store, EventOrder.UPDATED) == ["e1", "e2", "e3"]
    for passed, expected in ((0, ["e1", "e2", "e3"]), (1.000001, ["e2", "e3"]), (2, ["e2", "e3"]), (3, ["e3"])):
        since = begin + timedelta(seconds=passed)
        assert await listed(store, EventOrder.UPDATED, updated_min=since) == expected
        assert await listed(store, updated_min=since) == sorted(expected)
    assert await listed(store, updated_min=begin + timedelta(seconds=4)) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("b@example.org", ["e1", "e2", "series"]),
        ("B@EXAMPLE.ORG", ["e1", "e2", "series"]),
        ("guest@example.org", ["series"]),
        ("@example.org", []),
        ("example.org", []),
        ("a%@example.org", ["odd"]),
        ("ax@example.org", []),
        ("Ä\x00\\\x1f@example.org", ["odd"]),
        ("ä\\0\\@example.org", []),
        ("ä\x00\\\\s@example.org", []),
    ],
)
async def test_an_attendee_is_a_whole_address_whatever_its_case(
    store: SqlStore, address: str, expected: list[str]
) -> None:
    person = event().attendees[0]
    odd = tuple(replace(person, email=email) for email in ("a%@example.org", "ä\x00\\\x1f@example.org"))
    await create(store, [event("e1"), event("e2"), changed_series("series"), replace(event("odd"), attendees=odd)])
    await create(store, [replace(event("alone"), attendees=())])
    assert sorted(await listed(store, attendee=address)) == expected
    async with store.read(TENANT) as tx:
        assert ids(await tx.events.by_attendee(ADA, [address])) == expected
        assert ids(await tx.events.by_attendee(ADA, [address, "nobody@example.org"])) == expected
        assert await tx.events.by_attendee(SIDE, [address]) == []
        assert await tx.events.by_attendee(ADA, [""]) == []
        assert await tx.events.by_attendee(ADA, []) == []


async def test_how_an_event_shows_narrows_single_events_but_never_series(store: SqlStore) -> None:
    await create(store, [event(f"{shown:02}", show_as=shown) for shown in ShowAs])
    await create(store, [weekly("series", show_as=ShowAs.FREE)])
    assert await listed(store, show_as=(ShowAs.FREE, ShowAs.BUSY)) == ["01", "03", "series"]
    assert await listed(store, show_as=(ShowAs.OUT_OF_OFFICE,), recurring=False) == ["04"]
    assert await listed(store, show_as=(ShowAs.OUT_OF_OFFICE,), recurring=True) == ["series"]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"room": "Attic"}, ["plain", "series"]),
        ({"room": "attic"}, []),
        ({"Room": "Attic"}, []),
        ({"room": "Atti"}, []),
        ({"room": "Attic", "floor": "3"}, ["plain"]),
        ({"room": "Attic", "floor": "4"}, []),
        ({"room": ""}, []),
        ({"empty": ""}, ["plain"]),
        ({"a=b": "c"}, ["plain"]),
        ({"a": "b=c"}, []),
        ({"nul\x00": "\\\x1f"}, ["plain"]),
        ({"%": "%"}, []),
    ],
)
async def test_metadata_is_compared_exactly_and_pair_by_pair(
    store: SqlStore, metadata: dict[str, str], expected: list[str]
) -> None:
    pairs = {"room": "Attic", "floor": "3", "empty": "", "a=b": "c", "nul\x00": "\\\x1f"}
    await create(store, [replace(event("plain"), metadata=pairs), changed_series("series")])
    await create(store, [replace(event("none"), metadata={})])
    assert await listed(store, metadata=metadata) == expected


@pytest.mark.parametrize("query", ["moved to A", "STRASSE", "attic", "a description"])
async def test_a_query_looks_into_the_texts_of_overrides_too(store: SqlStore, query: str) -> None:
    made = replace(changed_series("series"), subject="")
    await create(store, [made, replace(event("e1"), description="")])
    assert await listed(store, query=query) == ["series"]
    assert await listed(store, query="to a day\x1fstrasse") == []


async def test_an_override_inherits_what_it_does_not_say(store: SqlStore) -> None:
    override = Override(original=event().start)
    (made,) = await create(store, [weekly("series", overrides=(override,))])
    async with store.read(TENANT) as tx:
        assert await tx.events.get(made.name) == made
        assert ids(await tx.events.by_attendee(ADA, ["b@example.org"])) == ["series"]
    assert await listed(store, metadata=dict(made.metadata)) == ["series"]
