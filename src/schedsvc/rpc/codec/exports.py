"""ExportCalendar on the wire: a file in pieces."""

from __future__ import annotations

from collections.abc import Iterator

from schedsvc.rpc.codec.icalendar.writing.busy import vavailability, vfreebusy
from schedsvc.rpc.codec.icalendar.writing.files import File
from schedsvc.usecases.exports import Owned, TakenExport
from schedsvc.v1.interchange_pb2 import ExportCalendarResponse

__all__ = ["File", "Pieces", "availability", "free_busy", "open_file"]

PIECE = 256 * 1024


class Pieces:
    """Cuts a file into messages."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def take(self, data: bytes) -> Iterator[ExportCalendarResponse]:
        """The messages that are full now."""
        self._waiting += data
        while len(self._waiting) >= PIECE:
            yield self._cut()

    def rest(self) -> Iterator[ExportCalendarResponse]:
        """What is left at the end."""
        if self._waiting:
            yield self._cut()

    def _cut(self) -> ExportCalendarResponse:
        message = ExportCalendarResponse(data=bytes(self._waiting[:PIECE]))
        del self._waiting[:PIECE]
        return message


def open_file(owned: Owned) -> File:
    return File(owned.calendar, owned.owner)


def free_busy(export: TakenExport) -> bytes:
    """A whole file."""
    file, calendar = open_file(export.owned), export.owned.calendar
    taken = vfreebusy(calendar, export.window, export.periods, export.owned.now)
    return b"".join([file.begin(), file.component(taken), file.end()])


def availability(owned: Owned) -> bytes:
    """A whole file, without a VAVAILABILITY if nothing is known of the owner's hours."""
    file, hours = open_file(owned), owned.owner.work_hours
    if hours is None:
        return file.begin() + file.end()
    made = vavailability(owned.calendar, hours, owned.window, owned.now)
    return b"".join([file.begin(), file.component(made.lines, made.zones, made.year), file.end()])
