"""Resource names (AIP-122): parsing and formatting, and the ids inside them.

A name never carries the tenant. The primary calendar of an account has the account's own id, so the alias
`calendars/primary` is resolved by text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESERVED_CALENDAR_ID = "primary"


def is_id(text: str) -> bool:
    """Whether `text` may be an id: 1..64 of `[a-z0-9_-]`, the first a letter or digit."""
    return ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class AccountName:
    """`accounts/{account}`"""

    account: str

    def __str__(self) -> str:
        return f"accounts/{self.account}"


@dataclass(frozen=True, slots=True, order=True)
class CalendarName:
    """`accounts/{account}/calendars/{calendar}`"""

    account: str
    calendar: str

    def __str__(self) -> str:
        return f"accounts/{self.account}/calendars/{self.calendar}"

    @property
    def is_primary(self) -> bool:
        return self.calendar == self.account


@dataclass(frozen=True, slots=True, order=True)
class EventName:
    """`accounts/{account}/calendars/{calendar}/events/{event}`"""

    calendar: CalendarName
    event: str

    def __str__(self) -> str:
        return f"{self.calendar}/events/{self.event}"


@dataclass(frozen=True, slots=True, order=True)
class ProfileName:
    """`accounts/{account}/bookingProfiles/{profile}`"""

    account: str
    profile: str

    def __str__(self) -> str:
        return f"accounts/{self.account}/bookingProfiles/{self.profile}"


@dataclass(frozen=True, slots=True, order=True)
class BookingName:
    """`accounts/{account}/bookingProfiles/{profile}/bookings/{booking}`"""

    profile: ProfileName
    booking: str

    def __str__(self) -> str:
        return f"{self.profile}/bookings/{self.booking}"


def primary_calendar(account: str) -> CalendarName:
    """The calendar that every account has from its first moment."""
    return CalendarName(account, account)


def parse_account(name: str) -> AccountName:
    """Raises ValueError for anything but `accounts/{id}`."""
    (account,) = _ids(name, "accounts")
    return AccountName(account)


def parse_calendar(name: str) -> CalendarName:
    """Raises ValueError for anything but a calendar name; resolves the `primary` alias."""
    account, calendar = _ids(name, "accounts", "calendars")
    return CalendarName(account, account if calendar == RESERVED_CALENDAR_ID else calendar)


def parse_event(name: str) -> EventName:
    """Raises ValueError for anything but an event name; resolves the `primary` alias."""
    parent, _, event = name.rpartition("/events/")
    if not is_id(event):
        raise ValueError(name)
    return EventName(parse_calendar(parent), event)


def parse_profile(name: str) -> ProfileName:
    """Raises ValueError for anything but a booking profile name."""
    account, profile = _ids(name, "accounts", "bookingProfiles")
    return ProfileName(account, profile)


def parse_booking(name: str) -> BookingName:
    """Raises ValueError for anything but a booking name."""
    parent, _, booking = name.rpartition("/bookings/")
    if not is_id(booking):
        raise ValueError(name)
    return BookingName(parse_profile(parent), booking)


def _ids(name: str, *collections: str) -> list[str]:
    parts = name.split("/")
    if parts[0::2] != list(collections) or len(parts) != 2 * len(collections):
        raise ValueError(name)
    if not all(is_id(part) for part in parts[1::2]):
        raise ValueError(name)
    return parts[1::2]
