"""Times for meetings on the wire."""

from __future__ import annotations

from typing import Any

from schedsvc.domain.events import Level
from schedsvc.domain.suggestions import BLOCKING, Group, Shape, Suggestion
from schedsvc.repositories.base import Page
from schedsvc.rpc.codec.suggestions import decode, encode
from schedsvc.usecases.suggestions import SuggestionPage, SuggestionQuery
from schedsvc.v1.events_pb2 import SHOW_AS_OUT_OF_OFFICE, SHOW_AS_WORKING_ELSEWHERE
from schedsvc.v1.suggestions_pb2 import SuggestTimesRequest
from tests.rpc.codec.building import build

TWO_GROUPS = [
    {"members": ["accounts/a", "accounts/b/calendars/x"]},
    {"members": ["accounts/c", "accounts/a/calendars/primary", "accounts/d"], "required": 2},
]


def asked(**values: Any) -> SuggestTimesRequest:
    values.setdefault("groups", TWO_GROUPS)
    values.setdefault("duration", {"seconds": 1800})
    bounds = {"time_min": {"date": "2030-01-07"}, "time_max": {"date": "2030-01-08"}}
    return build(SuggestTimesRequest, **bounds, **values)


def decoded(**values: Any) -> SuggestionQuery:
    return decode(asked(**values), Page(10), ())


def test_a_member_of_two_groups_is_one_bit_in_both_and_all_are_needed_unless_a_number_is() -> None:
    query = decoded()
    assert list(map(str, query.members)) == [
        "accounts/a/calendars/a",
        "accounts/b/calendars/x",
        "accounts/c/calendars/c",
        "accounts/d/calendars/d",
    ]
    assert query.wish.groups == (Group(0b0011, 2), Group(0b1101, 2))


def test_what_is_not_said_has_the_values_of_the_contract() -> None:
    query = decoded()
    assert (query.wish.step, query.wish.shape, query.wish.levels) == (1800, Shape.SLOTS, BLOCKING)
    assert (query.wish.time_zone, query.wish.only_within, query.work_hours) == ("UTC", None, True)


def test_what_is_said_is_taken_over() -> None:
    query = decoded(
        step_minutes=5,
        use_work_hours=False,
        buffer_before_minutes=7,
        buffer_after_minutes=8,
        time_zone="Asia/Tokyo",
        busy_statuses=[SHOW_AS_OUT_OF_OFFICE, SHOW_AS_WORKING_ELSEWHERE],
        format=SuggestTimesRequest.FORMAT_PERIODS,
        fail_open=True,
    )
    wish = query.wish
    assert (wish.step, wish.before, wish.after, wish.time_zone) == (300, 420, 480, "Asia/Tokyo")
    assert wish.levels == {Level.OUT_OF_OFFICE, Level.WORKING_ELSEWHERE}
    assert (wish.shape, wish.fail_open, query.work_hours) == (Shape.PERIODS, True, False)


def test_busy_time_is_widened_to_whole_seconds_and_allowed_time_narrowed() -> None:
    between = {"start": {"seconds": 10, "nanos": 5}, "end": {"seconds": 20, "nanos": 5}}
    wish = decoded(extra_busy=[between], only_within=[between]).wish
    assert (wish.extra_busy, wish.only_within) == ([(10, 21)], [(11, 20)])


def test_allowed_time_without_a_whole_second_is_no_time_and_not_any() -> None:
    instant = {"start": {"seconds": 10, "nanos": 5}, "end": {"seconds": 10, "nanos": 7}}
    assert decoded(only_within=[instant]).wish.only_within == []


def test_the_range_is_narrowed_to_whole_seconds() -> None:
    request = asked()
    request.time_min.instant.FromMilliseconds(10_500)
    request.time_max.instant.FromMilliseconds(20_500)
    query = decode(request, Page(10), ())
    assert (query.asked.low, query.asked.high) == (11, 20)


def test_names_are_in_the_words_of_the_request_and_a_weight_never_is_too_small() -> None:
    request = asked(time_zone="Europe/Berlin")
    page = SuggestionPage([Suggestion(0, 1800, 0b0101)], {}, None, 7, more=False)
    answer = encode(page, request, {}, "")
    (only,) = answer.suggestions
    assert list(only.available_members) == ["accounts/a", "accounts/c"]
    assert list(only.unavailable_members) == ["accounts/b/calendars/x", "accounts/d"]
    assert (only.local_start, only.local_end) == ("1970-01-01T01:00:00+01:00", "1970-01-01T01:30:00+01:00")
    assert answer.ByteSize() - encode(SuggestionPage([], {}, None, 7, more=False), request, {}, "").ByteSize() <= (
        decode(request, Page(10), ()).weight
    )
