"""Lists that are far too long, taken out before anything looks at their elements.

Each bad element costs a sentence, and a request of a few hundred kilobytes can hold tens of thousands of them. Lists
that only the server sets are taken out however long they are: whoever sends back what was told need not shorten them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.api.field_behavior_pb2 import OUTPUT_ONLY
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from schedsvc.domain.limits import STREAM_FEEDS
from schedsvc.rpc.checks.report import Report, join
from schedsvc.rpc.codec.masks import behaviors

MOST = STREAM_FEEDS
"""No list or map of the contract may have more elements, those of lists inside it included; batches aside."""
MOST_IN_BATCH = 10_000
"""How many there may be in all writes of a batch together."""

_BATCHES = frozenset({"schedsvc.v1.BatchWriteEventsRequest.writes"})


@dataclass(frozen=True, slots=True)
class _Crowd:
    """A list or map to take out, with the message that it is in, its path in the request, and the most it may hold."""

    owner: Message
    field: FieldDescriptor
    path: str
    most: int = MOST


def thinned(report: Report, request: Message) -> Message:
    """The request, or a copy without the lists that are too long, which are then in the report."""
    if next(_crowds(request, ""), None) is None:
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    for crowd in list(_crowds(copy, "")):
        if not _is_told(crowd.field):
            report.add(crowd.path, f"has more than {crowd.most:,} elements, those of lists inside it included")
        crowd.owner.ClearField(crowd.field.name)
    return copy


def _is_told(field: FieldDescriptor) -> bool:
    return OUTPUT_ONLY in behaviors(field)


def _crowds(message: Message, path: str) -> Iterator[_Crowd]:
    for field, value in message.ListFields():
        where = join(path, field.name)
        if not field.is_repeated:
            if field.message_type is not None:
                yield from _crowds(value, where)
        elif field.full_name in _BATCHES:
            yield from _crowds_of_batch(message, field, value, where)
        elif _is_told(field) or _size(field, value, MOST) > MOST:
            yield _Crowd(message, field, where)


def _crowds_of_batch(
    message: Message, field: FieldDescriptor, elements: Sequence[Message], path: str
) -> Iterator[_Crowd]:
    """The batch as a whole, or else the lists and maps of its single writes."""
    if len(elements) > MOST:
        yield _Crowd(message, field, path)
    elif _size(field, elements, MOST_IN_BATCH) > MOST_IN_BATCH:
        yield _Crowd(message, field, path, MOST_IN_BATCH)
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
    """The number of elements of all lists and maps that count in a message; counting stops soon after `most`."""
    size = 0
    for field, value in message.ListFields():
        if _is_told(field):
            continue
        if field.is_repeated:
            size += _size(field, value, most - size)
        elif field.message_type is not None:
            size += _size_inside(value, most - size)
        if size > most:
            break
    return size
