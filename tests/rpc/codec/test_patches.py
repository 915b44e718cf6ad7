"""Updates applied to records: the outcome is checked as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schedsvc.domain.accounts import AccountKind
from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import EventType, ShowAs
from schedsvc.domain.names import primary_calendar
from schedsvc.domain.time import AllDay
from schedsvc.rpc.codec import accounts, calendars, events, profiles
from schedsvc.v1.accounts_pb2 import UpdateAccountRequest
from schedsvc.v1.booking_profiles_pb2 import UpdateBookingProfileRequest
from schedsvc.v1.calendars_pb2 import UpdateCalendarRequest
from schedsvc.v1.events_pb2 import UpdateEventRequest
from tests.rpc.codec.building import build
from tests.rpc.codec.records import ACCOUNT, CALENDAR, EVENT, PROFILE


def event_patch(*paths: str, **values: Any) -> Callable[[Any], Any]:
    values.setdefault("name", str(EVENT.name))
    return events.patch(build(UpdateEventRequest, event=values, update_mask={"paths": paths}))


def bad_fields(patch: Callable[[Any], Any], record: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        patch(record)
    return {violation.field: violation.reason for violation in caught.value.violations}


def test_a_subject_is_changed_and_nothing_else() -> None:
    after = event_patch(subject="New")(EVENT)
    assert after.subject == "New"
    assert (after.start, after.attendees, after.show_as) == (EVENT.start, EVENT.attendees, EVENT.show_as)


def test_a_patch_can_be_applied_again_to_another_version() -> None:
    patch = event_patch(subject="New")
    patch(EVENT)
    assert patch(replace(EVENT, location="Elsewhere")).location == "Elsewhere"


def test_an_end_that_comes_before_the_stored_start_is_refused() -> None:
    patch = event_patch("end", end={"date_time": "2030-01-01T11:59", "time_zone": "Europe/Berlin"})
    assert bad_fields(patch, EVENT) == {"event.end": "BAD_TIME_RANGE"}


def test_a_start_that_becomes_a_date_alone_is_refused() -> None:
    assert bad_fields(event_patch("start", start={"date": "2030-01-01"}), EVENT) == {"event.end": "MIXED_TIME_KINDS"}


def test_an_event_can_become_all_day_when_both_ends_do() -> None:
    after = event_patch(start={"date": "2030-01-01"}, end={"date": "2030-01-02"})(EVENT)
    assert isinstance(after.start, AllDay)
    assert after.show_as is ShowAs.OUT_OF_OFFICE


def test_a_time_that_is_moved_within_its_zone_needs_only_the_local_time() -> None:
    after = event_patch("start.date_time", start={"date_time": "2030-01-01T09:15"})(EVENT)
    assert (after.start.local.hour, after.start.time_zone) == (9, "Europe/Berlin")


def test_a_part_that_does_not_fit_the_rest_is_found_in_the_whole() -> None:
    assert bad_fields(event_patch("start.time_zone"), EVENT) == {"event.start.time_zone": "FIELD_INVALID"}
    assert bad_fields(event_patch("external_ref.id"), EVENT) == {"event.external_ref.id": "FIELD_INVALID"}


def test_a_star_without_times_is_refused() -> None:
    assert bad_fields(event_patch("*", subject="New"), EVENT).keys() == {"event.start", "event.end"}


@pytest.mark.parametrize("paths", [(), ("uid",), ("*",)])
def test_an_immutable_field_with_another_value_is_refused(paths: tuple[str, ...]) -> None:
    assert "event.uid" in bad_fields(event_patch(*paths, uid="another"), EVENT)


def test_an_immutable_field_with_its_own_value_is_fine() -> None:
    assert event_patch("uid", "event_type", uid=EVENT.uid, event_type=3)(EVENT).uid == EVENT.uid


def test_clearing_an_immutable_field_by_name_is_refused() -> None:
    assert bad_fields(event_patch("uid"), EVENT) == {"event.uid": "FIELD_INVALID"}


def test_an_immutable_kind_that_is_not_set_is_read_as_the_default() -> None:
    assert event_patch("event_type")(replace(EVENT, event_type=EventType.DEFAULT)).event_type is EventType.DEFAULT
    assert bad_fields(event_patch("event_type"), EVENT) == {"event.event_type": "FIELD_INVALID"}


def test_all_that_is_wrong_is_told_at_once() -> None:
    patch = event_patch("uid", "end", uid="x", end={"date": "2030-01-02"})
    assert bad_fields(patch, EVENT) == {"event.uid": "FIELD_INVALID", "event.end": "MIXED_TIME_KINDS"}


def test_the_hours_of_an_account_are_cleared_by_naming_them() -> None:
    request = build(UpdateAccountRequest, account={"name": str(ACCOUNT.name)}, update_mask={"paths": ["work_hours"]})
    after = accounts.patch(request)(ACCOUNT)
    assert (after.work_hours, after.kind) == (None, AccountKind.RESOURCE)


def test_the_kind_of_an_account_stays() -> None:
    request = build(UpdateAccountRequest, account={"name": str(ACCOUNT.name), "kind": "KIND_GROUP"})
    assert bad_fields(accounts.patch(request), ACCOUNT) == {"account.kind": "FIELD_INVALID"}


def test_a_calendar_whose_zone_is_cleared_takes_that_of_its_account() -> None:
    request = build(UpdateCalendarRequest, calendar={"name": str(CALENDAR.name)}, update_mask={"paths": ["time_zone"]})
    assert calendars.patch(request)(CALENDAR).time_zone == ""


def profile_patch(*paths: str, **values: Any) -> Callable[[Any], Any]:
    values.setdefault("name", str(PROFILE.name))
    return profiles.patch(build(UpdateBookingProfileRequest, booking_profile=values, update_mask={"paths": paths}))


def test_fields_of_a_profile_that_are_cleared_have_their_defaults_again() -> None:
    cleared = profile_patch("calendar", "availability_step_minutes", "start_after_minutes", "time_available_for")
    after = cleared(PROFILE)
    assert after.calendar == primary_calendar("room-1")
    assert (after.step_minutes, after.start_after_minutes, after.available_for.days) == (15, 60, 60)


def test_a_profile_cannot_end_before_it_begins() -> None:
    patch = profile_patch("end_time", end_time={"seconds": 5})
    assert bad_fields(patch, PROFILE) == {"booking_profile.end_time": "BAD_TIME_RANGE"}


def test_a_template_that_contradicts_a_stored_one_is_refused() -> None:
    patch = profile_patch("subject", subject="{{topic:integer}} {{x:date}}", location="ignored")
    stored = replace(PROFILE, description="{{x:boolean}}")
    assert bad_fields(patch, stored) == {"booking_profile.description": "FIELD_INVALID"}
