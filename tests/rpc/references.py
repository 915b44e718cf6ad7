"""Where requests name resources, found in the contract, so that a new field is looked at without anybody's doing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from google.api.field_behavior_pb2 import IMMUTABLE, OUTPUT_ONLY, field_behavior
from google.api.resource_pb2 import resource, resource_reference
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)
Path = tuple[FieldDescriptor, ...]

# The kinds of parents by what is listed below them, and fields whose names may be of several kinds.
PARENTS: Mapping[str, str] = {
    "schedsvc/Calendar": "schedsvc/Account",
    "schedsvc/Event": "schedsvc/Calendar",
    "schedsvc/Grant": "schedsvc/Calendar",
    "schedsvc/BookingProfile": "schedsvc/Account",
    "schedsvc/Booking": "schedsvc/BookingProfile",
}
SEVERAL: Mapping[str, tuple[str, ...]] = {
    "schedsvc.v1.QueryFreeBusyRequest.targets": ("schedsvc/Calendar", "schedsvc/Account"),
    "schedsvc.v1.MemberGroup.members": ("schedsvc/Calendar", "schedsvc/Account"),
    "schedsvc.v1.StartSyncRequest.targets": ("schedsvc/Calendar", "schedsvc/BookingProfile"),
}


def references(request: Descriptor) -> Iterator[tuple[Path, str]]:
    """Every field of a request that names an existing resource, with the kind of the resource.

    What an update cannot change need not exist, and the requests of a batch can name nothing outside its parent.
    """
    ignored = {OUTPUT_ONLY, IMMUTABLE} if "update_mask" in request.fields_by_name else {OUTPUT_ONLY}
    yield from _within(request, (), ignored)
    if "update_mask" in request.fields_by_name:
        for field in request.fields:
            kind = _resource(field.message_type)
            if field.message_type is not None and kind:
                yield (field, field.message_type.fields_by_name["name"]), kind


def shown(path: Path) -> str:
    return ".".join(field.name for field in path)


def naming(request: M, path: Path, name: str) -> M:
    """A copy of the request with another name in that field; of a list the last entry."""
    copy = type(request)()
    copy.CopyFrom(request)
    inner: Any = copy
    for field in path[:-1]:
        inner = getattr(inner, field.name)
        inner = inner[-1] if field.is_repeated else inner
    last = path[-1]
    if last.is_repeated:
        values = getattr(inner, last.name)
        values[:] = [*list(values)[:-1], name]
    else:
        setattr(inner, last.name, name)
    return copy


def _within(message: Descriptor, path: Path, ignored: Collection[int]) -> Iterator[tuple[Path, str]]:
    for field in message.fields:
        if not set(field.GetOptions().Extensions[field_behavior]).isdisjoint(ignored):
            continue
        for kind in _kinds(field):
            yield (*path, field), kind
        inner = field.message_type
        if inner is not None and inner.full_name.startswith("schedsvc.") and not inner.name.endswith("Request"):
            yield from _within(inner, (*path, field), ignored)


def _kinds(field: FieldDescriptor) -> tuple[str, ...]:
    reference: Any = field.GetOptions().Extensions[resource_reference]
    if reference.type:
        return (reference.type,)
    if reference.child_type:
        return (PARENTS[reference.child_type],)
    return SEVERAL.get(field.full_name, ())


def _resource(message: Descriptor | None) -> str:
    return "" if message is None else str(message.GetOptions().Extensions[resource].type)
