"""Rules that the protos declare, told in plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf.message import Message

from schedsvc.rpc.checks.declared import _PATTERNS
from schedsvc.v1.accounts_pb2 import CreateAccountRequest
from schedsvc.v1.booking_profiles_pb2 import CreateBookingProfileRequest
from schedsvc.v1.bookings_pb2 import ListBookingsRequest
from schedsvc.v1.calendars_pb2 import CreateCalendarRequest
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.events_pb2 import CreateEventRequest
from tests.rpc.checks.said import texts
from tests.rpc.codec.building import build

PROTOS = Path(__file__).parents[3] / "protos" / "schedsvc" / "v1"


def test_every_pattern_of_the_protos_has_a_sentence() -> None:
    source = "".join(path.read_text() for path in PROTOS.glob("*.proto"))
    patterns = re.findall(r'pattern(?: =|:) "((?:[^"\\]|\\.)*)"', source)
    declared = {pattern.replace("\\\\", "\\") for pattern in patterns if pattern.startswith("^")}
    assert declared == set(_PATTERNS)


ATTENDEES = [{"email": "a@example.com"}, {"email": "a b"}, {"email": "c@example.com", "display_name": "x" * 257}]
SAID = [
    (
        build(CreateAccountRequest, account_id="No"),
        "account_id",
        "must be 1 to 64 of a-z, 0-9, _ and -, the first a letter or digit",
    ),
    (build(CreateAccountRequest, account={"email": "x"}), "account.email", "must be an e-mail address"),
    (build(CreateAccountRequest, account={"kind": 9}), "account.kind", "is no value of the enum"),
    (build(CreateCalendarRequest, calendar_id="primary"), "calendar_id", "is reserved"),
    (
        build(CreateCalendarRequest, calendar={"color": "red"}),
        "calendar.color",
        "must be written #rrggbb, in lower case",
    ),
    (
        build(CreateEventRequest, event={"attendees": ATTENDEES}),
        "event.attendees[1].email",
        "must be an e-mail address",
    ),
    (
        build(CreateEventRequest, event={"attendees": ATTENDEES}),
        "event.attendees[2].display_name",
        "must be at most 256 characters",
    ),
    (build(CreateEventRequest, event={"metadata": {"": "x"}}), 'event.metadata[""]', "the key must not be empty"),
    (
        build(CreateEventRequest, event={"metadata": {'a"\n': "x" * 501}}),
        'event.metadata["a\\"\\n"]',
        "must be at most 500 characters",
    ),
    (
        build(CreateBookingProfileRequest, booking_profile={"slug": "A"}),
        "booking_profile.slug",
        "must be 1 to 64 of a-z, 0-9 and -",
    ),
    (build(StartSyncRequest, targets=["accounts/a/calendars/a"] * 2), "targets", "must not name anything twice"),
    (build(ListBookingsRequest, states=[0]), "states[0]", "is required"),
]


@pytest.mark.parametrize(("request_", "field", "text"), SAID)
def test_a_bad_field_is_named_and_explained(request_: Message, field: str, text: str) -> None:
    assert texts(request_)[field] == text


def test_a_long_key_is_cut_in_its_path() -> None:
    request = build(CreateEventRequest, event={"metadata": {"k" * 5000: "v"}})
    assert f'event.metadata["{"k" * 64}…"]' in texts(request)


def test_what_only_the_server_sets_is_ignored_whatever_it_holds() -> None:
    hours = {"time_zone": "Nowhere\0", "day_schedules": [{"day_of_week": 99}]}
    profile = {"effective_work_hours": hours, "name": "\0", "create_time": {"nanos": -1}}
    request = build(CreateBookingProfileRequest, parent="accounts/a", booking_profile=profile)
    assert texts(request) == {"booking_profile.duration": "is required"}
