"""Other projects' recurrence cases through the service: CreateEvent, then ListInstances.

`shared/data/README.md` says where they come from. What requests refuse on purpose is left out: a start that is not on
its rule, and rules that repeat by the minute or second.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from schedsvc.v1.events_pb2 import CreateEventRequest, Event, ListInstancesRequest
from schedsvc.v1.time_pb2 import EventTime
from tests.domain.recurrence.data import FOLDER, Case, cases, local
from tests.rpc.callers import Caller
from tests.rpc.requests import World

CORE, ZONED = "rrule_cases.jsonl", "rrule_cases_tz.jsonl"
TOO_OFTEN = {"SECONDLY", "MINUTELY"}
NO_DATA = pytest.mark.skipif(not FOLDER.is_dir(), reason="third-party data is not there: shared/data")


def is_served(case: Case) -> bool:
    answered = case["group"] in {"core", "tz"} and not case.get("expect_error") and case.get("expected")
    return bool(answered) and _is_on_rule(case) and _freq(case) not in TOO_OFTEN


def _is_on_rule(case: Case) -> bool:
    if "dtstart_in_set" in case:
        return bool(case["dtstart_in_set"])
    first = date.fromisoformat(case["expected"][0][:10])
    return bool(case.get("exdate")) or first.isoformat() == local(case["dtstart"]).isoformat()[:10]


def _freq(case: Case) -> str:
    found = re.search(r"FREQ=([A-Z]+)", case["rule"])
    assert found is not None
    return found[1]


def _chosen(name: str) -> list[Case]:
    return [parameter.values[0] for parameter in cases(name, is_served) if parameter.id != "no-data"]


def _time(moment: date, zone: str) -> EventTime:
    if zone:
        return EventTime(date_time=moment.isoformat(), time_zone=zone)
    return EventTime(date=moment.isoformat())


def _request(case: Case, parent: str) -> CreateEventRequest:
    """The floating cases run in UTC, as their README has it; so does an UNTIL that one of them gives as local time."""
    start = local(case["dtstart"])
    zone = "" if case.get("value_type") == "DATE" else case.get("tz") or "UTC"
    rule = case["rule"].rstrip(";")
    if zone == "UTC":
        rule = re.sub(r"(UNTIL=\d{8}T\d{6})(?!Z)", r"\1Z", rule)
    exdates = [f"EXDATE;TZID={zone}:{text.replace('-', '').replace(':', '')}" for text in case.get("exdate") or ()]
    end = start if zone else start + timedelta(days=1)
    event = Event(start=_time(start, zone), end=_time(end, zone), recurrence=[f"RRULE:{rule}", *exdates])
    return CreateEventRequest(parent=parent, event=event)


async def _starts(caller: Caller, name: str, most: int) -> list[EventTime]:
    found: list[EventTime] = []
    token = ""
    while len(found) < most:
        request = ListInstancesRequest(name=name, page_size=1000, page_token=token)
        page = await caller.calendar.ListInstances(request)
        found += [instance.start for instance in page.instances]
        if not (token := page.next_page_token):
            break
    return found[:most]


def _shown(start: EventTime) -> str:
    return start.date or start.date_time


@NO_DATA
async def test_core_cases_of_libical_are_served(alpha: Caller, world: World) -> None:
    chosen, wrong = _chosen(CORE), list[Any]()
    for case in chosen:
        made = await alpha.calendar.CreateEvent(_request(case, world.calendar))
        expected = [local(text).isoformat() for text in case.get("expected_all") or case["expected"]]
        found = [_shown(start) for start in await _starts(alpha, made.name, 100_000)]
        if found != expected:
            wrong.append((case["id"], case["rule"], found[:3], expected[:3]))
    assert wrong == []
    assert len(chosen) == 123


@NO_DATA
async def test_zoned_cases_of_rust_rrule_are_served(alpha: Caller, world: World) -> None:
    chosen, wrong = _chosen(ZONED), list[Any]()
    for case in chosen:
        made = await alpha.calendar.CreateEvent(_request(case, world.calendar))
        expected = [_instant(text) for text in case["expected"]]
        most = len(expected) + (1 if case["complete"] else 0)
        found = [start.resolved.seconds for start in await _starts(alpha, made.name, most)]
        if found != expected:
            wrong.append((case["id"], case["rule"], found[:3], expected[:3]))
    assert wrong == []
    assert len(chosen) >= 30


def _instant(text: str) -> int:
    instant = Timestamp()
    instant.FromJsonString(text)
    return instant.seconds
