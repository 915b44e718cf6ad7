"""What the servers are filled with before they are measured.

The reference calendar: 10,000 single events of 30 minutes over a year, on random quarters of an hour, always the same
ones, and 50 weekly series. Its profile offers half hours from Monday to Friday, 9 to 17 in Berlin. The shared calendar,
which other servers are given too, has 2,000 such events and the same series.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from google.type.dayofweek_pb2 import DayOfWeek

from benchmarks import ics
from schedsvc.client import Services
from schedsvc.client.messages import (
    Account,
    BookingProfile,
    CreateAccountRequest,
    CreateBookingProfileRequest,
    ImportCalendarRequest,
    WorkHours,
)

ZONE = ics.ZONE
DAY = 86_400
QUARTER = 900

OFFICE = (9 * 60, 17 * 60)

CLOCK = datetime(2027, 1, 4, tzinfo=UTC)
YEAR = (int(CLOCK.timestamp()), int(CLOCK.timestamp()) + 365 * DAY)
WINDOW = (YEAR[0] + 60 * DAY, YEAR[0] + 90 * DAY)
EVENTS, SHARED_EVENTS, SERIES = 10_000, 2_000, 50

PROFILE = "accounts/reference/bookingProfiles/half-hours"
CALENDARS = [f"accounts/writer-{number}/calendars/primary" for number in range(64)]
SHARED = "accounts/shared/calendars/primary"
CONTESTED = "accounts/contested/bookingProfiles/quarters"
MOST_CONTESTED = 10_000
UPLOAD_BYTES = 256 * 1024


def single_starts(count: int) -> list[int]:
    """When the single events of a calendar with so many of them begin."""
    chance = random.Random(20270104)
    return sorted(chance.randrange(*YEAR, QUARTER) for _ in range(count))


def weekly_starts() -> list[datetime]:
    """When the series of both calendars begin, in local time: in the first week of the year, before and after work.

    None is at night: what other servers make of an hour that the clocks skip is no matter of speed.
    """
    chance = random.Random(20270105)
    monday = CLOCK.replace(tzinfo=None)
    hours = [*range(6, OFFICE[0] // 60), *range(OFFICE[1] // 60, 22)]
    times = (timedelta(days=chance.randrange(7), hours=chance.choice(hours)) for _ in range(SERIES))
    return sorted(monday + time_of_week for time_of_week in times)


def busy_starts(count: int) -> list[int]:
    """When all events of such a calendar begin within the year, instance by instance."""
    starts = single_starts(count)
    for first in weekly_starts():
        weeks = (first + timedelta(weeks=week) for week in range(53))
        starts += [int(local.replace(tzinfo=ZoneInfo(ZONE)).timestamp()) for local in weeks]
    return sorted(start for start in starts if start < YEAR[1])


def calendar_file(count: int) -> bytes:
    """Such a calendar, as a file."""
    singles = (ics.single(number, start) for number, start in enumerate(single_starts(count)))
    series = (ics.weekly(number, start) for number, start in enumerate(weekly_starts()))
    return ics.file(ics.ZONE_LINES, *singles, *series)


def calendar_files(count: int) -> Iterator[bytes]:
    """Such a calendar, as a file for each event."""
    for number, start in enumerate(single_starts(count)):
        yield ics.file(ics.single(number, start))
    for number, local in enumerate(weekly_starts()):
        yield ics.file(ics.ZONE_LINES, ics.weekly(number, local))


def shared_busy(lo: int, hi: int) -> list[tuple[int, int]]:
    """When the shared calendar is taken in `[lo, hi)`, found by walking through all its events."""
    return merged(((start, start + ics.HALF_HOUR) for start in busy_starts(SHARED_EVENTS)), lo, hi)


def merged(periods: Iterable[tuple[int, int]], lo: int, hi: int) -> list[tuple[int, int]]:
    """The periods in order and cut to `[lo, hi)`, those that touch made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((max(lo, start), min(hi, end)) for start, end in periods if start < hi and end > lo):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def expected_slots(lo: int, hi: int) -> int:
    """How many slots the reference profile has in `[lo, hi)`, found by trying every quarter of an hour."""
    busy = set(busy_starts(EVENTS))
    return sum(
        _is_open(start) and not any(start + shift in busy for shift in (-QUARTER, 0, QUARTER))
        for start in range(-(-lo // QUARTER) * QUARTER, hi, QUARTER)
    )


def contested_start(slot: int) -> int:
    """The start of one of the slots that are fought for."""
    return YEAR[0] + DAY + slot * QUARTER


async def reference_calendar(services: Services) -> None:
    """The calendar with its events and its profile."""
    await create_account(services, "reference")
    await _import(services, "accounts/reference/calendars/primary", calendar_file(EVENTS))
    await _profile(services, "reference", "half-hours", 30, _hours(ZONE, 5, *OFFICE))


async def shared_calendar(services: Services) -> None:
    """The calendar that other servers are given too."""
    await create_account(services, "shared")
    await _import(services, SHARED, calendar_file(SHARED_EVENTS))


async def writers(services: Services) -> None:
    """Empty calendars, one in each account."""
    for calendar in CALENDARS:
        await create_account(services, calendar.split("/")[1])


async def contested_calendar(services: Services) -> None:
    """An empty calendar with a profile that is open around the clock."""
    await create_account(services, "contested")
    await _profile(services, "contested", "quarters", 15, _hours("UTC", 7, 0, 1440))


def _is_open(start: int) -> bool:
    """Whether the half hour lies in the hours of the reference profile."""
    local = datetime.fromtimestamp(start, ZoneInfo(ZONE))
    minute = local.hour * 60 + local.minute
    return local.isoweekday() <= 5 and OFFICE[0] <= minute <= OFFICE[1] - 30


async def create_account(services: Services, name: str) -> None:
    account = Account(display_name=name, time_zone=ZONE)
    await services.calendars.CreateAccount(CreateAccountRequest(account_id=name, account=account), timeout=30)


async def _profile(services: Services, account: str, name: str, minutes: int, hours: WorkHours) -> None:
    profile = BookingProfile(
        duration=Duration(seconds=minutes * 60),
        availability_step_minutes=15,
        start_after_minutes=0,
        time_available_for="P700D",
        work_hours=hours,
    )
    request = CreateBookingProfileRequest(
        parent=f"accounts/{account}", booking_profile_id=name, booking_profile=profile
    )
    await services.bookings.CreateBookingProfile(request, timeout=30)


def _hours(zone: str, days: int, start: int, end: int) -> WorkHours:
    """From one minute to another on the first days of the week."""
    hours = WorkHours(time_zone=zone)
    for day in range(1, days + 1):
        schedule = hours.day_schedules.add(day_of_week=DayOfWeek.ValueType(day))
        schedule.intervals.add(start_minute=start, end_minute=end)
    return hours


async def _import(services: Services, parent: str, text: bytes) -> None:
    await services.calendars.ImportCalendar(_upload(parent, text), timeout=120)


async def _upload(parent: str, text: bytes) -> AsyncIterator[ImportCalendarRequest]:
    for at in range(0, len(text), UPLOAD_BYTES):
        yield ImportCalendarRequest(parent=parent if at == 0 else "", data=text[at : at + UPLOAD_BYTES])
