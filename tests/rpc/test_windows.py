"""What a window sees of what moves through it."""

from __future__ import annotations

from typing import Any

import pytest

from schedsvc.v1.bookings_pb2 import CreateBookingRequest
from schedsvc.v1.changes_pb2 import (
    CHANGE_KIND_ENTERED,
    CHANGE_KIND_LEFT,
    CHANGE_KIND_UPDATED,
    Tombstone,
)
from tests.rpc.callers import Caller
from tests.rpc.consumers import start_sync, walk
from tests.rpc.requests import DAY, HOUR, World, booking_at
from tests.rpc.writing import create, delete, move

WINDOW = (DAY, 2 * DAY)
BEFORE, WITHIN, AFTER = (0, HOUR), (DAY + HOUR, DAY + 2 * HOUR), (3 * DAY, 3 * DAY + HOUR)
MINUTE = 60


async def _seen(alpha: Caller, world: World, first: tuple[int, int], then: tuple[int, int]) -> list[Any]:
    """What a window is told of an event that moves."""
    name = await create(alpha, world.calendar, "moving", *first)
    started = await start_sync(alpha, world.calendar, window=WINDOW, skip_initial=True)
    await move(alpha, name, *then)
    done = await walk(alpha, started.change_token)
    again = await walk(alpha, done.token)
    assert again.changes == []
    return done.changes


async def test_an_event_moving_within_the_window_is_an_update(alpha: Caller, world: World) -> None:
    (change,) = await _seen(alpha, world, WITHIN, (DAY - HOUR, DAY + 1))
    assert (change.kind, change.WhichOneof("record")) == (CHANGE_KIND_UPDATED, "event")


@pytest.mark.parametrize("outside", [BEFORE, AFTER, (DAY - HOUR, DAY)])
async def test_an_event_moving_into_the_window_enters(outside: tuple[int, int], alpha: Caller, world: World) -> None:
    (change,) = await _seen(alpha, world, outside, WITHIN)
    assert (change.kind, change.WhichOneof("record")) == (CHANGE_KIND_ENTERED, "event")


@pytest.mark.parametrize("outside", [BEFORE, AFTER, (2 * DAY, 2 * DAY + HOUR)])
async def test_an_event_moving_out_of_the_window_is_a_tombstone_once(
    outside: tuple[int, int], alpha: Caller, world: World
) -> None:
    (change,) = await _seen(alpha, world, WITHIN, outside)
    assert (change.kind, change.tombstone.reason) == (CHANGE_KIND_LEFT, Tombstone.REASON_OUT_OF_WINDOW)


async def test_an_event_moving_outside_the_window_is_nothing(alpha: Caller, world: World) -> None:
    assert await _seen(alpha, world, BEFORE, AFTER) == []


async def test_an_event_that_never_was_in_the_window_is_deleted_without_a_word(alpha: Caller, world: World) -> None:
    started = await start_sync(alpha, world.calendar, window=WINDOW)
    name = await create(alpha, world.calendar, "far", *AFTER)
    full = await walk(alpha, started.change_token)
    assert full.changes == []
    await delete(alpha, name)
    assert (await walk(alpha, full.token)).changes == []


async def test_the_window_of_a_full_load_holds_what_overlaps_it(alpha: Caller, world: World) -> None:
    places = {
        "ends-at-start": (DAY - HOUR, DAY),
        "crosses-start": (DAY - HOUR, DAY + 1),
        "no-length-at-start": (DAY, DAY),
        "over-all": (0, 5 * DAY),
        "crosses-end": (2 * DAY - 1, 3 * DAY),
        "no-length-at-end": (2 * DAY, 2 * DAY),
        "starts-at-end": (2 * DAY, 2 * DAY + 1),
    }
    for id_, (start, end) in places.items():
        await create(alpha, world.calendar, id_, start, end)
    started = await start_sync(alpha, world.calendar, window=WINDOW)
    full = await walk(alpha, started.change_token)
    assert [name.rpartition("/")[2] for name in full.names] == [
        "crosses-start",
        "no-length-at-start",
        "over-all",
        "crosses-end",
    ]


async def test_several_moves_between_two_tokens_come_to_what_they_come_to(alpha: Caller, world: World) -> None:
    """Out and in again is an update; in and out again of what was outside is nothing."""
    stays = await create(alpha, world.calendar, "stays", *WITHIN)
    visits = await create(alpha, world.calendar, "visits", *AFTER)
    started = await start_sync(alpha, world.calendar, window=WINDOW, skip_initial=True)
    await move(alpha, stays, *AFTER)
    await move(alpha, stays, DAY, DAY + MINUTE)
    await move(alpha, visits, *WITHIN)
    await move(alpha, visits, *BEFORE)
    done = await walk(alpha, started.change_token)
    assert [(change.kind, change.event.name) for change in done.changes] == [(CHANGE_KIND_UPDATED, stays)]


async def test_bookings_are_seen_through_a_window_too(alpha: Caller, world: World) -> None:
    started = await start_sync(alpha, world.profile, window=WINDOW)
    for id_, start in (("monday", 15 * HOUR), ("tuesday", DAY + 15 * HOUR), ("friday", 4 * DAY + 15 * HOUR)):
        await alpha.booking.CreateBooking(
            CreateBookingRequest(parent=world.profile, booking_id=id_, booking=booking_at(start))
        )
    full = await walk(alpha, started.change_token)
    assert [name.rpartition("/")[2] for name in full.names] == ["tuesday"]
