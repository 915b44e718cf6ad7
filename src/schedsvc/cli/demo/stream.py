"""A consumer of a change stream that reads in the background."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import grpc

from schedsvc.cli.failures import Failed
from schedsvc.client import Services, failure_of, messages

WAIT_SECONDS = 30


class Stream:
    """Follows the feeds of a request from now on, while the block lasts."""

    def __init__(self, services: Services, request: messages.StartSyncRequest) -> None:
        self._services = services
        self._request = request
        self._batches: asyncio.Queue[messages.ChangeBatch] = asyncio.Queue()
        self._reader: asyncio.Task[str] | None = None

    async def __aenter__(self) -> Self:
        started = await self._services.sync.StartSync(self._request)
        self._reader = asyncio.create_task(self._read(started.change_token))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait({self._reader})

    async def next_batch(self) -> messages.ChangeBatch:
        """Waits for the next changes. Raises Failed if none come."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await self._batches.get()
        except TimeoutError as error:
            raise Failed(f"not as promised: nothing came over the stream in {WAIT_SECONDS} seconds") from error

    async def end(self) -> str:
        """Waits until the server ends the stream. Returns the reason that it gives."""
        if self._reader is None:
            return ""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self._reader

    async def _read(self, token: str) -> str:
        request = messages.StreamChangesRequest(tokens=[token])
        try:
            async for message in self._services.sync.StreamChanges(request):
                if message.HasField("batch"):
                    self._batches.put_nowait(message.batch)
        except grpc.aio.AioRpcError as error:
            return failure_of(error).reason
        return ""
