"""The change log: one record for each thing that happened to an event, a booking or a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from schedsvc.domain.bookings import Booking
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedKey
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import EventName


class ChangeKind(IntEnum):
    """What a write did. Values are stored."""

    CREATED = 1
    UPDATED = 2
    DELETED = 3


class TombstoneReason(IntEnum):
    """Why a consumer should drop its copy. OUT_OF_WINDOW is never stored: it is how a window sees an update."""

    DELETED = 1
    OUT_OF_WINDOW = 2
    CALENDAR_DELETED = 3
    MOVED = 4


class ChangeCause(IntEnum):
    """Why a record changed, where nobody asked for it. Values are stored and are those of the proto enum."""

    TZDATA = 1


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a feed: the atomic write and the position inside it."""

    revision: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change as it was written.

    `record` is the stored version at this very revision, None for a tombstone. `extent` and `previous` are the
    record's instants after and before, None where there is none (created, deleted). `born` is the revision that
    created the record, so that a consumer who never saw it needs no tombstone. A tombstone whose `resource_id` is
    empty is the end of the feed itself; one whose reason is MOVED says in `moved_to` where the event is now. `cause` is
    None for what somebody asked for.
    """

    feed: FeedKey
    place: Place
    kind: ChangeKind
    reason: TombstoneReason | None
    resource_id: str
    uid: str
    extent: Interval | None
    previous: Interval | None
    born: int
    time: datetime
    record: Event | Booking | None
    cause: ChangeCause | None = None
    moved_to: EventName | None = None
