"""iCalendar (RFC 5545) as a wire format: a file of any origin in, components out.

Real files break the rules in many ways, so whatever can be understood is read and each liberty is told; a component
that cannot be read never keeps out the others. Hostile ones are read in linear time: only single values go through the
`icalendar` package, whose parser of whole files has no bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schedsvc.domain.interchange import Component
from schedsvc.rpc.codec.icalendar.components import Raw, split
from schedsvc.rpc.codec.icalendar.events import WANTED, Reader, require_single, sequence_of, stamp_of, uid_of
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties, Unusable
from schedsvc.rpc.codec.icalendar.zones import Zones

_SHOWN_LENGTH = 255


def parse(data: bytes, calendar_zone: str) -> list[Component]:
    """The components of a file in their order, time zones apart; times that name no zone are in the calendar's.

    Raises InvalidInput, naming `data`, for a file that is no iCalendar file or too large. No bytes raise anything else.
    """
    found = split(data)
    reader = Reader(Zones(found.zones), calendar_zone)
    return _without_doubles([_component(raw, reader) for raw in found.components])


def _component(raw: Raw, reader: Reader) -> Component:
    notes = Notes()
    properties = Properties(raw.lines, WANTED, notes)
    uid = properties.text("UID")[:_SHOWN_LENGTH]
    component = Component(
        uid=uid,
        recurrence_id=properties.text("RECURRENCE-ID")[:_SHOWN_LENGTH],
        line=raw.line,
        draft=None,
        sequence=0,
        stamp=None,
        messages=(),
    )
    try:
        _require_event(raw)
        require_single(properties)
        uid = uid_of(raw, properties, notes)
        draft = reader.draft(properties, uid, notes)
    except Unusable as reason:
        return replace(component, messages=(str(reason), *notes.messages()))
    sequence, stamp = sequence_of(properties, notes), stamp_of(properties, notes)
    return replace(component, uid=uid, draft=draft, sequence=sequence, stamp=stamp, messages=notes.messages())


def _require_event(raw: Raw) -> None:
    if raw.problem:
        raise Unusable(raw.problem)
    if raw.kind != "VEVENT":
        raise Unusable(f"{raw.kind[:64]} is not supported yet")


def _without_doubles(components: Sequence[Component]) -> list[Component]:
    """Of events with one UID the last counts; the others become refusals."""
    last = {component.uid: component for component in components if component.draft is not None}
    return [
        component
        if component.draft is None or last[component.uid] is component
        else replace(component, draft=None, messages=(_double(last[component.uid]), *component.messages))
        for component in components
    ]


def _double(counts: Component) -> str:
    return f"the same UID comes again in line {counts.line}, which counts"
