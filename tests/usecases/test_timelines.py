"""Timelines hold what single events and series take, whichever chunks were read before."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from schedsvc.domain.events import Event, EventStatus, Level, Override, ShowAs
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import derived, instances
from schedsvc.domain.time import Zoned, utc
from schedsvc.domain.timeline import CHUNK_SECONDS, Timeline
from schedsvc.repositories.base import Store, Write
from schedsvc.usecases.timelines import Timelines
from tests.repositories.records import event
from tests.usecases.conftest import ADMIN, PRIMARY, Process
from tests.usecases.drafts import DAY, HOUR, MIDNIGHT

BEGIN = MIDNIGHT // CHUNK_SECONDS * CHUNK_SECONDS
"""Of a chunk."""
FEED = calendar_feed(PRIMARY)
Taken = tuple[str, int, int, Level]


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


def taken(timeline: Timeline, window: Interval) -> list[Taken]:
    return sorted((item.event, item.start, item.end, item.level) for item in timeline.items(*window))


def expected(window: Interval) -> list[Taken]:
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


async def test_what_takes_too_much_work_to_look_at_counts_as_busy_and_leaves_the_rest_readable(
    process: Process,
) -> None:
    """No write lets such a series in; but zone data, or a copy of a database, may bring what nobody thought of."""
    await write(process.store, [made("laborious", DAY, 1, "FREQ=SECONDLY"), made("e1", 0, HOUR)])
    lo, hi = BEGIN, BEGIN + CHUNK_SECONDS
    timeline = await load(Timelines(), process.store, (lo, hi))
    assert taken(timeline, (lo, hi)) == [
        ("e1", BEGIN, BEGIN + HOUR, Level.BUSY),
        ("laborious", BEGIN + DAY, hi, Level.BUSY),
    ]
