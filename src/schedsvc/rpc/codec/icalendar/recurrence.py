"""RRULE, RDATE and EXDATE of real files as the canonical lines of a recurrence set (RFC 5545 section 3.8.5).

What the set means is the domain's; here is only what files write that the RFC would not have, each told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from schedsvc.domain.recurrence.errors import RecurrenceError, UnsupportedRecurrence
from schedsvc.domain.recurrence.lines import MOST_DATES, format_lines
from schedsvc.domain.recurrence.parse import UNSUPPORTED, parse_rule
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet, Span
from schedsvc.domain.time import AllDay, EventTime, Zoned, day_of, day_start, instant_of, zoned_at
from schedsvc.rpc.checks.report import shown
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties, Property, Unusable
from schedsvc.rpc.codec.icalendar.times import Times, lasting, listed
from schedsvc.rpc.codec.icalendar.values import read_span

RECURRING = ("RRULE", "RDATE", "EXDATE", "EXRULE")


def rdates(properties: Properties, times: Times) -> tuple[RDate, ...]:
    """All RDATEs in the order of the file; raises Unusable."""
    _require_few(properties)
    return tuple(rdate for found in properties.all("RDATE") for rdate in _rdates(found, times))


def lines(properties: Properties, start: EventTime, more: tuple[RDate, ...], times: Times) -> tuple[str, ...]:
    """The lines of a component that starts at `start` and has these RDATEs, to be made canonical; raises Unusable."""
    try:
        rule = _rule(properties, start, times.notes)
        if rule is None and not more:
            if "EXDATE" in properties:
                times.notes.add("EXDATE was left out: the event takes place once")
            return ()
        exdates = tuple(_exdates(properties, start, times))
        return format_lines(RecurrenceSet(start, rule, more, exdates))
    except UnsupportedRecurrence as error:
        raise Unusable(f"UNSUPPORTED_RRULE: {error}") from None
    except RecurrenceError as error:
        raise Unusable(str(error)) from None


def _require_few(properties: Properties) -> None:
    if sum(found.value.count(",") + 1 for name in ("RDATE", "EXDATE") for found in properties.all(name)) > MOST_DATES:
        raise Unusable(f"it has more than {MOST_DATES} RDATEs and EXDATEs")


def _rule(properties: Properties, start: EventTime, notes: Notes) -> Rule | None:
    if "EXRULE" in properties:
        raise UnsupportedRecurrence("EXRULE", UNSUPPORTED["EXRULE"])
    texts = dict.fromkeys(_without_blanks(found.value, notes) for found in properties.all("RRULE"))
    if len(texts) > 1:
        raise Unusable("it has more than one RRULE (RFC 5545 section 3.8.5.3)")
    for text in texts:
        rule = parse_rule(text, dtstart=start.day if isinstance(start, AllDay) else start.local, lenient=True)
        if rule.until is not None:
            _note_until(rule.until, start, notes)
        return rule
    return None


def _without_blanks(rule: str, notes: Notes) -> str:
    """Without those around its parts, which some write for the eye."""
    plain = "".join(rule.split())
    if plain != rule.strip():
        notes.add("the blanks in RRULE were left out")
    return plain


def _note_until(until: date, start: EventTime, notes: Notes) -> None:
    """Tells how an UNTIL is read that is not as the RFC wants it."""
    timed = isinstance(until, datetime)
    if isinstance(start, AllDay) and timed:
        notes.add("UNTIL has a time although the event has none: its date in the zone of the calendar was taken")
    elif not isinstance(start, AllDay) and not timed:
        notes.add("UNTIL is a date: read as the end of that day")
    elif isinstance(until, datetime) and until.tzinfo is None and not isinstance(start, AllDay):
        notes.add(f"UNTIL names no time zone: read in {start.time_zone}")


def _rdates(found: Property, times: Times) -> Iterator[RDate]:
    if found.params.get("VALUE", "").upper() != "PERIOD":
        yield from map(RDate, times.each(found))
        return
    for text in listed(found, times.notes):
        yield _period(found, text, times)


def _period(found: Property, text: str, times: Times) -> RDate:
    begin, slash, end = text.strip().partition("/")
    start = times.value(found, begin)
    if not slash or isinstance(start, AllDay):
        raise Unusable(f"{found.name} {shown(text)} is no period")
    if end[:1].upper() in ("P", "+"):
        lasting(start, end)
        return RDate(start, Span(*read_span(end)))
    stop = times.value(found, end)
    if isinstance(stop, AllDay):
        raise Unusable(f"{found.name} {shown(text)} is no period")
    return RDate(start, Span(0, _instant(stop) - _instant(start)))


def _instant(time: Zoned) -> int:
    return instant_of(time.local, time.time_zone)


def _exdates(properties: Properties, start: EventTime, times: Times) -> Iterator[EventTime]:
    for found in properties.all("EXDATE"):
        for time in times.each(found) if found.value.strip() else ():
            yield _dated(time, times) if isinstance(start, AllDay) else _timed(time, times.notes)


def _dated(time: EventTime, times: Times) -> AllDay:
    """An exclusion from an all-day series."""
    if isinstance(time, AllDay):
        return time
    times.notes.add("EXDATE has a time although the event has none: its date was taken")
    return local_day(time, times.calendar_zone)


def _timed(time: EventTime, notes: Notes) -> EventTime:
    if isinstance(time, AllDay):
        notes.add("EXDATE is a date: all starts of that day were left out")
    return time


def local_day(time: Zoned, calendar_zone: str) -> AllDay:
    """The day that a time means where a date belongs: midnights are often written in UTC."""
    if time.time_zone != "UTC":
        return AllDay(time.local.date())
    return AllDay(day_of(_instant(time), calendar_zone))


def first_of(found: tuple[RDate, ...]) -> tuple[EventTime, EventTime | None, tuple[RDate, ...]]:
    """The first RDATE as a start, its end if it is a period, and the others; raises Unusable for kinds that differ."""
    if len({type(rdate.start) for rdate in found}) > 1:
        raise Unusable("it has no DTSTART, and its RDATEs are dates and times")
    first = min(found, key=lambda rdate: _order(rdate.start))
    others = tuple(rdate for rdate in found if rdate != first)
    if first.span is None or isinstance(first.start, AllDay):
        return first.start, None, others
    local = first.start.local + timedelta(days=first.span.days)
    end = instant_of(local, first.start.time_zone) + first.span.seconds
    return first.start, zoned_at(end, first.start.time_zone), others


def _order(time: EventTime) -> int:
    return day_start(time.day, "UTC") if isinstance(time, AllDay) else _instant(time)
