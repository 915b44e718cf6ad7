"""iCalendar files as text: just enough to split one by room and to find when it begins. The server reads the rest.

Nothing is parsed that need not be: a component keeps its own lines, so that what the server gets is what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from schedsvc.domain.time import zone, zone_names

_BREAK = re.compile(r"\r\n|\r|\n")
_PROPERTY = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;(?:[^\":;]|\"[^\"]*\")*)*):(?P<value>.*)", re.DOTALL)
_TZID = re.compile(r";TZID=\"?(?P<zone>[^\";:]+)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")
_HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//schedsvc//import//EN")


@dataclass(frozen=True, slots=True)
class Line:
    """A physical line and its number in the file, from 1; 0 for a line that was added."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Component:
    """A component right below the calendar, or outside of any, from its BEGIN to its END."""

    kind: str
    lines: tuple[Line, ...]

    def value(self, name: str) -> str:
        """The text of a property of the component itself, unescaped; empty if there is none."""
        found = self._property(name)
        return _unescape(found["value"]).strip() if found else ""

    def start(self) -> datetime | None:
        """DTSTART as an instant; None if there is none that can be read. A date begins at midnight UTC."""
        found = self._property("DTSTART")
        return _instant(found["value"].strip(), found["parameters"]) if found else None

    def zone(self) -> str:
        """The zone that DTSTART names; empty if none."""
        found = self._property("DTSTART")
        tzid = _TZID.search(found["parameters"]) if found else None
        return tzid["zone"] if tzid else ""

    def _property(self, name: str) -> re.Match[str] | None:
        depth = 0
        for line in unfolded(self.lines):
            found = _PROPERTY.fullmatch(line)
            label = found["name"].upper() if found else ""
            depth += (label == "BEGIN") - (label == "END")
            if depth == 1 and label == name:
                return found
        return None


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """The lines of the calendar itself and its components, in the order of the file."""

    properties: tuple[Line, ...]
    components: tuple[Component, ...]

    @property
    def events(self) -> tuple[Component, ...]:
        return tuple(component for component in self.components if component.kind == "VEVENT")

    @property
    def zone(self) -> str:
        """The zone of the calendar, or else the first that an event names and the server knows, or else UTC."""
        named = (line.text.partition(":")[2].strip() for line in self.properties if _is_zone(line.text))
        for name in (*named, *(event.zone() for event in self.events)):
            if name in zone_names():
                return name
        return "UTC"

    def part(self, components: Iterable[Component]) -> Part:
        """A calendar of these components, with everything that all of them may refer to."""
        zones = [component for component in self.components if component.kind == "VTIMEZONE"]
        inner = [line for component in (*zones, *components) for line in component.lines]
        head = [*map(_added, _HEAD), *self.properties]
        return Part((*head, *inner, _added("END:VCALENDAR")))


@dataclass(frozen=True, slots=True)
class Part:
    """A calendar made from some components of a file."""

    lines: tuple[Line, ...]

    def encoded(self) -> bytes:
        return "".join(f"{line.text}\r\n" for line in self.lines).encode("utf-8", "surrogateescape")

    def original(self, number: int) -> int:
        """The line of the file behind a line of this part, both from 1."""
        return self.lines[number - 1].number if 1 <= number <= len(self.lines) else 0


def read(raw: bytes) -> CalendarFile:
    """Takes any bytes apart; what is not UTF-8 is kept as it is."""
    texts = _BREAK.split(raw.decode("utf-8-sig", "surrogateescape"))
    lines = [Line(number, text) for number, text in enumerate(texts, 1) if text]
    properties: list[Line] = []
    components: list[Component] = []
    inside: list[Line] = []
    kind, depth = "", 0
    for line in lines:
        label, name = _bracket(line.text)
        if label and name == "VCALENDAR" and not depth:
            continue
        if label == "BEGIN" and not depth:
            kind = name
        depth = max(0, depth + (label == "BEGIN") - (label == "END"))
        (inside if inside or depth else properties).append(line)
        if inside and not depth:
            components.append(Component(kind, tuple(inside)))
            inside = []
    if inside:
        components.append(Component(kind, tuple(inside)))
    kept = [line for line in properties if not line.text.upper().startswith(("VERSION", "PRODID"))]
    return CalendarFile(tuple(kept), tuple(components))


def unfolded(lines: Sequence[Line]) -> Iterator[str]:
    """Logical lines (RFC 5545 section 3.1): a line that begins with a blank continues the one before."""
    current = ""
    for line in lines:
        if line.text[:1] in " \t":
            current += line.text[1:]
            continue
        if current:
            yield current
        current = line.text
    if current:
        yield current


def _added(text: str) -> Line:
    return Line(0, text)


def _bracket(text: str) -> tuple[str, str]:
    label, _, name = text.partition(":")
    return (label.strip().upper(), name.strip().upper()) if label.strip().upper() in ("BEGIN", "END") else ("", "")


def _is_zone(text: str) -> bool:
    return text.upper().startswith("X-WR-TIMEZONE:")


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def _instant(text: str, parameters: str) -> datetime | None:
    tzid = _TZID.search(parameters)
    local = zone(tzid["zone"]) if tzid and tzid["zone"] in zone_names() else UTC
    try:
        if len(text) == 8:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S").replace(
            tzinfo=UTC if text.endswith("Z") else local
        )
    except ValueError:
        return None
