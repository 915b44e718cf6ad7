"""Update requests: what the mask names is checked, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from schedsvc.v1.accounts_pb2 import UpdateAccountRequest
from schedsvc.v1.booking_profiles_pb2 import UpdateBookingProfileRequest
from schedsvc.v1.events_pb2 import BatchWriteEventsRequest, UpdateEventRequest
from tests.rpc.checks.said import reasons, texts
from tests.rpc.codec.building import build

NAME = "accounts/a/calendars/primary/events/e"


def update(*paths: str, **values: Any) -> UpdateEventRequest:
    values.setdefault("name", NAME)
    return build(UpdateEventRequest, event=values, update_mask={"paths": paths})


def test_a_change_of_one_field_needs_no_other() -> None:
    assert reasons(update("subject", subject="x")) == {}
    assert reasons(update(subject="x")) == {}


def test_what_is_named_has_to_be_there_if_it_is_required() -> None:
    assert texts(update("end")) == {"event.end": "is required"}
    assert texts(update("*", subject="x")) == {"event.start": "is required", "event.end": "is required"}


def test_a_message_that_is_named_as_a_whole_has_to_be_whole() -> None:
    assert texts(update(external_ref={"etag": "1"})).keys() == {"event.external_ref.provider", "event.external_ref.id"}
    assert texts(update("external_ref.etag", external_ref={"etag": "1"})) == {}


def test_values_that_the_mask_does_not_name_are_ignored() -> None:
    bad = {"start": {"date": "never"}, "location": "x" * 1025, "description": "\0"}
    assert reasons(update("subject", subject="x", **bad)) == {}
    assert reasons(update("subject", "location", **bad)).keys() == {"event.location"}
    assert reasons(update(**bad)).keys() == {"event.start.date", "event.location", "event.description"}
    assert reasons(update("*", **bad)).keys() >= {"event.start.date", "event.location", "event.description"}


def test_declared_rules_hold_inside_of_a_message_that_is_named_in_part() -> None:
    ref = {"etag": "x" * 257, "id": "y" * 2000}
    assert reasons(update("external_ref.etag", external_ref=ref)).keys() == {"event.external_ref.etag"}


def test_values_that_only_the_server_sets_are_ignored() -> None:
    assert (
        reasons(update(revision=7, create_time={"nanos": -1}, start={"date": "2030-01-01", "resolved": {"nanos": -1}}))
        == {}
    )


@pytest.mark.parametrize("path", ["nothing", "revision", "start.resolved", "metadata.k", ""])
def test_a_bad_path_is_told_by_its_place(path: str) -> None:
    assert reasons(update("subject", path, subject="x")).keys() == {"update_mask.paths[1]"}


def test_paths_may_be_repeated_and_may_name_name_and_etag() -> None:
    assert reasons(update("subject", "subject", "name", "etag", subject="x")) == {}


def test_a_mask_without_a_good_path_changes_nothing_and_is_still_refused() -> None:
    assert reasons(update("nothing", start={"date": "never"})).keys() == {"update_mask.paths[0]"}


@pytest.mark.parametrize("name", ["", "accounts/a", "x\0"])
def test_what_is_updated_has_to_be_named(name: str) -> None:
    assert reasons(update("subject", name=name)).keys() == {"event.name"}
    assert reasons(build(UpdateAccountRequest, account={"name": "accounts/"})).keys() == {"account.name"}


def test_fields_that_contradict_each_other_are_found_when_both_are_named() -> None:
    span = {"start": {"date": "2030-01-02"}, "end": {"date": "2030-01-02"}}
    assert reasons(update("start", "end", **span)) == {"event.end": "BAD_TIME_RANGE"}
    assert reasons(update("end", **span)) == {}


def test_the_duration_of_a_profile_may_be_left_out_and_not_cleared() -> None:
    profile = {"name": "accounts/a/bookingProfiles/p"}
    assert reasons(build(UpdateBookingProfileRequest, booking_profile=profile)) == {}
    cleared = build(UpdateBookingProfileRequest, booking_profile=profile, update_mask={"paths": ["duration"]})
    assert texts(cleared) == {"booking_profile.duration": "is required"}


def batched(*updates: UpdateEventRequest) -> BatchWriteEventsRequest:
    writes = [{"update": one} for one in updates]
    return build(BatchWriteEventsRequest, parent="accounts/a/calendars/primary", writes=writes)


ALONE = [
    update("subject", subject="x", start={"date": "never"}, location="x" * 1025, description="\0"),
    update("subject", "location", subject="x", location="x" * 1025, description="\0"),
    update(start={"date": "never"}, description="\0", attendees=[{}]),
    update("*", subject="x"),
    update("end"),
    update("subject", "revision", "nothing", subject="x"),
    update("external_ref.etag", external_ref={"etag": "x" * 257, "id": "y" * 2000}),
    update("pattern", pattern={"type": "TYPE_DAILY", "month": 3}),
    update("pattern.month", pattern={"type": "TYPE_DAILY", "month": 13}),
    update("subject", name=""),
    build(UpdateEventRequest),
]


@pytest.mark.parametrize("alone", ALONE)
def test_an_update_in_a_batch_is_checked_as_it_is_alone(alone: UpdateEventRequest) -> None:
    one = update("subject", subject="x", name="accounts/a/calendars/a/events/other")
    expected = {f"writes[1].update.{field}": text for field, text in texts(alone).items()}
    assert texts(batched(one, alone)) == expected
