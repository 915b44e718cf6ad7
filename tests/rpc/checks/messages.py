"""Messages of any type, in which most values are nearly right."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from schedsvc.rpc.codec.masks import descriptor_of

M = TypeVar("M", bound=Message)

TEXTS = [
    "", "x", "a@example.com", "\0", "é\u202e", "x" * 300, "UTC", "Europe/Berlin", "Mars",
    "2030-01-01", "2030-03-31T02:30", "9999-12-31", "0001-01-01T00:00", "2030-10-27T02:30:00", "P2M", "P0D",
    "accounts/a", "accounts/-", "accounts/a/calendars/primary", "accounts/a/calendars/a/events/e",
    "accounts/a/calendars/a/events/e~20300101", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY;BYDAY=MO", "https://x.y",
    "accounts/a/bookingProfiles/p", "{{x:date}}", "{{x}}", "{{", "#00ff00",
]  # fmt: skip
NUMBERS = [0, 1, 5, 15, 30, 60, 600, 1440, 1441, 10**5, -1, 2**31 - 1, -(2**31)]
SECONDS = [0, 60, 1800, 1_893_495_600, 1_893_495_601, 7_258_118_400, -(2**62), 2**62, -1]
NANOS = [0, 0, 1, -1, 999_999_999, 2**31 - 1]
PATHS = [
    "subject",
    "recurrence",
    "pattern",
    "pattern.count",
    "start",
    "start.date",
    "end.time_zone",
    "*",
    "uid",
    "name",
    "work_hours",
    "external_ref.etag",
    "x",
]


def messages(kind: type[M]) -> st.SearchStrategy[M]:
    return values(descriptor_of(kind())).map(lambda given: filled(kind(), given))


def filled(message: M, given: dict[str, Any]) -> M:
    for name, value in given.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, name).update(value)
        elif field.message_type is not None:
            for one in value if field.is_repeated else [value]:
                filled(getattr(message, name).add() if field.is_repeated else getattr(message, name), one)
            if not field.is_repeated:
                getattr(message, name).SetInParent()
        elif field.is_repeated:
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return message


@cache
def values(descriptor: Descriptor) -> st.SearchStrategy[dict[str, Any]]:
    """One strategy for each type: a message may hold others of its own type."""
    return st.fixed_dictionaries({}, optional={field.name: value_of(field) for field in descriptor.fields})


def value_of(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return st.dictionaries(st.sampled_from(TEXTS), st.sampled_from(TEXTS), max_size=2)
    one = st.deferred(lambda: values(inner)) if inner is not None else scalar(field)
    return st.lists(one, max_size=3) if field.is_repeated else one


def scalar(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=4)
    if field.type == FieldDescriptor.TYPE_STRING:
        return st.sampled_from(PATHS if field.name == "paths" else TEXTS)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return st.integers(0, 6)
    return st.sampled_from({"seconds": SECONDS, "nanos": NANOS}.get(field.name, NUMBERS))
