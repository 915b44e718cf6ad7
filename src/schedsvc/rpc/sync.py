"""SyncService: decode, call, encode."""

from __future__ import annotations

from schedsvc.domain.limits import MESSAGE_BYTES
from schedsvc.domain.positions import Family
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import changes, ranges
from schedsvc.rpc.codec.names import sync_target
from schedsvc.usecases.following import Following, Message
from schedsvc.usecases.sync import Sync, WalkPage
from schedsvc.v1.changes_pb2 import (
    ListChangesRequest,
    ListChangesResponse,
    ListDeletedRequest,
    ListDeletedResponse,
    ListUpdatedRequest,
    ListUpdatedResponse,
    StartSyncRequest,
    StartSyncResponse,
    StreamChangesRequest,
)

DEFAULT_PAGE = 250
GREATEST_PAGE = 2000


class SyncServicer:
    def __init__(self, *, sync: Sync, following: Following) -> None:
        self._sync = sync
        self._following = following

    async def start_sync(self, request: StartSyncRequest, call: Call) -> StartSyncResponse:
        targets, asked = [sync_target(name) for name in request.targets], ranges.decode_window(request)
        tokens = await self._sync.start(call.principal, targets, asked, skip_initial=request.skip_initial)
        return changes.encode_tokens(tokens)

    async def list_changes(self, request: ListChangesRequest, call: Call) -> ListChangesResponse:
        return changes.encode_changes(await self._walk(call, Family.CHANGES, request.token, request.page_size))

    async def list_updated(self, request: ListUpdatedRequest, call: Call) -> ListUpdatedResponse:
        return changes.encode_updated(await self._walk(call, Family.UPDATED, request.token, request.page_size))

    async def list_deleted(self, request: ListDeletedRequest, call: Call) -> ListDeletedResponse:
        return changes.encode_deleted(await self._walk(call, Family.DELETED, request.token, request.page_size))

    async def stream_changes(self, request: StreamChangesRequest, call: Call) -> None:
        async def send(message: Message) -> None:
            await call.send(changes.encode_message(message))

        heartbeat = changes.decode_heartbeat(request)
        await self._following.run(call.principal, request.tokens, heartbeat, send, call.closing.is_set, call.renew)

    async def _walk(self, call: Call, family: Family, token: str, page_size: int) -> WalkPage:
        size = min(page_size or DEFAULT_PAGE, GREATEST_PAGE)
        return await self._sync.walk(call.principal, family, token, size, MESSAGE_BYTES)
