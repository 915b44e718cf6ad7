"""Whole files, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from schedsvc.domain.accounts import Account
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.events import Event
from schedsvc.domain.time import utc
from schedsvc.rpc.codec.icalendar.writing.content import Line, plain, text
from schedsvc.rpc.codec.icalendar.writing.events import vevents
from schedsvc.rpc.codec.icalendar.writing.particulars import Owner
from schedsvc.rpc.codec.icalendar.writing.zones import vtimezone

PRODUCT = "-//schedsvc//schedsvc//EN"
_SOME_YEAR = 1970
_ENOUGH = 1024 * 1024


class File:
    """A file on its way: each part is written once, and every VTIMEZONE stands before the first event that needs it.

    Events come by start, as they are listed, so that a zone is told from the first year on in which it matters.
    """

    def __init__(self, calendar: Calendar, account: Account) -> None:
        self._calendar = calendar
        self._owner = Owner(account.email, account.display_name)
        self._zones: set[str] = set()
        self._is_empty = True

    def begin(self) -> bytes:
        return b"".join(
            [
                b"BEGIN:VCALENDAR\r\n",
                plain("VERSION", "2.0"),
                plain("PRODID", PRODUCT),
                plain("CALSCALE", "GREGORIAN"),
                *([text("X-WR-CALNAME", self._calendar.display_name)] if self._calendar.display_name else []),
                plain("X-WR-TIMEZONE", self._calendar.time_zone),
            ]
        )

    def events(self, found: Iterator[Event], is_over: Callable[[], bool] = bool) -> bytes:
        """The next events, until they have made 1 MiB or the call `is_over`; empty if there are no more of them."""
        data = bytearray()
        for event in found:
            data += b"".join(self._event(event, is_over))
            if len(data) >= _ENOUGH or is_over():
                break
        self._is_empty = self._is_empty and not data
        return bytes(data)

    def component(self, lines: Iterable[Line], zones: Iterable[str] = (), year: int = _SOME_YEAR) -> bytes:
        """Another component, whose times are told in these zones and begin in that year."""
        self._is_empty = False
        return b"".join([*self._needed(zones, year), *lines])

    def end(self) -> bytes:
        """A file without any other component has the zone of the calendar, for there must be one (section 3.6)."""
        last = vtimezone(self._calendar.time_zone, _SOME_YEAR) if self._is_empty else ()
        return b"".join([*last, b"END:VCALENDAR\r\n"])

    def _event(self, event: Event, is_over: Callable[[], bool]) -> list[Line]:
        made = vevents(event, self._owner, is_over)
        year = utc(event.extent[0]).year - 1
        return [*self._needed(made.zones, year), *made.lines]

    def _needed(self, zones: Iterable[str], year: int) -> list[Line]:
        """The definitions of those that have none yet."""
        missing = sorted(set(zones) - self._zones)
        self._zones.update(missing)
        return [line for zone in missing for line in vtimezone(zone, year)]
