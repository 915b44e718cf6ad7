"""What every update has in common: the named fields are put over the record as it is, and the whole is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from google.api.field_behavior_pb2 import IMMUTABLE
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.rpc import checks
from schedsvc.rpc.codec.masks import Tree, behaviors, descriptor_of, merge, tree_of

M = TypeVar("M", bound=Message)


def merger(resource: M, mask: FieldMask, path: str) -> Callable[[M], M]:
    """A function that merges an update into the encoded record, which it changes and returns.

    It raises InvalidInput if the outcome breaks a rule or an immutable field would change. `path` is that of the
    resource in the request. `mask` must have passed the checks.
    """
    tree = tree_of(resource, mask)

    def merged(current: M) -> M:
        found = list(_changed_immutables(current, resource, tree, path))
        outcome = merge(current, resource, tree)
        found += checks.merged_violations(outcome, path)
        if found:
            raise InvalidInput(found)
        return outcome

    return merged


def _changed_immutables(current: M, resource: M, tree: Tree, path: str) -> Iterator[Violation]:
    for name in tree:
        field = descriptor_of(resource).fields_by_name[name]
        if IMMUTABLE in behaviors(field) and not _same(current, resource, field):
            yield Violation(f"{path}.{name}", "cannot be changed")


def _same(current: Message, resource: Message, field: FieldDescriptor) -> bool:
    """An enum that is not set is read as its first value after UNSPECIFIED."""
    old, new = getattr(current, field.name), getattr(resource, field.name)
    return bool(old == ((new or 1) if field.enum_type is not None else new))
