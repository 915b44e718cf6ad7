"""Events at random, with any of their fields set to anything that a decoder can give."""

from __future__ import annotations

from datetime import UTC

from hypothesis import strategies as st

from schedsvc.domain.calendars import ExternalRef
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
from schedsvc.domain.names import BookingName, CalendarName, EventName, ProfileName
from schedsvc.domain.particulars import (
    Attachment,
    Conference,
    Organizer,
    Reminder,
    ReminderMethod,
    Reminders,
    Visibility,
)
from schedsvc.domain.time import AllDay, Zoned

# What a decoder of UTF-8 can give: no surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True)
SECONDS = st.integers(-(2**31), 2**33)
TIMES = st.one_of(st.builds(AllDay, st.dates()), st.builds(Zoned, st.datetimes(), TEXT))
EVENT_NAMES = st.builds(EventName, st.builds(CalendarName, IDS, IDS), IDS)
INSTANCE_NAMES = st.builds(EventName.instance, EVENT_NAMES, st.just("20300101T080000Z"))
ATTENDEES = st.lists(
    st.builds(Attendee, TEXT, TEXT, st.sampled_from(AttendeeType), st.sampled_from(ResponseStatus), TEXT), max_size=3
).map(tuple)
METADATA = st.dictionaries(TEXT, TEXT, max_size=3)
REMINDERS = st.builds(
    Reminders,
    st.booleans(),
    st.lists(st.builds(Reminder, st.sampled_from(ReminderMethod), st.integers(0, 40_320)), max_size=3).map(tuple),
)
CONFERENCES = st.builds(Conference, TEXT, TEXT, TEXT, TEXT)
ATTACHMENTS = st.lists(st.builds(Attachment, TEXT, TEXT, TEXT), max_size=3).map(tuple)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)

OVERRIDES = st.builds(
    Override,
    original=TIMES,
    following=st.booleans(),
    previous=st.none() | INSTANCE_NAMES,
    sequence=st.integers(0, 9),
    start=st.none() | TIMES,
    end=st.none() | TIMES,
    subject=st.none() | TEXT,
    description=st.none() | TEXT,
    location=st.none() | TEXT,
    show_as=st.none() | st.sampled_from(ShowAs),
    status=st.none() | st.sampled_from(EventStatus),
    attendees=st.none() | ATTENDEES,
    metadata=st.none() | METADATA,
    visibility=st.none() | st.sampled_from(Visibility),
    reminders=st.none() | REMINDERS,
    conference=st.none() | CONFERENCES,
    attachments=st.none() | ATTACHMENTS,
    categories=st.none() | TEXTS,
    color=st.none() | TEXT,
)

EVENTS = st.builds(
    Event,
    uid=TEXT,
    start=TIMES,
    end=TIMES,
    subject=TEXT,
    description=TEXT,
    location=TEXT,
    show_as=st.sampled_from(ShowAs),
    status=st.sampled_from(EventStatus),
    event_type=st.sampled_from(EventType),
    attendees=ATTENDEES,
    metadata=METADATA,
    external_ref=st.none() | st.builds(ExternalRef, TEXT, TEXT, TEXT),
    visibility=st.sampled_from(Visibility),
    organizer=st.none() | st.builds(Organizer, TEXT, TEXT),
    reminders=st.none() | REMINDERS,
    conference=st.none() | CONFERENCES,
    attachments=ATTACHMENTS,
    categories=TEXTS,
    color=TEXT,
    floating=st.booleans(),
    recurrence=TEXTS,
    from_pattern=st.booleans(),
    name=EVENT_NAMES,
    extent=st.tuples(SECONDS, SECONDS),
    occupied=st.tuples(SECONDS, SECONDS),
    booking=st.none() | st.builds(BookingName, st.builds(ProfileName, IDS, IDS), IDS),
    sequence=st.integers(0, 99),
    revision=st.integers(0, 99),
    index=st.integers(0, 99),
    born=st.integers(0, 99),
    create_time=st.datetimes(timezones=st.just(UTC)),
    update_time=st.datetimes(timezones=st.just(UTC)),
    zone=TEXT,
    owner=TEXT,
    overrides=st.lists(OVERRIDES, max_size=2).map(tuple),
    cancelled=st.lists(TIMES, max_size=2).map(tuple),
    split_from=st.none() | EVENT_NAMES,
    rules=TEXT,
)
