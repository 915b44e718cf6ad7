"""The starts of a recurrence set: instants, with the original local start beside each.

Local times first, instants last: COUNT and BYSETPOS work on local times, and only what they leave is turned into
instants. Of several local starts at one instant, which a gap can cause, the earliest stands for all; all-day starts
differ by their dates alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, starmap

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import second_of
from schedsvc.domain.recurrence.expand import end_of, start_of
from schedsvc.domain.recurrence.plan import Chunk, Plan
from schedsvc.domain.recurrence.planning import Start, plan_of
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.recurrence.zones import day_starts, read, window
from schedsvc.domain.time import (
    DAY,
    LATEST,
    AllDay,
    EventTime,
    Zoned,
    instant_of,
    local_at,
    resolve_event,
    seconds,
)

Occurrence = tuple[int, int]
"""The instant of a start and its local second (see `civil`), which for all-day starts is midnight."""
Batch = tuple[Sequence[int], Sequence[int]]
"""The instants of some starts in a row, and the local second of each."""


@dataclass(frozen=True, slots=True)
class Starts:
    """A recurrence set, ready to be asked; `zone_name` is the zone of the event, or of the calendar if all day.

    `plan` lists the starts of the rule, which lie before the instant `end`; `bounded` is the rule if it also ends by
    local time. `extra` are the starts that come from no rule, in order. `excluded` are instants, `excluded_days` local
    days since 1970. `period_ends` has the end of each start that was given as a period, by its instant.
    """

    zone_name: str
    start: Start
    plan: Plan | None
    end: int
    bounded: Rule | None
    extra: tuple[Occurrence, ...]
    excluded: frozenset[int]
    excluded_days: frozenset[int]
    period_ends: Mapping[int, int]

    def between(self, lo: int, hi: int, budget: Budget) -> Iterator[Occurrence]:
        """The starts in `[lo, hi)`, in order, one by one; none outside of `time.EARLIEST` and `time.LATEST`.

        Raises WorkBudgetExceeded, in the middle of the iteration if need be.
        """
        return chain.from_iterable(starmap(zip, self.batches(lo, hi, budget)))

    def batches(self, lo: int, hi: int, budget: Budget) -> Iterator[Batch]:
        """The same, many at a time; no batch is empty."""
        if self.excluded or self.excluded_days or self.extra:
            return self._combined(lo, hi, budget)
        return self._of_rule(lo, hi, budget)

    def find(self, original: EventTime, budget: Budget) -> Occurrence | None:
        """The start that `original` names (such as a RECURRENCE-ID), if it is in the set."""
        if isinstance(original, AllDay) is not self.start.dated:
            return None
        instant = resolve_event(original, self.zone_name)
        found = self.between(instant, instant + 1, budget)
        if isinstance(original, AllDay):
            return next((start for start in found if start[1] == second_of(original.day)), None)
        return next(found, None)

    def _of_rule(self, lo: int, hi: int, budget: Budget) -> Iterator[Batch]:
        if self.plan is None:
            return
        lo, hi, local_lo, local_hi = window(self.zone_name, lo, min(hi, self.end))
        if self.bounded is not None:
            local_hi = end_of(self.bounded, self.start, local_hi, budget)
        feed = self.plan.chunks(max(local_lo, self.start.second), local_hi, budget)
        convert = self._dates if self.start.dated else self._times
        for chunk in feed:
            found, local = convert(chunk, feed)
            if found[0] < lo or found[-1] >= hi:
                inside = slice(bisect_left(found, lo), bisect_left(found, hi))
                found, local = found[inside], local[inside]
            if found:
                yield found, local

    def _dates(self, chunk: Chunk, _feed: Iterator[Chunk]) -> Batch:
        return day_starts(chunk, self.zone_name), chunk

    def _times(self, chunk: Chunk, feed: Iterator[Chunk]) -> Batch:
        """The instants of the chunk, and of further ones if it ends where a gap makes starts change places."""
        found, settled = read(chunk, self.zone_name)
        if settled is None:
            return found, chunk
        while settled is not None and chunk[-1] < settled and (more := next(feed, None)):
            chunk = [*chunk, *more]
            found, settled = read(chunk, self.zone_name)
        return _unzipped(_distinct(zip(found, chunk, strict=True)))

    def _combined(self, lo: int, hi: int, budget: Budget) -> Iterator[Batch]:
        """Each batch of the rule with the extra starts up to its end, less what is excluded."""
        lo, hi, _, _ = window(self.zone_name, lo, hi)
        extra = self.extra[bisect_left(self.extra, (lo,)) : bisect_left(self.extra, (hi,))]
        budget.take(len(extra))
        for found, local in self._of_rule(lo, hi, budget):
            done = bisect_left(extra, (found[-1] + 1,))
            if left := self._left([*extra[:done], *zip(found, local, strict=True)]):
                yield _unzipped(left)
            extra = extra[done:]
        if left := self._left(extra):
            yield _unzipped(left)

    def _left(self, found: Iterable[Occurrence]) -> list[Occurrence]:
        """In order, without doubles, and without what is excluded."""
        return [
            (instant, second)
            for instant, second in (sorted(set(found)) if self.start.dated else _distinct(found))
            if instant not in self.excluded and second // DAY not in self.excluded_days
        ]


def starts_of(recurrence: RecurrenceSet, calendar_zone: str) -> Starts:
    """Prepares a set; the calendar's zone says when the days of an all-day series begin. Raises UnknownZone."""
    begin, rule = recurrence.start, recurrence.rule
    dated = isinstance(begin, AllDay)
    zone_name = calendar_zone if isinstance(begin, AllDay) else begin.time_zone
    start = start_of(begin.day if isinstance(begin, AllDay) else begin.local)
    until = rule.until if rule else None
    in_utc = isinstance(until, datetime) and until.tzinfo is not None
    written = [rdate.start for rdate in recurrence.rdates] + ([] if rule else [begin])
    moments, days = _excluded(recurrence.exdates, dated=dated)
    return Starts(
        zone_name,
        start,
        plan_of(rule, start) if rule else None,
        seconds(until) + 1 if isinstance(until, datetime) and in_utc else LATEST,
        rule if rule and not in_utc and (rule.until or rule.count) else None,
        tuple(sorted({_occurrence(time, zone_name) for time in written})),
        moments,
        days,
        _period_ends(recurrence.rdates),
    )


def _excluded(exdates: Iterable[EventTime], *, dated: bool) -> tuple[frozenset[int], frozenset[int]]:
    """What is excluded as instants, and what as days since 1970."""
    moments, days = set(), set()
    for time in exdates:
        if isinstance(time, AllDay):
            days.add(second_of(time.day) // DAY)
        elif dated:
            days.add(second_of(time.local) // DAY)
        else:
            moments.add(instant_of(time.local, time.time_zone))
    return frozenset(moments), frozenset(days)


def _occurrence(time: EventTime, zone_name: str) -> Occurrence:
    """An extra start, in the zone of the set."""
    instant = resolve_event(time, zone_name)
    if isinstance(time, AllDay):
        return instant, second_of(time.day)
    if time.time_zone == zone_name:
        return instant, second_of(time.local)
    return instant, second_of(local_at(instant, zone_name).replace(tzinfo=None))


def _period_ends(rdates: Iterable[RDate]) -> dict[int, int]:
    """The end of each period by its start; of two with one start the longer counts."""
    ends: dict[int, int] = {}
    for start, span in ((rdate.start, rdate.span) for rdate in rdates):
        if span is not None and isinstance(start, Zoned):
            instant = instant_of(start.local, start.time_zone)
            end = instant_of(start.local + timedelta(days=span.days), start.time_zone) + span.seconds
            ends[instant] = max(end, ends.get(instant, end))
    return ends


def _distinct(found: Iterable[Occurrence]) -> list[Occurrence]:
    """In order, and of several at one instant the one with the earliest local time."""
    earliest: dict[int, int] = {}
    for instant, second in found:
        earliest[instant] = min(second, earliest.get(instant, second))
    return sorted(earliest.items())


def _unzipped(found: Sequence[Occurrence]) -> Batch:
    return [instant for instant, _ in found], [second for _, second in found]
