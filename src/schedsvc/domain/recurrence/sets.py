"""Recurrence sets as they are written: a rule, RDATEs and EXDATEs (RFC 5545 section 3.8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schedsvc.domain.recurrence.errors import InvalidRecurrence
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.time import EventTime, Zoned


class Span(NamedTuple):
    """The length of a period: `days` of the calendar, then exact `seconds` (RFC 5545 section 3.3.6)."""

    days: int
    seconds: int


@dataclass(frozen=True, slots=True)
class RDate:
    """One more start. With a span it was given as a period, and lasts that long and not as long as the others."""

    start: EventTime
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class RecurrenceSet:
    """What the rule and the RDATEs give, less what the EXDATEs name.

    Without a rule `start` (DTSTART) is in the set; with one, only if the rule gives it. RDATEs and EXDATEs may have
    zones of their own. An EXDATE that is a date takes away all starts of that local day from a timed series, and one
    with a time takes away its date from an all-day series: both are for imports, and creating either is refused
    elsewhere. Raises InvalidRecurrence for RDATEs that are of another kind than `start`.
    """

    start: EventTime
    rule: Rule | None = None
    rdates: tuple[RDate, ...] = ()
    exdates: tuple[EventTime, ...] = ()

    def __post_init__(self) -> None:
        for rdate in self.rdates:
            if type(rdate.start) is not type(self.start):
                raise InvalidRecurrence("RDATE", "must be dates if the start is one, else times")
            if rdate.span is not None and not isinstance(rdate.start, Zoned):
                raise InvalidRecurrence("RDATE", "a period must start at a time, not on a date")
            if rdate.span is not None and (min(rdate.span) < 0 or not any(rdate.span)):
                raise InvalidRecurrence("RDATE", "a period must end after its start")
