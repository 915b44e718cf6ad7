"""Events as VEVENTs: a master, its exceptions and what was called off, all complete (RFC 5545 section 3.6.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from schedsvc.domain import series
from schedsvc.domain.events import Event, EventStatus, Override, ShowAs
from schedsvc.domain.recurrence.lines import format_lines, parse_lines
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.time import EventTime, Zoned, local_at, seconds
from schedsvc.rpc.codec.icalendar.writing import particulars
from schedsvc.rpc.codec.icalendar.writing.content import Line, component, plain, text, time, utc_text, written
from schedsvc.rpc.codec.icalendar.writing.particulars import Owner

_BUSY_STATUS = {
    ShowAs.FREE: "FREE",
    ShowAs.TENTATIVE: "TENTATIVE",
    ShowAs.BUSY: "BUSY",
    ShowAs.OUT_OF_OFFICE: "OOF",
    ShowAs.WORKING_ELSEWHERE: "WORKINGELSEWHERE",
}
_TRANSPARENT = frozenset({ShowAs.FREE, ShowAs.WORKING_ELSEWHERE})


@dataclass(frozen=True, slots=True)
class Written:
    """Components of one event, and the zones that their times are told in."""

    lines: list[Line]
    zones: frozenset[str]


def vevents(event: Event, owner: Owner, is_over: Callable[[], bool] = bool) -> Written:
    """A single event, or a series with everything that differs in it; `owner` is that of the calendar.

    An exception is written with all that it inherits. No more of them are written once `is_over`.
    """
    lines = _vevent(event, owner, _recurrence(event))
    zones = {*_zones(event.start, event.end), *_zones_of_lines(event)}
    for override, instance in zip(event.overrides, series.exceptions(event), strict=False):
        if is_over():
            break
        zones.update(_zones(override.original, instance.start, instance.end))
        lines += _vevent(instance, owner, [_recurrence_id(event, override)])
    for original in event.cancelled:
        zones.update(_zones(original))
        lines += _called_off(event, original)
    return Written(lines, frozenset(zones - {"UTC"}) if not event.floating else frozenset(zones - {"UTC", event.zone}))


def _vevent(event: Event, owner: Owner, about: list[Line]) -> list[Line]:
    floating = _floating(event)
    lines = [
        *_head(event),
        *about,
        time("DTSTART", event.start, floating=floating),
        *([] if event.end == event.start else [time("DTEND", event.end, floating=floating)]),
        *_texts(event),
        plain("STATUS", event.status.name),
        plain("TRANSP", "TRANSPARENT" if event.show_as in _TRANSPARENT else "OPAQUE"),
        plain("X-MICROSOFT-CDO-BUSYSTATUS", _BUSY_STATUS[event.show_as]),
        *particulars.lines(event, owner),
    ]
    return component("VEVENT", lines)


def _head(event: Event) -> list[Line]:
    stamp = utc_text(seconds(event.update_time))
    return [text("UID", event.uid), plain("DTSTAMP", stamp), plain("SEQUENCE", str(event.sequence))]


def _texts(event: Event) -> Iterator[Line]:
    for name, value in (
        ("SUMMARY", event.subject),
        ("DESCRIPTION", event.description),
        ("LOCATION", event.location),
    ):
        if value:
            yield text(name, value)


def _called_off(event: Event, original: EventTime) -> list[Line]:
    """An instance that does not take place: no more than that."""
    floating = _floating(event)
    lines = [
        *_head(event),
        time("RECURRENCE-ID", original, floating=floating),
        time("DTSTART", original, floating=floating),
        plain("STATUS", EventStatus.CANCELLED.name),
    ]
    return component("VEVENT", lines)


def _recurrence_id(event: Event, override: Override) -> Line:
    reach = {"RANGE": "THISANDFUTURE"} if override.following else {}
    return time("RECURRENCE-ID", override.original, floating=_floating(event), parameters=reach)


def _floating(event: Event) -> str:
    """The zone whose times are written without one."""
    return event.zone if event.floating else ""


def _recurrence(event: Event) -> list[Line]:
    if not event.floating or not isinstance(event.start, Zoned):
        return list(map(written, event.recurrence))
    return [written(_without_zone(line, event.zone)) for line in _local(event.recurrence, event.start)]


def _local(lines: tuple[str, ...], start: Zoned) -> tuple[str, ...]:
    """With UNTIL in local time, as it must be where the start is (section 3.3.10)."""
    if not lines:
        return ()
    found = parse_lines(lines, start, lenient=True)
    return format_lines(replace(found, rule=_until_local(found.rule, start.time_zone)))


def _until_local(rule: Rule | None, zone_name: str) -> Rule | None:
    if rule is None or not isinstance(rule.until, datetime) or rule.until.tzinfo is None:
        return rule
    return replace(rule, until=local_at(seconds(rule.until), zone_name).replace(tzinfo=None, fold=0))


def _without_zone(line: str, zone_name: str) -> str:
    if zone_name != "UTC" or line.startswith("RRULE"):
        return line.replace(f";TZID={zone_name}:", ":", 1)
    head, _, values = line.partition(":")
    return f"{head}:{values.replace('Z', '')}"


def _zones(*times: EventTime) -> Iterator[str]:
    return (time.time_zone for time in times if isinstance(time, Zoned))


def _zones_of_lines(event: Event) -> Iterator[str]:
    """The zones of RDATEs and EXDATEs."""
    if not any(";TZID=" in line for line in event.recurrence):
        return iter(())
    found = parse_lines(event.recurrence, event.start, lenient=True)
    return _zones(*(rdate.start for rdate in found.rdates), *found.exdates)
