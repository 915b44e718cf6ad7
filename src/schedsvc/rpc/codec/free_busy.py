"""Free/busy on the wire."""

from __future__ import annotations

from collections.abc import Iterable

from google.rpc.status_pb2 import Status

from schedsvc.domain.events import LEVEL_OF
from schedsvc.rpc.codec.names import calendar_target
from schedsvc.rpc.codec.ranges import decode_window
from schedsvc.rpc.codec.time import encode_work_hours, timestamp
from schedsvc.usecases.free_busy import FreeBusyAnswer, FreeBusyQuery, Taken
from schedsvc.v1 import events_pb2
from schedsvc.v1 import free_busy_pb2 as pb

_SHOWN = {level: events_pb2.ShowAs.ValueType(shown) for shown, level in LEVEL_OF.items()}


def decode(request: pb.QueryFreeBusyRequest) -> FreeBusyQuery:
    """The query, with the calendar that each target means, in their order."""
    return FreeBusyQuery(
        calendars=[calendar_target(name) for name in request.targets],
        asked=decode_window(request),
        view_step=request.view_step_minutes * 60,
        work_hours=request.include_work_hours,
        fail_open=request.fail_open,
    )


def encode_taken(target: str, taken: Taken) -> pb.FreeBusyResult:
    """When a target is taken; `target` is as it was asked for."""
    busy = pb.BusyPeriods(view=taken.view)
    for period in taken.periods:
        out = busy.periods.add(status=_SHOWN[period.level])
        out.start.seconds, out.end.seconds = period.start, period.end
    if taken.hours is not None:
        busy.work_hours.CopyFrom(encode_work_hours(taken.hours))
    return pb.FreeBusyResult(target=target, busy=busy)


def encode_error(target: str, status: Status) -> pb.FreeBusyResult:
    """Why there is no answer for a target."""
    return pb.FreeBusyResult(target=target, error=status)


def encode(results: Iterable[pb.FreeBusyResult], answer: FreeBusyAnswer) -> pb.QueryFreeBusyResponse:
    """The answer for all targets over the window that was looked at."""
    low, high = answer.window
    return pb.QueryFreeBusyResponse(
        results=results, time_min=timestamp(low), time_max=timestamp(high), merged_view=answer.merged_view
    )
