"""Update requests (AIP-134): the mask, the name of what is updated, and of the rest only what the mask names."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from functools import cache

from google.protobuf.descriptor import Descriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from schedsvc.rpc.checks.references import MASK, Check, name_check_of
from schedsvc.rpc.checks.report import Report, join
from schedsvc.rpc.codec.masks import ALL, Tree, UnknownPath, descriptor_of, merge, resolved, tree_of


@dataclass(frozen=True, slots=True)
class Update:
    """The field that holds the resource, and the check of the resource's name."""

    field: str
    check_name: Check


@dataclass(frozen=True, slots=True)
class Named:
    """What an update names: its fields, those of them that are named as a whole, and which of these have to be set."""

    tree: Tree
    whole: Message
    required: bool | Container[str]


@cache
def update_of(descriptor: Descriptor) -> Update | None:
    """How a request updates, None if it does not."""
    if MASK not in descriptor.fields_by_name:
        return None
    for field in descriptor.fields:
        check = name_check_of(field.message_type) if field.message_type else None
        if check is not None:
            return Update(field.name, check)
    return None


def named(report: Report, path: str, request: Message, update: Update) -> Named | None:
    """What the update at `path` names, after reporting what is wrong with its mask; None without a resource."""
    if not request.HasField(update.field):
        return None
    resource: Message = getattr(request, update.field)
    mask = _valid_part(report, join(path, MASK), resource, getattr(request, MASK))
    _check_name(report, join(path, update.field), resource, update)
    tree = {} if mask is None else tree_of(resource, mask)
    whole: Tree = {name: None for name, below in tree.items() if below is None}
    return Named(tree, merge(type(resource)(), resource, whole), _required(mask, whole))


def _required(mask: FieldMask | None, whole: Tree) -> bool | Container[str]:
    """What is not named is left as it is, so that it need not be set."""
    return whole if mask is not None and mask.paths else False


def _valid_part(report: Report, path: str, resource: Message, mask: FieldMask) -> FieldMask | None:
    """The mask without its bad paths; None if none is left of some."""
    paths = [text for index, text in enumerate(mask.paths) if _is_valid(report, path, resource, index, text)]
    return FieldMask(paths=paths) if paths or not mask.paths else None


def _is_valid(report: Report, path: str, resource: Message, index: int, text: str) -> bool:
    if text == ALL:
        return True
    try:
        resolved(descriptor_of(resource), text)
    except UnknownPath as error:
        report.add(f"{path}.paths[{index}]", str(error))
        return False
    return True


def _check_name(report: Report, path: str, resource: Message, update: Update) -> None:
    name: str = getattr(resource, "name")  # noqa: B009 - a message of any resource type
    if name:
        update.check_name(report, join(path, "name"), name)
    else:
        report.add(join(path, "name"), "is required")
