"""Consumers' copies against the database, after random writes between the pages of random walks."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

import pytest

from schedsvc.v1.bookings_pb2 import CancelBookingRequest, CreateBookingRequest
from schedsvc.v1.calendars_pb2 import Calendar, CreateCalendarRequest
from tests.rpc import writing
from tests.rpc.callers import Caller, attempt
from tests.rpc.conftest import on_both_stores
from tests.rpc.consumers import Copy, Window, start_sync, truth, walk
from tests.rpc.requests import DAY, HOUR, MIDNIGHT, World, booking_at

MINUTE = 60
WINDOW = (DAY, 2 * DAY)
SIZES = (1, 2, 7, 500)


@dataclass(slots=True)
class Writer:
    """Writes at random into several calendars and a profile."""

    caller: Caller
    choice: random.Random
    calendars: list[str]
    profile: str
    events: list[str]
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def write(self) -> None:
        """None to three writes."""
        acts = (self.create, self.create, self.rename, self.move, self.delete, self.again, self.book)
        for _ in range(self.choice.randrange(4)):
            await self.choice.choice(acts)()

    async def create(self) -> None:
        start, end = self.span()
        parent = self.choice.choice(self.calendars)
        self.events.append(await writing.create(self.caller, parent, f"e{next(self.numbers)}", start, end))

    async def rename(self) -> None:
        if self.events:
            await writing.rename(self.caller, self.choice.choice(self.events), f"s{next(self.numbers)}")

    async def move(self) -> None:
        if self.events:
            await writing.move(self.caller, self.choice.choice(self.events), *self.span())

    async def delete(self) -> None:
        if self.events:
            at = self.choice.randrange(len(self.events))
            await writing.delete(self.caller, self.events.pop(at))

    async def again(self) -> None:
        """Deletes an event and makes another one of its id."""
        if self.events:
            name = self.choice.choice(self.events)
            await writing.delete(self.caller, name)
            parent, _, id_ = name.partition("/events/")
            await writing.create(self.caller, parent, id_, *self.span())

    async def book(self) -> None:
        """Books a slot, unless it is taken, and cancels half of the bookings."""
        booking = booking_at(self.choice.randrange(DAY + 9 * HOUR, DAY + 17 * HOUR, 1800))
        request = CreateBookingRequest(parent=self.profile, booking_id=f"b{next(self.numbers)}", booking=booking)
        made, refusal = await attempt(self.caller.booking.CreateBooking(request))
        if refusal is not None:
            assert refusal.reason == "SLOT_UNAVAILABLE"
        elif self.choice.random() < 0.5:
            await self.caller.booking.CancelBooking(CancelBookingRequest(name=made.name))

    def span(self) -> tuple[int, int]:
        """In four days, of no length to a day."""
        start = self.choice.randrange(0, 4 * DAY, MINUTE)
        return start, start + self.choice.choice((0, MINUTE, HOUR, DAY))


@dataclass(slots=True)
class Consumer:
    """Follows by walks of one kind or two: ListChanges alone, or ListUpdated and ListDeleted in turn."""

    writer: Writer
    tokens: dict[str, str]
    window: Window
    copy: Copy = field(default_factory=Copy)

    async def catch_up(self, *, quietly: bool = False) -> None:
        for method, token in list(self.tokens.items()):
            between = None if quietly else self.writer.write
            size = self.writer.choice.choice(SIZES)
            done = await walk(self.writer.caller, token, size=size, method=method, between=between)
            self.copy.take(done.feeds)
            if done.complete:
                self.copy.drop_all_but(done.names)
            self.tokens[method] = done.token


async def _consumers(writer: Writer, targets: list[str]) -> list[Consumer]:
    found = []
    for window in (None, WINDOW):
        started = await start_sync(writer.caller, *targets, window=window)
        seen = None if window is None else (window[0] + MIDNIGHT, window[1] + MIDNIGHT)
        pair = {"updated": started.updated_token, "deleted": started.deleted_token}
        found += [Consumer(writer, {"": started.change_token}, seen), Consumer(writer, pair, seen)]
    return found


@on_both_stores
@pytest.mark.parametrize("seed", [1, 2])
async def test_copies_equal_the_database_after_random_writes_and_walks(seed: int, alpha: Caller, world: World) -> None:
    """Several feeds, with and without a window, pages of 1, 2, 7 and 500."""
    calendars = [world.calendar]
    for number in range(2):
        request = CreateCalendarRequest(parent=world.account, calendar_id=f"r{number}", calendar=Calendar())
        calendars.append((await alpha.calendar.CreateCalendar(request)).name)
    writer = Writer(alpha, random.Random(seed), calendars, world.profile, [world.event])
    targets = [*calendars, f"{world.account}/calendars/ada", world.profile]
    consumers = await _consumers(writer, targets)
    for _ in range(8):
        await writer.write()
        await writer.choice.choice(consumers).catch_up()
    for consumer in consumers:
        # Once for the rest of what came in between, once for what one of a pair learned after the other.
        for _ in range(2):
            await consumer.catch_up(quietly=True)
        assert consumer.copy.held == await truth(alpha, targets, consumer.window)
