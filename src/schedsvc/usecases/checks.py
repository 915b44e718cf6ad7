"""Conditions that several use cases share."""

from __future__ import annotations

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import CalendarInUse, EtagMismatch, IdTaken
from schedsvc.repositories.base import Read


def require_etag(current: str, given: str) -> None:
    """Raises EtagMismatch unless `given` is the current etag, empty (no condition) or `*` (must exist)."""
    if given not in ("", "*", current):
        raise EtagMismatch("the resource was changed since it was read: read it again", etag=current)


def require_free(taken: bool, name: object) -> None:
    """Raises IdTaken if the chosen id is or was in use."""
    if taken:
        raise IdTaken(f"{name} exists already, or did: choose another id", resource=str(name))


async def require_unused(tx: Read, calendar: Calendar, besides: str = "") -> None:
    """Raises CalendarInUse if booking profiles need the calendar, those of the account `besides` apart.

    One that may look at it by a grant alone cannot keep it from its owner: to that one it becomes unreadable.
    """
    users = [await tx.profiles.get(name) for name in await tx.profiles.using(calendar.name) if name.account != besides]
    names = [str(user.name) for user in users if user is not None and calendar.name not in user.by_grant]
    if names:
        message = f"booking profiles use {calendar.name}: change or delete them first"
        raise CalendarInUse(message, profiles=" ".join(names[:10]))
