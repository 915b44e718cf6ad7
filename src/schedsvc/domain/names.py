"""Resource names (AIP-122): parsing and formatting, and the ids inside them.

A name never carries the tenant. The primary calendar of an account has the account's own id, so the alias
`calendars/primary` is resolved by text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ORIGINAL = re.compile(r"[0-9]{8}(?:T[0-9]{6}Z)?")
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
    """`accounts/{account}/calendars/{calendar}/events/{event}`

    The id of an instance of a series is `{series}~{original start}`, the start as a date or in UTC in basic form. It
    depends on nothing else, so that it stays the same when the instance is moved.
    """

    calendar: CalendarName
    event: str

    def __str__(self) -> str:
        return f"{self.calendar}/events/{self.event}"

    @property
    def series(self) -> EventName:
        """The series of an instance; any other event itself."""
        return EventName(self.calendar, self.event.partition("~")[0])

    @property
    def original(self) -> str:
        """The original start in an instance's name; empty for any other event."""
        return self.event.partition("~")[2]

    def instance(self, original: str) -> EventName:
        """The instance of this series with that original start."""
        return EventName(self.calendar, f"{self.event}~{original}")


@dataclass(frozen=True, slots=True, order=True)
class GrantName:
    """`accounts/{account}/calendars/{calendar}/grants/{grant}`; the id of a grant is that of the grantee's account."""

    calendar: CalendarName
    grantee: str

    def __str__(self) -> str:
        return f"{self.calendar}/grants/{self.grantee}"


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
    """Raises ValueError for anything but the name of an event or instance; resolves the `primary` alias."""
    parent, _, event = name.rpartition("/events/")
    series, tilde, original = event.partition("~")
    if not is_id(series) or (tilde and _ORIGINAL.fullmatch(original) is None):
        raise ValueError(name)
    return EventName(parse_calendar(parent), event)


def parse_grant(name: str) -> GrantName:
    """Raises ValueError for anything but a grant name; resolves the `primary` alias."""
    parent, _, grantee = name.rpartition("/grants/")
    if not is_id(grantee):
        raise ValueError(name)
    return GrantName(parse_calendar(parent), grantee)


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
