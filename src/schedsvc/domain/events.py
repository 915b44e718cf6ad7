"""Events: what takes place, when, in wall-clock terms, and what it means for availability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from schedsvc.domain.calendars import ExternalRef
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, EventName
from schedsvc.domain.time import EventTime, resolve_event


class ShowAs(IntEnum):
    """How an event shows its owner's time. Values are stored and are those of the proto enum."""

    FREE = 1
    TENTATIVE = 2
    BUSY = 3
    OUT_OF_OFFICE = 4
    WORKING_ELSEWHERE = 5


class EventStatus(IntEnum):
    """CANCELLED is a meeting called off but kept; a deleted event is gone."""

    CONFIRMED = 1
    TENTATIVE = 2
    CANCELLED = 3


class EventType(IntEnum):
    """Immutable after creation. WORKING_LOCATION never blocks time; BOOKING is set by the server alone."""

    DEFAULT = 1
    OUT_OF_OFFICE = 2
    FOCUS_TIME = 3
    WORKING_LOCATION = 4
    BOOKING = 5


class AttendeeType(IntEnum):
    """Values are stored and are those of the proto enum."""

    REQUIRED = 1
    OPTIONAL = 2
    RESOURCE = 3


class ResponseStatus(IntEnum):
    """Values are stored and are those of the proto enum."""

    NEEDS_ACTION = 1
    ACCEPTED = 2
    TENTATIVE = 3
    DECLINED = 4


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody invited; `email` is unique in its event, whatever its case."""

    email: str
    display_name: str
    type: AttendeeType
    response: ResponseStatus


class Level(IntEnum):
    """How strongly an interval is taken; where several meet, the greatest wins. NONE is never in an answer."""

    NONE = 0
    WORKING_ELSEWHERE = 1
    TENTATIVE = 2
    BUSY = 3
    OUT_OF_OFFICE = 4


LEVEL_OF = {
    ShowAs.FREE: Level.NONE,
    ShowAs.TENTATIVE: Level.TENTATIVE,
    ShowAs.BUSY: Level.BUSY,
    ShowAs.OUT_OF_OFFICE: Level.OUT_OF_OFFICE,
    ShowAs.WORKING_ELSEWHERE: Level.WORKING_ELSEWHERE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """What a caller says of an event. `uid` empty in a draft means that one is made."""

    uid: str
    start: EventTime
    end: EventTime
    subject: str
    description: str
    location: str
    show_as: ShowAs
    status: EventStatus
    event_type: EventType
    attendees: tuple[Attendee, ...]
    metadata: Mapping[str, str]
    external_ref: ExternalRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(EventDraft):
    """A single event.

    `start` and `end` are the truth; `extent` is derived from them (whole seconds UTC) and half-open. `occupied` is
    what the event keeps others from: the extent, widened by a booking's buffers. `(revision, index)` is the place of
    its last change in the calendar's feed, `born` the revision that created it.
    """

    name: EventName
    extent: Interval
    occupied: Interval
    booking: BookingName | None
    sequence: int
    revision: int
    index: int
    born: int
    create_time: datetime
    update_time: datetime

    @property
    def etag(self) -> str:
        return f'"{self.revision}.{self.index}"'

    @property
    def level(self) -> Level:
        """What the event does to its owner's availability."""
        if self.status is EventStatus.CANCELLED or self.event_type is EventType.WORKING_LOCATION:
            return Level.NONE
        return LEVEL_OF[self.show_as]


def extent_of(start: EventTime, end: EventTime, calendar_zone: str) -> Interval:
    """The derived instants of an event: dates are read in the calendar's zone."""
    return resolve_event(start, calendar_zone), resolve_event(end, calendar_zone)
