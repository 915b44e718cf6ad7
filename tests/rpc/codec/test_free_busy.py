"""Free/busy answers."""

from __future__ import annotations

from google.rpc.status_pb2 import Status

from schedsvc.domain.events import Level
from schedsvc.domain.freebusy import Period
from schedsvc.domain.hours import default_hours
from schedsvc.rpc.codec.free_busy import decode, encode, encode_error, encode_taken
from schedsvc.rpc.codec.time import encode_work_hours
from schedsvc.usecases.free_busy import FreeBusyAnswer, Taken
from schedsvc.v1 import events_pb2
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from tests.rpc.codec.building import build


def test_periods_are_told_with_the_status_of_their_level() -> None:
    levels = {
        Level.WORKING_ELSEWHERE: events_pb2.SHOW_AS_WORKING_ELSEWHERE,
        Level.TENTATIVE: events_pb2.SHOW_AS_TENTATIVE,
        Level.BUSY: events_pb2.SHOW_AS_BUSY,
        Level.OUT_OF_OFFICE: events_pb2.SHOW_AS_OUT_OF_OFFICE,
    }
    result = encode_taken("accounts/a", Taken([Period(level * 10, level * 10 + 5, level) for level in levels]))
    assert {period.start.seconds: period.status for period in result.busy.periods} == {
        level * 10: status for level, status in levels.items()
    }
    assert [period.end.seconds for period in result.busy.periods] == [15, 25, 35, 45]


def test_a_free_target_is_answered_and_not_left_out() -> None:
    assert encode_taken("accounts/a", Taken([])).WhichOneof("result") == "busy"


def test_hours_and_views_are_there_only_if_they_were_asked_for() -> None:
    bare = encode_taken("accounts/a", Taken([])).busy
    assert (bare.view, bare.HasField("work_hours")) == ("", False)
    full = encode_taken("accounts/a", Taken([], "00", default_hours("Asia/Tokyo"))).busy
    assert (full.view, full.work_hours) == ("00", encode_work_hours(default_hours("Asia/Tokyo")))


def test_the_answer_keeps_the_order_and_the_words_of_the_request() -> None:
    request = build(QueryFreeBusyRequest, targets=["accounts/b/calendars/primary", "accounts/a"], view_step_minutes=5)
    query = decode(request)
    assert [str(name) for name in query.calendars] == ["accounts/b/calendars/b", "accounts/a/calendars/a"]
    assert (query.view_step, query.work_hours, query.fail_open) == (300, False, False)
    results = [encode_taken(request.targets[0], Taken([])), encode_error(request.targets[1], Status(code=5))]
    answer = encode(results, FreeBusyAnswer((60, 120), [], "2"))
    assert [result.target for result in answer.results] == list(request.targets)
    assert (answer.time_min.seconds, answer.time_max.seconds, answer.merged_view) == (60, 120, "2")
    assert answer.results[1].error.code == 5
