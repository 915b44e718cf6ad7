"""QueryFreeBusy over a real server: views, hours, shared calendars, and what is not busy."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.domain.principals import Scope
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, UpdateAccountRequest
from schedsvc.v1.calendars_pb2 import (
    ACCESS_ROLE_FREE_BUSY_READER,
    Calendar,
    CreateCalendarRequest,
    DeleteCalendarRequest,
    UpdateCalendarRequest,
)
from schedsvc.v1.events_pb2 import (
    SHOW_AS_BUSY,
    SHOW_AS_OUT_OF_OFFICE,
    SHOW_AS_TENTATIVE,
    SHOW_AS_WORKING_ELSEWHERE,
    Attendee,
    CreateEventRequest,
    Event,
    ShowAs,
    UpdateEventRequest,
)
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest, QueryFreeBusyResponse
from schedsvc.v1.grants_pb2 import DeleteGrantRequest
from schedsvc.v1.time_pb2 import TimeBound
from tests.rpc.callers import Caller, refused, told
from tests.rpc.conftest import ALPHA, Deployment
from tests.rpc.requests import DAY, HOUR, World, all_day, bound, hours, prepare, share, timed

MINUTE = 60


async def asked(caller: Caller, *targets: str, until: int = DAY, **values: Any) -> QueryFreeBusyResponse:
    request = QueryFreeBusyRequest(targets=targets, time_min=bound(0), time_max=bound(until), **values)
    return await caller.calendar.QueryFreeBusy(request)


async def put(caller: Caller, calendar: str, event: Event) -> Event:
    return await caller.calendar.CreateEvent(CreateEventRequest(parent=calendar, event=event))


def taken(answer: QueryFreeBusyResponse, place: int = 0) -> list[tuple[int, int, ShowAs.ValueType]]:
    """In hours from the start of the range."""
    start = answer.time_min.seconds
    return [
        ((p.start.seconds - start) // HOUR, (p.end.seconds - start) // HOUR, p.status)
        for p in answer.results[place].busy.periods
    ]


@pytest.fixture
async def varied(alpha: Caller, world: World) -> str:
    """A calendar with an hour of each status from midnight on, and two hours in which all meet."""
    statuses = (SHOW_AS_TENTATIVE, SHOW_AS_BUSY, SHOW_AS_OUT_OF_OFFICE, SHOW_AS_WORKING_ELSEWHERE)
    for hour, status in enumerate(statuses):
        await put(alpha, world.spare_calendar, timed(hour * HOUR, (hour + 1) * HOUR, show_as=status))
        await put(alpha, world.spare_calendar, timed(6 * HOUR, 8 * HOUR, show_as=status))
    return world.spare_calendar


async def test_a_view_has_a_digit_for_the_strongest_status_of_each_step(alpha: Caller, varied: str) -> None:
    answer = await asked(alpha, varied, view_step_minutes=30, until=10 * HOUR)
    assert answer.results[0].busy.view == "11223344" + "0000" + "3333" + "0000"
    assert answer.merged_view == answer.results[0].busy.view
    assert (await asked(alpha, varied, view_step_minutes=180, until=10 * HOUR)).merged_view == "3430"


async def test_a_second_of_a_step_is_enough_and_the_last_step_may_be_short(alpha: Caller, world: World) -> None:
    await put(alpha, world.spare_calendar, timed(15 * MINUTE - 1, 15 * MINUTE))
    await put(alpha, world.spare_calendar, timed(33 * MINUTE, 34 * MINUTE))
    answer = await asked(alpha, world.spare_calendar, view_step_minutes=5, until=32 * MINUTE)
    assert answer.merged_view == "0020000"


@pytest.mark.parametrize(("day", "steps"), [("2030-03-10", 23), ("2030-11-03", 25), ("2030-01-07", 24)])
async def test_a_view_of_a_day_with_a_change_of_clocks_has_a_step_for_each_of_its_hours(
    day: str, steps: int, alpha: Caller, world: World
) -> None:
    await put(alpha, world.spare_calendar, timed(0, 1))
    after = f"{day[:8]}{int(day[8:]) + 1:02}"
    answer = await alpha.calendar.QueryFreeBusy(
        QueryFreeBusyRequest(
            targets=[world.spare_calendar],
            time_min=TimeBound(date=day),
            time_max=TimeBound(date=after),
            time_zone="America/New_York",
            view_step_minutes=60,
        )
    )
    assert len(answer.merged_view) == steps


async def test_without_a_step_there_is_no_view_and_without_asking_no_hours(alpha: Caller, varied: str) -> None:
    answer = await asked(alpha, varied)
    busy = answer.results[0].busy
    assert (answer.merged_view, busy.view, busy.HasField("work_hours")) == ("", "", False)


@pytest.mark.parametrize("step", [4, 1441, -5])
async def test_a_step_is_between_five_minutes_and_a_day(step: int, alpha: Caller, world: World) -> None:
    refusal = await refused(asked(alpha, world.calendar, view_step_minutes=step))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["view_step_minutes"])


async def test_more_digits_than_an_answer_holds_are_refused_and_a_few_less_are_not(alpha: Caller, world: World) -> None:
    targets = [world.calendar, *(f"accounts/nobody-{number}" for number in range(99))]
    refusal = await refused(asked(alpha, *targets, view_step_minutes=5, until=92 * DAY))
    assert (refusal.reason, refusal.fields) == ("RANGE_TOO_LARGE", ["view_step_minutes"])
    answer = await asked(alpha, *targets, view_step_minutes=15, until=92 * DAY)
    assert len(answer.results[0].busy.view) == len(answer.merged_view) == 92 * 96


async def test_the_merged_view_is_over_all_targets(alpha: Caller, varied: str, world: World) -> None:
    await put(alpha, world.primary_calendar, timed(0, 2 * HOUR, show_as=SHOW_AS_OUT_OF_OFFICE))
    answer = await asked(alpha, varied, world.account, view_step_minutes=60, until=5 * HOUR)
    assert [result.busy.view for result in answer.results] == ["12340", "33000"]
    assert answer.merged_view == "33340"


async def test_a_target_that_cannot_be_read_is_busy_in_the_merged_view_unless_told_to_leave_it_out(
    alpha: Caller, varied: str
) -> None:
    for fail_open, merged in ((False, "22322"), (True, "12340")):
        answer = await asked(
            alpha, varied, "accounts/nobody", view_step_minutes=60, until=5 * HOUR, fail_open=fail_open
        )
        assert answer.merged_view == merged
        assert answer.results[0].busy.view == "12340"
        assert told(answer.results[1].error).code is StatusCode.NOT_FOUND


async def test_the_hours_are_those_of_the_account_or_else_the_usual_ones_in_the_zone_of_the_calendar(
    alpha: Caller, world: World
) -> None:
    await alpha.calendar.UpdateCalendar(
        UpdateCalendarRequest(calendar=Calendar(name=world.spare_calendar, time_zone="Asia/Tokyo"))
    )
    targets = (world.account, world.spare_calendar, world.spare_account)

    async def told_hours() -> list[Any]:
        answer = await asked(alpha, *targets, include_work_hours=True)
        return [result.busy.work_hours for result in answer.results]

    assert await told_hours() == [hours(), hours("Asia/Tokyo"), hours()]
    own = hours("Europe/Berlin", 8, 12)
    await alpha.calendar.UpdateAccount(UpdateAccountRequest(account=Account(name=world.account, work_hours=own)))
    assert await told_hours() == [own, own, hours()]


async def test_a_calendar_that_is_deleted_is_not_found_from_then_on(alpha: Caller, world: World) -> None:
    for _ in range(2):
        assert (await asked(alpha, world.spare_calendar)).results[0].WhichOneof("result") == "busy"
    await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar))
    for _ in range(2):
        (result,) = (await asked(alpha, world.spare_calendar, include_work_hours=True)).results
        assert told(result.error).resource == world.spare_calendar


async def test_who_may_only_know_when_a_calendar_is_taken_is_told_that_and_the_hours(
    deployment: Deployment, alpha: Caller, varied: str, world: World
) -> None:
    guest = await deployment.caller(ALPHA, Scope.READ, account=world.guest_account.removeprefix("accounts/"))
    (unshared,) = (await asked(guest, varied)).results
    assert (told(unshared.error).code, told(unshared.error).metadata["role"]) == (
        StatusCode.PERMISSION_DENIED,
        "FREE_BUSY_READER",
    )
    grant = await share(alpha, varied, world.guest_account, ACCESS_ROLE_FREE_BUSY_READER)
    answer = await asked(guest, varied, world.guest_account, include_work_hours=True, view_step_minutes=60)
    assert taken(answer) == taken(await asked(alpha, varied))
    assert answer.results[0].busy.work_hours == hours()
    await alpha.calendar.DeleteGrant(DeleteGrantRequest(name=grant.name))
    assert (await asked(guest, varied)).results[0].WhichOneof("result") == "error"


async def test_a_refusal_does_not_tell_whether_the_calendar_is_there(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    await prepare(alpha, "bob")
    bob = await deployment.caller(ALPHA, Scope.READ, account="bob")
    there, absent = (await asked(bob, world.spare_calendar, f"{world.account}/calendars/absent")).results
    assert told(there.error).text.replace("spare", "absent") == told(absent.error).text


async def test_a_meeting_that_the_owner_declined_or_that_is_called_off_takes_no_time(alpha: Caller) -> None:
    account = Account(time_zone="UTC", email="Eve@example.org")
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id="eve", account=account))
    made = [
        await put(alpha, "accounts/eve/calendars/eve", timed(hour * HOUR, (hour + 1) * HOUR, attendees=invited))
        for hour, invited in enumerate(
            [
                [
                    Attendee(email="eve@example.org", response=Attendee.RESPONSE_DECLINED),
                    Attendee(email="a@example.org"),
                ],
                [
                    Attendee(email="eve@example.org"),
                    Attendee(email="a@example.org", response=Attendee.RESPONSE_DECLINED),
                ],
                [],
            ]
        )
    ]
    assert taken(await asked(alpha, "accounts/eve")) == [(1, 3, SHOW_AS_BUSY)]
    called_off = Event(name=made[2].name, status=Event.STATUS_CANCELLED)
    await alpha.calendar.UpdateEvent(UpdateEventRequest(event=called_off))
    assert taken(await asked(alpha, "accounts/eve")) == [(1, 2, SHOW_AS_BUSY)]


async def test_the_instances_of_a_series_take_their_time_each(alpha: Caller, world: World) -> None:
    daily = timed(9 * HOUR, 10 * HOUR, recurrence=["RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20300109T090000Z"])
    await put(alpha, world.spare_calendar, daily)
    answer = await asked(alpha, world.spare_calendar, until=10 * DAY)
    expected = [(24 * day + 9, 24 * day + 10, SHOW_AS_BUSY) for day in (0, 1, 3)]
    assert taken(answer) == expected


async def test_an_all_day_event_takes_the_day_of_its_calendar_and_not_of_the_asker(alpha: Caller, world: World) -> None:
    parent, zone = world.account, "Pacific/Kiritimati"
    made = await alpha.calendar.CreateCalendar(CreateCalendarRequest(parent=parent, calendar=Calendar(time_zone=zone)))
    await put(alpha, made.name, all_day("2030-01-08", "2030-01-09", show_as=SHOW_AS_OUT_OF_OFFICE))
    for asker in ("UTC", "America/Los_Angeles"):
        answer = await asked(alpha, made.name, time_zone=asker, view_step_minutes=120, until=2 * DAY)
        assert taken(answer) == [(10, 34, SHOW_AS_OUT_OF_OFFICE)]
        assert answer.merged_view == "00000" + "3" * 12 + "0" * 7
