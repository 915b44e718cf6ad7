"""Checks of SuggestTimes: who is to meet, for how long, and when not."""

from __future__ import annotations

from schedsvc.domain.limits import SUGGEST_MEMBERS
from schedsvc.domain.time import EARLIEST, LATEST
from schedsvc.rpc.checks import times
from schedsvc.rpc.checks.report import Report, join, shown
from schedsvc.rpc.codec.names import calendar_target
from schedsvc.v1 import suggestions_pb2 as pb


def request(report: Report, _path: str, message: pb.SuggestTimesRequest) -> None:
    if message.HasField("duration"):
        times.length(report, "duration", message.duration)
        if message.duration.seconds % 60:
            report.add("duration", "must be a whole number of minutes")
    if sum(len(group.members) for group in message.groups) > SUGGEST_MEMBERS:
        report.add("groups", f"must name {SUGGEST_MEMBERS} members at most, all groups together")


def group(report: Report, path: str, message: pb.MemberGroup) -> None:
    seen = set()
    for index, name in enumerate(message.members):
        at = f"{path}.members[{index}]"
        try:
            calendar = calendar_target(name)
        except ValueError:
            report.add(at, f"{shown(name)} is not the name of a calendar or account")
            continue
        if calendar in seen:
            report.add(at, "names a member of the group for the second time")
        seen.add(calendar)
    if message.required > len(message.members):
        report.add(join(path, "required"), "must not be more than the group has members")


def interval(report: Report, path: str, message: pb.TimeInterval) -> None:
    if not (message.HasField("start") and message.HasField("end")):
        return
    for name in ("start", "end"):
        if not EARLIEST <= getattr(message, name).seconds <= LATEST:
            report.add(join(path, name), times.ERA, "BAD_TIME_RANGE")
    if (message.end.seconds, message.end.nanos) <= (message.start.seconds, message.start.nanos):
        report.add(join(path, "end"), "must be after start", "BAD_TIME_RANGE")
