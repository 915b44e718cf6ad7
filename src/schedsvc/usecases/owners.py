"""What the address of a calendar's owner decides: a meeting that the owner declined takes none of the owner's time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import chain

from schedsvc.domain.events import Attendee, Event, ResponseStatus
from schedsvc.domain.names import CalendarName
from schedsvc.repositories.base import Write


async def change_address(tx: Write, calendars: Iterable[CalendarName], before: str, after: str) -> None:
    """Derives anew what somebody declined by the old address or the new one; the calendars' feeds must be locked.

    Other events keep the old address as theirs until they are written: nothing in them depends on it.
    """
    emails = {email.casefold() for email in (before, after) if email}
    for calendar in calendars:
        for event in await tx.events.by_attendee(calendar, emails):
            if _declined(event, emails):
                tx.events.update(replace(event, owner=after.casefold()), event)


def _declined(event: Event, emails: Collection[str]) -> bool:
    """Whether one of the addresses declined the event or an instance of it."""
    invited: Iterable[Attendee] = chain(event.attendees, *(override.attendees or () for override in event.overrides))
    return any(a.response is ResponseStatus.DECLINED and a.email.casefold() in emails for a in invited)
