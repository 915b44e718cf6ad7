"""Recurrences in fields instead of text: the six patterns that people choose from.

Each is a rule of RFC 5545 section 3.3.10 with at most an end and EXDATEs. What a pattern leaves open, its rule leaves
open too, so that it goes on to follow the start of the event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

from schedsvc.domain.recurrence.lines import format_lines, parse_lines
from schedsvc.domain.recurrence.rule import ByDay, Freq, Rule
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.time import (
    EARLIEST,
    LATEST,
    AllDay,
    EventTime,
    Zoned,
    day_start,
    instant_of,
    seconds,
    utc,
)

LARGEST_INTERVAL = 10_000
_DAY = timedelta(days=1)
_WEEK = tuple(range(7))


class PatternKind(IntEnum):
    """Values are those of the proto enum."""

    DAILY = 1
    WEEKLY = 2
    MONTHLY = 3
    MONTHLY_RELATIVE = 4
    YEARLY = 5
    YEARLY_RELATIVE = 6


class Ordinal(IntEnum):
    """Which of the matching days of a month. Values are those of the proto enum."""

    FIRST = 1
    SECOND = 2
    THIRD = 3
    FOURTH = 4
    LAST = 5


class ContradictoryPattern(ValueError):
    """`problems` has the name of each bad field and what is wrong with it."""

    def __init__(self, problems: Collection[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field} {sentence}" for field, sentence in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Pattern:
    """`days_of_week` and `week_start` count from 0, Monday; days are sorted and free of doubles.

    `end_date` is inclusive and a date in the zone of the start. `exclusions` are starts that are left out.
    Raises ContradictoryPattern, and InvalidRecurrence for numbers out of range once lines are made of it.
    """

    kind: PatternKind
    interval: int = 1
    days_of_week: tuple[int, ...] = ()
    week_start: int = 0
    day_of_month: int | None = None
    month: int | None = None
    ordinal: Ordinal | None = None
    end_date: date | None = None
    count: int | None = None
    exclusions: tuple[EventTime, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "days_of_week", tuple(sorted(set(self.days_of_week))))
        given = [field.name for field in fields(self) if getattr(self, field.name) not in (None, (), 0)]
        if problems := list(contradictions(self.kind, given)):
            raise ContradictoryPattern(problems)


_PARTS: Mapping[PatternKind, Collection[str]] = {
    PatternKind.DAILY: (),
    PatternKind.WEEKLY: ("days_of_week", "week_start"),
    PatternKind.MONTHLY: ("day_of_month",),
    PatternKind.MONTHLY_RELATIVE: ("days_of_week", "ordinal"),
    PatternKind.YEARLY: ("day_of_month", "month"),
    PatternKind.YEARLY_RELATIVE: ("days_of_week", "ordinal", "month"),
}
_ALL_PARTS = ("days_of_week", "week_start", "day_of_month", "month", "ordinal")
_FREQ = {kind: Freq(kind.name.partition("_")[0]) for kind in PatternKind}
_RELATIVE = frozenset({PatternKind.MONTHLY_RELATIVE, PatternKind.YEARLY_RELATIVE})
_POSITIONS = {**{ordinal: int(ordinal) for ordinal in Ordinal}, Ordinal.LAST: -1}
_ORDINALS = {position: ordinal for ordinal, position in _POSITIONS.items()}
_BY_FIELDS = tuple(field.name for field in fields(Rule) if field.name.startswith("by_"))
_KINDS: Mapping[tuple[Freq, frozenset[str]], PatternKind] = {
    (Freq.DAILY, frozenset()): PatternKind.DAILY,
    (Freq.WEEKLY, frozenset()): PatternKind.WEEKLY,
    (Freq.WEEKLY, frozenset({"by_day"})): PatternKind.WEEKLY,
    (Freq.MONTHLY, frozenset()): PatternKind.MONTHLY,
    (Freq.MONTHLY, frozenset({"by_month_day"})): PatternKind.MONTHLY,
    (Freq.MONTHLY, frozenset({"by_day"})): PatternKind.MONTHLY_RELATIVE,
    (Freq.MONTHLY, frozenset({"by_day", "by_set_pos"})): PatternKind.MONTHLY_RELATIVE,
    (Freq.YEARLY, frozenset()): PatternKind.YEARLY,
    (Freq.YEARLY, frozenset({"by_month"})): PatternKind.YEARLY,
    (Freq.YEARLY, frozenset({"by_month", "by_month_day"})): PatternKind.YEARLY,
    (Freq.YEARLY, frozenset({"by_month", "by_day"})): PatternKind.YEARLY_RELATIVE,
    (Freq.YEARLY, frozenset({"by_month", "by_day", "by_set_pos"})): PatternKind.YEARLY_RELATIVE,
}


def contradictions(kind: PatternKind, given: Collection[str]) -> Iterator[tuple[str, str]]:
    """The fields that a pattern of the kind must not have or lacks, of those that are set, each with a sentence."""
    for part in _ALL_PARTS:
        if part in given and part not in _PARTS[kind]:
            yield part, f"must not be set in a pattern that is {kind.name}"
        if part not in given and part in ("days_of_week", "ordinal") and kind in _RELATIVE:
            yield part, f"is required in a pattern that is {kind.name}"
    if "end_date" in given and "count" in given:
        yield "count", "must not be set beside end_date"


def lines_of(pattern: Pattern, start: EventTime) -> tuple[str, ...]:
    """The canonical lines of an event that starts at `start`.

    Raises ContradictoryPattern for exclusions of another kind than the start, and InvalidRecurrence.
    """
    if any(type(exclusion) is not type(start) for exclusion in pattern.exclusions):
        raise ContradictoryPattern([("exclusions", "must be dates if the start is one, else times")])
    rule = Rule(
        freq=_FREQ[pattern.kind],
        interval=pattern.interval,
        count=pattern.count,
        until=None if pattern.end_date is None else _until(pattern.end_date, start),
        week_start=pattern.week_start,
        **_by_parts(pattern, start),
    )
    return format_lines(RecurrenceSet(start, rule, exdates=pattern.exclusions))


def pattern_of(lines: Sequence[str], start: EventTime) -> Pattern | None:
    """The pattern that gives the same starts as the lines; None if there is none, or they cannot be read."""
    try:
        found = parse_lines(lines, start, lenient=True)
        return None if found.rule is None or found.rdates else _read(found.rule, start, found.exdates)
    except ValueError:
        return None


def agree(pattern: Pattern, lines: Sequence[str], start: EventTime) -> bool:
    """Whether both say the same, one of them perhaps by leaving open what the start tells."""
    other = pattern_of(lines, start)
    return other is not None and _explicit(pattern, start) == _explicit(other, start)


def _explicit(pattern: Pattern, start: EventTime) -> tuple[str, ...]:
    """The lines with everything in them that the start would tell."""
    first = _date_of(start)
    match pattern.kind:
        case PatternKind.WEEKLY:
            pattern = replace(pattern, days_of_week=pattern.days_of_week or (first.weekday(),))
        case PatternKind.MONTHLY:
            pattern = replace(pattern, day_of_month=pattern.day_of_month or first.day)
        case PatternKind.YEARLY:
            day, month = pattern.day_of_month or first.day, pattern.month or first.month
            pattern = replace(pattern, day_of_month=day, month=month)
    return lines_of(pattern, start)


def _by_parts(pattern: Pattern, start: EventTime) -> dict[str, Any]:
    """The BYxxx parts. A day of every year is one of some month, which has to be named then."""
    parts: dict[str, Any] = {"by_day": tuple(map(ByDay, pattern.days_of_week))}
    if pattern.ordinal is not None:
        position = _POSITIONS[pattern.ordinal]
        if len(pattern.days_of_week) == 1:
            parts["by_day"] = (ByDay(pattern.days_of_week[0], position),)
        else:
            parts["by_set_pos"] = (position,)
    if pattern.day_of_month is not None:
        parts["by_month_day"] = (pattern.day_of_month,)
    if pattern.month is not None:
        parts["by_month"] = (pattern.month,)
    elif _FREQ[pattern.kind] is Freq.YEARLY and (pattern.day_of_month or pattern.ordinal):
        parts["by_month"] = (_date_of(start).month,)
    return parts


def _until(last: date, start: EventTime) -> date:
    """The end of the date, or the start that a gap of the clocks has moved beyond it."""
    if isinstance(start, AllDay):
        return last
    end_of_day = day_start(last + _DAY, start.time_zone) - 1
    return utc(max(end_of_day, _start_on(last, start)))


def _start_on(day: date, start: Zoned) -> int:
    """The instant of the start that belongs to a date."""
    return instant_of(datetime.combine(day, start.local.time()), start.time_zone)


def _date_of(start: EventTime) -> date:
    return start.day if isinstance(start, AllDay) else start.local.date()


class _Inexpressible(ValueError):
    """No pattern says that."""


def _read(rule: Rule, start: EventTime, exclusions: tuple[EventTime, ...]) -> Pattern:
    """Raises _Inexpressible."""
    rule = _with_days(rule)
    kind = _KINDS.get((rule.freq, frozenset(name for name in _BY_FIELDS if getattr(rule, name))))
    if kind is None or rule.interval > LARGEST_INTERVAL:
        raise _Inexpressible
    for exclusion in exclusions:
        _in_era(_date_of(exclusion))
        if type(exclusion) is not type(start):
            raise _Inexpressible
    days, ordinal = _choice(rule) if kind in _RELATIVE else (tuple(day.weekday for day in rule.by_day), None)
    return Pattern(
        kind=kind,
        interval=rule.interval,
        days_of_week=days,
        week_start=rule.week_start if kind is PatternKind.WEEKLY else 0,
        day_of_month=_only(rule.by_month_day),
        month=_only(rule.by_month),
        ordinal=ordinal,
        end_date=None if rule.until is None else _end_date(rule.until, start),
        count=rule.count,
        exclusions=exclusions,
    )


def _with_days(rule: Rule) -> Rule:
    """The last day of a month as the last one of all days of the week."""
    if rule.by_month_day != (-1,) or rule.by_day or rule.by_set_pos:
        return rule
    return replace(rule, by_month_day=(), by_day=tuple(map(ByDay, _WEEK)), by_set_pos=(-1,))


def _choice(rule: Rule) -> tuple[tuple[int, ...], Ordinal]:
    """The days and which of them, of a rule that has some."""
    positions = [day.ordinal for day in rule.by_day if day.ordinal is not None] + list(rule.by_set_pos)
    if len(positions) != 1 or positions[0] not in _ORDINALS or (not rule.by_set_pos and len(rule.by_day) > 1):
        raise _Inexpressible
    return tuple(day.weekday for day in rule.by_day), _ORDINALS[positions[0]]


def _only(values: tuple[int, ...]) -> int | None:
    if len(values) > 1 or min(values, default=1) < 1:
        raise _Inexpressible
    return values[0] if values else None


def _end_date(until: date, start: EventTime) -> date:
    """The last date whose start is not after UNTIL (`parse.require_fit` says what each form of it means)."""
    if not isinstance(until, datetime):
        return _in_era(until)
    if until.tzinfo is None:
        late = isinstance(start, Zoned) and start.local.time() > until.time()
        return _in_era(until.date() - _DAY * late)
    if isinstance(start, AllDay):
        raise _Inexpressible
    day = _in_era(until.date())
    instant = seconds(until)
    near = (day + _DAY * shift for shift in (2, 1, 0, -1, -2))
    return next(day for day in near if _start_on(day, start) <= instant)


def _in_era(day: date) -> date:
    """Raises _Inexpressible for a date on which nothing can take place (see `time.EARLIEST`)."""
    if not utc(EARLIEST).date() <= day <= utc(LATEST).date():
        raise _Inexpressible
    return day
