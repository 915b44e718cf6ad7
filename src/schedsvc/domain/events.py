"""Events: what takes place, when, in wall-clock terms, and what it means for availability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from schedsvc.domain.calendars import ExternalRef
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, EventName
from schedsvc.domain.particulars import Attachment, Conference, Organizer, Reminders, Visibility
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


class Scope(IntEnum):
    """How much of a series a write is about. Values are those of the proto enum."""

    THIS_INSTANCE = 1
    THIS_AND_FOLLOWING = 2
    ALL = 3


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody invited; `email` is unique in its event, whatever its case. `comment` came with the response."""

    email: str
    display_name: str
    type: AttendeeType
    response: ResponseStatus
    comment: str = ""


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
    """What a caller says of an event. `uid` empty in a draft means that one is made.

    `recurrence` has the canonical lines of RFC 5545 (`recurrence.lines.format_lines`), none for a single event;
    `from_pattern` remembers that the writer used the structured form. `organizer` of None is the calendar's owner.
    `floating` marks times that named no zone: they are kept in the zone of the calendar, and follow it.
    """

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
    visibility: Visibility = Visibility.DEFAULT
    organizer: Organizer | None = None
    reminders: Reminders | None = None
    conference: Conference | None = None
    attachments: tuple[Attachment, ...] = ()
    categories: tuple[str, ...] = ()
    color: str = ""
    floating: bool = False
    recurrence: tuple[str, ...] = ()
    from_pattern: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """How one instance of a series differs from it; None means "as the series has it" (RFC 5545 section 3.8.4.4).

    `original` is the start that the series gives the instance: of the kind and in the zone of the series' start, or in
    UTC if that zone's clock cannot say it. It is the key, and never changes when the instance is moved. `following`
    extends the difference to all later instances (RANGE=THISANDFUTURE), which keep their distance from their original
    starts; only imports make such. `previous` is the instance's name before its series was split.
    """

    original: EventTime
    following: bool = False
    previous: EventName | None = None
    sequence: int = 0
    start: EventTime | None = None
    end: EventTime | None = None
    subject: str | None = None
    description: str | None = None
    location: str | None = None
    show_as: ShowAs | None = None
    status: EventStatus | None = None
    attendees: tuple[Attendee, ...] | None = None
    metadata: Mapping[str, str] | None = None
    visibility: Visibility | None = None
    reminders: Reminders | None = None
    conference: Conference | None = None
    attachments: tuple[Attachment, ...] | None = None
    categories: tuple[str, ...] | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Which instance of a series an event is. `override` is its own difference from the series, if it has one."""

    original: EventTime
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(EventDraft):
    """A single event, a series, or one instance of a series.

    `start` and `end` are the truth; `extent` is derived from them (whole seconds UTC) and half-open. That of a series
    reaches from its first start to its last end (`time.LATEST` if it has none), moved instances included. `occupied`
    is what the event keeps others from: the extent, widened by a booking's buffers. `(revision, index)` is the place of
    its last change in the calendar's feed, `born` the revision that created it.

    `zone` is the calendar's, in which dates are read, and `owner` the address of the calendar's owner, folded; both as
    of the last write that derived from them. `rules` is what the zones of a series said at that write
    (`zone_rules.rules_of`), to be compared with newer zone data; events that differ in it alone are equal.

    A series has its lines in `recurrence`, its `overrides` in the order of their originals, and the original starts
    of its `cancelled` instances. An instance has an `occurrence`, none of these, and the place of its series.
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
    zone: str = "UTC"
    owner: str = ""
    overrides: tuple[Override, ...] = ()
    cancelled: tuple[EventTime, ...] = ()
    split_from: EventName | None = None
    occurrence: Occurrence | None = None
    rules: str = field(default="", compare=False)

    @property
    def etag(self) -> str:
        return f'"{self.revision}.{self.index}"'

    @property
    def is_series(self) -> bool:
        return bool(self.recurrence)

    @property
    def level(self) -> Level:
        """What the event does to its owner's availability; nothing if it is called off or the owner declined."""
        if self.status is EventStatus.CANCELLED or self.event_type is EventType.WORKING_LOCATION:
            return Level.NONE
        if self.owner and any(
            a.response is ResponseStatus.DECLINED and a.email.casefold() == self.owner for a in self.attendees
        ):
            return Level.NONE
        return LEVEL_OF[self.show_as]


def extent_of(start: EventTime, end: EventTime, calendar_zone: str) -> Interval:
    """The derived instants of a single event or instance: dates are read in the calendar's zone."""
    return resolve_event(start, calendar_zone), resolve_event(end, calendar_zone)
