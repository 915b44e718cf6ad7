"""The methods of CalendarService about events and series."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty

from schedsvc.domain.names import parse_calendar, parse_event
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import event_requests, events
from schedsvc.rpc.codec.paging import Paging
from schedsvc.usecases.event_lists import EventLists
from schedsvc.usecases.events import Events
from schedsvc.v1.events_pb2 import (
    BatchWriteEventsRequest,
    BatchWriteEventsResponse,
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    GetEventRequest,
    GetSeriesRequest,
    GetSeriesResponse,
    ListEventsRequest,
    ListEventsResponse,
    ListInstancesRequest,
    ListInstancesResponse,
    MoveEventRequest,
    RespondToEventRequest,
    UpdateEventRequest,
)


@dataclass(frozen=True, kw_only=True)
class EventMethods:
    events: Events
    event_lists: EventLists
    paging: Paging

    async def create_event(self, request: CreateEventRequest, call: Call) -> Event:
        parent, options = parse_calendar(request.parent), call.options(request, events.encode)
        creation = event_requests.creation(request)
        return events.encode(await self.events.create(call.principal, options, parent, creation))

    async def get_event(self, request: GetEventRequest, call: Call) -> Event:
        return events.encode(await self.events.get(call.principal, parse_event(request.name)))

    async def list_events(self, request: ListEventsRequest, call: Call) -> ListEventsResponse:
        page = self.paging.page(request, call.method, call.audience, default=250, maximum=1000)
        query = event_requests.query(request)
        found = await self.event_lists.list(call.principal, parse_calendar(request.parent), query, page)
        token = self.paging.token(found.last, request, call.method, call.audience)
        return ListEventsResponse(events=map(events.encode, found.records), next_page_token=token)

    async def update_event(self, request: UpdateEventRequest, call: Call) -> Event:
        options = call.options(request, event_requests.encode_changed)
        changed = await self.events.update(call.principal, options, event_requests.change(request))
        return event_requests.encode_changed(changed)

    async def delete_event(self, request: DeleteEventRequest, call: Call) -> Empty:
        await self.events.delete(
            call.principal, call.options(request, lambda _: Empty()), event_requests.deletion(request)
        )
        return Empty()

    async def list_instances(self, request: ListInstancesRequest, call: Call) -> ListInstancesResponse:
        page = self.paging.page(request, call.method, call.audience, default=250, maximum=1000)
        name, query = parse_event(request.name), event_requests.instance_query(request)
        found = await self.event_lists.instances(call.principal, name, query, page)
        token = self.paging.token(found.last, request, call.method, call.audience)
        return ListInstancesResponse(instances=map(events.encode, found.records), next_page_token=token)

    async def get_series(self, request: GetSeriesRequest, call: Call) -> GetSeriesResponse:
        found = await self.event_lists.whole(call.principal, parse_event(request.name))
        return event_requests.encode_series(found)

    async def respond_to_event(self, request: RespondToEventRequest, call: Call) -> Event:
        name, options = parse_event(request.name), call.options(request, events.encode)
        answer = event_requests.answer(request)
        return events.encode(await self.events.respond(call.principal, options, name, answer))

    async def move_event(self, request: MoveEventRequest, call: Call) -> Event:
        name, destination = parse_event(request.name), parse_calendar(request.destination)
        options = call.options(request, events.encode)
        return events.encode(await self.events.move(call.principal, options, name, destination, request.etag))

    async def batch_write_events(self, request: BatchWriteEventsRequest, call: Call) -> BatchWriteEventsResponse:
        parent, options = parse_calendar(request.parent), call.options(request, event_requests.encode_batch)
        writes, atomic = event_requests.writes(request), event_requests.is_atomic(request)
        written = await self.events.batch(call.principal, options, parent, writes, atomic=atomic)
        return event_requests.encode_batch(written, call.request_id)
