"""Times for meetings on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.rpc.status_pb2 import Status

from schedsvc.domain.events import LEVEL_OF, ShowAs
from schedsvc.domain.intervals import Interval, merge
from schedsvc.domain.names import CalendarName
from schedsvc.domain.suggestions import BLOCKING, Group, Shape, Suggestion, Wish
from schedsvc.repositories.base import Page
from schedsvc.rpc.codec.names import calendar_target
from schedsvc.rpc.codec.paging import Key
from schedsvc.rpc.codec.ranges import decode_inside
from schedsvc.rpc.codec.time import local_text, timestamp
from schedsvc.usecases.suggestions import SuggestionPage, SuggestionQuery
from schedsvc.v1 import suggestions_pb2 as pb

DEFAULT_STEP = 30
_TIMES_BYTES = 160
"""More than what a suggestion takes beside the names in it."""


def members_of(request: pb.SuggestTimesRequest) -> dict[CalendarName, str]:
    """Everybody in the order of the request, each once, with the first name that was used."""
    members: dict[CalendarName, str] = {}
    for group in request.groups:
        for name in group.members:
            members.setdefault(calendar_target(name), name)
    return members


def decode(request: pb.SuggestTimesRequest, page: Page, pin: Key) -> SuggestionQuery:
    """The query; a later page has the last start of the page before as its key, and is pinned to its instant."""
    members = members_of(request)
    return SuggestionQuery(
        members=list(members),
        wish=_wish(request, list(members)),
        asked=decode_inside(request),
        work_hours=request.use_work_hours if request.HasField("use_work_hours") else True,
        size=page.size,
        weight=_TIMES_BYTES + sum(len(name) + 4 for name in members.values()),
        as_of=int(pin[0]) if pin else None,
        after=int(page.after[0]) if page.after else None,
    )


def last(page: SuggestionPage) -> Key | None:
    """The key of the last suggestion if more follow."""
    return (page.suggestions[-1].start,) if page.more else None


def encode(
    page: SuggestionPage, request: pb.SuggestTimesRequest, errors: Mapping[int, Status], next_page_token: str
) -> pb.SuggestTimesResponse:
    """The page with local times in the zone of the request; `errors` by the place of the member."""
    zone, names = request.time_zone or "UTC", list(members_of(request).values())
    asked = sum(1 << place for place in range(len(names)) if not (request.fail_open and place in page.errors))
    return pb.SuggestTimesResponse(
        suggestions=[_suggestion(each, asked & ~each.free, names, zone) for each in page.suggestions],
        next_page_token=next_page_token,
        errors=[pb.MemberError(member=names[place], error=status) for place, status in errors.items()],
        empty_reason=pb.SuggestTimesResponse.EmptyReason.ValueType(page.emptiness or 0),
        as_of=timestamp(page.as_of),
        time_zone=zone,
    )


def _wish(request: pb.SuggestTimesRequest, members: Sequence[CalendarName]) -> Wish:
    return Wish(
        groups=tuple(_group(group, members) for group in request.groups),
        duration=request.duration.seconds,
        step=(request.step_minutes or DEFAULT_STEP) * 60,
        before=request.buffer_before_minutes * 60,
        after=request.buffer_after_minutes * 60,
        time_zone=request.time_zone or "UTC",
        extra_busy=merge(_widened(interval) for interval in request.extra_busy),
        only_within=merge(_narrowed(interval) for interval in request.only_within) if request.only_within else None,
        levels=frozenset(LEVEL_OF[ShowAs(shown)] for shown in request.busy_statuses) or BLOCKING,
        fail_open=request.fail_open,
        shape=Shape(request.format or Shape.SLOTS),
    )


def _group(group: pb.MemberGroup, members: Sequence[CalendarName]) -> Group:
    mask = sum(1 << members.index(calendar_target(name)) for name in group.members)
    return Group(mask, group.required if group.HasField("required") else len(group.members))


def _widened(interval: pb.TimeInterval) -> Interval:
    """The whole seconds that it touches."""
    return interval.start.seconds, interval.end.seconds + (interval.end.nanos > 0)


def _narrowed(interval: pb.TimeInterval) -> Interval:
    """The whole seconds that it contains."""
    return interval.start.seconds + (interval.start.nanos > 0), interval.end.seconds


def _suggestion(each: Suggestion, others: int, names: Sequence[str], zone: str) -> pb.Suggestion:
    return pb.Suggestion(
        start=timestamp(each.start),
        end=timestamp(each.end),
        local_start=local_text(each.start, zone),
        local_end=local_text(each.end, zone),
        available_members=_named(each.free, names),
        unavailable_members=_named(others, names),
    )


def _named(mask: int, names: Sequence[str]) -> list[str]:
    return [name for place, name in enumerate(names) if mask >> place & 1]
