"""The properties of a component: names, parameters and values (RFC 5545 sections 3.1 and 3.2)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from icalendar.parser import unescape_backslash

from schedsvc.rpc.codec.icalendar.lines import Line

_NAME = re.compile(rb"\s*([A-Za-z0-9-]{1,64})[ \t]*([:;])")
_PARAMETER = re.compile(r'\s*+;\s*+([A-Za-z0-9-]{1,64})\s*+=((?:"[^"]*+"|[^";:])*+)')
_LIST = re.compile(r"\\.|[^\\,]+|,|\\", re.DOTALL)
_CARET = re.compile(r"\^([n^'])")
_CARETS = {"n": "\n", "^": "^", "'": '"'}
_MESSAGES = 20


class Unusable(ValueError):
    """The component cannot be imported; the text says why."""


@dataclass(frozen=True, slots=True)
class Property:
    """`value` is raw: its escapes depend on its type."""

    name: str
    params: Mapping[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value of a TEXT property (RFC 5545 section 3.3.11)."""
        text: str = unescape_backslash(self.value)
        return text


@dataclass(slots=True)
class Notes:
    """What was read leniently, each thing once, in order."""

    _found: dict[str, None] = field(default_factory=dict)

    def add(self, message: str) -> None:
        self._found.setdefault(message)

    def cut(self, text: str, limit: int, name: str) -> str:
        """The text with at most `limit` characters, which is told if it has more."""
        if len(text) > limit:
            self.add(f"{name} was cut to {limit} characters")
        return text[:limit]

    def messages(self) -> tuple[str, ...]:
        """At most 20 of them and how many there are beyond."""
        found = tuple(self._found)
        if len(found) <= _MESSAGES:
            return found
        return *found[:_MESSAGES], f"and {len(found) - _MESSAGES} more"


class Properties:
    """The properties of one component by name. Of those that may be there once, the first counts."""

    def __init__(self, lines: Iterable[Line], wanted: Container[str], notes: Notes) -> None:
        self._notes = notes
        self._found: dict[str, list[Property]] = {}
        self._others: dict[str, None] = {}
        for line in lines:
            if (found := self._read(line, wanted)) is not None:
                self._found.setdefault(found.name, []).append(found)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    @property
    def others(self) -> tuple[str, ...]:
        """The names of the properties that are there and not wanted, in the order of the file."""
        return tuple(self._others)

    def all(self, name: str) -> list[Property]:
        return self._found.get(name, [])

    def one(self, name: str) -> Property | None:
        """The property of that name, None if there is none."""
        found = self.all(name)
        if len(found) > 1:
            self._notes.add(f"{name} is there {len(found)} times: the first one counts")
        return found[0] if found else None

    def text(self, name: str) -> str:
        """The unescaped text without the blanks around it, "" if there is none."""
        found = self.one(name)
        return found.text.strip() if found else ""

    def word(self, name: str) -> str:
        """A value out of a fixed list, in upper case; "" if there is none."""
        found = self.one(name)
        return found.value.strip().upper() if found else ""

    def _read(self, line: Line, wanted: Container[str]) -> Property | None:
        head = _NAME.match(line.data)
        if head is None:
            self._notes.add(f"line {line.number} is no property and was left out")
            return None
        name = head[1].decode().upper()
        if name not in wanted:
            self._others.setdefault(name)
            return None
        if line.cut:
            self._notes.add(f"{name} is longer than 64 KiB and was left out")
            return None
        return self._parsed(name, head, line)

    def _parsed(self, name: str, head: re.Match[bytes], line: Line) -> Property | None:
        if head[2] == b":":
            return Property(name, {}, self._decoded(name, line.data[head.end() :]))
        found = _split(self._text(name, line.data[head.end(1) :]))
        if found is None:
            self._notes.add(f"{name} in line {line.number} cannot be read and was left out")
            return None
        params, value = found
        plain = {key: text if key == "TZID" else self._without_nul(name, text) for key, text in params.items()}
        return Property(name, plain, self._without_nul(name, value))

    def _decoded(self, name: str, raw: bytes) -> str:
        return self._without_nul(name, self._text(name, raw))

    def _text(self, name: str, raw: bytes) -> str:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            self._notes.add(f"{name} is not UTF-8: read as Latin-1")
            text = raw.decode("latin-1")
        return text

    def _without_nul(self, name: str, text: str) -> str:
        """No text that is kept may contain it. What names a zone keeps it, so that it names none."""
        if "\0" in text:
            self._notes.add(f"the character NUL in {name} was left out")
        return text.replace("\0", "")


def split_list(raw: str) -> list[str]:
    """The unescaped texts of a list, which are parted by commas that are not escaped (section 3.3.11)."""
    texts = [""]
    for piece in _LIST.findall(raw):
        if piece == ",":
            texts.append("")
        else:
            texts[-1] += piece
    return [unescape_backslash(text) for text in texts]


def _split(text: str) -> tuple[dict[str, str], str] | None:
    """The parameters and the value of what follows the name; None if they cannot be told apart.

    Of a parameter that is there twice the first counts. One pass, whatever the text.
    """
    params: dict[str, str] = {}
    at = 0
    while (found := _PARAMETER.match(text, at)) is not None:
        params.setdefault(found[1].upper(), _parameter(found[2]))
        at = found.end()
    return (params, text[at + 1 :]) if text[at : at + 1] == ":" else None


def _parameter(raw: str) -> str:
    """Without quotes; with what RFC 6868 escapes."""
    plain = raw.replace('"', "").strip()
    return _CARET.sub(lambda found: _CARETS[found[1]], plain) if "^" in plain else plain
