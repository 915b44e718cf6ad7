"""The requests that the load consists of, serialised. Each maker gives the next one every time it is called."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping

from benchmarks import world
from schedsvc.client.messages import (
    Booker,
    Booking,
    CreateBookingRequest,
    CreateEventRequest,
    Event,
    EventTime,
    ListSlotsRequest,
    QueryFreeBusyRequest,
    TimeBound,
)

Maker = Callable[[], bytes]


def nothing() -> Maker:
    return lambda: b""


def same_slots() -> Maker:
    """The same question each time."""
    message = slots_request(0).SerializeToString()
    return lambda: message


def other_slots() -> Maker:
    """Another question each time, for windows that begin a second apart: no answer can be used twice."""
    shifts = itertools.count(1)
    return lambda: slots_request(next(shifts)).SerializeToString()


def new_events() -> Maker:
    """Events on one calendar after the other, each with a request id."""
    run, numbers = uuid.uuid4().hex, itertools.count()
    return lambda: event_request(run, next(numbers)).SerializeToString()


def other_free_busy() -> Maker:
    """Another question each time, for windows that begin a second apart."""
    shifts = itertools.count(1)
    return lambda: free_busy_request(next(shifts) % world.DAY).SerializeToString()


MAKERS: Mapping[str, Callable[[], Maker]] = {
    made.__name__: made for made in (nothing, same_slots, other_slots, new_events, other_free_busy)
}


def slots_request(shift: int) -> ListSlotsRequest:
    """Asks for the slots of the reference window, moved by `shift` seconds."""
    request = ListSlotsRequest(parent=world.PROFILE, page_size=1000)
    for bound, instant in ((request.time_min, world.WINDOW[0]), (request.time_max, world.WINDOW[1])):
        _at(bound, instant + shift)
    return request


def free_busy_request(shift: int) -> QueryFreeBusyRequest:
    """Asks when the shared calendar is taken in the reference window, moved by `shift` seconds."""
    request = QueryFreeBusyRequest(targets=[world.SHARED])
    for bound, instant in ((request.time_min, world.WINDOW[0]), (request.time_max, world.WINDOW[1])):
        _at(bound, instant + shift)
    return request


def event_request(run: str, number: int) -> CreateEventRequest:
    """Half an hour on one of the calendars."""
    calendar, start = world.CALENDARS[number % len(world.CALENDARS)], world.YEAR[0] + number * 1800
    event = Event(subject="Weekly review", description="Figures and next steps", location="Room 2")
    for bound, instant in ((event.start, start), (event.end, start + 1800)):
        _event_time(bound, instant)
    return CreateEventRequest(parent=calendar, event=event, request_id=f"{run}-{number}")


def booking_request(slot: int, contender: int) -> CreateBookingRequest:
    """One contender's attempt at a slot."""
    booker = Booker(email=f"contender-{contender}@example.com", display_name=f"Contender {contender}")
    request = CreateBookingRequest(
        parent=world.CONTESTED, booking=Booking(booker=booker), request_id=f"{slot}-{contender}"
    )
    request.booking.start.seconds = world.contested_start(slot)
    return request


def _at(bound: TimeBound, instant: int) -> None:
    bound.instant.seconds = instant


def _event_time(bound: EventTime, instant: int) -> None:
    bound.instant.seconds = instant
    bound.time_zone = world.ZONE
