"""CalendarService: decode, call, encode; a module for each kind of method."""

from __future__ import annotations

from dataclasses import dataclass

from schedsvc.rpc.calendar.availability import AvailabilityMethods
from schedsvc.rpc.calendar.directory import DirectoryMethods
from schedsvc.rpc.calendar.events import EventMethods
from schedsvc.rpc.calendar.grants import GrantMethods
from schedsvc.rpc.calendar.interchange import InterchangeMethods


@dataclass(frozen=True, kw_only=True)
class CalendarServicer(DirectoryMethods, EventMethods, GrantMethods, AvailabilityMethods, InterchangeMethods):
    """All methods of the service; each part names the use cases that it calls."""
