"""What an update names is changed and nothing else, and nobody overwrites what they have not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.api.field_behavior_pb2 import IDENTIFIER, IMMUTABLE, OUTPUT_ONLY, field_behavior
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc import StatusCode, aio

from schedsvc.v1.booking_profiles_pb2 import BookingProfile, GetBookingProfileRequest, UpdateBookingProfileRequest
from schedsvc.v1.calendars_pb2 import Calendar, GetCalendarRequest, UpdateCalendarRequest
from schedsvc.v1.events_pb2 import SHOW_AS_FREE, Attendee, Event, GetEventRequest, UpdateEventRequest
from tests.repositories.conftest import Database
from tests.rpc.callers import METHODS, Caller, refused
from tests.rpc.conftest import ManualClock, on_both_stores
from tests.rpc.contents import contents
from tests.rpc.requests import BUILDERS, HOUR, World, hours, instant

UPDATES = [name for name in METHODS if "/Update" in name]
RICH = [name for name in UPDATES if not name.endswith("UpdateGrant")]
"""Those of resources with texts and metadata; grants have a role alone."""
READS = {name: name.replace("/Update", "/Get") for name in UPDATES}
CHANGES = [name for name in METHODS if name.split("/")[1].startswith(("Update", "Delete", "Cancel"))]


def _resource_field(name: str) -> FieldDescriptor:
    return METHODS[name].input_type.fields[0]


def _resource(name: str, request: Any) -> Any:
    return getattr(request, _resource_field(name).name)


async def _current(caller: Caller, name: str, request: Any) -> Any:
    get = GetMessageClass(METHODS[READS[name]].input_type)
    return (await caller.send(READS[name], get(name=_resource(name, request).name))).message


def _paths(name: str, *behaviors: int) -> list[str]:
    """The paths of the resource's fields with one of these behaviours; without any: of those that can be set."""
    found = []
    resource = _resource_field(name).message_type
    assert resource is not None
    for field in resource.fields:
        has = set(field.GetOptions().Extensions[field_behavior])
        wanted = has & set(behaviors) if behaviors else not has & {OUTPUT_ONLY, IDENTIFIER, IMMUTABLE}
        if wanted and field.name != "etag":
            found.append(field.name)
    return found


def _masked(name: str, world: World, *paths: str) -> Any:
    request: Any = BUILDERS[name](world)
    request.update_mask.paths.extend(paths)
    return request


@pytest.mark.parametrize("name", RICH)
async def test_an_unknown_path_in_the_mask_is_refused_by_name(name: str, alpha: Caller, world: World) -> None:
    for path in (
        "nothing",
        "display_name.x",
        "metadata.key",
        "",
        ".",
        "metadata[0]",
        "displayName",
        "name.x",
        "x" * 999,
    ):
        refusal = await refused(alpha.send(name, _masked(name, world, "metadata", path)))
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["update_mask.paths[1]"]), path


@pytest.mark.parametrize("name", UPDATES)
async def test_an_output_only_path_in_the_mask_is_refused_by_name(name: str, alpha: Caller, world: World) -> None:
    outputs = _paths(name, OUTPUT_ONLY)
    assert {"create_time", "update_time"} <= set(outputs)
    refusal = await refused(alpha.send(name, _masked(name, world, *outputs)))
    assert refusal.fields == [f"update_mask.paths[{number}]" for number in range(len(outputs))]


@pytest.mark.parametrize("name", UPDATES)
async def test_output_only_values_are_ignored(name: str, alpha: Caller, world: World) -> None:
    """A record that was read can be sent back as it is."""
    request: Any = BUILDERS[name](world)
    before = await _current(alpha, name, request)
    _resource(name, request).CopyFrom(before)
    _resource(name, request).create_time.seconds = 1
    _resource(name, request).update_time.seconds = 253_402_300_799
    assert (await alpha.send(name, request)).message == before


@pytest.mark.parametrize("name", RICH)
async def test_a_path_named_twice_is_as_good_as_once(name: str, alpha: Caller, world: World) -> None:
    request = _masked(name, world, "metadata", "metadata")
    _resource(name, request).metadata["k"] = "v"
    assert (await alpha.send(name, request)).message.metadata == {"k": "v"}


@pytest.mark.parametrize("name", RICH)
async def test_fields_that_the_mask_does_not_name_stay_as_they_are(name: str, alpha: Caller, world: World) -> None:
    before = await _current(alpha, name, BUILDERS[name](world))
    request = _masked(name, world, "metadata")
    _resource(name, request).metadata["k"] = "v"
    after = (await alpha.send(name, request)).message
    changed = {
        field.name for field in after.DESCRIPTOR.fields if getattr(before, field.name) != getattr(after, field.name)
    }
    assert changed <= {"metadata", "etag", "update_time", "revision"}
    assert "metadata" in changed


@pytest.mark.parametrize("name", RICH)
async def test_a_masked_field_that_is_not_set_is_cleared(name: str, alpha: Caller, world: World) -> None:
    text = "subject" if name.endswith("UpdateEvent") else "display_name"
    named = _masked(name, world, text)
    setattr(_resource(name, named), text, "something")
    assert getattr((await alpha.send(name, named)).message, text) == "something"
    cleared = _masked(name, world, text)
    _resource(name, cleared).ClearField(text)
    assert getattr((await alpha.send(name, cleared)).message, text) == ""


@pytest.mark.parametrize("name", UPDATES)
async def test_without_a_mask_what_is_set_is_changed(name: str, alpha: Caller, world: World) -> None:
    before = await _current(alpha, name, BUILDERS[name](world))
    request: Any = BUILDERS[name](world)
    asked = {field.name for field, _ in _resource(name, request).ListFields()} - {"name"}
    after = (await alpha.send(name, request)).message
    changed = {
        field.name for field in after.DESCRIPTOR.fields if getattr(before, field.name) != getattr(after, field.name)
    }
    assert changed - {"etag", "update_time", "revision", "sequence", "effective_work_hours"} == asked


async def test_a_star_replaces_everything_that_is_not_set(alpha: Caller, world: World) -> None:
    event = Event(name=world.event, start=instant(0), end=instant(HOUR), description="d", metadata={"a": "b"})
    event.attendees.add(email="x@example.org")
    await alpha.calendar.UpdateEvent(UpdateEventRequest(event=event))
    request = UpdateEventRequest(event=Event(name=world.event, start=instant(0), end=instant(HOUR)))
    request.update_mask.paths.append("*")
    after = await alpha.calendar.UpdateEvent(request)
    assert (after.subject, after.description, dict(after.metadata), len(after.attendees)) == ("", "", {}, 0)
    assert after.uid != ""
    refusal = await refused(
        alpha.calendar.UpdateEvent(UpdateEventRequest(event=Event(name=world.event), update_mask=request.update_mask))
    )
    assert refusal.fields == ["event.start", "event.end"]


async def test_lists_and_maps_are_replaced_whole(alpha: Caller, world: World) -> None:
    for emails in (["a@example.org", "b@example.org"], ["c@example.org"]):
        attendees = [Attendee(email=email) for email in emails]
        event = Event(name=world.event, attendees=attendees, metadata={emails[0]: "x"})
        after = await alpha.calendar.UpdateEvent(UpdateEventRequest(event=event))
        assert [attendee.email for attendee in after.attendees] == emails
        assert dict(after.metadata) == {emails[0]: "x"}


async def test_an_immutable_field_may_be_sent_back_but_not_changed(alpha: Caller, world: World) -> None:
    current = await alpha.calendar.GetEvent(GetEventRequest(name=world.event))
    same = Event(name=world.event, uid=current.uid, event_type=current.event_type)
    assert await alpha.calendar.UpdateEvent(UpdateEventRequest(event=same)) == current
    other = Event(name=world.event, uid="other", event_type=Event.TYPE_FOCUS_TIME)
    refusal = await refused(alpha.calendar.UpdateEvent(UpdateEventRequest(event=other)))
    assert refusal.code is StatusCode.INVALID_ARGUMENT
    assert sorted(refusal.fields) == ["event.event_type", "event.uid"]


async def test_a_part_of_a_nested_field_can_be_named(alpha: Caller, world: World) -> None:
    request = UpdateBookingProfileRequest(
        booking_profile=BookingProfile(name=world.profile, work_hours=hours("Asia/Tokyo", 1, 2))
    )
    request.update_mask.paths.append("work_hours.time_zone")
    after = await alpha.booking.UpdateBookingProfile(request)
    assert after.work_hours == hours("Asia/Tokyo")


async def test_an_update_is_checked_as_a_whole_with_what_it_leaves(alpha: Caller, world: World) -> None:
    """An end before the start that is there already."""
    event = Event(name=world.event, end=instant(0))
    refusal = await refused(alpha.calendar.UpdateEvent(UpdateEventRequest(event=event)))
    assert (refusal.reason, refusal.fields) == ("BAD_TIME_RANGE", ["event.end"])


@pytest.mark.parametrize("name", UPDATES)
async def test_an_update_that_changes_nothing_is_no_write(
    name: str, alpha: Caller, world: World, database: Database, clock: ManualClock
) -> None:
    request: Any = BUILDERS[name](world)
    first = (await alpha.send(name, request)).message
    before = await contents(database)
    clock.pass_by(hours=1)
    assert (await alpha.send(name, request)).message == first
    assert await contents(database) == before


def _with_etag(name: str, world: World, etag: str) -> Any:
    request: Any = BUILDERS[name](world)
    if "/Update" in name:
        _resource(name, request).etag = etag
    else:
        request.etag = etag
    return request


@pytest.mark.parametrize("name", CHANGES)
async def test_an_old_etag_is_refused_with_the_current_one_and_nothing_happens(
    name: str, alpha: Caller, world: World, database: Database
) -> None:
    before = await contents(database)
    refusal = await refused(alpha.send(name, _with_etag(name, world, '"0"')))
    assert (refusal.code, refusal.reason) == (StatusCode.ABORTED, "ETAG_MISMATCH")
    assert not refusal.may_be_retried
    assert await contents(database) == before
    current = refusal.metadata["etag"]
    await alpha.send(name, _with_etag(name, world, current))
    assert await contents(database) != before


@pytest.mark.parametrize("name", CHANGES)
async def test_a_star_as_etag_asks_only_that_the_record_exists(name: str, alpha: Caller, world: World) -> None:
    await alpha.send(name, _with_etag(name, world, "*"))


@pytest.mark.parametrize("name", UPDATES)
async def test_the_etag_of_an_answer_is_that_of_the_next_read_and_moves_with_every_change(
    name: str, alpha: Caller, world: World
) -> None:
    before = await _current(alpha, name, BUILDERS[name](world))
    first = (await alpha.send(name, BUILDERS[name](world))).message
    assert before.etag != first.etag
    assert (await _current(alpha, name, BUILDERS[name](world))) == first


@on_both_stores
async def test_of_ten_writers_that_read_the_same_one_wins_and_nine_are_told(alpha: Caller, world: World) -> None:
    event = await alpha.calendar.GetEvent(GetEventRequest(name=world.event))

    async def write(number: int) -> StatusCode:
        mine = Event(name=world.event, etag=event.etag, subject=f"from {number}")
        try:
            await alpha.calendar.UpdateEvent(UpdateEventRequest(event=mine))
        except aio.AioRpcError as error:
            return error.code()
        return StatusCode.OK

    codes = await asyncio.gather(*map(write, range(10)))
    assert sorted(codes, key=str) == sorted([StatusCode.OK, *[StatusCode.ABORTED] * 9], key=str)


async def test_the_etag_of_a_calendar_or_profile_does_not_move_with_what_is_in_it(alpha: Caller, world: World) -> None:
    calendar = await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))
    profile = await alpha.booking.GetBookingProfile(GetBookingProfileRequest(name=world.profile))
    await alpha.send("CalendarService/CreateEvent", BUILDERS["CalendarService/CreateEvent"](world))
    await alpha.send("BookingService/CreateBooking", BUILDERS["BookingService/CreateBooking"](world))
    assert (await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))).etag == calendar.etag
    after = await alpha.booking.GetBookingProfile(GetBookingProfileRequest(name=world.profile))
    assert after.etag == profile.etag


async def test_every_bad_field_of_a_request_is_named_at_once(alpha: Caller, world: World) -> None:
    event = Event(name=world.event, show_as=SHOW_AS_FREE, metadata={"": "x"}, attendees=[Attendee(email="nobody")])
    event.subject, event.start.date = "s" * 1025, "2030-13-01"
    refusal = await refused(alpha.calendar.UpdateEvent(UpdateEventRequest(event=event, request_id="é")))
    assert set(refusal.fields) == {
        "event.subject",
        "event.start.date",
        'event.metadata[""]',
        "event.attendees[0].email",
        "request_id",
    }


async def test_a_calendars_etag_is_read_and_written_with_the_rest(alpha: Caller, world: World) -> None:
    current = await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))
    current.description = "changed"
    after = await alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=current))
    assert after.description == "changed"
    refusal = await refused(alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=current)))
    assert refusal.metadata == {"etag": after.etag}
    kept = Calendar(name=world.calendar, description="mine", etag=after.etag)
    assert (await alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=kept))).description == "mine"
