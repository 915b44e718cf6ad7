"""Calendar files of other projects: what their own tests expect of them, and the way back out."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from schedsvc.v1.events_pb2 import Event, ListEventsRequest, ListInstancesRequest, ShowAs
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from schedsvc.v1.interchange_pb2 import ImportResult
from schedsvc.v1.time_pb2 import TimeBound
from tests.rpc.calendar_files import answers, content, dump, everything, files, load, new_calendar
from tests.rpc.callers import Caller, attempt

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
TWO_YEARS = timedelta(days=732)
OF_A_RECORD: tuple[Any, ...] = ("name", "series", "revision", "etag", "create_time", "update_time")
REFUSED = {
    "friday13-NOT.ics": ["UNSUPPORTED_RRULE: EXRULE"],
    "issue_1081_invalid_rrule_freq.ics": ["FREQ: "],
    "issue_1081_invalid_start_and_end.ics": ['DTSTART "INVALID-DATE"'],
    "issue_117_until_before_dtstart.ics": ["EMPTY_RECURRENCE: "],
    "recur-errors.ics": ['BAD_TIME_ZONE: the TZID "US-Eastern"'] * 4,
    "rfc_5545_RDATE_example.ics": ["it has no DTSTART, and its RDATEs are dates and times"],
    "rfc_7529.ics": ["UNSUPPORTED_RRULE: RSCALE"] * 4,
    "rfc_7953_2.ics": ["VAVAILABILITY is not supported"],
}
"""How the only reasons of refusals begin; all other components are imported."""


@pytest.fixture
async def account(alpha: Caller) -> str:
    request = CreateAccountRequest(account=Account(), account_id="reader")
    return (await alpha.calendar.CreateAccount(request)).name


def bound(moment: datetime) -> TimeBound:
    return TimeBound(instant=Timestamp(seconds=int(moment.timestamp())))


def moment(text: str, zone: str) -> datetime:
    """A date means midnight in the zone."""
    if "T" in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=ZoneInfo(zone))


async def instances(caller: Caller, calendar: str, begin: datetime, end: datetime) -> list[Event]:
    """In pages of two years, by start; called off ones too, as long as they are told."""
    found: dict[str, Event] = {}
    while begin < end:
        upto = min(begin + TWO_YEARS, end)
        token = ""
        while True:
            request = ListEventsRequest(
                parent=calendar,
                time_min=bound(begin),
                time_max=bound(upto),
                expand=True,
                page_size=1000,
                page_token=token,
            )
            page = await caller.calendar.ListEvents(request)
            found.update((event.name, event) for event in page.events)
            token = page.next_page_token
            if not token:
                break
        begin = upto
    return sorted(found.values(), key=lambda event: (event.start.resolved.seconds, event.name))


async def cancelled(caller: Caller, calendar: str, begin: datetime, end: datetime) -> list[Event]:
    found: list[Event] = []
    for series in await everything(caller, calendar):
        if series.recurrence:
            request = ListInstancesRequest(
                name=series.name, time_min=bound(begin), time_max=bound(end), show_cancelled=True
            )
            page = await caller.calendar.ListInstances(request)
            found += [event for event in page.instances if event.status == Event.STATUS_CANCELLED]
    return found


def local(event: Event, zone: str, *, end: bool = False) -> datetime:
    when = event.end if end else event.start
    return datetime.fromtimestamp(when.resolved.seconds, ZoneInfo(zone))


def told(found: list[Event], zone: str) -> dict[str, Any]:
    """All that an expected answer may speak of."""
    answer: dict[str, Any] = {"count": len(found), "must_include_days": {f"{local(e, zone):%Y%m%d}" for e in found}}
    if found:
        first = found[0]
        start, end = local(first, zone), local(first, zone, end=True)
        answer |= {
            "start_hour": start.hour,
            "start_hhmm": f"{start:%H%M}",
            "end_hhmm": f"{end:%H%M}",
            "duration_minutes": (end.timestamp() - start.timestamp()) / 60,
            "summary": first.subject,
            "last_summary": found[-1].subject,
            "status": {Event.STATUS_CONFIRMED: None, Event.STATUS_CANCELLED: "CANCELLED"}[first.status],
        }
    return answer


@pytest.mark.parametrize("case", answers("instances"))
async def test_instances_are_those_that_the_tests_of_the_file_expect(
    case: dict[str, Any], alpha: Caller, account: str
) -> None:
    zone = case.get("tz", "UTC")
    calendar = await new_calendar(alpha, account, zone)
    await load(alpha, calendar, content(case["file"]))
    begin, end = (moment(text, zone) for text in case["window"]) if case["window"] else ALWAYS
    found = await instances(alpha, calendar, begin, end)
    if case.get("status"):
        found += await cancelled(alpha, calendar, begin, end)
    answer = told(found, zone)
    for field in case.keys() & answer.keys() - {"must_include_days"}:
        assert answer[field] == case[field], field
    assert answer["must_include_days"] >= set(case.get("must_include_days", ()))


def seconds_of(periods: Iterable[str]) -> set[int]:
    """The minutes of periods."""
    bounds = [[int(moment(text, "UTC").timestamp()) for text in period.split("/")] for period in periods]
    return {second for start, end in bounds for second in range(start, end, 60)}


@pytest.mark.parametrize("case", answers("freebusy"))
async def test_time_is_taken_as_the_tests_of_the_file_expect(case: dict[str, Any], alpha: Caller, account: str) -> None:
    """They list the levels apart, an answer here has the strongest one of each moment."""
    calendar = await new_calendar(alpha, account, "UTC")
    await load(alpha, calendar, content(case["file"]))
    begin, end = (moment(text, "UTC") for text in case["window"])
    request = QueryFreeBusyRequest(targets=[calendar], time_min=bound(begin), time_max=bound(end))
    (result,) = (await alpha.calendar.QueryFreeBusy(request)).results
    found: dict[int, set[int]] = {level: set() for level in ShowAs.values()}
    for period in result.busy.periods:
        found[period.status].update(range(period.start.seconds, period.end.seconds, 60))
    away, busy, perhaps = (seconds_of(case[level]) for level in ("unavailable", "busy", "tentative"))
    assert found[ShowAs.SHOW_AS_OUT_OF_OFFICE] == away
    assert found[ShowAs.SHOW_AS_BUSY] == busy - away
    assert found[ShowAs.SHOW_AS_TENTATIVE] == perhaps - busy - away


@pytest.mark.parametrize("name", files())
async def test_every_file_is_imported_but_for_what_is_refused_by_name(name: str, alpha: Caller, account: str) -> None:
    calendar = await new_calendar(alpha, account, "UTC")
    answer = await load(alpha, calendar, content(name))
    refused = [result for result in answer.results if result.outcome == ImportResult.OUTCOME_REFUSED]
    reasons = REFUSED.get(name, [])
    assert [result.messages[0][: len(reason)] for result, reason in zip(refused, reasons, strict=True)] == reasons
    assert answer.created_count + answer.refused_count == len(answer.results)
    assert answer.created_count or reasons


@pytest.mark.parametrize("name", files())
async def test_importing_a_file_twice_changes_nothing(name: str, alpha: Caller, account: str) -> None:
    calendar = await new_calendar(alpha, account, "Europe/Berlin")
    first = await load(alpha, calendar, content(name))
    before = await everything(alpha, calendar)
    second = await load(alpha, calendar, content(name))
    assert (second.created_count, second.updated_count) == (0, 0)
    assert second.unchanged_count == first.created_count
    assert await everything(alpha, calendar) == before


def bare(event: Event) -> Event:
    """Without what belongs to the calendar that it is in, and to the moment of the import."""
    plain = Event()
    plain.CopyFrom(event)
    for field in OF_A_RECORD:
        plain.ClearField(field)
    return plain


@pytest.mark.parametrize("name", files())
async def test_what_is_exported_and_imported_elsewhere_is_the_same(name: str, alpha: Caller, account: str) -> None:
    first, second = [await new_calendar(alpha, account, "America/New_York") for _ in range(2)]
    await load(alpha, first, content(name))
    data = await dump(alpha, first)
    icalendar.Calendar.from_ical(data)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    answer = await load(alpha, second, data)
    assert (answer.refused_count, answer.updated_count) == (0, 0)
    begin, end = datetime(1996, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    before, after = [await instances(alpha, calendar, begin, end) for calendar in (first, second)]
    assert len(before) == len(after)
    key = Event.SerializeToString
    assert sorted(map(bare, before), key=key) == sorted(map(bare, after), key=key)
    again = await load(alpha, second, data)
    assert (again.created_count, again.updated_count, again.refused_count) == (0, 0, 0)
    back = await load(alpha, first, data)
    assert (back.created_count, back.updated_count, back.refused_count) == (0, 0, 0), back


def mutated(raw: bytes, choice: random.Random) -> bytes:
    """The file with some lines lost, doubled or swapped, and some bytes changed."""
    lines = raw.splitlines(keepends=True)
    for _ in range(choice.choice((1, 3))):
        at, other = choice.randrange(len(lines)), choice.randrange(len(lines))
        match choice.randrange(4):
            case 0:
                del lines[at : at + choice.randrange(1, 3)]
                lines = lines or [b"x"]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines[at] = bytes(choice.choice((byte, byte, byte, choice.randrange(256))) for byte in lines[at])
    return b"".join(lines)


@pytest.mark.parametrize("name", files())
async def test_mutations_of_a_file_never_upset_the_server(name: str, alpha: Caller, account: str) -> None:
    """Whatever is taken can be written out again."""
    choice, raw = random.Random(name), content(name)
    calendar = await new_calendar(alpha, account, "Europe/Berlin")
    for _ in range(12):
        _, refusal = await attempt(load(alpha, calendar, mutated(raw, choice)))
        assert refusal is None or refusal.code is StatusCode.INVALID_ARGUMENT, refusal
    icalendar.Calendar.from_ical(await dump(alpha, calendar))
