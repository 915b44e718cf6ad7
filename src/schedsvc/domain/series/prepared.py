"""Recurrence sets made ready for being asked often: parsed and planned once, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from schedsvc.domain.events import EventDraft
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import WEEK, date_of, local_of, second_of
from schedsvc.domain.recurrence.expand import end_of, start_of
from schedsvc.domain.recurrence.lines import parse_lines
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.recurrence.starts import Occurrence, Starts, starts_of
from schedsvc.domain.time import DAY, EARLIEST, LATEST, AllDay, EventTime, Zoned, day_start, resolve_event, zoned_at

COUNTING = 500_000
"""How many steps it may take to find where a COUNT ends: some hundred milliseconds, once."""
_LOOK_BACK = 32 * DAY


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A set as it is written, and its `starts`, in which COUNT has become the local time of the last start.

    A start is known by its *key*: its instant, or in an all-day series the local second that its date begins with.
    """

    recurrence: RecurrenceSet
    starts: Starts

    @property
    def dated(self) -> bool:
        return self.starts.start.dated

    @property
    def zone_name(self) -> str:
        return self.starts.zone_name

    @property
    def endless(self) -> bool:
        starts = self.starts
        return starts.plan is not None and starts.bounded is None and starts.end >= LATEST

    def key(self, original: EventTime) -> int:
        """The key of an original start; one of the other kind is read as the date, or as the begin of the day."""
        if self.dated:
            return second_of(original.day if isinstance(original, AllDay) else original.local.date())
        return resolve_event(original, self.zone_name)

    def key_of(self, found: Occurrence) -> int:
        return found[1] if self.dated else found[0]

    def instant(self, key: int) -> int:
        """When the start with this key begins."""
        return day_start(date_of(key), self.zone_name) if self.dated else key

    def original(self, key: int) -> EventTime:
        """The original start with this key, in the one form that it is kept in."""
        return AllDay(date_of(key)) if self.dated else zoned_at(key, self.zone_name)

    def written(self, found: Occurrence) -> EventTime:
        """A start as a DTSTART that the rule can go on from: in a gap still the local time that the clock skips."""
        return AllDay(date_of(found[1])) if self.dated else Zoned(local_of(found[1]), self.zone_name)

    def rule_alone(self) -> Starts:
        """The starts of the rule, without RDATEs and EXDATEs."""
        return replace(self.starts, extra=(), excluded=frozenset(), excluded_days=frozenset())


def prepared(series: EventDraft, calendar_zone: str) -> Prepared:
    """The set of a series. Raises WorkBudgetExceeded for a COUNT that takes more than `COUNTING` steps to follow.

    The lines are read leniently. Raises InvalidRecurrence, UnsupportedRecurrence and UnknownZone as `parse_lines` does.
    """
    return _prepared(series.start, series.recurrence, calendar_zone if isinstance(series.start, AllDay) else "UTC")


def backwards(starts: Starts, before: int, budget: Budget) -> Iterator[Occurrence]:
    """The starts before an instant, the latest first. Raises WorkBudgetExceeded."""
    hi, width = min(before, _latest(starts)), _LOOK_BACK
    while hi > EARLIEST:
        lo = max(hi - width, EARLIEST)
        yield from reversed(list(starts.between(lo, hi, budget)))
        hi, width = lo, width * 2


def _latest(starts: Starts) -> int:
    """An instant that no start lies behind."""
    ends = [instant + 1 for instant, _ in starts.extra[-1:]]
    if starts.plan is not None:
        until = starts.bounded.until if starts.bounded else None
        ends.append(starts.end if until is None else second_of(until) + 3 * DAY)
    return min(max(ends, default=EARLIEST), LATEST)


@lru_cache(maxsize=2048)
def _prepared(start: EventTime, lines: tuple[str, ...], calendar_zone: str) -> Prepared:
    recurrence = parse_lines(lines, start, lenient=True)
    return Prepared(recurrence, starts_of(_uncounted(recurrence), calendar_zone))


def _uncounted(recurrence: RecurrenceSet) -> RecurrenceSet:
    """The same set with an UNTIL in place of a COUNT, so that no question about it has to count from the start."""
    rule, begin = recurrence.rule, recurrence.start
    if rule is None or rule.count is None:
        return recurrence
    start = start_of(begin.day if isinstance(begin, AllDay) else begin.local)
    last = local_of(end_of(rule, start, LATEST + WEEK, Budget(COUNTING)) - 1)
    until: datetime | None = None if start.dated else last
    return replace(recurrence, rule=replace(rule, count=None, until=until or last.date()))
