"""Timelines hold what single events and series take, whichever chunks were read before."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from schedsvc.domain.bookings import Booking
from schedsvc.domain.errors import CalendarTooDense
from schedsvc.domain.events import Event, EventStatus, Level, Override, ShowAs
from schedsvc.domain.feeds import FeedHead, calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import EventName
from schedsvc.domain.ranges import RangeRequest
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import derived, instances, itemized
from schedsvc.domain.time import Zoned, utc
from schedsvc.domain.timeline import CHUNK_SECONDS, Item, Timeline
from schedsvc.repositories.base import Occupying, Store, Write
from schedsvc.repositories.pacing import PIECE
from schedsvc.usecases import timelines as module
from schedsvc.usecases.free_busy import FreeBusyQuery, Taken
from schedsvc.usecases.slots import SlotPage, SlotQuery
from schedsvc.usecases.timelines import Timelines
from tests.repositories.records import event
from tests.usecases.conftest import ADMIN, INTRO, NOW, PRIMARY, SIDE, SPARE, Process
from tests.usecases.drafts import DAY, HOUR, MIDNIGHT, booking_draft

BEGIN = MIDNIGHT // CHUNK_SECONDS * CHUNK_SECONDS
"""Of a chunk."""
FEED = calendar_feed(PRIMARY)
Told = tuple[str, int, int, Level]


def made(id_: str, start: int, length: int, rule: str = "", **values: Any) -> Event:
    first = BEGIN + start
    single = event(id_, (first, first + length), within=PRIMARY)
    return derived(replace(single, recurrence=(f"RRULE:{rule}",) if rule else (), **values))


def weekly_with_a_moved_instance() -> Event:
    """The second instance takes place ten weeks after the first, and as an absence."""
    at = [Zoned(utc(BEGIN + second).replace(tzinfo=None), "UTC") for second in (7 * DAY, 70 * DAY, 70 * DAY + HOUR)]
    moved = Override(original=at[0], start=at[1], end=at[2], show_as=ShowAs.OUT_OF_OFFICE)
    return made("weekly", 0, HOUR, "FREQ=WEEKLY", overrides=(moved,))


EVENTS = [
    weekly_with_a_moved_instance(),
    made("long", -5 * DAY, 40 * DAY, "FREQ=MONTHLY;COUNT=3", show_as=ShowAs.TENTATIVE),
    made("before the border", -HOUR, HOUR, "FREQ=DAILY;INTERVAL=32"),
    made("across the border", -HOUR, 2 * HOUR, "FREQ=DAILY;INTERVAL=32"),
    made("moment", 0, 0, "FREQ=DAILY"),
    made("free", 0, HOUR, "FREQ=DAILY", show_as=ShowAs.FREE),
    made("called off", 0, HOUR, "FREQ=DAILY", status=EventStatus.CANCELLED),
    made("over", -90 * DAY, HOUR, "FREQ=DAILY;COUNT=5"),
    made("single", 30 * DAY, 4 * DAY),
]


async def write(store: Store, events: Sequence[Event]) -> None:
    async def work(tx: Write) -> None:
        for one in events:
            tx.events.create(one)

    await store.write(ADMIN.tenant, [FEED], work)


async def load(kept: Timelines, store: Store, window: Interval) -> Timeline:
    async with store.read(ADMIN.tenant) as tx:
        (timeline,) = await kept.load(tx, await tx.heads([FEED]), [PRIMARY], window)
        return timeline


def taken(timeline: Timeline, window: Interval) -> list[Told]:
    return sorted((item.event, item.start, item.end, item.level) for item in timeline.items(*window))


def expected(window: Interval) -> list[Told]:
    whole = (BEGIN - 400 * DAY, BEGIN + 400 * DAY)
    single = [one for e in EVENTS for one in (instances(e, whole, Budget()) if e.is_series else [e])]
    found = [(one.name.event, *one.extent, one.level) for one in single if one.level is not Level.NONE]
    return sorted(one for one in found if one[1] < min(one[2], window[1]) and one[2] > window[0])


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_questions_is_answered_as_if_nothing_had_been_kept(process: Process, seed: int) -> None:
    await write(process.store, EVENTS)
    choice, kept = random.Random(seed), Timelines()
    for _ in range(12):
        lo = BEGIN + choice.randrange(-64 * DAY, 160 * DAY, HOUR)
        window = (lo, lo + choice.choice([HOUR, DAY, 33 * DAY, 100 * DAY]))
        assert taken(await load(kept, process.store, window), window) == expected(window)


async def test_a_hole_between_chunks_that_were_read_is_filled_without_a_repetition(process: Process) -> None:
    await write(process.store, EVENTS)
    kept, chunk = Timelines(), CHUNK_SECONDS
    await load(kept, process.store, (BEGIN + chunk, BEGIN + 2 * chunk))
    window = (BEGIN - chunk, BEGIN + 4 * chunk)
    assert taken(await load(kept, process.store, window), window) == expected(window)


async def test_what_takes_too_much_work_to_look_at_makes_its_chunk_unreadable_and_no_other(process: Process) -> None:
    """No write lets such a series in; but zone data, or a copy of a database, may bring what nobody thought of."""
    await write(process.store, [made("laborious", DAY, 1, "FREQ=SECONDLY"), made("e1", -HOUR, HOUR)])
    kept, chunk = Timelines(), CHUNK_SECONDS
    for window in [(BEGIN, BEGIN + chunk), (BEGIN - chunk, BEGIN + 1)] * 2:
        with pytest.raises(CalendarTooDense) as refused:
            await load(kept, process.store, window)
        assert refused.value.metadata == {"calendar": str(PRIMARY)}
    window = (BEGIN - chunk, BEGIN)
    assert taken(await load(kept, process.store, window), window) == [("e1", BEGIN - HOUR, BEGIN, Level.BUSY)]


FEW = 16
"""A limit of items, in place of 100,000."""


def full(beyond: int) -> list[Event]:
    """In the first of four chunks `FEW` and so many more, counted as a limit counts: ten instances, a series, singles.

    Also one series that takes nothing anywhere else.
    """
    singles = [made(f"s{n}", n * HOUR, HOUR) for n in range(FEW - 11 + beyond)]
    return [made("series", 0, HOUR, "FREQ=DAILY;COUNT=10"), *singles]


@pytest.mark.parametrize("before", [[], [1], [1, 2], [-1, 1, 3]])
async def test_a_chunk_holds_as_much_as_its_limit_whatever_was_read_before(
    process: Process, monkeypatch: pytest.MonkeyPatch, before: list[int]
) -> None:
    monkeypatch.setattr(module, "CHUNK_ITEMS", FEW)
    await write(process.store, full(0))
    kept, whole = Timelines(), (BEGIN - CHUNK_SECONDS, BEGIN + 4 * CHUNK_SECONDS)
    for index in before:
        lo = BEGIN + index * CHUNK_SECONDS
        await load(kept, process.store, (lo, lo + 1))
    assert len((await load(kept, process.store, whole)).items(*whole)) == FEW - 1
    await write(process.store, [made("one more", 20 * DAY, HOUR)])
    for index in before:
        lo = BEGIN + index * CHUNK_SECONDS
        assert (await load(kept, process.store, (lo, lo + 1))).items(lo, lo + 1) == []
    for window in (whole, (BEGIN, BEGIN + 1), whole):
        with pytest.raises(CalendarTooDense):
            await load(kept, process.store, window)


async def test_a_dense_chunk_is_looked_at_once_until_the_calendar_changes(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_ITEMS", FEW)
    await write(process.store, full(1))
    kept, looked = Timelines(), list[Event]()

    def looking(series: Event) -> Callable[[Interval, Budget], Iterator[Item]]:
        looked.append(series)
        return itemized(series)

    monkeypatch.setattr(module, "itemized", looking)
    for _ in range(3):
        with pytest.raises(CalendarTooDense):
            await load(kept, process.store, (BEGIN, BEGIN + 1))
    assert len(looked) == 1

    async def shorten(tx: Write) -> None:
        series = await tx.events.get(made("series", 0, HOUR).name)
        assert series is not None
        tx.events.delete(series)

    await process.store.write(ADMIN.tenant, [FEED], shorten)
    assert len((await load(kept, process.store, (BEGIN, BEGIN + 1))).chunks) == 1


@pytest.mark.parametrize("before", [[], [0], [0, 2]])
async def test_a_question_holds_as_much_as_its_limit_whatever_was_read_before(
    process: Process, monkeypatch: pytest.MonkeyPatch, before: list[int]
) -> None:
    await write(process.store, [made("daily", 0, HOUR, "FREQ=DAILY")])
    window = (BEGIN, BEGIN + 3 * CHUNK_SECONDS)
    for limit, fits in ((99, True), (98, False)):
        monkeypatch.setattr(module, "QUESTION_ITEMS", limit)
        kept = Timelines()
        for index in before:
            lo = BEGIN + index * CHUNK_SECONDS
            await load(kept, process.store, (lo, lo + 1))
        async with process.store.read(ADMIN.tenant) as tx:
            found = await kept.load_each(tx, await tx.heads([FEED]), [PRIMARY], window)
        assert isinstance(found[PRIMARY], Timeline) is fits


async def test_a_calendar_alone_is_never_kept_beyond_the_capacity(process: Process) -> None:
    await write(process.store, [made("daily", 0, HOUR, "FREQ=DAILY")])
    kept = Timelines(capacity=100)
    for index in range(12):
        lo = BEGIN + index * CHUNK_SECONDS
        await load(kept, process.store, (lo, lo + 1))
        assert 0 < kept.weight <= 100
    await load(kept, process.store, (BEGIN, BEGIN + 12 * CHUNK_SECONDS))
    assert kept.weight <= 100


class Ready:
    """A reading of a calendar of such series, all of which is there at once."""

    tenant = ADMIN.tenant

    def __init__(self, series: Sequence[Event]) -> None:
        self._found = Occupying([], series)
        self.events = self

    async def occupying(self, *_: object) -> Occupying:
        return self._found


async def test_others_have_their_turns_while_much_is_worked_out() -> None:
    """Though no chunk holds much, and nothing has to be waited for."""
    ready: Any = Ready([made(f"h{n}", n * 60, HOUR, "FREQ=HOURLY") for n in range(2)])
    heads = {FEED: FeedHead(FEED, 1, 1, 1)}
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    window = (BEGIN, BEGIN + 12 * CHUNK_SECONDS)
    (timeline,) = await Timelines().load(ready, heads, [PRIMARY], window)
    counting.cancel()
    assert len(timeline.items(*window)) == 2 * 12 * 32 * 24
    assert turns >= 2 * 12 * 32 * 24 // (2 * PIECE)


async def test_a_deadline_ends_the_reading_of_a_large_calendar_and_nothing_is_kept_of_it() -> None:
    ready: Any = Ready([made(f"h{n}", n * 60, HOUR, "FREQ=HOURLY") for n in range(100)])
    kept = Timelines()
    reading = asyncio.create_task(kept.load(ready, {FEED: FeedHead(FEED, 1, 1, 1)}, [PRIMARY], (BEGIN, BEGIN + DAY)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert kept.weight == 0


async def test_listing_booking_and_free_busy_agree_at_the_limit(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The profile checks a side calendar; other calendars of the same question are told."""
    tuesday = RangeRequest(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
    monkeypatch.setattr(module, "CHUNK_ITEMS", FEW)
    side = [replace(one, name=EventName(SIDE, one.name.event)) for one in full(0)]

    async def outcomes(number: int) -> list[object]:
        start = MIDNIGHT + DAY + (9 + number) * HOUR
        query = SlotQuery(INTRO, tuesday, None, 1000)
        calls = [
            process.slots.list(ADMIN, query),
            process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(start - MIDNIGHT)),
        ]
        answers = [type(one) for one in await asyncio.gather(*calls, return_exceptions=True)]
        asked = FreeBusyQuery([SIDE, SPARE], tuesday, view_step=12 * HOUR)
        told = await process.free_busy.query(ADMIN, asked)
        return [*answers, *map(type, told.results), told.merged_view]

    async def work(tx: Write) -> None:
        for one in side:
            tx.events.create(one)

    await process.store.write(ADMIN.tenant, [calendar_feed(SIDE)], work)
    assert (await outcomes(0))[:4] == [SlotPage, Booking, Taken, Taken]
    side = [replace(side[0], name=EventName(SIDE, "one-more"), recurrence=())]
    side = [derived(side[0])]
    await process.store.write(ADMIN.tenant, [calendar_feed(SIDE)], work)
    for number in (1, 2):
        expected = [CalendarTooDense, CalendarTooDense, CalendarTooDense, Taken, "22"]
        assert await outcomes(number) == expected
