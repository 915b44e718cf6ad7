"""The methods of CalendarService that exchange iCalendar files.

An export is read and sent piece by piece, no faster than its reader takes it. A snapshot of the database stays open all
the while, so that nobody may take longer than five minutes, and it ends at once where the server does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from schedsvc.domain.errors import ServerDraining, SlowConsumer
from schedsvc.domain.events import Event
from schedsvc.domain.names import parse_calendar
from schedsvc.rpc.calls import Call
from schedsvc.rpc.codec import exports as codec
from schedsvc.rpc.codec import imports, ranges
from schedsvc.rpc.errors import DeadlineExceeded
from schedsvc.usecases.exports import Exports
from schedsvc.usecases.imports import Imports
from schedsvc.v1.interchange_pb2 import (
    ExportCalendarRequest,
    ExportCalendarResponse,
    ImportCalendarRequest,
    ImportCalendarResponse,
)

STALL_SECONDS = 30
LONGEST_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class InterchangeMethods:
    imports: Imports
    exports: Exports

    async def import_calendar(
        self, requests: AsyncIterator[ImportCalendarRequest], call: Call
    ) -> ImportCalendarResponse:
        upload = await imports.gather(requests)
        options = call.write_options(upload.request_id, upload.validate_only, upload.digest, imports.encode)
        zone = await self.imports.zone(call.principal, options, upload.parent)
        components = await imports.parse(upload, zone)
        return imports.encode(await self.imports.run(call.principal, options, upload.parent, components))

    async def export_calendar(self, request: ExportCalendarRequest, call: Call) -> None:
        limit = asyncio.timeout(LONGEST_SECONDS)
        try:
            async with limit, _ending_with(call.closing, limit):
                await _export(self.exports, request, call)
        except TimeoutError:
            if not limit.expired():
                raise
            if call.closing.is_set():
                raise ServerDraining("the server is shutting down: ask for the export again") from None
            raise DeadlineExceeded(f"the export took longer than {LONGEST_SECONDS} seconds") from None


@asynccontextmanager
async def _ending_with(closing: asyncio.Event, limit: asyncio.Timeout) -> AsyncIterator[None]:
    """Brings the limit forward to when the server closes, whatever the export waits for then."""

    async def watch() -> None:
        await closing.wait()
        if not limit.expired():
            limit.reschedule(0)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


async def _export(exports: Exports, request: ExportCalendarRequest, call: Call) -> None:
    parent, asked = parse_calendar(request.parent), ranges.decode_window(request)
    pieces = codec.Pieces()
    if request.format == ExportCalendarRequest.FORMAT_FREE_BUSY:
        taken = await exports.taken(call.principal, parent, asked)
        await _send(pieces.take(await asyncio.to_thread(codec.free_busy, taken)), call)
    elif request.format == ExportCalendarRequest.FORMAT_AVAILABILITY:
        owned = await exports.hours(call.principal, parent, asked)
        await _send(pieces.take(await asyncio.to_thread(codec.availability, owned)), call)
    else:
        async with exports.events(call.principal, parent, asked) as found, aclosing(found.pages) as pages:
            file = codec.open_file(found.owned)
            await _send(pieces.take(file.begin()), call)
            async for page in pages:
                async for data in _written(file, page):
                    await _send(pieces.take(data), call)
            await _send(pieces.take(file.end()), call)
    await _send(pieces.rest(), call)


async def _written(file: codec.File, page: Sequence[Event]) -> AsyncIterator[bytes]:
    """The events of a page, written off the event loop about a mebibyte at a time."""
    waiting = iter(page)
    while data := await _part(file, waiting):
        yield data


async def _part(file: codec.File, waiting: Iterator[Event]) -> bytes:
    """Whoever gives up ends the writing, and waits for that: the turn to export is only free when the thread is."""
    over = threading.Event()
    writing = asyncio.create_task(asyncio.to_thread(file.events, waiting, over.is_set))
    try:
        return await asyncio.shield(writing)
    finally:
        over.set()
        await asyncio.wait([writing])


async def _send(messages: Iterable[ExportCalendarResponse], call: Call) -> None:
    for message in messages:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await call.send(message)
        except TimeoutError:
            raise SlowConsumer(f"nothing was read for {STALL_SECONDS} seconds: ask for the export again") from None
