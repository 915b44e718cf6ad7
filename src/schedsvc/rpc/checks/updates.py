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
from schedsvc.rpc.checks.walk import walk
from schedsvc.rpc.codec.masks import ALL, Tree, UnknownPath, descriptor_of, merge, resolved, tree_of


@dataclass(frozen=True, slots=True)
class Update:
    """The field that holds the resource, and the check of the resource's name."""

    field: str
    check_name: Check


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


def walk_update(report: Report, request: Message, update: Update) -> Tree:
    """Reports what is wrong with the mask and with the fields that it names; answers with those."""
    if not request.HasField(update.field):
        return {}
    resource: Message = getattr(request, update.field)
    mask = _valid_part(report, resource, getattr(request, MASK))
    _check_name(report, resource, update)
    tree = {} if mask is None else tree_of(resource, mask)
    whole: Tree = {name: None for name, below in tree.items() if below is None}
    walk(report, update.field, merge(type(resource)(), resource, whole), required=_required(mask, whole))
    return tree


def _required(mask: FieldMask | None, whole: Tree) -> bool | Container[str]:
    """What is not named is left as it is, so that it need not be set."""
    return whole if mask is not None and mask.paths else False


def _valid_part(report: Report, resource: Message, mask: FieldMask) -> FieldMask | None:
    """The mask without its bad paths; None if none is left of some."""
    paths = [path for index, path in enumerate(mask.paths) if _is_valid(report, resource, index, path)]
    return FieldMask(paths=paths) if paths or not mask.paths else None


def _is_valid(report: Report, resource: Message, index: int, path: str) -> bool:
    if path == ALL:
        return True
    try:
        resolved(descriptor_of(resource), path)
    except UnknownPath as error:
        report.add(f"{MASK}.paths[{index}]", str(error))
        return False
    return True


def _check_name(report: Report, resource: Message, update: Update) -> None:
    path = join(update.field, "name")
    name: str = getattr(resource, "name")  # noqa: B009 - a message of any resource type
    if name:
        update.check_name(report, path, name)
    else:
        report.add(path, "is required")
