"""Free/busy answers on the wire."""

from __future__ import annotations

from collections.abc import Iterable

from google.rpc.status_pb2 import Status

from schedsvc.domain.events import LEVEL_OF
from schedsvc.domain.freebusy import Period
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import CalendarName
from schedsvc.rpc.codec.names import calendar_target
from schedsvc.rpc.codec.time import timestamp
from schedsvc.v1 import events_pb2
from schedsvc.v1 import free_busy_pb2 as pb

_SHOWN = {level: events_pb2.ShowAs.ValueType(shown) for shown, level in LEVEL_OF.items()}


def decode_targets(request: pb.QueryFreeBusyRequest) -> list[CalendarName]:
    """The calendar that each target means, in their order."""
    return [calendar_target(name) for name in request.targets]


def encode_busy(target: str, periods: Iterable[Period]) -> pb.FreeBusyResult:
    """When a target is taken; `target` is as it was asked for."""
    result = pb.FreeBusyResult(target=target)
    result.busy.SetInParent()
    for period in periods:
        out = result.busy.periods.add(status=_SHOWN[period.level])
        out.start.seconds, out.end.seconds = period.start, period.end
    return result


def encode_error(target: str, status: Status) -> pb.FreeBusyResult:
    """Why there is no answer for a target."""
    return pb.FreeBusyResult(target=target, error=status)


def encode(results: Iterable[pb.FreeBusyResult], window: Interval) -> pb.QueryFreeBusyResponse:
    """The answer for all targets over the window that was looked at."""
    low, high = window
    return pb.QueryFreeBusyResponse(results=results, time_min=timestamp(low), time_max=timestamp(high))
