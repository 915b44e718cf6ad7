"""Update masks: which fields they name, and what merging makes of them."""

from __future__ import annotations

from copy import deepcopy

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.rpc.codec import events
from schedsvc.rpc.codec.masks import UnknownPath, grown, merge, tree_of
from schedsvc.v1.booking_profiles_pb2 import BookingProfile
from schedsvc.v1.events_pb2 import Event
from tests.rpc.codec.building import build
from tests.rpc.codec.records import EVENT


def merged(current: Event, resource: Event, *paths: str) -> Event:
    return merge(deepcopy(current), resource, tree_of(resource, FieldMask(paths=paths)))


CURRENT = events.encode(EVENT)


def test_without_a_mask_the_populated_fields_count() -> None:
    out = merged(CURRENT, build(Event, subject="New"))
    assert out.subject == "New"
    assert out.description == CURRENT.description


def test_a_field_in_the_mask_that_is_not_set_is_cleared() -> None:
    out = merged(CURRENT, build(Event, subject="New"), "description")
    assert out.description == ""
    assert out.subject == CURRENT.subject


def test_a_star_replaces_everything_that_can_be_set() -> None:
    out = merged(CURRENT, build(Event, subject="New"), "*")
    assert (out.subject, out.description, len(out.attendees), out.HasField("start")) == ("New", "", 0, False)


def test_a_star_leaves_what_is_immutable_unless_it_is_told() -> None:
    assert merged(CURRENT, Event(), "*").uid == CURRENT.uid
    assert "uid" in tree_of(build(Event, uid="x"), FieldMask(paths=["*"]))


@pytest.mark.parametrize("paths", [(), ("*",)])
def test_name_etag_and_what_the_server_sets_are_never_taken_over(paths: tuple[str, ...]) -> None:
    resource = build(Event, name="accounts/x", etag="old", revision=99, booking="b", sequence=9)
    assert (
        tree_of(resource, FieldMask(paths=paths)).keys() & {"name", "etag", "revision", "booking", "sequence"} == set()
    )


def test_name_and_etag_may_be_named_and_mean_nothing() -> None:
    assert grown(Event.DESCRIPTOR, ["name", "etag", "subject"]) == {"subject": None}


def test_maps_and_lists_are_replaced_whole() -> None:
    resource = build(Event, metadata={"new": "1"}, attendees=[{"email": "b@example.com"}])
    out = merged(CURRENT, resource, "metadata", "attendees")
    assert dict(out.metadata) == {"new": "1"}
    assert [attendee.email for attendee in out.attendees] == ["b@example.com"]


def test_a_path_into_a_message_changes_only_that_part() -> None:
    out = merged(CURRENT, build(Event, start={"date_time": "2030-01-01T09:00"}), "start.date_time")
    assert (out.start.date_time, out.start.time_zone) == ("2030-01-01T09:00", "Europe/Berlin")


def test_a_path_into_a_message_that_is_not_set_clears_that_part() -> None:
    out = merged(CURRENT, Event(), "external_ref.etag")
    assert (out.external_ref.id, out.external_ref.etag) == ("/x/1.ics", "")


def test_setting_one_member_of_a_choice_takes_the_other_away() -> None:
    out = merged(
        CURRENT, build(Event, start={"date": "2030-01-01"}), "start.date", "start.date_time", "start.time_zone"
    )
    assert (out.start.WhichOneof("kind"), out.start.time_zone) == ("date", "")


def test_a_path_and_its_beginning_mean_the_beginning() -> None:
    for paths in (["start", "start.date"], ["start.date", "start"]):
        assert grown(Event.DESCRIPTOR, paths) == {"start": None}


def test_a_cleared_optional_field_is_absent_again() -> None:
    out = merge(build(BookingProfile, start_after_minutes=5), BookingProfile(), {"start_after_minutes": None})
    assert not out.HasField("start_after_minutes")


UNKNOWN = ["", "nothing", "Subject", "subject.x", "metadata.k", "attendees.email", "start.nothing", "event.subject"]
OUTPUT_ONLY = ["revision", "create_time", "start.resolved", "booking"]


@pytest.mark.parametrize("path", [*UNKNOWN, *OUTPUT_ONLY, "*.subject", "subject,uid"])
def test_a_path_that_names_nothing_to_set_is_refused(path: str) -> None:
    with pytest.raises(UnknownPath):
        grown(Event.DESCRIPTOR, [path])


def test_a_timestamp_is_one_value() -> None:
    with pytest.raises(UnknownPath):
        grown(BookingProfile.DESCRIPTOR, ["start_time.seconds"])


SETTABLE = ["uid", "start", "end", "subject", "description", "location", "show_as", "metadata", "attendees"]


@given(st.lists(st.sampled_from(SETTABLE)))
def test_fields_that_are_not_named_stay_as_they_are(paths: list[str]) -> None:
    out = merge(deepcopy(CURRENT), Event(), grown(Event.DESCRIPTOR, paths))
    changed = {f.name for f in Event.DESCRIPTOR.fields if getattr(out, f.name) != getattr(CURRENT, f.name)}
    assert changed == set(paths)


@given(st.lists(st.sampled_from(SETTABLE)))
def test_merging_what_is_there_already_changes_nothing(paths: list[str]) -> None:
    assert merge(deepcopy(CURRENT), CURRENT, grown(Event.DESCRIPTOR, paths)) == CURRENT
