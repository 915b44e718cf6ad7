"""What events and calendars carry for people and for other programs: stored, validated, returned, never acted upon.

Visibility is the exception: it decides what a reader is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Visibility(IntEnum):
    """Who sees more of an event than when it is. Values are stored and are those of the proto enum."""

    DEFAULT = 1
    PUBLIC = 2
    PRIVATE = 3
    CONFIDENTIAL = 4


class ReminderMethod(IntEnum):
    """Values are stored and are those of the proto enum."""

    POPUP = 1
    EMAIL = 2


@dataclass(frozen=True, slots=True)
class Reminder:
    """`minutes` before the start, 0 to 40,320."""

    method: ReminderMethod
    minutes: int


@dataclass(frozen=True, slots=True)
class Reminders:
    """The calendar's default ones, or these: at most five."""

    use_default: bool
    overrides: tuple[Reminder, ...]


@dataclass(frozen=True, slots=True)
class Conference:
    """How to join from afar."""

    uri: str
    phone: str
    pin: str
    provider: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document elsewhere."""

    uri: str
    title: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Organizer:
    """Who invites."""

    email: str
    display_name: str
