"""Calendars: the containers of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schedsvc.domain.names import CalendarName
from schedsvc.domain.particulars import Reminder


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """Where a record comes from in another calendar system; stored and returned, never interpreted."""

    provider: str
    id: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDraft:
    """What a caller says of a calendar. `time_zone` reads all-day events; empty in a draft means the account's."""

    display_name: str
    description: str
    color: str
    time_zone: str
    metadata: Mapping[str, str]
    external_ref: ExternalRef | None
    default_reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar(CalendarDraft):
    """`edition` is the feed version of the last write to the calendar itself; it makes the etag."""

    name: CalendarName
    edition: int
    create_time: datetime
    update_time: datetime

    @property
    def etag(self) -> str:
        return f'"{self.edition}"'
