"""Lists that are far too long, taken out before anything looks at their elements.

Each bad element costs a sentence, and a request of a few hundred kilobytes can hold tens of thousands of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from schedsvc.domain.limits import STREAM_FEEDS
from schedsvc.rpc.checks.report import Report, join

MOST = STREAM_FEEDS
"""No list or map of the contract may have more elements, those of lists inside it included; batches aside."""
MOST_IN_BATCH = 10_000
"""How many there may be in all writes of a batch together."""

_BATCHES = frozenset({"schedsvc.v1.BatchWriteEventsRequest.writes"})


def thinned(report: Report, request: Message) -> Message:
    """The request, or a copy without the lists that are too long, which are then in the report."""
    if next(_crowds(request, ""), None) is None:
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    for owner, name, path, most in list(_crowds(copy, "")):
        report.add(path, f"has more than {most:,} elements, those of lists inside it included")
        owner.ClearField(name)
    return copy


def _crowds(message: Message, path: str) -> Iterator[tuple[Message, str, str, int]]:
    """The lists and maps that are too long: the message, the field's name, its path in the request, and the most."""
    for field, value in message.ListFields():
        where = join(path, field.name)
        if not field.is_repeated:
            if field.message_type is not None:
                yield from _crowds(value, where)
        elif field.full_name in _BATCHES:
            yield from _crowds_of_batch(message, field, value, where)
        elif _size(field, value, MOST) > MOST:
            yield message, field.name, where, MOST


def _crowds_of_batch(
    message: Message, field: FieldDescriptor, elements: Sequence[Message], path: str
) -> Iterator[tuple[Message, str, str, int]]:
    """The batch as a whole, or else the lists and maps of its single writes."""
    if len(elements) > MOST:
        yield message, field.name, path, MOST
    elif _size(field, elements, MOST_IN_BATCH) > MOST_IN_BATCH:
        yield message, field.name, path, MOST_IN_BATCH
    else:
        for index, element in enumerate(elements):
            yield from _crowds(element, f"{path}[{index}]")


def _size(field: FieldDescriptor, elements: Sequence[Any], most: int) -> int:
    """The number of elements, and of those in the lists inside each; counting stops soon after `most`."""
    size = len(elements)
    if field.message_type is None or field.message_type.GetOptions().map_entry or size > most:
        return size
    for element in elements:
        size += _size_inside(element, most - size)
        if size > most:
            break
    return size


def _size_inside(message: Message, most: int) -> int:
    """The number of elements of all lists and maps in a message; counting stops soon after `most`."""
    size = 0
    for field, value in message.ListFields():
        if field.is_repeated:
            size += _size(field, value, most - size)
        elif field.message_type is not None:
            size += _size_inside(value, most - size)
        if size > most:
            break
    return size
