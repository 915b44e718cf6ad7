"""Events are found by overlap, by UID, by text and by place, whatever their length."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from schedsvc.domain.changes import Place
from schedsvc.domain.events import Event, EventStatus, EventType, Level, Override, ShowAs
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, EventName
from schedsvc.domain.particulars import Visibility
from schedsvc.domain.time import AllDay, Zoned
from schedsvc.domain.timeline import Item
from schedsvc.repositories.base import EventFilter, Occupying, Page, Write
from schedsvc.repositories.sql.spans import LENGTHS, UNBOUNDED, span_of
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.records import (
    ADA,
    DAY,
    HOUR,
    INTRO,
    MONDAY,
    SIDE,
    STRANGE,
    TENANT,
    all_day_event,
    event,
    full_event,
    weekly,
)

FEED = calendar_feed(ADA)
ALL = Page(10_000)
NOTHING = Occupying([], [])
# Around every border between the classes of length.
DURATIONS = (
    0,
    1,
    30 * 60,
    *(length + more for length in LENGTHS for more in (-1, 0, 1)),
    3660 * DAY,
)


async def create(store: SqlStore, events: Sequence[Event]) -> list[Event]:
    async def work(tx: Write) -> list[Event]:
        return [tx.events.create(e) for e in events]

    return await store.write(TENANT, [FEED, calendar_feed(SIDE)], work)


def ids(events: Sequence[Event] | Sequence[Item]) -> list[str]:
    return [e.event if isinstance(e, Item) else e.name.event for e in events]


def scattered(seed: int, count: int = 150) -> list[Event]:
    """Events of every length within some years, buffered or not, of every level."""
    choice = random.Random(seed)
    made = []
    for number in range(count):
        start = MONDAY + choice.randrange(-600 * DAY, 600 * DAY, 900)
        extent = (start, start + choice.choice(DURATIONS))
        before, after = choice.choice([(0, 0), (300, 600), (12 * HOUR, 0), (0, 12 * HOUR)])
        made.append(
            event(
                f"e{number:03}",
                extent,
                occupied=(extent[0] - before, extent[1] + after),
                show_as=choice.choice(list(ShowAs)),
            )
        )
    return made


def windows(seed: int, events: Sequence[Event]) -> list[Interval]:
    """Windows at random, and those whose borders are the borders of events."""
    choice = random.Random(seed)
    out = []
    for _ in range(40):
        lo = MONDAY + choice.randrange(-700 * DAY, 700 * DAY)
        out.append((lo, lo + choice.choice([1, HOUR, DAY, 30 * DAY, 700 * DAY])))
    for e in choice.sample(list(events), 20):
        for border in (*e.extent, *e.occupied):
            out += [(border - 1, border), (border, border + 1), (border - HOUR, border + HOUR)]
    return out


def overlapping(e: Event, window: Interval) -> bool:
    """As the port says it, spelled out."""
    (start, end), (lo, hi) = e.extent, window
    return lo <= start < hi if start == end else start < hi and end > lo


@pytest.mark.parametrize("seed", [1, 2])
async def test_lists_by_overlap_equal_brute_force(store: SqlStore, seed: int) -> None:
    made = await create(store, scattered(seed))
    await create(store, [event("elsewhere", made[0].extent, within=SIDE)])
    async with store.read(TENANT) as tx:
        for window in windows(seed, made):
            expected = sorted(
                (e for e in made if overlapping(e, window)),
                key=lambda e: (e.extent[0], e.name.event),
            )
            assert await tx.events.list(ADA, EventFilter(window=window), ALL) == expected


@pytest.mark.parametrize("seed", [3, 4])
async def test_items_by_occupied_overlap_equal_brute_force(store: SqlStore, seed: int) -> None:
    made = await create(store, scattered(seed))
    async with store.read(TENANT) as tx:
        for window in windows(seed, made):
            expected = {
                e.name.event: (*e.extent, *e.occupied, e.level)
                for e in made
                if e.level > Level.NONE
                and e.extent[0] < e.extent[1]
                and e.occupied[0] < window[1]
                and e.occupied[1] > window[0]
            }
            found = (await tx.events.occupying(ADA, window)).items
            assert len(found) == len(expected)
            assert expected == {i.event: (i.start, i.end, i.occupied_start, i.occupied_end, i.level) for i in found}


async def test_items_carry_source_level_booking_and_both_extents(store: SqlStore) -> None:
    extent, occupied = (MONDAY + 10 * HOUR, MONDAY + 11 * HOUR), (MONDAY, MONDAY + 23 * HOUR)
    booking = BookingName(INTRO, "b1")
    await create(store, [event("e1", extent, occupied=occupied, booking=booking)])
    async with store.read(TENANT) as tx:
        expected = Item(ADA, "e1", *extent, *occupied, Level.BUSY, booking)
        for window in ((MONDAY, MONDAY + 1), (MONDAY + 23 * HOUR - 1, MONDAY + DAY)):
            assert await tx.events.occupying(ADA, window) == Occupying([expected], [])
        assert await tx.events.occupying(ADA, (MONDAY + 23 * HOUR, MONDAY + DAY)) == NOTHING
        assert await tx.events.occupying(ADA, (MONDAY - HOUR, MONDAY)) == NOTHING


async def test_what_takes_no_time_is_no_item(store: SqlStore) -> None:
    called_off = replace(event("cancelled"), status=EventStatus.CANCELLED)
    place = replace(event("place"), event_type=EventType.WORKING_LOCATION)
    moment = event("moment", (MONDAY + HOUR, MONDAY + HOUR))
    await create(store, [called_off, place, moment, event("free", show_as=ShowAs.FREE)])
    async with store.read(TENANT) as tx:
        assert await tx.events.occupying(ADA, (MONDAY, MONDAY + DAY)) == NOTHING
        found = await tx.events.list(ADA, EventFilter(window=(MONDAY, MONDAY + DAY)), ALL)
    assert ids(found) == ["moment", "cancelled", "free", "place"]


@pytest.mark.parametrize("size", [1, 3, 50])
async def test_paging_a_list_gives_every_event_once_and_in_order(store: SqlStore, size: int) -> None:
    made = scattered(5, 40)
    # Many of one start, told apart by id alone; ids that sort differently as bytes.
    made += [event(f"{c}-twin", (MONDAY, MONDAY + HOUR)) for c in "az09_-"]
    made = sorted(await create(store, made), key=lambda e: (e.extent[0], e.name.event))
    wholly = EventFilter(window=(MONDAY - 5000 * DAY, MONDAY + 5000 * DAY))
    for wanted in (EventFilter(), wholly, EventFilter(uids=tuple(e.uid for e in made))):
        found: list[Event] = []
        while True:
            last = found[-1] if found else None
            after = (last.extent[0], last.name.event) if last else None
            async with store.read(TENANT) as tx:
                page = await tx.events.list(ADA, wanted, Page(size, after))
            if not page:
                break
            found += page
        assert found == made


async def test_filters_narrow_each_other(store: SqlStore) -> None:
    day = (MONDAY, MONDAY + DAY)
    made = await create(
        store,
        [
            event("e1", subject="Budget", uid="u1"),
            event("e2", subject="budget again", uid="u2"),
            event("e3", (MONDAY + 2 * DAY, MONDAY + 3 * DAY), subject="BUDGET", uid="u3"),
            event("e4", subject="lunch", uid="u3"),
        ],
    )
    async with store.read(TENANT) as tx:

        async def found(wanted: EventFilter) -> list[str]:
            return ids(await tx.events.list(ADA, wanted, ALL))

        assert await found(EventFilter(query="bUdGeT")) == ["e1", "e2", "e3"]
        assert await found(EventFilter(query="budget", window=day)) == ["e1", "e2"]
        assert await found(EventFilter(uids=("u3", "u1"))) == ["e1", "e4", "e3"]
        assert await found(EventFilter(uids=("u3",), query="budget")) == ["e3"]
        assert await found(EventFilter(uids=("u3",), window=day)) == ["e4"]
        assert await found(EventFilter(uids=("u4",))) == []
        by_uid = await tx.events.by_uids(ADA, ["u3", "u4", "u1"])
        assert sorted(ids(by_uid)) == ["e1", "e3", "e4"]
        assert await tx.events.by_uids(ADA, []) == []
        many = await tx.events.by_uids(ADA, [f"x{n}" for n in range(40_000)] + ["u2"])
        assert many == [made[1]]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("100% sure", "0% s", True),
        ("1000 sure", "0% s", False),
        ("under_score", "r_s", True),
        ("underscore", "r_s", False),
        (r"back\slash", "K\\S", True),
        ("STRASSE", "straße", True),
        ("Ärger", "ärger", True),
        ("👩‍🚀 \u202eabc", "🚀 \u202eA", True),
        ("quote ' \" ;", "' \" ;", True),
        ("nul \x00 inside", "NUL \x00 in", True),
    ],
)
async def test_a_query_is_a_part_of_the_text_whatever_its_case(
    store: SqlStore, text: str, query: str, expected: bool
) -> None:
    inside = [
        event("subject", subject=text),
        replace(event("description"), description=text),
        replace(event("location"), location=f"{text}{STRANGE}"),
    ]
    made = await create(store, inside)
    async with store.read(TENANT) as tx:
        found = await tx.events.list(ADA, EventFilter(query=query), ALL)
    assert found == (sorted(made, key=lambda e: e.name.event) if expected else [])


async def test_a_query_does_not_reach_across_fields(store: SqlStore) -> None:
    await create(store, [replace(event("e1"), subject="left", description="right")])
    async with store.read(TENANT) as tx:
        assert await tx.events.list(ADA, EventFilter(query="leftright"), ALL) == []


@pytest.mark.parametrize("uid", ["a\x00b", "a\\0b", "a\\b", "", "ü" * 255, STRANGE, "%", "👩‍🚀" * 50])
async def test_strange_uids_are_kept_and_found_and_not_mistaken(store: SqlStore, uid: str) -> None:
    for_uid = replace(event("e1"), uid=uid)
    (made,) = await create(store, [for_uid])
    await create(store, [event("e2", uid=f"{uid}x")])
    async with store.read(TENANT) as tx:
        assert await tx.events.by_uids(ADA, [uid]) == [made]
        assert await tx.events.list(ADA, EventFilter(uids=(uid,)), ALL) == [made]
        (change,) = await tx.changes.log(FEED, Place(0, 0), 1, 10)
        assert (change.uid, change.record) == (uid, made)


async def test_events_come_back_exactly_as_they_were_given(store: SqlStore) -> None:
    bare = replace(event("bare"), attendees=(), metadata={}, external_ref=None, subject="", location="")
    booked = event("booked", booking=BookingName(INTRO, "b1"))
    dates = all_day_event("dates", date(2028, 2, 29), 2)
    made = await create(store, [event("full"), bare, booked, dates, full_event("more"), changed_series("series")])
    async with store.read(TENANT) as tx:
        assert [await tx.events.get(e.name) for e in made] == made
        log = await tx.changes.log(FEED, Place(0, 0), 10, 10)
    assert [change.record for change in log] == made
    full = event("full")
    assert made[0] == replace(
        full,
        revision=1,
        index=0,
        born=1,
        create_time=made[0].create_time,
        update_time=made[0].create_time,
    )


def changed_series(id_: str, **values: Any) -> Event:
    """A series with an instance that is different in every way, one that is cancelled, and a series before it."""
    override = Override(
        original=Zoned(datetime.fromisoformat("2030-01-08T09:00"), "UTC"),
        previous=EventName(ADA, "before").instance("20300108T090000Z"),
        sequence=2,
        start=AllDay(date(2030, 1, 9)),
        end=AllDay(date(2030, 1, 10)),
        subject="Moved to a day",
        description="Straße",
        location="Attic",
        show_as=ShowAs.FREE,
        status=EventStatus.TENTATIVE,
        attendees=(replace(event().attendees[0], email="Guest@Example.org"),),
        metadata={"room": "Attic"},
        visibility=Visibility.PRIVATE,
        categories=(),
        color="#000000",
    )
    cancelled = Zoned(datetime.fromisoformat("2030-01-15T09:00"), "UTC")
    return weekly(
        id_, overrides=(override,), cancelled=(cancelled,), split_from=EventName(SIDE, "x"), from_pattern=True, **values
    )


async def test_zoned_by_calendar_gives_every_event_that_the_calendars_zone_says_the_time_of(store: SqlStore) -> None:
    moved_to_a_day = changed_series("moved")
    floating = replace(event("floating"), floating=True)
    dates = [all_day_event("d2", date(2030, 5, 1)), all_day_event("d1", date(2020, 1, 1))]
    made = await create(store, [*dates, event("e1"), weekly(), floating, moved_to_a_day])
    async with store.read(TENANT) as tx:
        assert ids(await tx.events.zoned_by_calendar(ADA)) == ["d1", "d2", "floating", "moved"]
        assert made[1] in await tx.events.zoned_by_calendar(ADA)
        assert await tx.events.zoned_by_calendar(SIDE) == []


async def test_deleted_events_are_gone_and_their_ids_free(store: SqlStore) -> None:
    (made,) = await create(store, [event("e1")])

    async def delete(tx: Write) -> Place:
        return tx.events.delete(made)

    assert await store.write(TENANT, [FEED], delete) == Place(2, 0)
    async with store.read(TENANT) as tx:
        assert await tx.events.get(made.name) is None
        assert not await tx.events.exist(ADA)
    (again,) = await create(store, [event("e1")])
    assert (again.revision, again.born) == (3, 3)


async def test_live_gives_the_events_of_a_window_by_the_place_of_their_last_change(
    store: SqlStore,
) -> None:
    window = (MONDAY - 100 * DAY, MONDAY + 100 * DAY)
    choice = random.Random(6)
    for _ in range(4):
        more = scattered(choice.getrandbits(20), 9)
        await create(store, [replace(e, name=_fresh(choice)) for e in more])
    async with store.read(TENANT) as tx:
        made = list(await tx.events.list(ADA, EventFilter(), ALL))

    async def change(tx: Write) -> None:
        for e in choice.sample(made, 5):
            tx.events.update(e, e)

    await store.write(TENANT, [FEED], change)
    async with store.read(TENANT) as tx:
        made = list(await tx.events.list(ADA, EventFilter(), ALL))
        by_place = sorted(made, key=lambda e: (e.revision, e.index))
        for mark in range(6):
            for limits in (window, None):
                expected = [e for e in by_place if e.revision <= mark and (limits is None or overlapping(e, limits))]
                found: list[Event] = []
                while True:
                    after = Place(found[-1].revision, found[-1].index) if found else Place(0, 0)
                    page = await tx.events.live(ADA, limits, after, mark, 3)
                    if not page:
                        break
                    found += page
                assert found == expected


def _fresh(choice: random.Random) -> EventName:
    return EventName(ADA, f"e{choice.getrandbits(60):x}")


def test_every_length_falls_into_the_first_class_that_can_hold_it() -> None:
    assert [span_of((0, length)) for length in LENGTHS] == list(range(UNBOUNDED))
    assert [span_of((0, length + 1)) for length in LENGTHS] == list(range(1, UNBOUNDED + 1))
    assert span_of((MONDAY, MONDAY)) == 0
