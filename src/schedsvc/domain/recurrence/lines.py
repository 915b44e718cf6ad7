"""RRULE, RDATE and EXDATE lines as calendar files have them (RFC 5545 sections 3.8.5 and 3.3)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from schedsvc.domain.recurrence.errors import InvalidRecurrence, UnsupportedRecurrence
from schedsvc.domain.recurrence.parse import UNSUPPORTED, parse_rule, parse_time
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet, Span
from schedsvc.domain.recurrence.text import format_time
from schedsvc.domain.time import AllDay, EventTime, Zoned, resolve_event, zone

MOST_DATES = 500
"""How many RDATEs and EXDATEs a set may have in all."""
_LINE = re.compile(r'([A-Z]+)((?:;[A-Z-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', re.IGNORECASE)
_PARAMETER = re.compile(r';([A-Z-]+)=(?:"([^"]*)"|([^";:,]*))', re.IGNORECASE)
_DURATION = re.compile(
    r"\+?P(?:([0-9]{1,4})W|(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})S)?)?)"
)


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    kind: str
    zone_name: str
    values: tuple[str, ...]


def parse_lines(lines: Sequence[str], start: EventTime, *, lenient: bool = False) -> RecurrenceSet:
    """The set of an event that starts at `start`, from unfolded lines in any order; at most one RRULE.

    Times without a zone are in the zone of `start`. EXDATEs are of the same kind as `start`; `lenient` takes the other
    kind too, a date without `VALUE=DATE`, and the UNTILs that `parse.require_fit` names.

    Raises InvalidRecurrence, UnsupportedRecurrence for EXRULE, RSCALE and SKIP, and UnknownZone.
    """
    rules: list[Rule] = []
    rdates: list[RDate] = []
    exdates: list[EventTime] = []
    for line in map(_line, lines):
        if line.name == "RRULE":
            dtstart = start.day if isinstance(start, AllDay) else start.local
            rules.append(parse_rule(",".join(line.values), dtstart=dtstart, lenient=lenient))
        elif line.name == "RDATE":
            rdates += _rdates(line, start, lenient=lenient)
        else:
            exdates += _exdates(line, start, lenient=lenient)
    if len(rules) > 1:
        raise InvalidRecurrence("RRULE", "must be given once only (RFC 5545 section 3.8.5.3)")
    if len(rdates) + len(exdates) > MOST_DATES:
        raise InvalidRecurrence("RDATE", f"there may be at most {MOST_DATES} RDATEs and EXDATEs")
    return RecurrenceSet(start, rules[0] if rules else None, tuple(rdates), tuple(exdates))


def format_lines(recurrence: RecurrenceSet) -> tuple[str, ...]:
    """The canonical lines: the rule, then RDATEs and EXDATEs, sorted, one line for each kind and zone."""
    dates: defaultdict[str, set[str]] = defaultdict(set)
    for rdate in recurrence.rdates:
        head, text = _written("RDATE", rdate.start)
        if rdate.span is not None:
            head, text = head.replace("RDATE", "RDATE;VALUE=PERIOD"), f"{text}/{_format_span(rdate.span)}"
        dates[head].add(text)
    for exdate in recurrence.exdates:
        head, text = _written("EXDATE", exdate)
        dates[head].add(text)
    rule = (f"RRULE:{recurrence.rule}",) if recurrence.rule else ()
    by_name = sorted(dates, key=lambda head: (head.startswith("EXDATE"), head))
    return (*rule, *(f"{head}:{','.join(sorted(dates[head]))}" for head in by_name))


def _line(text: str) -> _Line:
    found = _LINE.fullmatch(text)
    name = found[1].upper() if found else ""
    if name in UNSUPPORTED:
        raise UnsupportedRecurrence(name, UNSUPPORTED[name])
    if found is None or name not in {"RRULE", "RDATE", "EXDATE"}:
        raise InvalidRecurrence("recurrence", f"{text[:40]!r} is not an RRULE, RDATE or EXDATE line")
    given = {key.upper(): quoted or plain for key, quoted, plain in _PARAMETER.findall(found[2])}
    kind, zone_name = given.pop("VALUE", "").upper(), given.pop("TZID", "")
    for other in given:
        raise InvalidRecurrence(name, f"{other[:40]} is not a parameter of it")
    if zone_name:
        zone(zone_name)
    return _Line(name, kind, zone_name, tuple(found[3].split(",")))


def _rdates(line: _Line, start: EventTime, *, lenient: bool) -> Iterator[RDate]:
    if line.kind != "PERIOD":
        yield from (RDate(time) for time in _times(line, start, lenient=lenient))
        return
    for value in line.values:
        begin, slash, end = value.partition("/")
        time = _time(line, parse_time(begin.upper(), line.name), start)
        if not slash or isinstance(time, AllDay):
            raise InvalidRecurrence(line.name, f"{value[:40]!r} is not a period")
        yield RDate(time, _span(line, time, end.upper(), start))


def _exdates(line: _Line, start: EventTime, *, lenient: bool) -> Iterator[EventTime]:
    for time in _times(line, start, lenient=lenient):
        if type(time) is not type(start) and not lenient:
            raise InvalidRecurrence(line.name, "must be dates if the start is one, else times")
        yield time


def _times(line: _Line, start: EventTime, *, lenient: bool) -> Iterator[EventTime]:
    if line.kind not in {"", "DATE", "DATE-TIME"}:
        raise InvalidRecurrence(line.name, f"VALUE={line.kind[:40]} is not a kind of it")
    for value in line.values:
        time = parse_time(value.upper(), line.name)
        kind = "DATE-TIME" if isinstance(time, datetime) else "DATE"
        if kind != (line.kind or "DATE-TIME") and not (lenient and not line.kind):
            raise InvalidRecurrence(line.name, f"{value!r} needs VALUE={kind}")
        yield _time(line, time, start)


def _time(line: _Line, time: date, start: EventTime) -> EventTime:
    if not isinstance(time, datetime):
        return AllDay(time)
    if time.tzinfo is not None:
        return Zoned(time.replace(tzinfo=None), "UTC")
    if not line.zone_name and isinstance(start, AllDay):
        raise InvalidRecurrence(line.name, "a time needs a zone where the start is a date")
    return Zoned(time, line.zone_name or (start.time_zone if isinstance(start, Zoned) else ""))


def _span(line: _Line, begin: Zoned, text: str, start: EventTime) -> Span:
    """The length of a period that is given by its end or its duration (section 3.3.9)."""
    if not text.startswith(("P", "+")):
        end = _time(line, parse_time(text, line.name), start)
        if isinstance(end, AllDay):
            raise InvalidRecurrence(line.name, "a period ends at a time")
        return Span(0, resolve_event(end, end.time_zone) - resolve_event(begin, begin.time_zone))
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InvalidRecurrence(line.name, f"{text[:40]!r} is not a duration")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return Span(weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)


def _written(name: str, time: EventTime) -> tuple[str, str]:
    """The head of the line that a time stands in, and its text."""
    if isinstance(time, AllDay):
        return f"{name};VALUE=DATE", format_time(time.day)
    if time.time_zone == "UTC":
        return name, format_time(time.local.replace(tzinfo=UTC))
    return f"{name};TZID={time.time_zone}", format_time(time.local)


def _format_span(span: Span) -> str:
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number)
    return f"P{f'{span.days}D' if span.days else ''}{f'T{clock}' if clock else ''}"
