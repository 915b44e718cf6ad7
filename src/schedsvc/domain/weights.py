"""How many bytes a record takes in an answer, never too few: what pages and batches are cut by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from schedsvc.domain.accounts import Account
from schedsvc.domain.bookings import Booking
from schedsvc.domain.calendars import Calendar, ExternalRef
from schedsvc.domain.changes import Change
from schedsvc.domain.events import Attendee, Event, Override
from schedsvc.domain.hours import MAX_INTERVALS_PER_DAY, WorkHours
from schedsvc.domain.particulars import Attachment, Conference, Organizer
from schedsvc.domain.profiles import BookingProfile

_FIELD = 16
_FIXED = 1024
_NAME = 256
_TIME = 128
_MOST_HOURS = _FIXED + 7 * MAX_INTERVALS_PER_DAY * _FIELD


def weigh_event(event: Event) -> int:
    """An upper bound of the encoded size in bytes.

    That of a series includes its overrides, each as it is told: a whole event, with all that it inherits.
    """
    parts = [weigh(value) if value else 0 for weigh, value in zip(_WEIGHERS, _values(event), strict=True)]
    always = _FIXED + _text(event.uid) + _reference(event.external_ref) + _organizer(event.organizer)
    weight = always + sum(parts)
    if event.occurrence is not None:
        weight += _OF_INSTANCE
    if event.recurrence:
        weight += _rules(event.recurrence) + _NAME + _TIME * len(event.cancelled)
        weight += sum(always + _OF_INSTANCE + _overridden(override, parts) for override in event.overrides)
    return weight


def weigh_booking(booking: Booking) -> int:
    """An upper bound of the encoded size in bytes."""
    texts = _texts(booking.subject, booking.description, booking.location, booking.cancel_reason)
    person = _texts(booking.booker.email, booking.booker.display_name, booking.booker.external_id)
    return _FIXED + texts + person + _pairs(booking.metadata) + _pairs(booking.substitutions)


def weigh_calendar(calendar: Calendar) -> int:
    """An upper bound of the encoded size in bytes."""
    texts = _texts(calendar.display_name, calendar.description)
    return _FIXED + texts + _pairs(calendar.metadata) + _reference(calendar.external_ref)


def weigh_account(account: Account) -> int:
    """An upper bound of the encoded size in bytes."""
    texts = _texts(account.display_name, account.email, account.external_id)
    return _FIXED + texts + _hours(account.work_hours) + _pairs(account.attributes) + _pairs(account.metadata)


def weigh_profile(profile: BookingProfile) -> int:
    """An upper bound of the encoded size in bytes, the hours that it falls back to included."""
    texts = _texts(profile.slug, profile.display_name, profile.subject, profile.description, profile.location)
    calendars = _texts(*map(str, profile.calendars))
    return _FIXED + texts + calendars + _MOST_HOURS + _hours(profile.work_hours) + _pairs(profile.metadata)


def weigh_change(change: Change) -> int:
    """An upper bound of the encoded size in bytes."""
    if isinstance(change.record, Event):
        return weigh_event(change.record)
    if isinstance(change.record, Booking):
        return weigh_booking(change.record)
    return _FIXED


_OF_INSTANCE = 2 * _NAME + _TIME
"""Its series, its earlier name and its original start."""


def _overridden(override: Override, inherited: Iterable[int]) -> int:
    """The parts of an instance: its own, or else those of the series."""
    own = zip(_WEIGHERS, _values(override), inherited, strict=True)
    return sum(theirs if value is None else weigh(value) for weigh, value, theirs in own)


def _people(attendees: Iterable[Attendee]) -> int:
    return sum(_texts(a.email, a.display_name, a.comment) + _FIELD for a in attendees)


def _conference(conference: Conference) -> int:
    return _texts(conference.uri, conference.phone, conference.pin, conference.provider)


def _attachments(attachments: Iterable[Attachment]) -> int:
    return sum(_texts(a.uri, a.title, a.mime_type) + _FIELD for a in attachments)


def _organizer(organizer: Organizer | None) -> int:
    return 0 if organizer is None else _texts(organizer.email, organizer.display_name) + _FIELD


def _rules(lines: Iterable[str]) -> int:
    """The lines themselves and what the structured form of them takes: its dates are times with their zones."""
    return _FIXED + sum(_text(line) + _TIME * (line.count(",") + 1) for line in lines)


def _text(text: str) -> int:
    # A character takes at most four bytes of UTF-8; ASCII, the usual case, one.
    return (len(text) if text.isascii() else 4 * len(text)) + _FIELD


def _texts(*texts: str) -> int:
    return sum(map(_text, texts))


def _pairs(pairs: Mapping[str, str]) -> int:
    return sum(_texts(key, value) for key, value in pairs.items())


def _hours(hours: WorkHours | None) -> int:
    return 0 if hours is None else _FIXED + sum(len(ranges) * _FIELD for ranges in hours.days.values())


def _reference(reference: ExternalRef | None) -> int:
    return 0 if reference is None else _texts(reference.provider, reference.id, reference.etag)


# What an override may have of its own and what it inherits.
_PARTS: dict[str, Callable[[Any], int]] = {
    "subject": _text,
    "description": _text,
    "location": _text,
    "attendees": _people,
    "metadata": _pairs,
    "conference": _conference,
    "attachments": _attachments,
    "categories": lambda categories: _texts(*categories),
}
_values = attrgetter(*_PARTS)
_WEIGHERS = tuple(_PARTS.values())
