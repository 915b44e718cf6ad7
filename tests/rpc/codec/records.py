"""One record of each kind, with something in every field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from schedsvc.domain.accounts import Account, AccountKind
from schedsvc.domain.bookings import Booker, Booking, BookingState
from schedsvc.domain.calendars import Calendar, ExternalRef
from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventStatus,
    EventType,
    Override,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.names import AccountName, BookingName, CalendarName, EventName, ProfileName
from schedsvc.domain.particulars import (
    Attachment,
    Conference,
    Organizer,
    Reminder,
    ReminderMethod,
    Reminders,
    Visibility,
)
from schedsvc.domain.profiles import BookingProfile, DatePeriod
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import derived, instance
from schedsvc.domain.time import AllDay, Zoned

BERLIN = "Europe/Berlin"
MADE = datetime(2029, 12, 31, 23, 59, 59, 250_000, UTC)
WRITTEN = datetime(2030, 1, 1, tzinfo=UTC)
START = 1_893_495_600  # 2030-01-01T11:00Z
REF = ExternalRef("caldav", "/x/1.ics", "v1")

ACCOUNT = Account(
    name=AccountName("room-1"),
    kind=AccountKind.RESOURCE,
    display_name="Room 1",
    email="room-1@example.com",
    time_zone=BERLIN,
    work_hours=WorkHours(BERLIN, {1: (MinuteRange(540, 720), MinuteRange(780, 1440)), 7: (MinuteRange(0, 60),)}),
    external_id="r1",
    attributes={"seats": "12"},
    metadata={"k": "v"},
    edition=7,
    create_time=MADE,
    update_time=WRITTEN,
)
CALENDAR = Calendar(
    name=CalendarName("room-1", "events"),
    display_name="Events",
    description="What happens",
    color="#00ff7f",
    time_zone=BERLIN,
    metadata={"k": "v"},
    external_ref=REF,
    default_reminders=(Reminder(ReminderMethod.POPUP, 10),),
    edition=8,
    create_time=MADE,
    update_time=WRITTEN,
)
PROFILE_NAME = ProfileName("room-1", "tour")
BOOKING_NAME = BookingName(PROFILE_NAME, "b1")
EVENT = Event(
    name=EventName(CALENDAR.name, "e1"),
    uid="e1@example.com",
    start=Zoned(datetime(2030, 1, 1, 12, 0), BERLIN),  # noqa: DTZ001
    end=Zoned(datetime(2030, 1, 1, 13, 30), BERLIN),  # noqa: DTZ001
    subject="Talk",
    description="About it",
    location="Hall C, Ballroom A",
    show_as=ShowAs.OUT_OF_OFFICE,
    status=EventStatus.TENTATIVE,
    event_type=EventType.FOCUS_TIME,
    attendees=(Attendee("a@example.com", "A", AttendeeType.OPTIONAL, ResponseStatus.DECLINED, "ill"),),
    metadata={"k": "v"},
    external_ref=REF,
    visibility=Visibility.CONFIDENTIAL,
    organizer=Organizer("o@example.com", "O"),
    reminders=Reminders(use_default=False, overrides=(Reminder(ReminderMethod.EMAIL, 30),)),
    conference=Conference("https://example.com/talk", "+1 555 0100", "42", "jitsi"),
    attachments=(Attachment("https://example.com/talk.pdf", "Slides", "application/pdf"),),
    categories=("art", "talk"),
    color="#00ff7f",
    floating=True,
    zone=BERLIN,
    extent=(START, START + 5400),
    occupied=(START, START + 5400),
    booking=None,
    sequence=2,
    revision=41,
    index=3,
    born=40,
    create_time=MADE,
    update_time=WRITTEN,
)
SERIES = derived(
    replace(
        EVENT,
        recurrence=("RRULE:FREQ=DAILY;COUNT=9;INTERVAL=2", "EXDATE;TZID=Europe/Berlin:20300105T120000"),
        from_pattern=True,
        overrides=(
            Override(
                original=Zoned(datetime(2030, 1, 3, 12, 0), BERLIN),  # noqa: DTZ001
                start=Zoned(datetime(2030, 1, 4, 9, 0), BERLIN),  # noqa: DTZ001
                subject="Talk, a day later",
                previous=EventName(CALENDAR.name, "e0~20300103T110000Z"),
            ),
            Override(
                original=Zoned(datetime(2030, 1, 9, 12, 0), BERLIN),  # noqa: DTZ001
                following=True,
                location="Hall D",
            ),
        ),
        cancelled=(Zoned(datetime(2030, 1, 7, 12, 0), BERLIN),),  # noqa: DTZ001
        split_from=EventName(CALENDAR.name, "e0"),
    )
)
"""From 1 January on every second day, of which the fifth is excluded; the third is moved, the seventh cancelled."""


def instance_of(series: Event, original: str) -> Event:
    """The instance with that original start in its name."""
    found = instance(series, original, Budget())
    assert found is not None
    return found


DAY_OFF = replace(EVENT, start=AllDay(date(2030, 3, 31)), end=AllDay(date(2030, 4, 1)))
PROFILE = BookingProfile(
    name=PROFILE_NAME,
    slug="guided-tour",
    display_name="Tour",
    calendar=CALENDAR.name,
    conflict_calendars=(CalendarName("room-1", "room-1"), CalendarName("room-2", "room-2")),
    work_hours=WorkHours("UTC", {2: (MinuteRange(0, 1440),)}),
    duration_minutes=45,
    step_minutes=5,
    buffer_before_minutes=10,
    buffer_after_minutes=20,
    start_after_minutes=0,
    available_for=DatePeriod(months=2, days=0),
    active_from=MADE,
    active_until=None,
    subject="Tour for {{name}}",
    description="{{topic=art}}",
    location="Hall",
    metadata={"k": "v"},
    edition=9,
    create_time=MADE,
    update_time=WRITTEN,
)
BOOKING = Booking(
    name=BOOKING_NAME,
    state=BookingState.CANCELLED,
    extent=(START, START + 2700),
    occupied=(START - 600, START + 3900),
    time_zone=BERLIN,
    booker=Booker("ada@example.com", "Ada", "u7", "America/New_York"),
    substitutions={"topic": "ships"},
    subject="Tour for Ada",
    description="ships",
    location="Hall",
    cancel_reason="ill",
    event=EVENT.name,
    metadata={"k": "v"},
    created_by="key-1",
    updated_by="key-2",
    revision=5,
    index=0,
    born=4,
    create_time=MADE,
    update_time=WRITTEN,
)
