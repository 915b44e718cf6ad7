"""An event as the JSON that `events` and `changes` hold alike: everything but its name and place.

Loading is on the path of every list and every feed, so what most events do not have is apart, under `more`: a plain
event pays one look for all of it.
"""

from __future__ import annotations

from typing import Any

from schedsvc.domain.changes import Place
from schedsvc.domain.events import Attendee, AttendeeType, Event, EventStatus, EventType, ResponseStatus, ShowAs
from schedsvc.domain.names import BookingName, EventName, ProfileName
from schedsvc.repositories.sql.bodies import at, dump, dump_ref, dump_time, load, load_ref, load_time, micros, texts
from schedsvc.repositories.sql.event_parts import dump_attendee, dump_more, load_more

# A look into a dictionary is many times as fast as the call of an enum.
_SHOWN = {int(member): member for member in ShowAs}
_STATUSES = {int(member): member for member in EventStatus}
_TYPES = {int(member): member for member in EventType}
_ROLES = {int(member): member for member in AttendeeType}
_RESPONSES = {int(member): member for member in ResponseStatus}


def dump_event(event: Event) -> str:
    """Raises RuntimeError for an instance, which is no record: it is part of its series."""
    if event.occurrence is not None:
        raise RuntimeError(f"{event.name} is an instance: write its series")
    document: dict[str, Any] = {
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
        "attendees": [dump_attendee(attendee) for attendee in event.attendees],
        "metadata": texts(event.metadata),
        "external_ref": dump_ref(event.external_ref),
        "booking": dump_booking_name(event.booking),
        "sequence": event.sequence,
        "create_us": micros(event.create_time),
        "update_us": micros(event.update_time),
        "zone": event.zone,
        "owner": event.owner,
    }
    more = dump_more(event)
    if more:
        document["more"] = more
    return dump(document)


def load_event(name: EventName, place: Place, born: int, text: str) -> Event:
    body = load(text)
    start, end = body["extent"]
    occupied_start, occupied_end = body["occupied"]
    more = body.get("more")
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
        show_as=_SHOWN[body["show_as"]],
        status=_STATUSES[body["status"]],
        event_type=_TYPES[body["event_type"]],
        attendees=tuple([Attendee(a[0], a[1], _ROLES[a[2]], _RESPONSES[a[3]], *a[4:]) for a in body["attendees"]]),
        metadata=body["metadata"],
        external_ref=load_ref(body["external_ref"]),
        booking=load_booking_name(body["booking"]),
        sequence=body["sequence"],
        revision=place.revision,
        index=place.index,
        born=born,
        create_time=at(body["create_us"]),
        update_time=at(body["update_us"]),
        zone=body.get("zone", "UTC"),
        owner=body.get("owner", ""),
        **load_more(more) if more else {},
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
