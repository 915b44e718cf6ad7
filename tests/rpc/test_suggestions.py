"""SuggestTimes over a real server: who can meet when, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from schedsvc.domain.principals import Scope
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, DeleteAccountRequest
from schedsvc.v1.booking_profiles_pb2 import BookingProfile, CreateBookingProfileRequest
from schedsvc.v1.bookings_pb2 import CreateBookingRequest, ListSlotsRequest
from schedsvc.v1.calendars_pb2 import ACCESS_ROLE_FREE_BUSY_READER
from schedsvc.v1.events_pb2 import (
    SHOW_AS_BUSY,
    SHOW_AS_FREE,
    SHOW_AS_OUT_OF_OFFICE,
    SHOW_AS_TENTATIVE,
    SHOW_AS_WORKING_ELSEWHERE,
    Attendee,
    CreateEventRequest,
    Event,
)
from schedsvc.v1.suggestions_pb2 import (
    MemberGroup,
    Suggestion,
    SuggestTimesRequest,
    SuggestTimesResponse,
    TimeInterval,
)
from schedsvc.v1.time_pb2 import TimeBound
from tests.rpc.callers import Caller, refused, told
from tests.rpc.conftest import ALPHA, Deployment, ManualClock
from tests.rpc.requests import DAY, HOUR, MIDNIGHT, all_day, at, booking_at, bound, hours, share, timed

MINUTE = 60
ANN, BEN, CAT = PEOPLE = "accounts/ann", "accounts/ben", "accounts/cat"
Empty = SuggestTimesResponse


def request(*groups: Sequence[str] | MemberGroup, minutes: int = 60, **values: Any) -> SuggestTimesRequest:
    """For Monday, half past eight to five; each group a list of members who are all needed, unless it is a message."""
    given: dict[str, Any] = {
        "time_min": bound(8 * HOUR + 30 * MINUTE),
        "time_max": bound(17 * HOUR),
        "step_minutes": 60,
        **values,
    }
    return SuggestTimesRequest(
        groups=[group if isinstance(group, MemberGroup) else MemberGroup(members=group) for group in groups],
        duration=Duration(seconds=60 * minutes),
        **given,
    )


def clocks(suggestions: Sequence[Suggestion]) -> list[str]:
    return [f"{each.local_start[11:16]}-{each.local_end[11:16]}" for each in suggestions]


async def found(caller: Caller, *groups: Sequence[str] | MemberGroup, **values: Any) -> list[str]:
    return clocks((await caller.calendar.SuggestTimes(request(*groups, **values))).suggestions)


async def pages(caller: Caller, asked: SuggestTimesRequest) -> AsyncIterator[SuggestTimesResponse]:
    while True:
        page = await caller.calendar.SuggestTimes(asked)
        yield page
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token


async def put(caller: Caller, account: str, event: Event) -> Event:
    return await caller.calendar.CreateEvent(CreateEventRequest(parent=f"{account}/calendars/primary", event=event))


@pytest.fixture
async def people(alpha: Caller) -> Caller:
    """Ann is in a meeting from nine to eleven, Ben from ten to twelve, Cat from one to three; all work nine to five."""
    for name, first, last in zip(PEOPLE, (9, 10, 13), (11, 12, 15), strict=True):
        account = Account(time_zone="UTC", work_hours=hours(), email=f"{name[9:]}@example.org")
        await alpha.calendar.CreateAccount(CreateAccountRequest(account_id=name[9:], account=account))
        await put(alpha, name, timed(first * HOUR, last * HOUR))
    return alpha


async def test_all_members_are_free_within_their_hours_at_every_suggestion(people: Caller) -> None:
    answer = await people.calendar.SuggestTimes(request(PEOPLE))
    assert clocks(answer.suggestions) == ["12:00-13:00", "15:00-16:00", "16:00-17:00"]
    first = answer.suggestions[0]
    assert (first.start, first.end) == (at(12 * HOUR), at(13 * HOUR))
    assert (first.local_start, first.local_end) == ("2030-01-07T12:00:00+00:00", "2030-01-07T13:00:00+00:00")
    assert (list(first.available_members), list(first.unavailable_members)) == (list(PEOPLE), [])
    assert (answer.time_zone, answer.empty_reason) == ("UTC", Empty.EMPTY_REASON_UNSPECIFIED)


async def test_a_number_of_members_is_enough_and_the_answer_says_which(people: Caller) -> None:
    two = MemberGroup(members=PEOPLE, required=2)
    answer = await people.calendar.SuggestTimes(request(two))
    assert clocks(answer.suggestions)[:3] == ["09:00-10:00", "11:00-12:00", "12:00-13:00"]
    early = answer.suggestions[0]
    assert (list(early.available_members), list(early.unavailable_members)) == ([BEN, CAT], [ANN])
    assert len(answer.suggestions) == 7


async def test_each_group_is_met_by_itself(people: Caller) -> None:
    one_of_two = MemberGroup(members=[BEN, CAT], required=1)
    assert await found(people, [ANN], one_of_two) == [f"{hour}:00-{hour + 1}:00" for hour in range(11, 17)]
    assert await found(people, [ANN], [CAT]) == ["11:00-12:00", "12:00-13:00", "15:00-16:00", "16:00-17:00"]


async def test_one_member_gets_the_slots_of_a_profile_with_the_same_numbers(people: Caller) -> None:
    await put(people, ANN, timed(DAY + 9 * HOUR + 20 * MINUTE, DAY + 9 * HOUR + 40 * MINUTE))
    profile = await people.booking.CreateBookingProfile(
        CreateBookingProfileRequest(
            parent=ANN,
            booking_profile=BookingProfile(
                duration=Duration(seconds=45 * MINUTE),
                availability_step_minutes=15,
                buffer_before_minutes=10,
                buffer_after_minutes=20,
                start_after_minutes=0,
                time_available_for="P30D",
            ),
        )
    )
    made = await people.booking.CreateBooking(
        CreateBookingRequest(parent=profile.name, booking=booking_at(2 * DAY + 10 * HOUR))
    )
    assert made.end == at(2 * DAY + 10 * HOUR + 45 * MINUTE)
    listed = await people.booking.ListSlots(
        ListSlotsRequest(parent=profile.name, time_min=bound(0), time_max=bound(4 * DAY))
    )
    asked = request(
        [ANN],
        minutes=45,
        step_minutes=15,
        buffer_before_minutes=10,
        buffer_after_minutes=20,
        time_min=bound(0),
        time_max=bound(4 * DAY),
        page_size=500,
    )
    suggested = await people.calendar.SuggestTimes(asked)
    assert [each.start for each in suggested.suggestions] == [slot.start for slot in listed.slots]
    assert len(listed.slots) > 50


async def test_periods_are_as_long_as_they_can_be(people: Caller) -> None:
    periods = {"format": SuggestTimesRequest.FORMAT_PERIODS, "minutes": 90}
    assert await found(people, PEOPLE, **periods) == ["15:00-17:00"]
    assert await found(people, [ANN, CAT], **periods) == ["11:00-13:00", "15:00-17:00"]
    answer = await people.calendar.SuggestTimes(request(MemberGroup(members=[BEN, CAT], required=1), **periods))
    assert [(clocks([each])[0], list(each.available_members)) for each in answer.suggestions] == [
        ("09:00-13:00", [CAT]),
        ("12:00-17:00", [BEN]),
    ]


async def test_without_work_hours_any_time_will_do(people: Caller) -> None:
    where = {"time_min": bound(5 * DAY), "time_max": bound(5 * DAY + 3 * HOUR)}
    assert await found(people, PEOPLE, **where) == []
    assert await found(people, PEOPLE, **where, use_work_hours=False) == ["00:00-01:00", "01:00-02:00", "02:00-03:00"]


async def test_buffers_keep_their_distance_from_events(people: Caller) -> None:
    some = {"step_minutes": 30, "buffer_before_minutes": 10, "buffer_after_minutes": 10}
    assert await found(people, [ANN], **some, time_max=bound(13 * HOUR)) == ["11:30-12:30", "12:00-13:00"]


async def test_the_callers_intervals_are_kept_out_of_and_kept_to(people: Caller) -> None:
    lunch = TimeInterval(start=at(12 * HOUR), end=at(13 * HOUR))
    assert await found(people, PEOPLE, extra_busy=[lunch]) == ["15:00-16:00", "16:00-17:00"]
    assert await found(people, PEOPLE, only_within=[lunch]) == ["12:00-13:00"]
    halves = [TimeInterval(start=at(15 * HOUR + MINUTE * n), end=at(15 * HOUR + MINUTE * (n + 30))) for n in (0, 30)]
    assert await found(people, PEOPLE, only_within=halves) == ["15:00-16:00"]


async def test_the_statuses_that_keep_a_member_away_can_be_chosen(people: Caller) -> None:
    statuses = (SHOW_AS_TENTATIVE, SHOW_AS_BUSY, SHOW_AS_OUT_OF_OFFICE, SHOW_AS_WORKING_ELSEWHERE, SHOW_AS_FREE)
    for hour, status in enumerate(statuses, 9):
        await put(people, CAT, timed(DAY + hour * HOUR, DAY + (hour + 1) * HOUR, show_as=status))
    where = {"time_min": bound(DAY + 9 * HOUR), "time_max": bound(DAY + 14 * HOUR)}
    assert await found(people, [CAT], **where) == ["12:00-13:00", "13:00-14:00"]
    busy_alone = await found(people, [CAT], **where, busy_statuses=[SHOW_AS_BUSY])
    assert busy_alone == ["09:00-10:00", "11:00-12:00", "12:00-13:00", "13:00-14:00"]
    elsewhere = await found(people, [CAT], **where, busy_statuses=[SHOW_AS_WORKING_ELSEWHERE])
    assert elsewhere == ["09:00-10:00", "10:00-11:00", "11:00-12:00", "13:00-14:00"]


async def test_a_declined_meeting_keeps_nobody_away(people: Caller) -> None:
    declined = [Attendee(email="ann@example.org", response=Attendee.RESPONSE_DECLINED)]
    await put(people, ANN, timed(12 * HOUR, 17 * HOUR, attendees=declined))
    assert await found(people, PEOPLE) == ["12:00-13:00", "15:00-16:00", "16:00-17:00"]
    accepted = [Attendee(email="ann@example.org")]
    await put(people, ANN, timed(12 * HOUR, 16 * HOUR, attendees=accepted))
    assert await found(people, PEOPLE) == ["16:00-17:00"]


async def test_an_all_day_event_keeps_away_only_if_it_takes_time(people: Caller) -> None:
    await put(people, BEN, all_day("2030-01-07", "2030-01-08"))
    assert len(await found(people, PEOPLE)) == 3
    await put(people, BEN, all_day("2030-01-07", "2030-01-08", show_as=SHOW_AS_OUT_OF_OFFICE))
    assert await found(people, PEOPLE) == []


async def test_the_instances_of_a_series_keep_away(people: Caller) -> None:
    weekly = timed(12 * HOUR, 13 * HOUR, recurrence=["RRULE:FREQ=WEEKLY"])
    await put(people, ANN, weekly)
    assert await found(people, PEOPLE) == ["15:00-16:00", "16:00-17:00"]
    later = {"time_min": bound(70 * DAY + 11 * HOUR), "time_max": bound(70 * DAY + 14 * HOUR)}
    assert await found(people, PEOPLE, **later) == ["11:00-12:00", "13:00-14:00"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2030-03-10", ["01:00-03:00", "03:00-04:00", "04:00-05:00"]),
        ("2030-11-03", ["01:00-01:00", "01:00-02:00", "02:00-03:00", "03:00-04:00", "04:00-05:00"]),
    ],
)
async def test_on_the_day_of_a_clock_change_the_wall_clock_decides(
    day: str, expected: list[str], people: Caller
) -> None:
    zone = "America/New_York"
    for id_ in ("night", "owl"):
        account = Account(time_zone=zone, work_hours=hours(zone, 1, 5, range(1, 8)))
        await people.calendar.CreateAccount(CreateAccountRequest(account_id=id_, account=account))
    where = {"time_min": TimeBound(date=day), "time_max": TimeBound(date_time=f"{day}T12:00"), "time_zone": zone}
    assert await found(people, ["accounts/night", "accounts/owl"], **where) == expected


async def test_local_times_and_the_grid_are_those_of_the_asked_zone_if_hours_differ(people: Caller) -> None:
    account = Account(time_zone="Asia/Kathmandu", work_hours=hours("Asia/Kathmandu", 9, 18))
    await people.calendar.CreateAccount(CreateAccountRequest(account_id="dev", account=account))
    both = [ANN, "accounts/dev"]
    where: dict[str, Any] = {"time_min": bound(DAY + 8 * HOUR), "time_max": bound(DAY + 17 * HOUR)}
    assert await found(people, both, **where) == ["09:00-10:00", "10:00-11:00", "11:00-12:00"]
    asked = request(both, **where, time_zone="Asia/Kathmandu")
    answer = await people.calendar.SuggestTimes(asked)
    assert clocks(answer.suggestions) == ["15:00-16:00", "16:00-17:00", "17:00-18:00"]
    assert answer.suggestions[0].local_start.endswith("+05:45")


async def test_pages_show_every_suggestion_once(people: Caller) -> None:
    for form in (SuggestTimesRequest.FORMAT_SLOTS, SuggestTimesRequest.FORMAT_PERIODS):
        whole = request(MemberGroup(members=PEOPLE, required=2), time_max=bound(40 * DAY), format=form, page_size=500)
        expected = list((await people.calendar.SuggestTimes(whole)).suggestions)
        whole.page_size = 7
        seen = [each async for page in pages(people, whole) for each in page.suggestions]
        assert seen == expected
        assert len(seen) > 25


async def test_later_pages_are_computed_for_the_instant_of_the_first(people: Caller, clock: ManualClock) -> None:
    asked = request([ANN], time_max=bound(3 * DAY), page_size=5)
    first = await people.calendar.SuggestTimes(asked)
    asked.page_token = first.next_page_token
    clock.pass_by(days=2)
    second = await people.calendar.SuggestTimes(asked)
    assert second.as_of == first.as_of
    assert second.suggestions[0].start == at(16 * HOUR)


async def test_what_is_taken_between_two_pages_is_not_suggested_and_nothing_comes_twice(people: Caller) -> None:
    for form in (SuggestTimesRequest.FORMAT_SLOTS, SuggestTimesRequest.FORMAT_PERIODS):
        asked = request([ANN], time_min=bound(7 * DAY), time_max=bound(14 * DAY), format=form, page_size=2)
        first = await people.calendar.SuggestTimes(asked)
        start = first.suggestions[-1].start.seconds - MIDNIGHT
        await put(people, ANN, timed(start + DAY, start + DAY + HOUR))
        asked.page_token, asked.page_size = first.next_page_token, 500
        rest = (await people.calendar.SuggestTimes(asked)).suggestions
        assert all(each.start.seconds > start + MIDNIGHT for each in rest)
        assert all(
            each.end.seconds <= MIDNIGHT + start + DAY or each.start.seconds >= MIDNIGHT + start + DAY + HOUR
            for each in rest
        )


async def test_a_page_token_is_good_for_its_own_request_only(people: Caller) -> None:
    asked = request([ANN], time_max=bound(3 * DAY), page_size=5)
    token = (await people.calendar.SuggestTimes(asked)).next_page_token
    other = request([BEN], time_max=bound(3 * DAY), page_size=5, page_token=token)
    assert (await refused(people.calendar.SuggestTimes(other))).reason == "PAGE_TOKEN_INVALID"


async def test_a_page_with_many_long_names_stays_below_the_size_of_an_answer(alpha: Caller) -> None:
    names = [f"accounts/{'x' * 60}{number:03}/calendars/{'y' * 64}" for number in range(50)]
    account = Account(time_zone="UTC", work_hours=hours(start=0, end=24, days=range(1, 8)))
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id="one", account=account))
    group = MemberGroup(members=["accounts/one"])
    asked = request(group, MemberGroup(members=names[:49], required=1), time_max=bound(60 * DAY), page_size=500)
    assert not (await alpha.calendar.SuggestTimes(asked)).suggestions
    id_ = names[0].split("/")[1]
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id=id_, account=account))
    asked.groups[1].members[0] = f"accounts/{id_}"
    page = await alpha.calendar.SuggestTimes(asked)
    assert 0 < len(page.suggestions) < 500
    assert page.next_page_token
    assert page.ByteSize() < 3 * 1024 * 1024 + 100_000


async def test_a_member_that_cannot_be_read_is_never_free_and_has_an_error(people: Caller) -> None:
    answer = await people.calendar.SuggestTimes(request([*PEOPLE, "accounts/nobody"]))
    (error,) = answer.errors
    assert (error.member, told(error.error).code) == ("accounts/nobody", StatusCode.NOT_FOUND)
    assert not answer.suggestions
    assert answer.empty_reason == Empty.EMPTY_REASON_UNREADABLE
    some = await people.calendar.SuggestTimes(request(MemberGroup(members=[*PEOPLE, "accounts/nobody"], required=3)))
    assert clocks(some.suggestions) == ["12:00-13:00", "15:00-16:00", "16:00-17:00"]
    assert list(some.suggestions[0].unavailable_members) == ["accounts/nobody"]


async def test_members_that_cannot_be_read_are_done_without_if_told_so(people: Caller) -> None:
    answer = await people.calendar.SuggestTimes(request([*PEOPLE, "accounts/nobody"], fail_open=True))
    assert clocks(answer.suggestions) == ["12:00-13:00", "15:00-16:00", "16:00-17:00"]
    first = answer.suggestions[0]
    assert (list(first.available_members), list(first.unavailable_members)) == (list(PEOPLE), [])
    assert [error.member for error in answer.errors] == ["accounts/nobody"]
    alone = await people.calendar.SuggestTimes(request([ANN], ["accounts/nobody"], fail_open=True))
    assert (list(alone.suggestions), alone.empty_reason) == ([], Empty.EMPTY_REASON_UNREADABLE)


async def test_knowing_when_a_calendar_is_taken_is_enough_to_find_a_time(
    deployment: Deployment, people: Caller
) -> None:
    ann = await deployment.caller(ALPHA, Scope.READ, account="ann")
    refusal = (await ann.calendar.SuggestTimes(request([ANN, BEN]))).errors[0]
    assert (refusal.member, told(refusal.error).code) == (BEN, StatusCode.PERMISSION_DENIED)
    await share(people, f"{BEN}/calendars/primary", ANN, ACCESS_ROLE_FREE_BUSY_READER)
    answer = await ann.calendar.SuggestTimes(request([ANN, BEN]))
    assert not answer.errors
    assert clocks(answer.suggestions)[0] == "12:00-13:00"


async def test_an_account_that_is_deleted_can_no_longer_be_read(people: Caller) -> None:
    assert not (await people.calendar.SuggestTimes(request([ANN]))).errors
    await people.calendar.DeleteAccount(DeleteAccountRequest(name=ANN, force=True))
    answer = await people.calendar.SuggestTimes(request([ANN]))
    assert [error.member for error in answer.errors] == [ANN]


async def test_the_past_is_never_suggested(people: Caller, clock: ManualClock) -> None:
    clock.time = clock.time.replace(hour=15, minute=0, second=1)
    assert await found(people, PEOPLE) == ["16:00-17:00"]
    clock.time = clock.time.replace(hour=16, minute=0, second=0)
    assert await found(people, PEOPLE) == ["16:00-17:00"]
    clock.pass_by(seconds=1)
    answer = await people.calendar.SuggestTimes(request(PEOPLE))
    assert (list(answer.suggestions), answer.empty_reason) == ([], Empty.EMPTY_REASON_PAST)


NOON = TimeInterval(start=at(12 * HOUR), end=at(13 * HOUR))
REASONS = [
    ({"time_max": bound(9 * HOUR)}, Empty.EMPTY_REASON_TOO_SHORT),
    ({"time_min": bound(-2 * DAY), "time_max": bound(-DAY)}, Empty.EMPTY_REASON_PAST),
    ({"time_min": bound(5 * DAY), "time_max": bound(6 * DAY)}, Empty.EMPTY_REASON_OUTSIDE_HOURS),
    ({"only_within": [NOON], "extra_busy": [NOON]}, Empty.EMPTY_REASON_EXCLUDED),
    ({"minutes": 180}, Empty.EMPTY_REASON_BUSY),
]


@pytest.mark.parametrize(("values", "reason"), REASONS)
async def test_an_empty_answer_says_why(
    values: dict[str, Any], reason: SuggestTimesResponse.EmptyReason.ValueType, people: Caller
) -> None:
    answer = await people.calendar.SuggestTimes(request(PEOPLE, **values))
    assert (list(answer.suggestions), answer.empty_reason) == ([], reason)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"groups": []}, "groups"),
    ({"groups": [MemberGroup()]}, "groups[0].members"),
    ({"groups": [MemberGroup(members=["accounts/a", "accounts/a/calendars/primary"])]}, "groups[0].members[1]"),
    ({"groups": [MemberGroup(members=["rooms/a"])]}, "groups[0].members[0]"),
    ({"groups": [MemberGroup(members=["accounts/a"], required=2)]}, "groups[0].required"),
    ({"groups": [MemberGroup(members=["accounts/a"], required=0)]}, "groups[0].required"),
    ({"groups": [MemberGroup(members=["accounts/a"])] * 21}, "groups"),
    ({"groups": [MemberGroup(members=[f"accounts/a{n}" for n in range(26)])] * 2}, "groups"),
    ({"duration": None}, "duration"),
    ({"duration": Duration(seconds=90)}, "duration"),
    ({"duration": Duration(seconds=DAY + 60)}, "duration"),
    ({"duration": Duration()}, "duration"),
    ({"time_min": None}, "time_min"),
    ({"time_max": None}, "time_max"),
    ({"time_max": bound(0)}, "time_max"),
    ({"time_max": bound(92 * DAY + 8 * HOUR + 31 * MINUTE)}, "time_max"),
    ({"time_zone": "Mars"}, "time_zone"),
    ({"step_minutes": 7}, "step_minutes"),
    ({"buffer_before_minutes": 721}, "buffer_before_minutes"),
    ({"buffer_after_minutes": -1}, "buffer_after_minutes"),
    ({"extra_busy": [TimeInterval(start=at(5), end=at(5))]}, "extra_busy[0].end"),
    ({"extra_busy": [TimeInterval(end=at(5))]}, "extra_busy[0].start"),
    ({"extra_busy": [NOON] * 501}, "extra_busy"),
    ({"only_within": [TimeInterval(start=at(5), end=at(-(10**11)))]}, "only_within[0].end"),
    ({"busy_statuses": [SHOW_AS_FREE]}, "busy_statuses[0]"),
    ({"busy_statuses": [SHOW_AS_BUSY, SHOW_AS_BUSY]}, "busy_statuses"),
    ({"format": 9}, "format"),
    ({"page_size": -1}, "page_size"),
]


@pytest.mark.parametrize(("values", "field"), BAD)
async def test_a_bad_field_is_named(values: dict[str, Any], field: str, alpha: Caller) -> None:
    asked = request([ANN])
    for name, value in values.items():
        asked.ClearField(name)  # type: ignore[arg-type]
        asked.MergeFrom(SuggestTimesRequest(**{} if value is None else {name: value}))
    refusal = await refused(alpha.calendar.SuggestTimes(asked))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, [field])
