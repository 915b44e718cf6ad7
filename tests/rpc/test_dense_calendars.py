"""Calendars that hold much: others are answered meanwhile, and too much is told alike by whoever asks."""

from __future__ import annotations

import asyncio

import pytest
from grpc import StatusCode

from schedsvc.usecases import timelines
from schedsvc.v1.bookings_pb2 import CreateBookingRequest, ListSlotsRequest
from schedsvc.v1.calendars_pb2 import GetCalendarRequest
from schedsvc.v1.events_pb2 import BatchWriteEventsRequest, CreateEventRequest, EventWrite
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from tests.rpc.callers import Caller, refused, told
from tests.rpc.requests import DAY, HOUR, World, booking_at, bound, timed

HOURLY = 40


@pytest.fixture
async def dense(alpha: Caller, world: World) -> str:
    """The calendar that the profile checks, with 40 events in each hour."""
    events = [timed(n * 60, n * 60 + 30, recurrence=["RRULE:FREQ=HOURLY"]) for n in range(HOURLY)]
    writes = [EventWrite(create=CreateEventRequest(event=event)) for event in events]
    answer = await alpha.calendar.BatchWriteEvents(BatchWriteEventsRequest(parent=world.calendar, writes=writes))
    assert not any(result.HasField("error") for result in answer.results)
    return world.calendar


async def test_cheap_calls_are_answered_while_a_large_calendar_is_read(alpha: Caller, world: World, dense: str) -> None:
    ended: list[str] = []

    async def heavy() -> None:
        request = QueryFreeBusyRequest(targets=[dense], time_min=bound(0), time_max=bound(50 * DAY))
        answer = await alpha.calendar.QueryFreeBusy(request)
        assert len(answer.results[0].busy.periods) >= 50 * 24 * HOURLY - HOURLY
        ended.append("heavy")

    async def cheap() -> None:
        for _ in range(3):
            await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.spare_calendar))
            ended.append("cheap")

    await asyncio.gather(heavy(), cheap())
    assert ended.index("heavy") > 0


async def test_too_dense_a_calendar_is_told_alike_by_slots_bookings_and_free_busy(
    alpha: Caller, world: World, dense: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timelines, "CHUNK_ITEMS", 1000)
    slots = ListSlotsRequest(parent=world.profile, time_min=bound(DAY), time_max=bound(2 * DAY))
    booking = CreateBookingRequest(parent=world.profile, booking=booking_at(DAY + 10 * HOUR))
    for call in (alpha.booking.ListSlots(slots), alpha.booking.CreateBooking(booking)):
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "CALENDAR_TOO_DENSE")
        assert refusal.metadata["calendar"] == dense
    request = QueryFreeBusyRequest(
        targets=[dense, world.spare_calendar], time_min=bound(DAY), time_max=bound(2 * DAY), view_step_minutes=720
    )
    answer = await alpha.calendar.QueryFreeBusy(request)
    assert told(answer.results[0].error).reason == "CALENDAR_TOO_DENSE"
    assert not answer.results[1].HasField("error")
    assert answer.merged_view == "22"
