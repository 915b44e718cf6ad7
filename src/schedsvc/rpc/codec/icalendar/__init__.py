"""iCalendar (RFC 5545) as a wire format: a file of any origin in, components out; and events out, for any reader.

Real files break the rules in many ways, so whatever can be understood is read and each liberty is told; a component
that cannot be read never keeps out the others. Hostile ones are read in linear time: only single values go through the
`icalendar` package, whose parser of whole files has no bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from schedsvc.domain.interchange import Component
from schedsvc.domain.time import AllDay, EventTime, instant_of
from schedsvc.rpc.codec.icalendar import busy, events
from schedsvc.rpc.codec.icalendar.components import Raw, split
from schedsvc.rpc.codec.icalendar.events import Reader, sequence_of, stamp_of, uid_of
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties, Unusable
from schedsvc.rpc.codec.icalendar.times import Times
from schedsvc.rpc.codec.icalendar.zones import Zones

_SHOWN_LENGTH = 255
_WANTED = {"VEVENT": events.WANTED, "VFREEBUSY": busy.WANTED}
_WANTED_OF_OTHERS = frozenset({"UID", "RECURRENCE-ID"})


def parse(data: bytes, calendar_zone: str, is_over: Callable[[], bool] = bool) -> list[Component]:
    """The components of a file in their order, time zones apart; times that name no zone are in the calendar's.

    Nothing more is read once `is_over`. Raises InvalidInput, naming `data`, for a file that is no iCalendar file or too
    large. No bytes raise anything else.
    """
    found = split(data)
    reader = Reader(Zones(found.zones), calendar_zone)
    return _without_doubles([_component(raw, reader) for raw in found.components if not is_over()])


def _component(raw: Raw, reader: Reader) -> Component:
    notes = Notes()
    properties = Properties(raw.lines, _WANTED.get(raw.kind, _WANTED_OF_OTHERS), notes)
    component = Component(
        uid=properties.text("UID")[:_SHOWN_LENGTH],
        recurrence_id=properties.text("RECURRENCE-ID")[:_SHOWN_LENGTH],
        line=raw.line,
        draft=None,
        sequence=0,
        stamp=None,
        messages=(),
    )
    try:
        read = _read(component, raw, properties, reader, notes)
    except Unusable as reason:
        return replace(component, messages=(str(reason), *notes.messages()))
    sequence, stamp = sequence_of(properties, notes), stamp_of(properties, notes)
    return replace(read, sequence=sequence, stamp=stamp, messages=notes.messages())


def _read(component: Component, raw: Raw, properties: Properties, reader: Reader, notes: Notes) -> Component:
    if raw.problem:
        raise Unusable(raw.problem)
    if raw.kind not in _WANTED:
        raise Unusable(
            f"{raw.kind[:64]} is not supported: only VEVENT and VFREEBUSY are imported; write it as a VEVENT to keep it"
        )
    named = replace(component, uid=uid_of(raw, properties, notes))
    if raw.kind == "VEVENT":
        return reader.event(named, raw, properties, notes)
    times = Times(reader.zones, reader.calendar_zone, notes)
    return replace(named, periods=busy.periods(named.uid, properties, times))


def _without_doubles(components: Sequence[Component]) -> list[Component]:
    """Of several versions of one thing the one with the highest SEQUENCE counts, of those the newest, else the last."""
    counting: dict[_Key, Component] = {}
    for component in components:
        known = counting.get(key := _key(component))
        if not component.is_refused and (known is None or not _is_newer(known, component)):
            counting[key] = component
    return [
        component if component.is_refused else _counted(component, counting[_key(component)])
        for component in components
    ]


def _is_newer(known: Component, component: Component) -> bool:
    """By SEQUENCE and then, where both have one, by DTSTAMP (RFC 5546 section 2.1.5)."""
    if known.sequence != component.sequence or known.stamp is None or component.stamp is None:
        return known.sequence > component.sequence
    return known.stamp > component.stamp


def _counted(component: Component, counts: Component) -> Component:
    if counts is component:
        return component
    return replace(component, draft=None, periods=None, messages=(_double(counts), *component.messages))


_Key = tuple[str, bool, int | date | None]


def _key(component: Component) -> _Key:
    """What a component is about: an event or series, an exception of one, or taken time."""
    moment = None if component.original is None else _moment(component.original)
    return component.uid, component.periods is not None, moment


def _moment(time: EventTime) -> int | date:
    return time.day if isinstance(time, AllDay) else instant_of(time.local, time.time_zone)


def _double(counts: Component) -> str:
    about = "UID" if counts.original is None else "UID and RECURRENCE-ID"
    return f"the same {about} comes again in line {counts.line}, which counts"
