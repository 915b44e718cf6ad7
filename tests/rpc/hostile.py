"""Hostile requests, made by schema from a valid one: bad values in good messages, and bytes that are no message."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

TEXTS: Sequence[str] = (
    "",
    "\0",
    "a\0b",
    "x" * 257,
    "x" * 70_000,
    "é" * 5_000,
    "-",
    "*",
    "%",
    "_",
    "primary",
    "accounts/-",
    "accounts/",
    "accounts/ada/",
    "accounts//calendars/x",
    "accounts/ada/calendars/primary",
    "accounts/ada/calendars/-",
    "accounts/ada/calendars/side/events/standup",
    "accounts/ada/calendars/side/events/standup_20300107T120000Z",
    "accounts/ada/calendars/side/events/standup~20300107T120000Z",
    "accounts/ada/calendars/side/events/standup~20300107",
    "accounts/ada/calendars/side/events/~",
    "accounts/ada/bookingProfiles/intro",
    "accounts/ada/bookingProfiles/-",
    "accounts/-/bookingProfiles/-",
    "accounts/ada/bookingProfiles/intro/bookings/first",
    "accounts/" + "a" * 65,
    "accounts/ADA",
    "accounts/ada\n",
    "../../etc/passwd",
    "/etc/localtime",
    "W. Europe Standard Time",
    "europe/berlin",
    "Europe/Berlin",
    "UTC",
    "'; DROP TABLE events; --",
    "\\",
    "\ud7ff\ue000",
    "\u202eevil",
    "👩‍🚀",
    "line\r\nbreak",
    "{{name",
    "{{" * 4_000,
    "{{a:integer}} {{a:date}}",
    "{{name.__class__}}",
    "{{missing}}",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "2030-02-30",
    "2030-01-07",
    "2030-01-07T24:00",
    "2030-01-07T09:00:60",
    "2030-03-31T02:30:00",
    "2030-01-07T09:00+01:00",
    "P0D",
    "P9999D",
    "P2M",
    "p1d",
    "RRULE:FREQ=DAILY",
    "RRULE:FREQ=SECONDLY;COUNT=2147483647",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "RDATE;VALUE=PERIOD:20300107T090000Z/P9999999D",
    "EXDATE;TZID=../../etc/passwd:20300107T090000",
    "#00FF00",
    '"1"',
    "a@b",
    "a@example.org",
    "a@example.org\r\nBcc: all@example.org",
    "AAAA",
    "Ab_-" * 1_100,
)
NUMBERS: Sequence[int] = (0, 1, -1, 2, 7, 59, 60, 61, 1439, 1440, 43_200, 10**6, 2**31 - 1, -(2**31))
LARGE: Sequence[int] = (*NUMBERS, 2**31, 2**53, 253_402_300_799, 253_402_300_800, -62_135_596_801, 2**63 - 1, -(2**63))
PATHS: Sequence[str] = (
    "*",
    "name",
    "etag",
    "display_name",
    "create_time",
    "work_hours.time_zone",
    "start.date",
    "start.resolved",
    "metadata.key",
    "recurrence",
    "pattern",
    "pattern.end_date",
    "exceptions",
    "attendees.email",
    "duration.seconds",
    "",
    ".",
    "a.b.c",
    "display_name.x",
    "start\0",
    "x" * 5_000,
)

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: NUMBERS,
    FieldDescriptor.TYPE_INT64: LARGE,
}

_DEEP = 2


def messages(valid: Message, seed: str, count: int) -> list[bytes]:
    """So many hostile requests: half are valid on the wire with bad values, half are mutated or random bytes."""
    choice = random.Random(seed)
    return [(_altered if number % 2 else _mutated)(valid, choice) for number in range(count)]


def _altered(valid: Message, choice: random.Random) -> bytes:
    message = type(valid)()
    message.CopyFrom(valid)
    for _ in range(choice.choice((1, 1, 1, 2, 3))):
        _spoil(message, choice)
    return message.SerializeToString()


def _spoil(message: Any, choice: random.Random, depth: int = 0) -> None:
    """Sets one field, of the message or of one inside it, to something bad."""
    field = choice.choice(message.DESCRIPTOR.fields)
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        _spoil_map(getattr(message, field.name), choice)
    elif field.is_repeated:
        _spoil_list(getattr(message, field.name), field, choice, depth)
    elif inner is not None:
        if choice.random() < 0.1:
            message.ClearField(field.name)
        else:
            part = getattr(message, field.name)
            part.SetInParent()
            _spoil(part, choice, depth + 1)
    elif choice.random() < 0.1:
        message.ClearField(field.name)
    else:
        setattr(message, field.name, _value(field, choice))


def _spoil_map(pairs: Any, choice: random.Random) -> None:
    for _ in range(choice.choice((1, 1, 51))):
        pairs[choice.choice(TEXTS) + str(len(pairs))] = choice.choice(TEXTS)


def _spoil_list(values: Any, field: FieldDescriptor, choice: random.Random, depth: int) -> None:
    size = choice.choice((0, 1, 2, 2, 101, 501))
    if field.message_type is not None:
        if values and choice.random() < 0.5:
            _spoil(choice.choice(values), choice, depth + 1)
            return
        # Deep inside, lists are short: a message may hold others of its own type.
        for _ in range(size if depth < _DEEP else min(size, 1)):
            _spoil(values.add(), choice, depth + 1)
        return
    if choice.random() < 0.3:
        values.extend(list(values))
        return
    short = size > 2
    added = [_value(field, choice, short=short) for _ in range(size)]
    if choice.random() < 0.5:
        del values[:]
    values.extend(added)


def _value(field: FieldDescriptor, choice: random.Random, *, short: bool = False) -> Any:
    makers: Mapping[int, Callable[[], Any]] = {
        FieldDescriptor.TYPE_STRING: lambda: _text(field, choice, short=short),
        FieldDescriptor.TYPE_BYTES: lambda: choice.randbytes(choice.choice((0, 1, 100, 20_000))),
        FieldDescriptor.TYPE_BOOL: lambda: choice.random() < 0.5,
        FieldDescriptor.TYPE_ENUM: lambda: choice.choice((0, 1, 2, 3, 5, 99, -1, 2**31 - 1)),
    }
    if field.type in _INTEGERS:
        return choice.choice(_INTEGERS[field.type])
    return makers[field.type]()


def _text(field: FieldDescriptor, choice: random.Random, *, short: bool) -> str:
    if field.full_name == "google.protobuf.FieldMask.paths":
        return choice.choice(PATHS)
    found = choice.choice(TEXTS)
    return found[:100] if short else found


def _mutated(valid: Message, choice: random.Random) -> bytes:
    raw = bytearray(valid.SerializeToString())
    way = choice.randrange(5)
    if way == 0 or not raw:
        return choice.randbytes(choice.choice((1, 2, 7, 64, 1_000)))
    if way == 1:
        del raw[choice.randrange(len(raw)) :]
    elif way == 2:
        for _ in range(choice.choice((1, 2, 8))):
            raw[choice.randrange(len(raw))] ^= 1 << choice.randrange(8)
    elif way == 3:
        raw += _bad_text(valid, choice)
    else:
        at = choice.randrange(len(raw))
        raw[at:at] = choice.randbytes(choice.choice((1, 4, 16)))
    return bytes(raw)


def _bad_text(valid: Message, choice: random.Random) -> bytes:
    """A field with bytes that are no UTF-8, or nested far too deep."""
    fields = [field for field in valid.DESCRIPTOR.fields if field.type == FieldDescriptor.TYPE_STRING]
    if not fields:
        return b"\x0b" * 400
    tag = choice.choice(fields).number << 3 | 2
    bad = choice.choice((b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"))
    return (
        bytes((tag & 0x7F | 0x80, tag >> 7)) + bytes((len(bad),)) + bad if tag > 127 else bytes((tag, len(bad))) + bad
    )
