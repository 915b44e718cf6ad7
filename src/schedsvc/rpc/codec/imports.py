"""ImportCalendar on the wire: an uploaded file in pieces, and what became of its components."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.interchange import Component
from schedsvc.domain.limits import IMPORT_BYTES, IMPORT_RESULTS, MESSAGE_BYTES
from schedsvc.domain.names import CalendarName, parse_calendar
from schedsvc.rpc.codec.icalendar import parse as parse_file
from schedsvc.usecases.imports import counts
from schedsvc.usecases.merging import Imported, Outcome
from schedsvc.v1 import interchange_pb2 as pb


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole file and what its first message said of it."""

    parent: CalendarName
    request_id: str
    validate_only: bool
    data: bytes

    @property
    def digest(self) -> bytes:
        """Tells two uploads apart."""
        target = f"{self.parent} {self.validate_only} ".encode()
        return hashlib.sha256(target + self.data).digest()


async def gather(requests: AsyncIterator[pb.ImportCalendarRequest]) -> Upload:
    """The upload out of its messages; raises InvalidInput without a first message, for another parent, and for size."""
    first: pb.ImportCalendarRequest | None = None
    pieces: list[bytes] = []
    size = 0
    async for request in requests:
        first = first or request
        if request.parent not in ("", first.parent):
            raise _bad("parent", "must be empty or the same on every message")
        size += len(request.data)
        if size > IMPORT_BYTES:
            raise _bad("data", f"is more than {IMPORT_BYTES} bytes in all: import it in parts")
        pieces.append(request.data)
    if first is None or not first.parent:
        raise _bad("parent", "is required on the first message")
    return Upload(parse_calendar(first.parent), first.request_id, first.validate_only, b"".join(pieces))


async def parse(upload: Upload, calendar_zone: str) -> list[Component]:
    """The file's components, read off the event loop: a large file takes seconds. Whoever gives up ends the reading."""
    over = threading.Event()
    try:
        return await asyncio.to_thread(parse_file, upload.data, calendar_zone, over.is_set)
    finally:
        over.set()


def encode(results: Sequence[Imported]) -> pb.ImportCalendarResponse:
    """Refused components first, as many as are told."""
    counted = counts(results)
    ordered = sorted(results, key=lambda result: result.outcome is not Outcome.REFUSED)
    response = pb.ImportCalendarResponse(
        created_count=counted[Outcome.CREATED],
        updated_count=counted[Outcome.UPDATED],
        unchanged_count=counted[Outcome.UNCHANGED],
        refused_count=counted[Outcome.REFUSED],
    )
    room = MESSAGE_BYTES
    for result in map(_encode, ordered[:IMPORT_RESULTS]):
        room -= result.ByteSize() + 8
        if room < 0:
            break
        response.results.append(result)
    return response


def _encode(imported: Imported) -> pb.ImportResult:
    component = imported.component
    return pb.ImportResult(
        uid=component.uid,
        recurrence_id=component.recurrence_id,
        line=component.line,
        outcome=pb.ImportResult.Outcome.ValueType(imported.outcome),
        event=str(imported.event) if imported.event else "",
        messages=imported.messages,
    )


def _bad(field: str, description: str) -> InvalidInput:
    return InvalidInput([Violation(field, description)])
