"""Bookings: a booker's claim on a slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, EventName


class BookingState(IntEnum):
    """Values are stored and are those of the proto enum."""

    CONFIRMED = 1
    CANCELLED = 2


@dataclass(frozen=True, slots=True)
class Booker:
    """Who the slot is for. `external_id` is the caller's own key for that person."""

    email: str
    display_name: str
    external_id: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingDraft:
    """What a caller says of a booking. `start` is an instant; `duration` in seconds, None for the profile's."""

    start: int
    duration: int | None
    booker: Booker
    substitutions: Mapping[str, str]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """`extent` is the bare slot, `occupied` the slot with its buffers.

    Buffers, the rendered texts and `time_zone`, that of the profile's hours, are kept as they were at booking.
    `(revision, index)` is the place of the last change in the profile's feed, `born` the revision that created it.
    """

    name: BookingName
    state: BookingState
    extent: Interval
    occupied: Interval
    time_zone: str
    booker: Booker
    substitutions: Mapping[str, str]
    subject: str
    description: str
    location: str
    cancel_reason: str
    event: EventName
    metadata: Mapping[str, str]
    created_by: str
    updated_by: str
    revision: int
    index: int
    born: int
    create_time: datetime
    update_time: datetime

    @property
    def shown_in(self) -> str:
        """The zone to show the times in: the booker's, else that of the hours."""
        return self.booker.time_zone or self.time_zone

    @property
    def etag(self) -> str:
        return f'"{self.revision}.{self.index}"'
