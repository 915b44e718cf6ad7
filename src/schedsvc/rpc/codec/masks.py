"""Field masks (AIP-134): which fields an update names, and putting their values over the current ones.

Maps and repeated fields are replaced whole. `name` and `etag` are never part of an update; output-only fields neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from google.api.field_behavior_pb2 import IDENTIFIER, IMMUTABLE, OUTPUT_ONLY, field_behavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

Tree = Mapping[str, "Tree | None"]
"""The named fields; None for the whole of a field, else what is named inside it."""

ALL = "*"


class UnknownPath(ValueError):
    """The path names nothing that can be updated; the text can be shown."""


def descriptor_of(message: Message) -> Descriptor:
    """The message's type; the stubs know a second class for it."""
    return cast("Descriptor", message.DESCRIPTOR)


@cache
def behaviors(field: FieldDescriptor) -> frozenset[int]:
    """The field's `google.api.field_behavior` values."""
    return frozenset(field.GetOptions().Extensions[field_behavior])


def is_settable(field: FieldDescriptor) -> bool:
    """Whether callers have a say in the field's value."""
    return not behaviors(field) & {OUTPUT_ONLY, IDENTIFIER} and field.name != "etag"


def tree_of(resource: Message, mask: FieldMask) -> Tree:
    """What an update names: an absent mask the populated fields, `*` all; raises UnknownPath."""
    if not mask.paths:
        return {field.name: None for field, _ in resource.ListFields() if is_settable(field)}
    if ALL in mask.paths:
        return _everything(resource)
    return grown(descriptor_of(resource), mask.paths)


def grown(descriptor: Descriptor, paths: Iterable[str]) -> Tree:
    """The tree of some paths, `name` and `etag` left out; raises UnknownPath."""
    tree: dict[str, Any] = {}
    for path in dict.fromkeys(paths):
        if fields := resolved(descriptor, path):
            _graft(tree, [field.name for field in fields])
    return tree


def resolved(descriptor: Descriptor, path: str) -> list[FieldDescriptor]:
    """The fields along a path; none for `name` and `etag`, which say what is updated. Raises UnknownPath."""
    fields: list[FieldDescriptor] = []
    here: Descriptor | None = descriptor
    for name in path.split("."):
        field = here.fields_by_name.get(name) if here is not None else None
        if field is None:
            raise UnknownPath(f"{path!r:.80} is no field of {descriptor.name} that can be updated")
        if OUTPUT_ONLY in behaviors(field):
            raise UnknownPath(f"{path!r:.80} is set by the server alone")
        fields.append(field)
        here = _inside(field)
    return fields if is_settable(fields[0]) else []


def merge(target: M, source: M, tree: Tree) -> M:
    """Puts the named fields of `source`, set or not, over those of `target`, which it changes and returns."""
    for name, below in tree.items():
        if below is None:
            _replace(target, source, name)
        elif target.HasField(name) or source.HasField(name):
            merge(getattr(target, name), getattr(source, name), below)
    return target


def _graft(tree: dict[str, Any], names: list[str]) -> None:
    *outer, last = names
    for name in outer:
        inside: dict[str, Any] | None = tree.setdefault(name, {})
        if inside is None:
            return
        tree = inside
    tree[last] = None


def _inside(field: FieldDescriptor) -> Descriptor | None:
    """The message whose fields a path may go on to: a single one of ours, a timestamp being a value."""
    within: Descriptor | None = field.message_type
    if within is None or field.is_repeated or not within.full_name.startswith("schedsvc."):
        return None
    return within


def _everything(resource: Message) -> Tree:
    """All that can be updated; what is immutable need not be repeated."""
    populated = {field.name for field, _ in resource.ListFields()}
    return {
        field.name: None
        for field in descriptor_of(resource).fields
        if is_settable(field) and (IMMUTABLE not in behaviors(field) or field.name in populated)
    }


def _replace(target: Message, source: Message, name: str) -> None:
    target.ClearField(name)
    field = source.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        getattr(target, name).MergeFrom(getattr(source, name))
    elif field.has_presence and not source.HasField(name):
        return
    elif field.message_type is not None:
        getattr(target, name).CopyFrom(getattr(source, name))
    else:
        setattr(target, name, getattr(source, name))
