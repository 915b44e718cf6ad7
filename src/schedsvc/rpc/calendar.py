"""CalendarService: decode, call, encode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.empty_pb2 import Empty

from schedsvc.domain.names import AccountName, parse_account, parse_calendar, parse_event
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import accounts, calendars, events, free_busy, imports, ranges
from schedsvc.rpc.codec.names import account_parent
from schedsvc.rpc.codec.paging import Paging
from schedsvc.rpc.errors import status_of
from schedsvc.usecases.accounts import Accounts
from schedsvc.usecases.calendars import Calendars
from schedsvc.usecases.events import EventQuery, Events
from schedsvc.usecases.free_busy import FreeBusy
from schedsvc.usecases.imports import Imports
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
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    GetEventRequest,
    ListEventsRequest,
    ListEventsResponse,
    UpdateEventRequest,
)
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest, QueryFreeBusyResponse
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest, ImportCalendarResponse


class CalendarServicer:
    def __init__(
        self,
        *,
        accounts: Accounts,
        calendars: Calendars,
        events: Events,
        free_busy: FreeBusy,
        imports: Imports,
        paging: Paging,
    ) -> None:
        self._accounts = accounts
        self._calendars = calendars
        self._events = events
        self._free_busy = free_busy
        self._imports = imports
        self._paging = paging

    async def create_account(self, request: CreateAccountRequest, call: Call) -> Account:
        options = call.options(request, accounts.encode)
        draft = accounts.decode(request.account)
        return accounts.encode(await self._accounts.create(call.principal, options, request.account_id, draft))

    async def get_account(self, request: GetAccountRequest, call: Call) -> Account:
        return accounts.encode(await self._accounts.get(call.principal, parse_account(request.name)))

    async def list_accounts(self, request: ListAccountsRequest, call: Call) -> ListAccountsResponse:
        page = self._paging.page(request, call.method, call.principal.tenant, default=50, maximum=500)
        found = await self._accounts.list(call.principal, page)
        token = self._paging.token(found.last, request, call.method, call.principal.tenant)
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
        options = call.options(request, calendars.encode)
        created = await self._calendars.create(call.principal, options, parent, request.calendar_id, draft)
        return calendars.encode(created)

    async def get_calendar(self, request: GetCalendarRequest, call: Call) -> Calendar:
        return calendars.encode(await self._calendars.get(call.principal, parse_calendar(request.name)))

    async def list_calendars(self, request: ListCalendarsRequest, call: Call) -> ListCalendarsResponse:
        page = self._paging.page(request, call.method, call.principal.tenant, default=50, maximum=500)
        account = account_parent(request.parent)
        found = await self._calendars.list(call.principal, AccountName(account) if account else None, page)
        token = self._paging.token(found.last, request, call.method, call.principal.tenant)
        return ListCalendarsResponse(calendars=map(calendars.encode, found.records), next_page_token=token)

    async def update_calendar(self, request: UpdateCalendarRequest, call: Call) -> Calendar:
        name, etag = parse_calendar(request.calendar.name), request.calendar.etag
        options = call.options(request, calendars.encode)
        patch = calendars.patch(request)
        return calendars.encode(await self._calendars.update(call.principal, options, name, etag, patch))

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
        parent, draft = parse_calendar(request.parent), events.decode(request.event)
        options = call.options(request, events.encode)
        return events.encode(await self._events.create(call.principal, options, parent, request.event_id, draft))

    async def get_event(self, request: GetEventRequest, call: Call) -> Event:
        return events.encode(await self._events.get(call.principal, parse_event(request.name)))

    async def list_events(self, request: ListEventsRequest, call: Call) -> ListEventsResponse:
        page = self._paging.page(request, call.method, call.principal.tenant, default=250, maximum=1000)
        query = EventQuery(ranges.decode_window(request), tuple(request.ical_uids), request.query)
        found = await self._events.list(call.principal, parse_calendar(request.parent), query, page)
        token = self._paging.token(found.last, request, call.method, call.principal.tenant)
        return ListEventsResponse(events=map(events.encode, found.records), next_page_token=token)

    async def update_event(self, request: UpdateEventRequest, call: Call) -> Event:
        name, etag = parse_event(request.event.name), request.event.etag
        options = call.options(request, events.encode)
        patch = events.patch(request)
        return events.encode(await self._events.update(call.principal, options, name, etag, patch))

    async def delete_event(self, request: DeleteEventRequest, call: Call) -> Empty:
        await self._events.delete(
            call.principal,
            call.options(request, _empty),
            parse_event(request.name),
            etag=request.etag,
            allow_missing=request.allow_missing,
        )
        return Empty()

    async def query_free_busy(self, request: QueryFreeBusyRequest, call: Call) -> QueryFreeBusyResponse:
        targets = free_busy.decode_targets(request)
        answer = await self._free_busy.query(call.principal, targets, ranges.decode_window(request))
        results = [
            free_busy.encode_busy(target, result)
            if isinstance(result, list)
            else free_busy.encode_error(target, status_of(result, call.request_id))
            for target, result in zip(request.targets, answer.results, strict=True)
        ]
        return free_busy.encode(results, answer.window)

    async def import_calendar(
        self, requests: AsyncIterator[ImportCalendarRequest], call: Call
    ) -> ImportCalendarResponse:
        upload = await imports.gather(requests)
        options = call.write_options(upload.request_id, upload.validate_only, upload.digest, imports.encode)
        zone = await self._imports.zone(call.principal, options, upload.parent)
        components = await imports.parse(upload, zone)
        return imports.encode(await self._imports.run(call.principal, options, upload.parent, components))


def _empty(_: Any) -> Empty:
    return Empty()
