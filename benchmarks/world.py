"""What the servers are filled with before they are measured.

The reference calendar: 10,000 single events of 30 minutes over a year, on random quarters of an hour, always the same
ones. Its weekly series come with recurrence. Its profile offers half hours from Monday to Friday, 9 to 17 in Berlin.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from google.type.dayofweek_pb2 import DayOfWeek

from schedsvc.client import Services
from schedsvc.client.messages import (
    Account,
    BookingProfile,
    CreateAccountRequest,
    CreateBookingProfileRequest,
    ImportCalendarRequest,
    WorkHours,
)

ZONE = "Europe/Berlin"
DAY = 86_400
HALF_HOUR = 1800
QUARTER = 900

OFFICE = (9 * 60, 17 * 60)

CLOCK = datetime(2027, 1, 4, tzinfo=UTC)
YEAR = (int(CLOCK.timestamp()), int(CLOCK.timestamp()) + 365 * DAY)
WINDOW = (YEAR[0] + 60 * DAY, YEAR[0] + 90 * DAY)
EVENTS = 10_000

PROFILE = "accounts/reference/bookingProfiles/half-hours"
CALENDARS = [f"accounts/writer-{number}/calendars/primary" for number in range(64)]
CONTESTED = "accounts/contested/bookingProfiles/quarters"
MOST_CONTESTED = 10_000
UPLOAD_BYTES = 256 * 1024


def busy_starts() -> list[int]:
    """When the events of the reference calendar begin."""
    chance = random.Random(20270104)
    return sorted(chance.randrange(*YEAR, QUARTER) for _ in range(EVENTS))


def expected_slots(lo: int, hi: int) -> int:
    """How many slots the reference profile has in `[lo, hi)`, found by trying every quarter of an hour."""
    busy = set(busy_starts())
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
    await services.calendars.ImportCalendar(_upload("accounts/reference/calendars/primary"), timeout=120)
    await _profile(services, "reference", "half-hours", 30, _hours(ZONE, 5, *OFFICE))


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


async def _upload(parent: str) -> AsyncIterator[ImportCalendarRequest]:
    text = "\r\n".join(_calendar_lines()).encode() + b"\r\n"
    for at in range(0, len(text), UPLOAD_BYTES):
        yield ImportCalendarRequest(parent=parent if at == 0 else "", data=text[at : at + UPLOAD_BYTES])


def _calendar_lines() -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//schedsvc//benchmarks//EN")
    for number, start in enumerate(busy_starts()):
        yield from ("BEGIN:VEVENT", f"UID:{number}@benchmarks", "DTSTAMP:20270101T000000Z", f"SUMMARY:Meeting {number}")
        yield from (f"DTSTART:{_utc(start)}", f"DTEND:{_utc(start + HALF_HOUR)}", "END:VEVENT")
    yield "END:VCALENDAR"


def _utc(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%SZ")
