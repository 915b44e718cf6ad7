"""What is read from a file of another calendar system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedsvc.domain.events import EventDraft
from schedsvc.domain.time import EventTime


@dataclass(frozen=True, slots=True)
class Component:
    """One component of an iCalendar file.

    Of a VEVENT `draft` is the event, which is a series if it has a recurrence. If `original` is there it is an
    exception: what the instance is that `original` names, in the words of the file, and with `following` all later ones
    too. A VFREEBUSY has no draft but an event for each of its `periods`. One with neither cannot be imported, and
    `messages` say why; otherwise they tell what was read leniently.

    `uid` is empty where none could be read, `recurrence_id` the text of the property. `line` counts from 1. `sequence`
    tells which of two versions is the newer one, and in one file `stamp` does where it is the same (RFC 5546 section
    2.1.5); stamps are not stored.
    """

    uid: str
    recurrence_id: str
    line: int
    draft: EventDraft | None
    sequence: int
    stamp: datetime | None
    messages: tuple[str, ...]
    original: EventTime | None = None
    following: bool = False
    periods: tuple[EventDraft, ...] | None = None

    @property
    def is_refused(self) -> bool:
        return self.draft is None and self.periods is None
