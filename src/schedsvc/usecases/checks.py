"""Conditions that several use cases share."""

from __future__ import annotations

from collections.abc import Iterable

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import CalendarInUse, EtagMismatch, IdTaken
from schedsvc.domain.names import ProfileName


def require_etag(current: str, given: str) -> None:
    """Raises EtagMismatch unless `given` is the current etag, empty (no condition) or `*` (must exist)."""
    if given not in ("", "*", current):
        raise EtagMismatch("the resource was changed since it was read: read it again", etag=current)


def require_free(taken: bool, name: object) -> None:
    """Raises IdTaken if the chosen id is or was in use."""
    if taken:
        raise IdTaken(f"{name} exists already, or did: choose another id", resource=str(name))


def require_unused(calendar: Calendar, users: Iterable[ProfileName]) -> None:
    """Raises CalendarInUse if booking profiles need the calendar."""
    names = [str(user) for user in users]
    if names:
        message = f"booking profiles use {calendar.name}: change or delete them first"
        raise CalendarInUse(message, profiles=" ".join(names[:10]))
