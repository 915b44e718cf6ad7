"""Rules that hold for the requests of all methods."""

from __future__ import annotations

import contextlib

import pytest
from google.api.field_behavior_pb2 import REQUIRED
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import extent_of
from schedsvc.domain.ranges import resolve_bound
from schedsvc.domain.time import DAY, EARLIEST, LATEST
from schedsvc.rpc import checks
from schedsvc.rpc.codec import events, profiles, ranges
from schedsvc.rpc.codec.masks import behaviors, descriptor_of
from schedsvc.v1.booking_profiles_pb2 import BookingProfile, CreateBookingProfileRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, Event, ListEventsRequest, UpdateEventRequest
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest
from schedsvc.v1.time_pb2 import EventTime, TimeBound
from tests.rpc.checks.messages import messages
from tests.rpc.checks.said import reasons, texts
from tests.rpc.codec.building import build
from tests.rpc.codec.records import EVENT

REQUESTS = list(dict.fromkeys(checks.request_types()))
PAGED = [kind for kind in REQUESTS if "page_size" in kind.DESCRIPTOR.fields_by_name]
WRITES = [kind for kind in REQUESTS if "request_id" in kind.DESCRIPTOR.fields_by_name]


def named(kind: type[Message]) -> str:
    return kind.__name__


@pytest.mark.parametrize("kind", [kind for kind in REQUESTS if kind is not ImportCalendarRequest], ids=named)
def test_an_empty_request_lacks_exactly_what_is_required(kind: type[Message]) -> None:
    required = {field.name for field in descriptor_of(kind()).fields if REQUIRED in behaviors(field)}
    assert texts(kind()) == dict.fromkeys(required, "is required")


def test_the_later_messages_of_an_import_need_not_repeat_its_parent() -> None:
    assert reasons(build(ImportCalendarRequest, data=b"x")) == {}
    assert reasons(build(ImportCalendarRequest, parent="x")) == {"parent": "FIELD_INVALID"}


@pytest.mark.parametrize("kind", PAGED, ids=named)
def test_a_negative_page_size_is_refused_and_a_large_one_is_not(kind: type[Message]) -> None:
    assert "page_size" in reasons(kind(page_size=-1))
    assert "page_size" not in reasons(kind(page_size=10**9))


@pytest.mark.parametrize("kind", WRITES, ids=named)
@pytest.mark.parametrize("request_id", ["a" * 129, "ü", "a\n", "\0"])
def test_a_request_id_is_printable_and_short(kind: type[Message], request_id: str) -> None:
    assert reasons(kind(request_id=request_id))["request_id"] == "FIELD_INVALID"


@pytest.mark.parametrize("kind", REQUESTS, ids=named)
@given(data=st.data())
@settings(max_examples=30)
def test_no_message_breaks_the_checks(kind: type[Message], data: st.DataObject) -> None:
    found = checks.violations(data.draw(messages(kind)))
    assert all(violation.field and violation.description for violation in found)
    assert len({violation.field for violation in found}) == len(found)


@given(messages(Event))
def test_an_event_that_passes_can_be_decoded(event: Event) -> None:
    request = build(CreateEventRequest, parent="accounts/a/calendars/a", event=event)
    if not checks.violations(request):
        assert events.decode(request.event).uid == event.uid


@given(messages(EventTime), messages(EventTime))
@settings(max_examples=300)
def test_times_that_pass_can_be_decoded_and_resolved(start: EventTime, end: EventTime) -> None:
    request = build(CreateEventRequest, parent="accounts/a/calendars/a", event=build(Event, start=start, end=end))
    if not checks.violations(request):
        draft = events.decode(request.event)
        first, last = extent_of(draft.start, draft.end, "UTC")
        assert first <= last


@given(messages(BookingProfile))
@settings(max_examples=300)
def test_a_profile_that_passes_can_be_decoded(profile: BookingProfile) -> None:
    request = build(CreateBookingProfileRequest, parent="accounts/a", booking_profile=profile)
    if not checks.violations(request):
        assert profiles.decode(request.booking_profile, "a").duration_minutes >= 5


@given(messages(TimeBound))
def test_a_bound_that_passes_can_be_decoded_and_resolved(bound: TimeBound) -> None:
    request = build(ListEventsRequest, parent="accounts/a/calendars/a", time_min=bound)
    if not checks.violations(request):
        low = ranges.decode_window(request).low
        assert low is not None
        assert EARLIEST - DAY <= resolve_bound(low, "Pacific/Apia") <= LATEST + DAY


@given(messages(Event), messages(FieldMask))
@settings(max_examples=300)
def test_an_update_that_passes_is_applied_or_refused_with_reasons(event: Event, mask: FieldMask) -> None:
    event.name = str(EVENT.name)
    request = build(UpdateEventRequest, event=event, update_mask=mask)
    if not checks.violations(request):
        with contextlib.suppress(InvalidInput):
            assert events.patch(request)(EVENT).uid == EVENT.uid
