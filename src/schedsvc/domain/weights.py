"""How many bytes a record takes in an answer, never too few: what pages and batches are cut by."""

from __future__ import annotations

from collections.abc import Mapping

from schedsvc.domain.accounts import Account
from schedsvc.domain.bookings import Booking
from schedsvc.domain.calendars import Calendar, ExternalRef
from schedsvc.domain.changes import Change
from schedsvc.domain.events import Event
from schedsvc.domain.hours import MAX_INTERVALS_PER_DAY, WorkHours
from schedsvc.domain.profiles import BookingProfile

_FIELD = 16
_FIXED = 1024
_MOST_HOURS = _FIXED + 7 * MAX_INTERVALS_PER_DAY * _FIELD


def weigh_event(event: Event) -> int:
    """An upper bound of the encoded size in bytes."""
    texts = _texts(event.uid, event.subject, event.description, event.location)
    people = sum(_texts(a.email, a.display_name) + _FIELD for a in event.attendees)
    return _FIXED + texts + people + _pairs(event.metadata) + _reference(event.external_ref)


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


def _texts(*texts: str) -> int:
    # A character takes at most four bytes of UTF-8; ASCII, the usual case, one.
    return sum((len(t) if t.isascii() else 4 * len(t)) + _FIELD for t in texts)


def _pairs(pairs: Mapping[str, str]) -> int:
    return sum(_texts(key, value) for key, value in pairs.items())


def _hours(hours: WorkHours | None) -> int:
    return 0 if hours is None else _FIXED + sum(len(ranges) * _FIELD for ranges in hours.days.values())


def _reference(reference: ExternalRef | None) -> int:
    return 0 if reference is None else _texts(reference.provider, reference.id, reference.etag)
