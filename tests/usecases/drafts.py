"""Drafts with everything that need not be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from schedsvc.domain.accounts import AccountDraft, AccountKind
from schedsvc.domain.bookings import Booker, BookingDraft
from schedsvc.domain.calendars import CalendarDraft
from schedsvc.domain.events import EventDraft, EventStatus, EventType, ShowAs
from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.names import primary_calendar
from schedsvc.domain.profiles import DatePeriod, ProfileDraft
from schedsvc.domain.time import AllDay, Zoned, utc

MIDNIGHT = 1_893_974_400
"""2030-01-07T00:00Z, a Monday."""
MINUTE, HOUR, DAY = 60, 3600, 86_400


def account_draft(**changes: Any) -> AccountDraft:
    draft = AccountDraft(
        kind=AccountKind.PERSON,
        display_name="",
        email="",
        time_zone="UTC",
        work_hours=None,
        external_id="",
        attributes={},
        metadata={},
    )
    return replace(draft, **changes)


def calendar_draft(**changes: Any) -> CalendarDraft:
    draft = CalendarDraft(display_name="", description="", color="", time_zone="UTC", metadata={}, external_ref=None)
    return replace(draft, **changes)


def event_draft(start: int = 0, end: int = HOUR, **changes: Any) -> EventDraft:
    """In seconds from Monday's midnight, in UTC."""
    first, last = (Zoned(utc(MIDNIGHT + at).replace(tzinfo=None), "UTC") for at in (start, end))
    draft = EventDraft(
        uid="",
        start=first,
        end=last,
        subject="",
        description="",
        location="",
        show_as=ShowAs.BUSY,
        status=EventStatus.CONFIRMED,
        event_type=EventType.DEFAULT,
        attendees=(),
        metadata={},
        external_ref=None,
    )
    return replace(draft, **changes)


def day_draft(day: date, **changes: Any) -> EventDraft:
    return replace(event_draft(), start=AllDay(day), end=AllDay(day + timedelta(days=1)), **changes)


def hours(start: int, end: int, time_zone: str = "UTC") -> WorkHours:
    """Every day the same, in whole hours."""
    return WorkHours(time_zone, {day: (MinuteRange(start * 60, end * 60),) for day in range(1, 8)})


def profile_draft(**changes: Any) -> ProfileDraft:
    """Half hours from nine to five, in the hours of the account unless others are given."""
    draft = ProfileDraft(
        slug="",
        display_name="Intro",
        calendar=primary_calendar("ada"),
        conflict_calendars=(),
        work_hours=None,
        duration_minutes=30,
        step_minutes=30,
        buffer_before_minutes=0,
        buffer_after_minutes=0,
        start_after_minutes=60,
        available_for=DatePeriod(0, 60),
        active_from=None,
        active_until=None,
        subject="",
        description="",
        location="",
        metadata={},
    )
    return replace(draft, **changes)


def booking_draft(start: int, **changes: Any) -> BookingDraft:
    """In seconds from Monday's midnight."""
    booker = Booker("grace@example.org", "Grace", "", "")
    draft = BookingDraft(start=MIDNIGHT + start, duration=None, booker=booker, substitutions={}, metadata={})
    return replace(draft, **changes)
