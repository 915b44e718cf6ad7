"""An event as the JSON that `events` and `changes` hold alike: everything but its name and place."""

from __future__ import annotations

from typing import Any

from schedsvc.domain.changes import Place
from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventStatus,
    EventType,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.names import BookingName, EventName, ProfileName
from schedsvc.repositories.sql.bodies import (
    at,
    dump,
    dump_ref,
    dump_time,
    load,
    load_ref,
    load_time,
    micros,
    texts,
)


def dump_event(event: Event) -> str:
    return dump(
        {
            "uid": event.uid,
            "start": dump_time(event.start),
            "end": dump_time(event.end),
            "extent": event.extent,
            "occupied": event.occupied,
            "subject": event.subject,
            "description": event.description,
            "location": event.location,
            "show_as": int(event.show_as),
            "status": int(event.status),
            "event_type": int(event.event_type),
            "attendees": [[a.email, a.display_name, int(a.type), int(a.response)] for a in event.attendees],
            "metadata": texts(event.metadata),
            "external_ref": dump_ref(event.external_ref),
            "booking": dump_booking_name(event.booking),
            "sequence": event.sequence,
            "create_us": micros(event.create_time),
            "update_us": micros(event.update_time),
        }
    )


def load_event(name: EventName, place: Place, born: int, text: str) -> Event:
    body = load(text)
    start, end = body["extent"]
    occupied_start, occupied_end = body["occupied"]
    return Event(
        name=name,
        uid=body["uid"],
        start=load_time(body["start"]),
        end=load_time(body["end"]),
        extent=(start, end),
        occupied=(occupied_start, occupied_end),
        subject=body["subject"],
        description=body["description"],
        location=body["location"],
        show_as=ShowAs(body["show_as"]),
        status=EventStatus(body["status"]),
        event_type=EventType(body["event_type"]),
        attendees=tuple(
            Attendee(email, shown, AttendeeType(kind), ResponseStatus(response))
            for email, shown, kind, response in body["attendees"]
        ),
        metadata=body["metadata"],
        external_ref=load_ref(body["external_ref"]),
        booking=load_booking_name(body["booking"]),
        sequence=body["sequence"],
        revision=place.revision,
        index=place.index,
        born=born,
        create_time=at(body["create_us"]),
        update_time=at(body["update_us"]),
    )


def dump_booking_name(name: BookingName | None) -> str | None:
    """Also the value of a column, hence a text."""
    if name is None:
        return None
    return f"{name.profile.account}/{name.profile.profile}/{name.booking}"


def load_booking_name(value: Any) -> BookingName | None:
    if value is None:
        return None
    account, profile, booking = value.split("/")
    return BookingName(ProfileName(account, profile), booking)
