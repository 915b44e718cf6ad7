"""Calendar files into calendars and out of them, and the third-party ones, read where they lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schedsvc.v1.calendars_pb2 import Calendar, CreateCalendarRequest
from schedsvc.v1.events_pb2 import Event, ListEventsRequest
from schedsvc.v1.interchange_pb2 import ExportCalendarRequest, ImportCalendarRequest, ImportCalendarResponse
from tests.rpc.callers import Caller

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "ics"
IMPORT = "CalendarService/ImportCalendar"
_MISSING = pytest.mark.skip(reason="third-party data is not there: shared/data/ics beside the repository")


def files() -> list[Any]:
    """The name of every calendar file as a parameter, or one that is skipped and says what is missing."""
    found = [path.name for path in sorted(FOLDER.glob("*.ics"))]
    return found or [pytest.param("", id="no-data", marks=_MISSING)]


def content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def answers(kind: str) -> list[Any]:
    """The expected answers of a kind as parameters, or one that is skipped and says what is missing."""
    path = FOLDER / "expected.jsonl"
    if not path.exists():
        return [pytest.param({}, id="no-data", marks=_MISSING)]
    cases = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        pytest.param(case, id=f"{case['file'].removesuffix('.ics')}-{number}")
        for number, case in enumerate(cases, 1)
        if case["kind"] == kind
    ]


async def new_calendar(caller: Caller, account: str, time_zone: str) -> str:
    request = CreateCalendarRequest(parent=account, calendar=Calendar(display_name="Test", time_zone=time_zone))
    return (await caller.calendar.CreateCalendar(request)).name


async def load(caller: Caller, calendar: str, data: bytes) -> ImportCalendarResponse:
    """Imports a file."""
    answer = (await caller.send(IMPORT, ImportCalendarRequest(parent=calendar, data=data))).message
    assert isinstance(answer, ImportCalendarResponse)
    return answer


async def dump(caller: Caller, calendar: str, **fields: Any) -> bytes:
    """Exports a file; `fields` are those of the request."""
    request = ExportCalendarRequest(parent=calendar, **fields)
    return b"".join([piece.data async for piece in caller.calendar.ExportCalendar(request)])


async def everything(caller: Caller, calendar: str) -> list[Event]:
    """Single events and series."""
    return list((await caller.calendar.ListEvents(ListEventsRequest(parent=calendar, page_size=1000))).events)


def lines(data: bytes, chosen: Callable[[str], bool] = bool) -> list[str]:
    """The unfolded lines of a file."""
    return [line for line in data.decode().replace("\r\n ", "").split("\r\n") if line and chosen(line)]
