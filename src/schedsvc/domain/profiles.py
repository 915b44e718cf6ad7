"""Booking profiles: what can be booked, when, for how long and with what distance to everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schedsvc.domain.hours import WorkHours
from schedsvc.domain.names import CalendarName, ProfileName

STEPS_MINUTES = (5, 10, 15, 20, 30, 60)


@dataclass(frozen=True, slots=True)
class DatePeriod:
    """A span of calendar days and months (ISO 8601 `PnD`, `PnW`, `PnM`); weeks are held as days."""

    months: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDraft:
    """What a caller says of a booking profile.

    All spans are whole minutes. `active_from` and `active_until` bound the starts, half-open; None is no bound.
    `calendar` receives the events; it and `conflict_calendars` are checked for busy time. `work_hours` of None means
    the account's hours, and without those Monday to Friday 09:00 to 17:00 in the calendar's zone. `slug` empty in a
    draft means the profile's id, with `-` for `_`.
    """

    slug: str
    display_name: str
    calendar: CalendarName
    conflict_calendars: tuple[CalendarName, ...]
    work_hours: WorkHours | None
    duration_minutes: int
    step_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    start_after_minutes: int
    available_for: DatePeriod
    active_from: datetime | None
    active_until: datetime | None
    subject: str
    description: str
    location: str
    metadata: Mapping[str, str]

    @property
    def calendars(self) -> tuple[CalendarName, ...]:
        """Every calendar whose busy time counts, each once, the target first."""
        return tuple(dict.fromkeys((self.calendar, *self.conflict_calendars)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingProfile(ProfileDraft):
    """`edition` is the feed version of the last write to the profile itself; it makes the etag.

    `by_grant` are the conflict calendars that belong to others and may be looked at by a grant alone: without it they
    cannot be read.
    """

    name: ProfileName
    edition: int
    create_time: datetime
    update_time: datetime
    by_grant: frozenset[CalendarName] = frozenset()

    @property
    def etag(self) -> str:
        return f'"{self.edition}"'
