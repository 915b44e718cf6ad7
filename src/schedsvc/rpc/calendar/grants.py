"""The methods of CalendarService that share calendars."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty

from schedsvc.domain.names import parse_calendar, parse_grant
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import grants
from schedsvc.rpc.codec.paging import Paging
from schedsvc.usecases.grants import Grants
from schedsvc.v1.grants_pb2 import (
    CreateGrantRequest,
    DeleteGrantRequest,
    GetGrantRequest,
    Grant,
    ListGrantsRequest,
    ListGrantsResponse,
    UpdateGrantRequest,
)


@dataclass(frozen=True, kw_only=True)
class GrantMethods:
    grants: Grants
    paging: Paging

    async def create_grant(self, request: CreateGrantRequest, call: Call) -> Grant:
        parent, draft = parse_calendar(request.parent), grants.decode(request.grant)
        options = call.options(request, grants.encode)
        return grants.encode(await self.grants.create(call.principal, options, parent, draft))

    async def get_grant(self, request: GetGrantRequest, call: Call) -> Grant:
        return grants.encode(await self.grants.get(call.principal, parse_grant(request.name)))

    async def list_grants(self, request: ListGrantsRequest, call: Call) -> ListGrantsResponse:
        page = self.paging.page(request, call.method, call.audience, default=50, maximum=500)
        found = await self.grants.list(call.principal, parse_calendar(request.parent), page)
        token = self.paging.token(found.last, request, call.method, call.audience)
        return ListGrantsResponse(grants=map(grants.encode, found.records), next_page_token=token)

    async def update_grant(self, request: UpdateGrantRequest, call: Call) -> Grant:
        name, etag = parse_grant(request.grant.name), request.grant.etag
        options = call.options(request, grants.encode)
        return grants.encode(await self.grants.update(call.principal, options, name, etag, grants.patch(request)))

    async def delete_grant(self, request: DeleteGrantRequest, call: Call) -> Empty:
        await self.grants.delete(
            call.principal,
            call.options(request, lambda _: Empty()),
            parse_grant(request.name),
            etag=request.etag,
            allow_missing=request.allow_missing,
        )
        return Empty()
