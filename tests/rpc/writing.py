"""Short ways to change the world while somebody follows it."""

from __future__ import annotations

from schedsvc.v1.bookings_pb2 import CancelBookingRequest, CreateBookingRequest
from schedsvc.v1.calendars_pb2 import Calendar, UpdateCalendarRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, DeleteEventRequest, Event, UpdateEventRequest
from tests.rpc.callers import Caller
from tests.rpc.requests import DAY, HOUR, World, all_day, booking_at, timed


async def create(caller: Caller, parent: str, id_: str, start: int = 0, end: int = HOUR) -> str:
    """An event; seconds from Monday's midnight."""
    request = CreateEventRequest(parent=parent, event_id=id_, event=timed(start, end, subject=id_))
    return (await caller.calendar.CreateEvent(request)).name


async def move(caller: Caller, name: str, start: int, end: int) -> None:
    event = timed(start, end)
    event.name = name
    await caller.calendar.UpdateEvent(UpdateEventRequest(event=event))


async def rename(caller: Caller, name: str, subject: str) -> None:
    await caller.calendar.UpdateEvent(UpdateEventRequest(event=Event(name=name, subject=subject)))


async def delete(caller: Caller, name: str) -> None:
    await caller.calendar.DeleteEvent(DeleteEventRequest(name=name))


async def several(caller: Caller, world: World, count: int = 12) -> None:
    """So many changes of events, created, renamed, deleted and created again, and half as many of bookings."""
    for number in range(count):
        id_ = f"e{number % 3}"
        name = f"{world.calendar}/events/{id_}"
        match number // 3 % 3:
            case 0:
                await create(caller, world.calendar, id_)
            case 1:
                await rename(caller, name, f"s{number}")
            case _:
                await delete(caller, name)
        if number % 4 == 0:
            booking = booking_at(DAY + 9 * HOUR + number % 16 * 1800)
            made = await caller.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking))
            await caller.booking.CancelBooking(CancelBookingRequest(name=made.name))


async def rezone(caller: Caller, calendar: str, time_zone: str) -> None:
    """One write that changes every all-day event: one revision."""
    changed = Calendar(name=calendar, time_zone=time_zone)
    await caller.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=changed))


async def all_day_events(caller: Caller, calendar: str, count: int) -> None:
    for number in range(count):
        event = all_day("2030-01-08", "2030-01-09")
        await caller.calendar.CreateEvent(CreateEventRequest(parent=calendar, event_id=f"d{number}", event=event))
