"""Requests about events: what they ask for, in the terms of the use cases, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.message import Message

from schedsvc.domain.events import ResponseStatus, Scope, ShowAs
from schedsvc.domain.names import parse_event
from schedsvc.repositories.base import EventOrder
from schedsvc.rpc.codec import events, ranges
from schedsvc.rpc.codec.time import decode_datetime, fill_event_time
from schedsvc.rpc.errors import status_of
from schedsvc.usecases.answers import Answer
from schedsvc.usecases.event_lists import EventQuery, InstanceQuery, Series
from schedsvc.usecases.event_writes import Change, Changed, Creation, Deletion
from schedsvc.usecases.events import EventWrite, Written
from schedsvc.v1 import events_pb2 as pb


def creation(request: pb.CreateEventRequest) -> Creation:
    return Creation(request.event_id, events.decode(request.event), notify=_true(request, "notify_attendees"))


def change(request: pb.UpdateEventRequest) -> Change:
    return Change(
        name=parse_event(request.event.name),
        etag=request.event.etag,
        patch=events.patch(request),
        scope=_scope(request.scope),
        notify=_true(request, "notify_attendees"),
        keep_exceptions=_true(request, "keep_exceptions"),
    )


def deletion(request: pb.DeleteEventRequest) -> Deletion:
    return Deletion(
        name=parse_event(request.name),
        etag=request.etag,
        allow_missing=request.allow_missing,
        scope=_scope(request.scope),
        notify=_true(request, "notify_attendees"),
    )


def answer(request: pb.RespondToEventRequest) -> Answer:
    return Answer(
        response=ResponseStatus(request.response),
        comment=request.comment,
        attendee=request.attendee,
        etag=request.etag,
        notify=_true(request, "notify_attendees"),
    )


def writes(request: pb.BatchWriteEventsRequest) -> list[EventWrite]:
    return [_write(write) for write in request.writes]


def is_atomic(request: pb.BatchWriteEventsRequest) -> bool:
    return _true(request, "atomic")


def query(request: pb.ListEventsRequest) -> EventQuery:
    return EventQuery(
        asked=ranges.decode_window(request),
        uids=tuple(request.ical_uids),
        query=request.query,
        attendee=request.attendee,
        show_as=tuple(map(ShowAs, request.show_as)),
        metadata=dict(request.metadata),
        updated_min=decode_datetime(request.updated_min) if request.HasField("updated_min") else None,
        order=EventOrder.UPDATED if request.order_by == pb.ListEventsRequest.ORDER_UPDATED else EventOrder.START,
        expand=request.expand,
    )


def instance_query(request: pb.ListInstancesRequest) -> InstanceQuery:
    return InstanceQuery(ranges.decode_window(request), show_cancelled=request.show_cancelled)


def encode_changed(changed: Changed) -> pb.Event:
    """The event, with what the change cost it."""
    return events.encode_edited(changed.event, changed.dropped)


def encode_series(found: Series) -> pb.GetSeriesResponse:
    out = pb.GetSeriesResponse(series=events.encode(found.series))
    if found.first is not None:
        fill_event_time(out.first_start, found.first.start, found.first.extent[0])
    if found.last is not None:
        fill_event_time(out.last_start, found.last.start, found.last.extent[0])
    return out


def encode_batch(written: Iterable[Written], request_id: str = "") -> pb.BatchWriteEventsResponse:
    return pb.BatchWriteEventsResponse(results=[_result(one, request_id) for one in written])


def _write(write: pb.EventWrite) -> EventWrite:
    kind = write.WhichOneof("write")
    if kind == "create":
        return creation(write.create)
    return change(write.update) if kind == "update" else deletion(write.delete)


def _result(written: Written, request_id: str) -> pb.EventWriteResult:
    if written is None:
        return pb.EventWriteResult()
    if isinstance(written, Changed):
        return pb.EventWriteResult(event=encode_changed(written))
    return pb.EventWriteResult(error=status_of(written, request_id))


def _scope(scope: int) -> Scope | None:
    return Scope(scope) if scope else None


def _true(request: Message, name: str) -> bool:
    """A switch that is on unless it was set off."""
    return bool(getattr(request, name)) if request.HasField(name) else True
