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
"""No list or map of the contract may have more elements, those of lists inside it included."""


def thinned(report: Report, request: Message) -> Message:
    """The request, or a copy without the lists that are too long, which are then in the report."""
    if next(_crowds(request, ""), None) is None:
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    for owner, name, path in list(_crowds(copy, "")):
        report.add(path, f"has more than {MOST:,} elements")
        owner.ClearField(name)
    return copy


def _crowds(message: Message, path: str) -> Iterator[tuple[Message, str, str]]:
    """The lists and maps that are too long: the message, the field's name, and its path in the request."""
    for field, value in message.ListFields():
        where = join(path, field.name)
        if field.is_repeated:
            if _size(field, value) > MOST:
                yield message, field.name, where
        elif field.message_type is not None:
            yield from _crowds(value, where)


def _size(field: FieldDescriptor, elements: Sequence[Any]) -> int:
    """The number of elements, and of those in the lists of each; counting stops soon after `MOST`."""
    size = len(elements)
    if field.message_type is None or field.message_type.GetOptions().map_entry or size > MOST:
        return size
    for element in elements:
        size += sum(_size(inner, value) for inner, value in element.ListFields() if inner.is_repeated)
        if size > MOST:
            break
    return size
