"""Records to write, with every field set to something that is easily lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schedsvc.domain.accounts import Account, AccountKind
from schedsvc.domain.bookings import Booker, Booking, BookingState
from schedsvc.domain.calendars import Calendar, ExternalRef
from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventStatus,
    EventType,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.grants import Grant
from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.intervals import Interval
from schedsvc.domain.keys import ApiKey
from schedsvc.domain.names import (
    AccountName,
    BookingName,
    CalendarName,
    EventName,
    GrantName,
    ProfileName,
    primary_calendar,
)
from schedsvc.domain.particulars import (
    Attachment,
    Conference,
    Organizer,
    Reminder,
    ReminderMethod,
    Reminders,
    Visibility,
)
from schedsvc.domain.principals import Scope
from schedsvc.domain.profiles import BookingProfile, DatePeriod
from schedsvc.domain.roles import Role
from schedsvc.domain.time import LATEST, AllDay, Zoned, utc

TENANT = "tenant-a"
OTHER = "tenant-b"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands where the store sets the time."""
MONDAY = 1_893_456_000
"""2030-01-01T00:00Z."""
HOUR, DAY = 3600, 86_400

ADA, BOB = primary_calendar("ada"), primary_calendar("bob")
SIDE = CalendarName("ada", "side")
INTRO = ProfileName("ada", "intro")

# An emoji made of several code points, a right-to-left override, and what JSON and SQL escape.
STRANGE = "👩‍🚀 \u202eabc \\ \" ' % _ \t\n ß İ"


def account(id_: str = "ada") -> Account:
    return Account(
        name=AccountName(id_),
        kind=AccountKind.PERSON,
        display_name=STRANGE,
        email="ada@example.org",
        time_zone="Europe/Berlin",
        work_hours=WorkHours("Europe/Berlin", {1: (MinuteRange(540, 1020), MinuteRange(1080, 1440))}),
        external_id="x-1",
        attributes={"z": "last", "a": STRANGE},
        metadata={"k": ""},
        edition=0,
        create_time=NEVER,
        update_time=NEVER,
    )


def calendar(name: CalendarName) -> Calendar:
    return Calendar(
        name=name,
        display_name=STRANGE,
        description="d",
        color="#123456",
        time_zone="America/New_York",
        metadata={"m": STRANGE},
        external_ref=ExternalRef("other", "id", "etag"),
        default_reminders=(Reminder(ReminderMethod.EMAIL, 40_320), Reminder(ReminderMethod.POPUP, 0)),
        edition=0,
        create_time=NEVER,
        update_time=NEVER,
    )


def grant(on: CalendarName, grantee: str = "bob", role: Role = Role.READER) -> Grant:
    return Grant(name=GrantName(on, grantee), role=role, edition=0, create_time=NEVER, update_time=NEVER)


def event(
    id_: str = "e1",
    extent: Interval = (MONDAY + 9 * HOUR, MONDAY + 10 * HOUR),
    *,
    within: CalendarName | None = None,
    occupied: Interval | None = None,
    show_as: ShowAs = ShowAs.BUSY,
    uid: str = "",
    subject: str = STRANGE,
    booking: BookingName | None = None,
) -> Event:
    return Event(
        name=EventName(within or ADA, id_),
        uid=uid or f"{id_}@example.org",
        start=Zoned(utc(extent[0]).replace(tzinfo=None), "UTC"),
        end=Zoned(utc(extent[1]).replace(tzinfo=None), "UTC"),
        extent=extent,
        occupied=occupied or extent,
        subject=subject,
        description="a description",
        location="a location",
        show_as=show_as,
        status=EventStatus.CONFIRMED,
        event_type=EventType.DEFAULT,
        attendees=(Attendee("b@example.org", STRANGE, AttendeeType.OPTIONAL, ResponseStatus.TENTATIVE),),
        metadata={"m": STRANGE},
        external_ref=ExternalRef("p", "i", "e"),
        booking=booking,
        sequence=3,
        revision=0,
        index=0,
        born=0,
        create_time=NEVER,
        update_time=NEVER,
    )


def full_event(id_: str = "full") -> Event:
    """With everything that most events have not."""
    return replace(
        event(id_),
        attendees=(Attendee("B@example.org", STRANGE, AttendeeType.RESOURCE, ResponseStatus.DECLINED, STRANGE),),
        visibility=Visibility.CONFIDENTIAL,
        organizer=Organizer("o@example.org", STRANGE),
        reminders=Reminders(use_default=False, overrides=(Reminder(ReminderMethod.EMAIL, 40_320),)),
        conference=Conference("https://example.org", "+1", "0", "p"),
        attachments=(Attachment("https://example.org/a", STRANGE, "text/plain"),),
        categories=("b", "a"),
        color="#123456",
        floating=True,
        zone="Europe/Berlin",
        owner="ada@example.org",
    )


def weekly(id_: str = "weekly", extent: Interval = (MONDAY + 9 * HOUR, LATEST), **values: Any) -> Event:
    """Every week an hour, from the beginning of the extent on."""
    once = event(id_, (extent[0], extent[0] + HOUR))
    return replace(once, **{"recurrence": ("RRULE:FREQ=WEEKLY",), "extent": extent, "occupied": extent, **values})


def all_day_event(id_: str, day: date, days: int = 1) -> Event:
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    timed = event(id_, (start, start + days * DAY))
    return replace(timed, start=AllDay(day), end=AllDay(day + timedelta(days=days)))


def profile(
    id_: str = "intro",
    *,
    owner: str = "ada",
    slug: str = "",
    calendar: CalendarName | None = None,
    conflicts: tuple[CalendarName, ...] = (),
) -> BookingProfile:
    return BookingProfile(
        name=ProfileName(owner, id_),
        slug=slug or id_,
        display_name=STRANGE,
        calendar=calendar or primary_calendar(owner),
        conflict_calendars=conflicts,
        work_hours=WorkHours("Asia/Kathmandu", {7: (MinuteRange(0, 1440),)}),
        duration_minutes=30,
        step_minutes=15,
        buffer_before_minutes=5,
        buffer_after_minutes=10,
        start_after_minutes=60,
        available_for=DatePeriod(2, 3),
        active_from=datetime(2030, 1, 1, 0, 0, 0, 123456, tzinfo=UTC),
        active_until=None,
        subject=STRANGE,
        description="d",
        location="l",
        metadata={"m": STRANGE},
        edition=0,
        create_time=NEVER,
        update_time=NEVER,
    )


def booking(
    id_: str = "b1",
    extent: Interval = (MONDAY + 9 * HOUR, MONDAY + 10 * HOUR),
    *,
    of: ProfileName = INTRO,
    state: BookingState = BookingState.CONFIRMED,
    email: str = "Booker@Example.org",
) -> Booking:
    return Booking(
        name=BookingName(of, id_),
        state=state,
        extent=extent,
        occupied=(extent[0] - 300, extent[1] + 600),
        time_zone="Asia/Kathmandu",
        booker=Booker(email, STRANGE, "ext", "Europe/Paris"),
        substitutions={"topic": STRANGE},
        subject=STRANGE,
        description="d",
        location="l",
        cancel_reason="",
        event=EventName(primary_calendar(of.account), f"event-of-{id_}"),
        metadata={"m": STRANGE},
        created_by="key-1",
        updated_by="key-2",
        revision=0,
        index=0,
        born=0,
        create_time=NEVER,
        update_time=NEVER,
    )


def key(id_: str = "k1", *, tenant: str = TENANT) -> ApiKey:
    return ApiKey(
        tenant=tenant,
        id=id_,
        digest=bytes(range(32)),
        scopes=frozenset({Scope.READ, Scope.ADMIN}),
        account="ada",
        create_time=datetime(2030, 1, 1, 12, 30, 15, 999999, tzinfo=UTC),
        expire_time=datetime(2031, 1, 1, tzinfo=UTC),
        revoke_time=None,
    )
