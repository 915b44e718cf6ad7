"""What is read from a file of another calendar system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedsvc.domain.events import EventDraft


@dataclass(frozen=True, slots=True)
class Component:
    """One component of an iCalendar file; `draft` of None means that it cannot be imported, `messages` say why.

    `messages` otherwise tell what was read leniently. `uid` is empty where none could be read, `recurrence_id` the text
    of the property. `line` counts from 1. `sequence` and `stamp` tell which of two versions is the newer one
    (RFC 5546 section 2.1.5).
    """

    uid: str
    recurrence_id: str
    line: int
    draft: EventDraft | None
    sequence: int
    stamp: datetime | None
    messages: tuple[str, ...]
