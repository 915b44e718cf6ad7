"""Cutting a file into its components, within limits and without recursion.

Nothing here looks at properties: a component whose inside is nonsense still has a place and an end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.limits import IMPORT_BYTES, IMPORT_COMPONENT_BYTES, IMPORT_COMPONENTS
from schedsvc.rpc.codec.icalendar.lines import FILE_LINES, Line, count, unfold

PROPERTIES = 1000
DEPTH = 4

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CALENDAR, _ZONE = "VCALENDAR", "VTIMEZONE"
# What never lies inside another component, so that it ends one which was not closed.
_OUTERMOST = frozenset({_CALENDAR, _ZONE, "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})


@dataclass(slots=True)
class Inner:
    """A component right inside another one, without what is nested in it."""

    kind: str
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Raw:
    """A component as it stands in the file; one with a `problem` cannot be read any further.

    `lines` are its own, not those of what is nested in it.
    """

    kind: str
    line: int
    lines: list[Line] = field(default_factory=list)
    inner: list[Inner] = field(default_factory=list)
    size: int = 0
    count: int = 0
    problem: str = ""

    def add(self, line: Line, to: list[Line] | None) -> None:
        """Takes a line in, unless that breaks a limit; `to` of None: it counts and is not kept."""
        self.size += len(line.data)
        self.count += 1
        if self.size > IMPORT_COMPONENT_BYTES:
            self.problem = self.problem or f"it is longer than {IMPORT_COMPONENT_BYTES} bytes"
        elif self.count > PROPERTIES:
            self.problem = self.problem or f"it has more than {PROPERTIES} properties"
        if self.problem:
            self.lines.clear()
            self.inner.clear()
        elif to is not None:
            to.append(line)


@dataclass(slots=True)
class Split:
    """The components of a file in their order, and its time zones, wherever they stand."""

    components: list[Raw] = field(default_factory=list)
    zones: list[Raw] = field(default_factory=list)


def split(data: bytes) -> Split:
    """Cuts the file. Raises InvalidInput for one that is no iCalendar file at all or too large as a whole."""
    if data.startswith(_UTF_16):
        raise _bad("must be UTF-8, and is UTF-16")
    if len(data) > IMPORT_BYTES:
        raise _bad(f"is more than {IMPORT_BYTES} bytes: import it in parts")
    if count(data) > FILE_LINES:
        raise _bad(f"has more than {FILE_LINES} lines: import it in parts")
    splitter = _Splitter()
    for line in unfold(data):
        splitter.take(line)
    splitter.close("the file ends inside it")
    if not splitter.recognised:
        raise _bad("is no iCalendar file: it has no BEGIN:VCALENDAR")
    return splitter.found


class _Splitter:
    """Where in the nesting the file is. `_inner` names what is open inside the open component."""

    def __init__(self) -> None:
        self.found = Split()
        self.recognised = False
        self._in_calendar = False
        self._open: Raw | None = None
        self._inner: list[str] = []

    def take(self, line: Line) -> None:
        if line.data[:1] in b"BbEe":
            marker, _, name = line.data[:256].partition(b":")
            marker = marker.upper()
            if marker == b"BEGIN":
                return self._begin(_name(name), line)
            if marker == b"END":
                return self._end(_name(name), line)
        if self._open is not None:
            self._open.add(line, self._place(self._open))
        return None

    def close(self, problem: str = "") -> None:
        """Ends the open component, if there is one."""
        if (closed := self._open) is None:
            return
        closed.problem = closed.problem or problem
        (self.found.zones if closed.kind == _ZONE else self.found.components).append(closed)
        if len(self.found.components) > IMPORT_COMPONENTS:
            raise _bad(f"has more than {IMPORT_COMPONENTS} components: import it in parts")
        self._open = None
        self._inner.clear()

    def _place(self, raw: Raw) -> list[Line] | None:
        """Where the lines go that come now."""
        if not self._inner:
            return raw.lines
        return raw.inner[-1].lines if len(self._inner) == 1 and raw.inner else None

    def _begin(self, name: str, line: Line) -> None:
        if name in _OUTERMOST:
            self.recognised = True
            self.close(f"it has no END:{self._open.kind}" if self._open else "")
        if name == _CALENDAR:
            self._in_calendar = True
        elif self._open is not None:
            self._begin_inner(self._open, name, line)
        elif self._in_calendar or name in _OUTERMOST:
            self._open = Raw(name, line.number)

    def _begin_inner(self, around: Raw, name: str, line: Line) -> None:
        if len(self._inner) + 2 >= DEPTH:
            around.problem = around.problem or f"it is nested deeper than {DEPTH} levels"
        else:
            if not self._inner and not around.problem:
                around.inner.append(Inner(name))
            self._inner.append(name)
            around.add(line, None)

    def _end(self, name: str, line: Line) -> None:
        if name == _CALENDAR:
            self.close(f"it has no END:{self._open.kind}" if self._open else "")
            self._in_calendar = False
        elif self._open is None:
            return
        elif name in self._inner:
            del self._inner[self._inner.index(name) :]
            self._open.add(line, None)
        elif name == self._open.kind:
            self.close()


def _name(raw: bytes) -> str:
    return raw.strip().decode("latin-1").upper()


def _bad(description: str) -> InvalidInput:
    return InvalidInput([Violation("data", description)])
