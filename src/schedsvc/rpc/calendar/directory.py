"""The methods of CalendarService about accounts and calendars."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty

from schedsvc.domain.names import AccountName, parse_account, parse_calendar
from schedsvc.domain.roles import Role
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import accounts, calendars
from schedsvc.rpc.codec.names import account_parent
from schedsvc.rpc.codec.paging import Paging
from schedsvc.usecases.accounts import Accounts
from schedsvc.usecases.calendars import Calendars
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


@dataclass(frozen=True, kw_only=True)
class DirectoryMethods:
    accounts: Accounts
    calendars: Calendars
    paging: Paging

    async def create_account(self, request: CreateAccountRequest, call: Call) -> Account:
        options = call.options(request, accounts.encode)
        draft = accounts.decode(request.account)
        return accounts.encode(await self.accounts.create(call.principal, options, request.account_id, draft))

    async def get_account(self, request: GetAccountRequest, call: Call) -> Account:
        return accounts.encode(await self.accounts.get(call.principal, parse_account(request.name)))

    async def list_accounts(self, request: ListAccountsRequest, call: Call) -> ListAccountsResponse:
        page = self.paging.page(request, call.method, call.audience, default=50, maximum=500)
        found = await self.accounts.list(call.principal, page)
        token = self.paging.token(found.last, request, call.method, call.audience)
        return ListAccountsResponse(accounts=map(accounts.encode, found.records), next_page_token=token)

    async def update_account(self, request: UpdateAccountRequest, call: Call) -> Account:
        name, etag = parse_account(request.account.name), request.account.etag
        options = call.options(request, accounts.encode)
        patch = accounts.patch(request)
        return accounts.encode(await self.accounts.update(call.principal, options, name, etag, patch))

    async def delete_account(self, request: DeleteAccountRequest, call: Call) -> Empty:
        await self.accounts.delete(
            call.principal,
            call.options(request, lambda _: Empty()),
            parse_account(request.name),
            etag=request.etag,
            force=request.force,
            allow_missing=request.allow_missing,
        )
        return Empty()

    async def create_calendar(self, request: CreateCalendarRequest, call: Call) -> Calendar:
        parent, draft = parse_account(request.parent), calendars.decode(request.calendar)
        options = call.options(request, calendars.encode_view)
        created = await self.calendars.create(call.principal, options, parent, request.calendar_id, draft)
        return calendars.encode_view(created)

    async def get_calendar(self, request: GetCalendarRequest, call: Call) -> Calendar:
        return calendars.encode_view(await self.calendars.get(call.principal, parse_calendar(request.name)))

    async def list_calendars(self, request: ListCalendarsRequest, call: Call) -> ListCalendarsResponse:
        page = self.paging.page(request, call.method, call.audience, default=50, maximum=500)
        account = account_parent(request.parent)
        found = await self.calendars.list(
            call.principal,
            AccountName(account) if account else None,
            page,
            owned_only=request.owned_only,
            min_role=Role(request.min_access_role or Role.FREE_BUSY_READER),
        )
        token = self.paging.token(found.last, request, call.method, call.audience)
        return ListCalendarsResponse(calendars=map(calendars.encode_view, found.records), next_page_token=token)

    async def update_calendar(self, request: UpdateCalendarRequest, call: Call) -> Calendar:
        name, etag = parse_calendar(request.calendar.name), request.calendar.etag
        options = call.options(request, calendars.encode_view)
        patch = calendars.patch(request)
        return calendars.encode_view(await self.calendars.update(call.principal, options, name, etag, patch))

    async def delete_calendar(self, request: DeleteCalendarRequest, call: Call) -> Empty:
        await self.calendars.delete(
            call.principal,
            call.options(request, lambda _: Empty()),
            parse_calendar(request.name),
            etag=request.etag,
            allow_missing=request.allow_missing,
        )
        return Empty()
