"""One pass over a message by its annotations: what is required, what is a name, what a zone, what a text.

What to look at is compiled once for each message type. Fields that only the server sets, and names of resources,
which say what is meant and not what it holds, are passed over; of the resource of an update only what is named is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from google.api.field_behavior_pb2 import IDENTIFIER, OUTPUT_ONLY, REQUIRED
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from schedsvc.domain.time import zone_names
from schedsvc.rpc.checks import references
from schedsvc.rpc.checks.report import Report, at_key, join, shown
from schedsvc.rpc.checks.semantics import SEMANTICS, Semantic
from schedsvc.rpc.checks.updates import Update, named, update_of
from schedsvc.rpc.codec.masks import behaviors

Visit = Callable[[Report, str, Any], None]

# Tokens are opaque: whatever is wrong with one, the answer is that it is invalid.
_OPAQUE = frozenset({"page_token", "token", "tokens"})


# A write of a batch is for the parent of the batch.
_NEED_NOT_BE_SET: Mapping[str, str] = {"schedsvc.v1.EventWrite.create": "parent"}


@dataclass(frozen=True, slots=True)
class AllBut:
    """Holds every field but one."""

    name: str

    def __contains__(self, name: object) -> bool:
        return name != self.name


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look at in messages of one type, by field number."""

    required: Mapping[int, str]
    visits: Mapping[int, Visit]
    update: Update | None
    semantic: Semantic | None


def walk(report: Report, path: str, message: Message, *, required: bool | Container[str] = True) -> None:
    """Reports what is wrong with a message and inside it; of updates also what they name, which is all that counts.

    `required` tells which of the fields have to be set that the protos say are required.
    """
    plan = plan_of(message.DESCRIPTOR)
    missing = dict(plan.required) if required else {}
    for field, value in message.ListFields():
        missing.pop(field.number, None)
        if visit := plan.visits.get(field.number):
            visit(report, join(path, field.name), value)
    for name in missing.values():
        if required is True or (not isinstance(required, bool) and name in required):
            report.add(join(path, name), "is required")
    if plan.update is not None and (update := named(report, path, message, plan.update)):
        resource = join(path, plan.update.field)
        report.named[resource] = update.tree
        walk(report, resource, update.whole, required=update.required)
    if plan.semantic is not None:
        plan.semantic(report, path, message)


@cache
def plan_of(descriptor: Descriptor) -> Plan:
    """Compiles a message type."""
    fields = [f for f in descriptor.fields if not behaviors(f) & {OUTPUT_ONLY, IDENTIFIER}]
    visits = ((field.number, _visit(field)) for field in fields)
    return Plan(
        required={f.number: f.name for f in fields if REQUIRED in behaviors(f)},
        visits={number: visit for number, visit in visits if visit is not None},
        update=update_of(descriptor),
        semantic=SEMANTICS.get(descriptor.full_name),
    )


def _visit(field: FieldDescriptor) -> Visit | None:
    inner = field.message_type
    if references.is_updated(field):
        return None
    if inner is not None and inner.GetOptions().map_entry:
        return _map
    one = _walk_inside(field) if inner is not None else _text_visit(field)
    return _each(one) if one is not None and field.is_repeated else one


def _walk_inside(field: FieldDescriptor) -> Visit:
    optional = _NEED_NOT_BE_SET.get(field.full_name)
    return partial(walk, required=True if optional is None else AllBut(optional))


def _text_visit(field: FieldDescriptor) -> Visit | None:
    if field.type != FieldDescriptor.TYPE_STRING or field.name in _OPAQUE:
        return None
    if field.name == "time_zone":
        return _zone
    return references.check_of(field) or _text


def _each(visit: Visit) -> Visit:
    def each(report: Report, path: str, values: Iterable[Any]) -> None:
        for index, value in enumerate(values):
            visit(report, f"{path}[{index}]", value)

    return each


def _map(report: Report, path: str, entries: Mapping[str, str]) -> None:
    for key, value in entries.items():
        if "\0" in key or "\0" in value:
            report.add(at_key(path, key), "must not contain the character NUL")


def _text(report: Report, path: str, text: str) -> None:
    if "\0" in text:
        report.add(path, "must not contain the character NUL")


def _zone(report: Report, path: str, name: str) -> None:
    if name not in zone_names():
        report.add(path, f"{shown(name)} is not an IANA time zone", "BAD_TIME_ZONE")
