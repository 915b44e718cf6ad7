"""A consumer's copy against the database."""

from __future__ import annotations

import itertools
import random

import pytest

from schedsvc.v1.bookings_pb2 import CancelBookingRequest, CreateBookingRequest
from schedsvc.v1.calendars_pb2 import Calendar, CreateCalendarRequest
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import on_both_stores
from tests.rpc.consumers import Copy, start_sync, truth, walk
from tests.rpc.requests import DAY, HOUR, World, booking_at, bound
from tests.rpc.writing import rename

WINDOW = (DAY, 2 * DAY)
BEFORE, WITHIN, AFTER = (0, HOUR), (DAY + HOUR, DAY + 2 * HOUR), (3 * DAY, 3 * DAY + HOUR)
MINUTE = 60


@on_both_stores
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_consumers_copies_equal_the_database_after_random_writes_and_walks(
    seed: int, alpha: Caller, world: World
) -> None:
    """Several feeds, with and without a window, random page sizes, writes between pages."""
    choice = random.Random(seed)
    calendars = [world.calendar, world.primary_calendar.replace("primary", "ada")]
    for number in range(2):
        request = CreateCalendarRequest(parent=world.account, calendar_id=f"r{number}", calendar=Calendar())
        calendars.append((await alpha.calendar.CreateCalendar(request)).name)
    targets = [*calendars, world.profile]
    events: list[str] = [world.event]
    ids = itertools.count()

    async def create() -> None:
        parent = choice.choice(calendars[:1] + calendars[2:])
        start = choice.randrange(0, 4 * DAY, MINUTE)
        events.append(await create(alpha, parent, f"e{next(ids)}", start, start + choice.choice((0, MINUTE, DAY))))

    async def change() -> None:
        if events:
            await rename(alpha, choice.choice(events), f"s{next(ids)}")

    async def move() -> None:
        start = choice.randrange(0, 4 * DAY, MINUTE)
        if events:
            await move(alpha, choice.choice(events), start, start + choice.choice((0, HOUR)))

    async def delete() -> None:
        if events:
            await delete(alpha, events.pop(choice.randrange(len(events))))

    async def again() -> None:
        if events:
            name = choice.choice(events)
            await delete(alpha, name)
            parent, _, id_ = name.partition("/events/")
            await create(alpha, parent, id_, choice.randrange(0, 4 * DAY, MINUTE), 5 * DAY)

    async def book() -> None:
        booking = booking_at(choice.randrange(DAY + 9 * HOUR, DAY + 17 * HOUR, 1800))
        request = CreateBookingRequest(parent=world.profile, booking_id=f"b{next(ids)}", booking=booking)
        try:
            made = await alpha.booking.CreateBooking(request)
        except Exception as error:
            assert (await refused(_raise(error))).reason == "SLOT_UNAVAILABLE"
            return
        if choice.random() < 0.5:
            await alpha.booking.CancelBooking(CancelBookingRequest(name=made.name))

    async def write() -> None:
        for _ in range(choice.randrange(4)):
            await choice.choice((create, create, change, move, delete, again, book))()

    class Consumer:
        def __init__(self, token: str, window: tuple[int, int] | None) -> None:
            self.token, self.window, self.copy = token, window, Copy()

        async def catch_up(self, *, quietly: bool = False) -> None:
            between = None if quietly else write
            done = await walk(alpha, self.token, size=choice.choice((1, 2, 7, 500)), between=between)
            self.copy.take(done.feeds)
            if done.complete:
                self.copy.drop_all_but(done.names)
            self.token = done.token

    consumers = []
    for window in (None, WINDOW):
        started = await start_sync(alpha, *targets, window=window)
        consumers.append(Consumer(started.change_token, window))
    for _ in range(6):
        await write()
        await choice.choice(consumers).catch_up()
    for consumer in consumers:
        await consumer.catch_up(quietly=True)
        await consumer.catch_up(quietly=True)
        shift = None if consumer.window is None else tuple(edge + bound(0).instant.seconds for edge in consumer.window)
        assert consumer.copy.held == await truth(alpha, targets, shift)  # type: ignore[arg-type]
