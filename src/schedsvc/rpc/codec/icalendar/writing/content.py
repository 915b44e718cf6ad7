"""Content lines: names, parameters, escaped values, folded at 75 octets (RFC 5545 sections 3.1 and 3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from icalendar.parser import Contentline, Parameters
from icalendar.prop import vText

from schedsvc.domain.recurrence.text import format_time
from schedsvc.domain.time import AllDay, EventTime, utc

Line = bytes
"""One line, folded, with its end."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NONE: Mapping[str, str] = {}


class _Plain:
    """A value that is written as it is."""

    def __init__(self, value: str) -> None:
        self._value = value

    def to_ical(self) -> bytes:
        return self._value.encode()


def plain(name: str, value: str, parameters: Mapping[str, str] = _NONE) -> Line:
    """A value that needs no escapes, such as a time, a number or an address."""
    return _line(name, parameters, _Plain(_clean(value).replace("\n", "")))


def text(name: str, value: str, parameters: Mapping[str, str] = _NONE) -> Line:
    """A TEXT (section 3.3.11). Control characters, which it must not contain, are left out."""
    return _line(name, parameters, vText(_clean(value)))


def texts(name: str, values: Iterable[str]) -> Line:
    """A list of TEXTs."""
    return _line(name, _NONE, _Plain(",".join(vText(_clean(value)).to_ical().decode() for value in values)))


def time(name: str, when: EventTime, *, floating: str = "", parameters: Mapping[str, str] = _NONE) -> Line:
    """A date, or a time: in UTC, local in a zone, or without one if that is the zone named by `floating`."""
    if isinstance(when, AllDay):
        return plain(name, format_time(when.day), {**parameters, "VALUE": "DATE"})
    written = format_time(when.local)
    if when.time_zone == floating:
        return plain(name, written, parameters)
    if when.time_zone == "UTC":
        return plain(name, f"{written}Z", parameters)
    return plain(name, written, {**parameters, "TZID": when.time_zone})


def instant(name: str, second: int) -> Line:
    """A time in UTC."""
    return plain(name, utc_text(second))


def utc_text(second: int) -> str:
    return format_time(utc(second))


def component(kind: str, lines: Iterable[Line]) -> list[Line]:
    """The lines between their BEGIN and END."""
    return [f"BEGIN:{kind}\r\n".encode(), *lines, f"END:{kind}\r\n".encode()]


def written(line: str) -> Line:
    """A whole unfolded line."""
    head, _, value = line.partition(":")
    return _line(head, _NONE, _Plain(value))


def _line(name: str, parameters: Mapping[str, str], value: _Plain | vText) -> Line:
    given = Parameters({key: _clean(text) for key, text in parameters.items() if text})
    folded: bytes = Contentline.from_parts(name, given, value).to_ical()
    return folded + b"\r\n"


def _clean(value: str) -> str:
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")) if not value.isprintable() else value
