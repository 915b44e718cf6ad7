"""Fields that hold names of resources, by their `google.api.resource_reference` (AIP-124)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.api.resource_pb2 import resource, resource_reference
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from schedsvc.domain import names
from schedsvc.rpc.checks.report import Report, shown
from schedsvc.rpc.codec.names import account_parent, booking_parent, parse_series

Parser = Callable[[str], object]
Check = Callable[[Report, str, str], None]

MASK = "update_mask"
"""The field that makes a request an update of the resource beside it."""

_RESOURCES: Mapping[str, tuple[Parser, str]] = {
    "schedsvc/Account": (names.parse_account, "accounts/{account}"),
    "schedsvc/Calendar": (names.parse_calendar, "accounts/{account}/calendars/{calendar}"),
    "schedsvc/Event": (names.parse_event, "accounts/{account}/calendars/{calendar}/events/{event}"),
    "schedsvc/Grant": (names.parse_grant, "accounts/{account}/calendars/{calendar}/grants/{grant}"),
    "schedsvc/BookingProfile": (
        names.parse_profile,
        "accounts/{account}/bookingProfiles/{profile}",
    ),
    "schedsvc/Booking": (
        names.parse_booking,
        "accounts/{account}/bookingProfiles/{profile}/bookings/{booking}",
    ),
}
_SERIES = "accounts/{account}/calendars/{calendar}/events/{event}, not of an instance"
# Fields where not every name of the kind will do.
_NARROWER: Mapping[str, tuple[Parser, str]] = {
    "schedsvc.v1.ListInstancesRequest.name": (parse_series, _SERIES),
    "schedsvc.v1.MoveEventRequest.name": (parse_series, _SERIES),
}
# By what is listed; only these may be wildcards (AIP-159).
_PARENTS: Mapping[str, tuple[Parser, str]] = {
    "schedsvc/Calendar": (account_parent, "accounts/{account} or accounts/-"),
    "schedsvc/Event": _RESOURCES["schedsvc/Calendar"],
    "schedsvc/Grant": _RESOURCES["schedsvc/Calendar"],
    "schedsvc/BookingProfile": (account_parent, "accounts/{account} or accounts/-"),
    "schedsvc/Booking": (
        booking_parent,
        "accounts/{account}/bookingProfiles/{profile}, with - for {profile} or for both",
    ),
}


def check_of(field: FieldDescriptor) -> Check | None:
    """The check of a field that is annotated as a reference, else None."""
    reference: Any = field.GetOptions().Extensions[resource_reference]
    if reference.type:
        return _checked(*_NARROWER.get(field.full_name, _RESOURCES[reference.type]))
    if reference.child_type:
        return _checked(*_PARENTS[reference.child_type])
    return None


def name_check_of(descriptor: Descriptor) -> Check | None:
    """The check of the `name` of a message that is a resource, else None."""
    kind: str = descriptor.GetOptions().Extensions[resource].type
    return _checked(*_RESOURCES[kind]) if kind else None


def is_updated(field: FieldDescriptor) -> bool:
    """Whether the field holds the resource that its message asks to be updated."""
    inner, owner = field.message_type, field.containing_type
    if inner is None or owner is None or MASK not in owner.fields_by_name:
        return False
    return name_check_of(inner) is not None


def _checked(parse: Parser, pattern: str) -> Check:
    def check(report: Report, path: str, name: str) -> None:
        try:
            parse(name)
        except ValueError:
            report.add(path, f"{shown(name)} is not a name of the form {pattern}")

    return check
