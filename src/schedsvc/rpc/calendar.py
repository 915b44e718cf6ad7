"""CalendarService: decode, call, encode."""

from __future__ import annotations

from typing import Any

from google.protobuf.empty_pb2 import Empty

from schedsvc.domain.names import AccountName, parse_account, parse_calendar, parse_event
from schedsvc.domain.roles import Role
from schedsvc.rpc.availability import AvailabilityMethods
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import accounts, calendars, event_requests, events
from schedsvc.rpc.codec.names import account_parent
from schedsvc.rpc.codec.paging import Paging
from schedsvc.rpc.grants import GrantMethods
from schedsvc.rpc.interchange import InterchangeMethods
from schedsvc.usecases.accounts import Accounts
from schedsvc.usecases.calendars import Calendars
from schedsvc.usecases.event_lists import EventLists
from schedsvc.usecases.events import Events
from schedsvc.usecases.exports import Exports
from schedsvc.usecases.free_busy import FreeBusy
from schedsvc.usecases.grants import Grants
from schedsvc.usecases.imports import Imports
from schedsvc.usecases.suggestions import Suggestions
from schedsvc.v1.accounts_pb2 import (
    Account,
    CreateAccountRequest,
    DeleteAccountRequest,
    GetAccountRequest,
    ListAccountsRequest,
    ListAccountsResponse,
    UpdateAccountRequest,
)
from schedsvc.v1.calendars_pb2 import (
    Calendar,
    CreateCalendarRequest,
    DeleteCalendarRequest,
    GetCalendarRequest,
    ListCalendarsRequest,
    ListCalendarsResponse,
    UpdateCalendarRequest,
)
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


class CalendarServicer(GrantMethods, AvailabilityMethods, InterchangeMethods):
    def __init__(
        self,
        *,
        accounts: Accounts,
        calendars: Calendars,
        grants: Grants,
        events: Events,
        event_lists: EventLists,
        free_busy: FreeBusy,
        suggestions: Suggestions,
        imports: Imports,
        exports: Exports,
        paging: Paging,
    ) -> None:
        self._accounts = accounts
        self._calendars = calendars
        self._grants = grants
        self._events = events
        self._event_lists = event_lists
        self._free_busy = free_busy
        self._suggestions = suggestions
        self._imports = imports
        self._exports = exports
        self._paging = paging

    async def create_account(self, request: CreateAccountRequest, call: Call) -> Account:
        options = call.options(request, accounts.encode)
        draft = accounts.decode(request.account)
        return accounts.encode(await self._accounts.create(call.principal, options, request.account_id, draft))

    async def get_account(self, request: GetAccountRequest, call: Call) -> Account:
        return accounts.encode(await self._accounts.get(call.principal, parse_account(request.name)))

    async def list_accounts(self, request: ListAccountsRequest, call: Call) -> ListAccountsResponse:
        page = self._paging.page(request, call.method, call.audience, default=50, maximum=500)
        found = await self._accounts.list(call.principal, page)
        token = self._paging.token(found.last, request, call.method, call.audience)
        return ListAccountsResponse(accounts=map(accounts.encode, found.records), next_page_token=token)

    async def update_account(self, request: UpdateAccountRequest, call: Call) -> Account:
        name, etag = parse_account(request.account.name), request.account.etag
        options = call.options(request, accounts.encode)
        patch = accounts.patch(request)
        return accounts.encode(await self._accounts.update(call.principal, options, name, etag, patch))

    async def delete_account(self, request: DeleteAccountRequest, call: Call) -> Empty:
        await self._accounts.delete(
            call.principal,
            call.options(request, _empty),
            parse_account(request.name),
            etag=request.etag,
            force=request.force,
            allow_missing=request.allow_missing,
        )
        return Empty()

    async def create_calendar(self, request: CreateCalendarRequest, call: Call) -> Calendar:
        parent, draft = parse_account(request.parent), calendars.decode(request.calendar)
        options = call.options(request, calendars.encode_view)
        created = await self._calendars.create(call.principal, options, parent, request.calendar_id, draft)
        return calendars.encode_view(created)

    async def get_calendar(self, request: GetCalendarRequest, call: Call) -> Calendar:
        return calendars.encode_view(await self._calendars.get(call.principal, parse_calendar(request.name)))

    async def list_calendars(self, request: ListCalendarsRequest, call: Call) -> ListCalendarsResponse:
        page = self._paging.page(request, call.method, call.audience, default=50, maximum=500)
        account = account_parent(request.parent)
        found = await self._calendars.list(
            call.principal,
            AccountName(account) if account else None,
            page,
            owned_only=request.owned_only,
            min_role=Role(request.min_access_role or Role.FREE_BUSY_READER),
        )
        token = self._paging.token(found.last, request, call.method, call.audience)
        return ListCalendarsResponse(calendars=map(calendars.encode_view, found.records), next_page_token=token)

    async def update_calendar(self, request: UpdateCalendarRequest, call: Call) -> Calendar:
        name, etag = parse_calendar(request.calendar.name), request.calendar.etag
        options = call.options(request, calendars.encode_view)
        patch = calendars.patch(request)
        return calendars.encode_view(await self._calendars.update(call.principal, options, name, etag, patch))

    async def delete_calendar(self, request: DeleteCalendarRequest, call: Call) -> Empty:
        await self._calendars.delete(
            call.principal,
            call.options(request, _empty),
            parse_calendar(request.name),
            etag=request.etag,
            allow_missing=request.allow_missing,
        )
        return Empty()

    async def create_event(self, request: CreateEventRequest, call: Call) -> Event:
        parent, options = parse_calendar(request.parent), call.options(request, events.encode)
        creation = event_requests.creation(request)
        return events.encode(await self._events.create(call.principal, options, parent, creation))

    async def get_event(self, request: GetEventRequest, call: Call) -> Event:
        return events.encode(await self._events.get(call.principal, parse_event(request.name)))

    async def list_events(self, request: ListEventsRequest, call: Call) -> ListEventsResponse:
        page = self._paging.page(request, call.method, call.audience, default=250, maximum=1000)
        query = event_requests.query(request)
        found = await self._event_lists.list(call.principal, parse_calendar(request.parent), query, page)
        token = self._paging.token(found.last, request, call.method, call.audience)
        return ListEventsResponse(events=map(events.encode, found.records), next_page_token=token)

    async def update_event(self, request: UpdateEventRequest, call: Call) -> Event:
        options = call.options(request, event_requests.encode_changed)
        changed = await self._events.update(call.principal, options, event_requests.change(request))
        return event_requests.encode_changed(changed)

    async def delete_event(self, request: DeleteEventRequest, call: Call) -> Empty:
        await self._events.delete(call.principal, call.options(request, _empty), event_requests.deletion(request))
        return Empty()

    async def list_instances(self, request: ListInstancesRequest, call: Call) -> ListInstancesResponse:
        page = self._paging.page(request, call.method, call.audience, default=250, maximum=1000)
        name, query = parse_event(request.name), event_requests.instance_query(request)
        found = await self._event_lists.instances(call.principal, name, query, page)
        token = self._paging.token(found.last, request, call.method, call.audience)
        return ListInstancesResponse(instances=map(events.encode, found.records), next_page_token=token)

    async def get_series(self, request: GetSeriesRequest, call: Call) -> GetSeriesResponse:
        found = await self._event_lists.whole(call.principal, parse_event(request.name))
        return event_requests.encode_series(found)

    async def respond_to_event(self, request: RespondToEventRequest, call: Call) -> Event:
        name, options = parse_event(request.name), call.options(request, events.encode)
        answer = event_requests.answer(request)
        return events.encode(await self._events.respond(call.principal, options, name, answer))

    async def move_event(self, request: MoveEventRequest, call: Call) -> Event:
        name, destination = parse_event(request.name), parse_calendar(request.destination)
        options = call.options(request, events.encode)
        return events.encode(await self._events.move(call.principal, options, name, destination, request.etag))

    async def batch_write_events(self, request: BatchWriteEventsRequest, call: Call) -> BatchWriteEventsResponse:
        parent, options = parse_calendar(request.parent), call.options(request, event_requests.encode_batch)
        writes, atomic = event_requests.writes(request), event_requests.is_atomic(request)
        written = await self._events.batch(call.principal, options, parent, writes, atomic=atomic)
        return event_requests.encode_batch(written, call.request_id)


def _empty(_: Any) -> Empty:
    return Empty()
