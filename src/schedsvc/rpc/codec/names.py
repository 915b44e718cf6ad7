"""Names that mean more than one resource: wildcard parents (AIP-159) and targets of several kinds.

All of these raise ValueError for anything else; names of one resource are read by `domain.names`.
"""

from __future__ import annotations

from schedsvc.domain.feeds import FeedKey, calendar_feed, profile_feed
from schedsvc.domain.names import (
    CalendarName,
    EventName,
    ProfileName,
    parse_account,
    parse_calendar,
    parse_event,
    parse_profile,
    primary_calendar,
)

ALL_ACCOUNTS = "accounts/-"
_ALL_PROFILES = "/bookingProfiles/-"


def account_parent(name: str) -> str | None:
    """The account's id; None for `accounts/-`, which means all."""
    return None if name == ALL_ACCOUNTS else parse_account(name).account


def booking_parent(name: str) -> tuple[ProfileName | None, str | None]:
    """The profile; or None and the id of the account whose profiles are all meant; or twice None for all accounts."""
    if not name.endswith(_ALL_PROFILES):
        return parse_profile(name), None
    return None, account_parent(name.removesuffix(_ALL_PROFILES))


def calendar_target(name: str) -> CalendarName:
    """The calendar, or the primary one of the account."""
    if "/calendars/" in name:
        return parse_calendar(name)
    return primary_calendar(parse_account(name).account)


def parse_series(name: str) -> EventName:
    """An event or series, not one of its instances."""
    found = parse_event(name)
    if found.original:
        raise ValueError(name)
    return found


def sync_target(name: str) -> FeedKey:
    """The feed of a calendar or of a booking profile."""
    if "/bookingProfiles/" in name:
        return profile_feed(parse_profile(name))
    return calendar_feed(parse_calendar(name))
