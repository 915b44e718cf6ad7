"""The rules that the protos declare with `buf.validate`, in the words of the service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import protovalidate
from google.api.field_behavior_pb2 import IDENTIFIER, OUTPUT_ONLY
from google.protobuf.message import Message

from schedsvc.rpc.checks.report import Report, at_key, join
from schedsvc.rpc.codec.masks import Tree, behaviors, descriptor_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

_ID = "^([a-z0-9][a-z0-9_-]{0,63})?$"
_PATTERNS = {
    _ID: "must be 1 to 64 of a-z, 0-9, _ and -, the first a letter or digit",
    "^(https://.*)?$": "must begin with https://",
    "^[ -~]{0,128}$": "must be at most 128 printable ASCII characters",
    "^(#[0-9a-f]{6})?$": "must be written #rrggbb, in lower case",
    "^[a-z0-9-]{0,64}$": "must be 1 to 64 of a-z, 0-9 and -",
    "^(P?[0-9]{1,4}[DWM])?$": "must be written P30D, P2W or P3M",
    "^\\P{Cc}*$": "must not contain control characters",
    "^[^\\x00]*$": "must not contain the character NUL",
}
_TEXTS = {
    "string.email": "must be an e-mail address",
    "string.not_in": "is reserved",
    "repeated.unique": "must not name anything twice",
    "enum.defined_only": "is no value of the enum",
    "enum.not_in": "is required",
}


def collect(report: Report, request: Message) -> None:
    """Adds the violations, apart from those in what is ignored.

    That is what only the server sets, and of the resource of an update what it does not name (`Report.named`).
    """
    for violation in protovalidate.collect_violations(request):
        elements = _elements(violation)
        if _is_ignored(descriptor_of(request), [element.field_name for element in elements]):
            continue
        if _is_named(report, elements):
            report.add(_path(elements), _text(violation))


def _elements(violation: protovalidate.Violation) -> Sequence[Any]:
    """The steps from the request to the field; none for a rule about the request itself."""
    field = violation.proto.field
    return field.elements if field is not None else ()


def _is_ignored(descriptor: Descriptor | None, names: Sequence[str]) -> bool:
    for name in names:
        if descriptor is None:
            return False
        field = descriptor.fields_by_name[name]
        if behaviors(field) & {OUTPUT_ONLY, IDENTIFIER}:
            return True
        descriptor = field.message_type
    return False


def _is_named(report: Report, elements: Sequence[Any]) -> bool:
    """Whether the field is outside of all updates, or an update names it."""
    for end in range(1, len(elements)):
        tree = report.named.get(_path(elements[:end]))
        if tree is not None and not _covers(tree, [element.field_name for element in elements[end:]]):
            return False
    return True


def _covers(tree: Tree, names: Sequence[str]) -> bool:
    here: Tree | None = tree
    for name in names:
        if here is None:
            return True
        if name not in here:
            return False
        here = here[name]
    return True


def _path(elements: Sequence[Any]) -> str:
    path = ""
    for element in elements:
        path = join(path, element.field_name)
        if (subscript := element.subscript) is not None:
            index = subscript.field == "index"
            path = f"{path}[{subscript.value}]" if index else at_key(path, str(subscript.value))
    return path


def _text(violation: protovalidate.Violation) -> str:
    text = _sentence(violation)
    return f"the key {text}" if violation.proto.for_key else text


def _sentence(violation: protovalidate.Violation) -> str:
    rule = violation.proto.rule_id
    if rule == "string.pattern":
        return _PATTERNS[str(violation.rule_value)]
    if rule == "string.min_len" and violation.rule_value == 1:
        return "must not be empty"
    return _TEXTS.get(rule, violation.proto.message)
