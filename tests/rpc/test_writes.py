"""What every write promises: `validate_only` has no effect, a `request_id` has one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from google.protobuf.message import Message
from grpc import StatusCode

from schedsvc.usecases.following import StreamLimits
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from schedsvc.v1.booking_profiles_pb2 import BookingProfile, DeleteBookingProfileRequest, UpdateBookingProfileRequest
from schedsvc.v1.bookings_pb2 import Booking, CancelBookingRequest, CreateBookingRequest, ListBookingsRequest
from schedsvc.v1.calendars_pb2 import ACCESS_ROLE_OWNER, DeleteCalendarRequest
from schedsvc.v1.events_pb2 import (
    BatchWriteEventsRequest,
    CreateEventRequest,
    ListEventsRequest,
    MoveEventRequest,
    RespondToEventRequest,
)
from schedsvc.v1.grants_pb2 import CreateGrantRequest, UpdateGrantRequest
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest, ImportCalendarResponse
from tests.repositories.conftest import Database
from tests.rpc.callers import METHODS, WRITES, Answer, Caller, refused
from tests.rpc.conftest import Deployment, ManualClock, deployed, on_both_stores
from tests.rpc.contents import contents, heads
from tests.rpc.requests import BUILDERS, FILE, HOUR, World, booking_at, timed

TWINS = 10


def build(name: str, world: World, *, request_id: str = "", validate_only: bool = False) -> Message:
    """The request of the builder, as a write is asked for."""
    request = BUILDERS[name](world)
    request.request_id = request_id  # type: ignore[attr-defined]
    request.validate_only = validate_only  # type: ignore[attr-defined]
    return request


def other_body(name: str, request: Message) -> Message:
    """The same request, with something else asked for."""
    other = type(request)()
    other.CopyFrom(request)
    if name == "CalendarService/ImportCalendar":
        assert isinstance(other, ImportCalendarRequest)
        other.data += b"\r\n"
    elif METHODS[name].name.startswith("Delete"):
        other.allow_missing = True  # type: ignore[attr-defined]
    elif isinstance(other, CreateGrantRequest | UpdateGrantRequest):
        other.grant.role = ACCESS_ROLE_OWNER
    elif isinstance(other, RespondToEventRequest):
        other.comment = "no"
    elif isinstance(other, MoveEventRequest):
        other.etag = "*"
    elif isinstance(other, BatchWriteEventsRequest):
        other.atomic = False
    elif isinstance(other, CancelBookingRequest):
        other.reason = "snow"
    else:
        assert isinstance(other, Message)
        _resource(other).metadata["changed"] = "yes"
    return other


def _resource(request: Message) -> Account:
    (resource,) = (value for field, value in request.ListFields() if "metadata" in dir(value) and field.message_type)
    assert hasattr(resource, "metadata")
    return resource  # type: ignore[no-any-return]


@on_both_stores
async def test_validate_only_has_no_effect_whatever_is_asked_for(
    alpha: Caller, world: World, database: Database, subtests: pytest.Subtests
) -> None:
    before = await contents(database)
    for name in WRITES:
        with subtests.test(name):
            await alpha.send(name, build(name, world, validate_only=True))
            assert await contents(database) == before


async def test_validate_only_answers_what_the_write_then_answers(
    alpha: Caller, world: World, subtests: pytest.Subtests
) -> None:
    for name in WRITES:
        with subtests.test(name):
            tried = (await alpha.send(name, build(name, world, validate_only=True))).message
            done = (await alpha.send(name, build(name, world))).message
            if isinstance(done, Booking) and name.endswith("CreateBooking"):
                tried.event = done.event  # the server makes its id
            if isinstance(done, ImportCalendarResponse):
                for made, wanted in zip(tried.results, done.results, strict=True):
                    made.event = wanted.event
            assert tried == done


async def test_validate_only_is_refused_as_the_write_would_be(alpha: Caller, world: World) -> None:
    taken = CreateBookingRequest(parent=world.profile, booking=booking_at(9 * HOUR), validate_only=True)
    refusal = await refused(alpha.booking.CreateBooking(taken))
    assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "SLOT_UNAVAILABLE")
    refusal = await refused(
        alpha.calendar.CreateAccount(CreateAccountRequest(account_id="ada", account=Account(), validate_only=True))
    )
    assert (refusal.code, refusal.reason) == (StatusCode.ALREADY_EXISTS, "ID_EXISTS")


async def test_validate_only_leaves_its_request_id_unused(alpha: Caller, world: World, database: Database) -> None:
    name = "CalendarService/CreateEvent"
    await alpha.send(name, build(name, world, request_id="r", validate_only=True))
    answer = await alpha.send(name, build(name, world, request_id="r"))
    assert not answer.replayed


@on_both_stores
async def test_the_same_request_id_sent_twice_has_one_effect_and_equal_answers(
    alpha: Caller, world: World, database: Database, subtests: pytest.Subtests
) -> None:
    for name in WRITES:
        with subtests.test(name):
            request = build(name, world, request_id=name)
            first = await alpha.send(name, request)
            after = await contents(database)
            second = await alpha.send(name, request)
            assert (first.replayed, second.replayed) == (False, True)
            assert second.message == first.message
            assert await contents(database) == after


@on_both_stores
async def test_twins_sent_at_once_have_one_effect_and_equal_answers(
    alpha: Caller, world: World, database: Database, subtests: pytest.Subtests
) -> None:
    for name in WRITES:
        with subtests.test(name):
            request = build(name, world, request_id=name)
            before = await heads(database)
            answers = await asyncio.gather(*(alpha.send(name, request) for _ in range(TWINS)))
            assert [answer.replayed for answer in answers].count(False) == 1
            assert len({answer.message.SerializeToString(deterministic=True) for answer in answers}) == 1
            assert _moved_by_one(before, await heads(database))


def _moved_by_one(before: object, after: object) -> bool:
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    steps = [(r - before.get(feed, (0, 0))[0], v - before.get(feed, (0, 0))[1]) for feed, (r, v) in after.items()]
    return set(steps) <= {(0, 0), (0, 1), (1, 1)} and max(steps) != (0, 0)


@on_both_stores
async def test_a_used_request_id_with_another_body_is_refused_and_the_first_effect_stays(
    alpha: Caller, world: World, database: Database, subtests: pytest.Subtests
) -> None:
    for name in WRITES:
        with subtests.test(name):
            request = build(name, world, request_id=name)
            first = await alpha.send(name, request)
            after = await contents(database)
            refusal = await refused(alpha.send(name, other_body(name, request)))
            assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
            assert refusal.fields == ["request_id"]
            assert await contents(database) == after
            assert (await alpha.send(name, request)).message == first.message


async def test_a_request_id_belongs_to_one_method(alpha: Caller, world: World) -> None:
    for name in ("CalendarService/CreateEvent", "BookingService/CreateBooking"):
        first = await alpha.send(name, build(name, world, request_id="r"))
        second = await alpha.send(name, build(name, world, request_id="r"))
        assert (first.replayed, second.replayed) == (False, True)


async def test_two_tenants_may_use_one_request_id(alpha: Caller, beta: Caller) -> None:
    request = CreateAccountRequest(account=Account(), account_id="eve", request_id="r")
    first = await alpha.send("CalendarService/CreateAccount", request)
    second = await beta.send("CalendarService/CreateAccount", request)
    assert not first.replayed
    assert not second.replayed


async def test_a_failed_request_is_not_remembered(alpha: Caller, world: World) -> None:
    request = CreateBookingRequest(parent=world.profile, booking=booking_at(9 * HOUR), request_id="r")
    assert (await refused(alpha.booking.CreateBooking(request))).reason == "SLOT_UNAVAILABLE"
    await alpha.booking.CancelBooking(CancelBookingRequest(name=world.booking))
    assert (await alpha.booking.CreateBooking(request)).state == Booking.STATE_CONFIRMED


async def test_a_request_id_is_free_again_after_a_day(alpha: Caller, world: World, clock: ManualClock) -> None:
    request = CreateEventRequest(parent=world.calendar, event=timed(14 * HOUR, 15 * HOUR), request_id="r")
    first = await alpha.calendar.CreateEvent(request)
    clock.pass_by(hours=23, minutes=59)
    assert await alpha.calendar.CreateEvent(request) == first
    clock.pass_by(minutes=1)
    again = await alpha.calendar.CreateEvent(request)
    assert again.name != first.name
    assert await alpha.calendar.CreateEvent(request) == again


async def test_without_a_request_id_the_same_request_has_two_effects(alpha: Caller, world: World) -> None:
    request = CreateEventRequest(parent=world.calendar, event=timed(14 * HOUR, 15 * HOUR))
    for _ in range(2):
        await alpha.calendar.CreateEvent(request)
    listed = await alpha.calendar.ListEvents(ListEventsRequest(parent=world.calendar))
    assert len(listed.events) == 3


async def test_an_answer_is_repeated_as_it_was_though_the_record_has_changed(alpha: Caller, world: World) -> None:
    request = CreateBookingRequest(parent=world.profile, booking=booking_at(10 * HOUR), request_id="r")
    made = await alpha.booking.CreateBooking(request)
    await alpha.booking.CancelBooking(CancelBookingRequest(name=made.name))
    assert await alpha.booking.CreateBooking(request) == made
    listed = await alpha.booking.ListBookings(ListBookingsRequest(parent=world.profile))
    assert len(listed.bookings) == 2


async def _replayed(alpha: Caller, name: str, request: Message, between: Sequence[tuple[str, Message]]) -> Answer:
    first = await alpha.send(name, request)
    for other, message in between:
        await alpha.send(other, message)
    again = await alpha.send(name, request)
    assert again.message == first.message
    return again


@pytest.mark.parametrize("name", ["BookingService/CreateBooking", "BookingService/UpdateBookingProfile"])
async def test_a_retry_is_answered_though_the_profile_is_gone(name: str, alpha: Caller, world: World) -> None:
    gone = DeleteBookingProfileRequest(name=world.profile, force=True)
    again = await _replayed(
        alpha, name, build(name, world, request_id="r"), [("BookingService/DeleteBookingProfile", gone)]
    )
    assert again.replayed


async def test_a_retry_is_answered_by_another_process_though_the_profile_is_gone(
    deployment: Deployment, alpha: Caller, world: World, database: Database, clock: ManualClock, limits: StreamLimits
) -> None:
    name = "BookingService/CreateBooking"
    first = await alpha.send(name, build(name, world, request_id="r"))
    await alpha.booking.DeleteBookingProfile(DeleteBookingProfileRequest(name=world.profile, force=True))
    async with deployed(database, clock, limits) as second:
        again = await Caller(second.channel, alpha.authorization).send(name, build(name, world, request_id="r"))
    assert again.replayed
    assert again.message == first.message


async def test_a_retried_import_is_answered_though_the_calendar_is_gone(alpha: Caller, world: World) -> None:
    request = ImportCalendarRequest(parent=world.spare_calendar, data=FILE, request_id="r")
    gone = DeleteCalendarRequest(name=world.spare_calendar)
    again = await _replayed(
        alpha, "CalendarService/ImportCalendar", request, [("CalendarService/DeleteCalendar", gone)]
    )
    assert again.replayed


async def test_a_retried_update_is_answered_though_it_would_be_refused_by_now(alpha: Caller, world: World) -> None:
    ends = UpdateBookingProfileRequest(
        booking_profile=BookingProfile(name=world.profile, end_time={"seconds": 2_000_000_000}),  # type: ignore[arg-type]
        request_id="r",
    )
    begins = UpdateBookingProfileRequest(booking_profile=BookingProfile(name=world.profile))
    begins.update_mask.paths.extend(["start_time", "end_time"])
    begins.booking_profile.start_time.seconds = 2_100_000_000
    name = "BookingService/UpdateBookingProfile"
    assert (await _replayed(alpha, name, ends, [(name, begins)])).replayed
