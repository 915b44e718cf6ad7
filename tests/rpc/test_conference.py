"""A real conference, room by room: its busy time and its free slots, minute by minute, against counting by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from schedsvc.v1.booking_profiles_pb2 import BookingProfile, CreateBookingProfileRequest
from schedsvc.v1.bookings_pb2 import ListSlotsRequest
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest
from schedsvc.v1.suggestions_pb2 import MemberGroup, SuggestTimesRequest
from schedsvc.v1.time_pb2 import TimeBound
from tests.rpc.callers import Caller
from tests.rpc.conftest import ManualClock
from tests.rpc.requests import hours

FILE = Path(__file__).resolve().parents[3] / "shared/data/ics/conference_2027.ics"
FIRST = datetime(2027, 5, 10, tzinfo=UTC)
"""The Monday before the first event."""
DAYS = 14
MINUTES = DAYS * 1440

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the conference file is not there (../shared/data/ics)")


@dataclass(frozen=True, slots=True)
class Talk:
    """`lines` as they stand in the file; start and end in minutes since `FIRST`."""

    lines: Sequence[bytes]
    start: int
    end: int


def _read() -> Mapping[bytes, list[Talk]]:
    """The events of each place, by a reader that knows no more than this file needs."""
    rooms: dict[bytes, list[Talk]] = {}
    lines: list[bytes] = []
    for line in FILE.read_bytes().splitlines():
        lines = [line] if line == b"BEGIN:VEVENT" else [*lines, line]
        if line == b"END:VEVENT":
            values = dict(whole.split(b":", 1) for whole in _unfolded(lines))
            talk = Talk(lines, _minute(values[b"DTSTART"]), _minute(values[b"DTEND"]))
            rooms.setdefault(values[b"LOCATION"], []).append(talk)
    return rooms


def _unfolded(lines: Sequence[bytes]) -> Iterator[bytes]:
    whole = b""
    for line in (*lines, b"END:"):
        if line.startswith(b" "):
            whole += line[1:]
            continue
        if whole:
            yield whole
        whole = line


def _minute(value: bytes) -> int:
    seconds = (datetime.strptime(value.decode(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) - FIRST).total_seconds()
    assert seconds % 60 == 0
    return int(seconds // 60)


def _file(talks: Sequence[Talk]) -> bytes:
    lines = [b"BEGIN:VCALENDAR", b"VERSION:2.0", *(line for talk in talks for line in talk.lines), b"END:VCALENDAR"]
    return b"\r\n".join(lines) + b"\r\n"


def _taken(talks: Sequence[Talk]) -> set[int]:
    return {minute for talk in talks for minute in range(talk.start, talk.end)}


def _bound(minute: int) -> TimeBound:
    return TimeBound(instant=Timestamp(seconds=int(FIRST.timestamp()) + 60 * minute))


def _minutes_at(instant: Timestamp) -> int:
    seconds = instant.seconds - int(FIRST.timestamp())
    assert seconds % 60 == 0
    return seconds // 60


@pytest.fixture
def rooms() -> Mapping[str, list[Talk]]:
    """The talks of each room by the id of its account."""
    return {f"room-{number:02}": talks for number, talks in enumerate(_read().values())}


@pytest.fixture
async def conference(alpha: Caller, rooms: Mapping[str, list[Talk]], clock: ManualClock) -> Caller:
    """Every room an account of its own, with its part of the file."""
    clock.time = FIRST
    created = 0
    for room, talks in rooms.items():
        account = Account(kind=Account.KIND_RESOURCE, time_zone="America/New_York")
        await alpha.calendar.CreateAccount(CreateAccountRequest(account_id=room, account=account))
        request = ImportCalendarRequest(parent=f"accounts/{room}/calendars/primary", data=_file(talks))
        answer = (await alpha.send("CalendarService/ImportCalendar", request)).message
        assert answer.refused_count == answer.unchanged_count == 0
        created += answer.created_count
    assert (created, len(rooms)) == (224, 21)
    return alpha


async def test_busy_time_of_every_room_agrees_minute_by_minute(
    conference: Caller, rooms: Mapping[str, list[Talk]]
) -> None:
    answer = await conference.calendar.QueryFreeBusy(
        QueryFreeBusyRequest(
            targets=[f"accounts/{room}" for room in rooms], time_min=_bound(0), time_max=_bound(MINUTES)
        )
    )
    for result, talks in zip(answer.results, rooms.values(), strict=True):
        spans = [(_minutes_at(period.start), _minutes_at(period.end)) for period in result.busy.periods]
        assert {minute for start, end in spans for minute in range(start, end)} == _taken(talks)
        assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


async def _starts(caller: Caller, account: str, duration: int, others: Sequence[str], zone: str) -> list[int]:
    """The listed starts of a profile that is open day and night, in minutes."""
    profile = BookingProfile(
        duration=Duration(seconds=60 * duration),
        availability_step_minutes=5,
        start_after_minutes=0,
        time_available_for="P30D",
        work_hours=hours(zone, 0, 24, range(1, 8)),
        conflict_calendars=[f"accounts/{other}/calendars/primary" for other in others],
    )
    made = await caller.booking.CreateBookingProfile(
        CreateBookingProfileRequest(parent=f"accounts/{account}", booking_profile=profile)
    )
    request = ListSlotsRequest(parent=made.name, time_min=_bound(0), time_max=_bound(MINUTES), page_size=1000)
    found: list[int] = []
    while True:
        page = await caller.booking.ListSlots(request)
        found += [_minutes_at(slot.start) for slot in page.slots]
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def _free(taken: set[int], duration: int) -> list[int]:
    return [start for start in range(0, MINUTES, 5) if taken.isdisjoint(range(start, start + duration))]


@pytest.mark.parametrize(("duration", "zone"), [(5, "UTC"), (60, "America/New_York")])
async def test_slots_of_every_room_agree_minute_by_minute(
    duration: int, zone: str, conference: Caller, rooms: Mapping[str, list[Talk]]
) -> None:
    for room, talks in rooms.items():
        assert await _starts(conference, room, duration, (), zone) == _free(_taken(talks), duration), room


async def test_slots_over_all_rooms_at_once_agree_minute_by_minute(
    conference: Caller, rooms: Mapping[str, list[Talk]]
) -> None:
    first, *others = rooms
    taken = _taken([talk for talks in rooms.values() for talk in talks])
    assert await _starts(conference, first, 30, others, "Europe/Berlin") == _free(taken, 30)


@pytest.mark.parametrize("needed", [12, 21])
async def test_times_at_which_enough_rooms_are_free_agree_minute_by_minute(
    needed: int, conference: Caller, rooms: Mapping[str, list[Talk]]
) -> None:
    request = SuggestTimesRequest(
        groups=[MemberGroup(members=[f"accounts/{room}" for room in rooms], required=needed)],
        duration=Duration(seconds=60 * 45),
        time_min=_bound(0),
        time_max=_bound(MINUTES),
        step_minutes=5,
        use_work_hours=False,
        page_size=500,
    )
    found: dict[int, list[str]] = {}
    while True:
        page = await conference.calendar.SuggestTimes(request)
        found |= {_minutes_at(each.start): list(each.available_members) for each in page.suggestions}
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    free = {room: set(_free(_taken(talks), 45)) for room, talks in rooms.items()}
    by_hand = {
        start: names
        for start in range(0, MINUTES - 44, 5)
        if len(names := [f"accounts/{room}" for room in rooms if start in free[room]]) >= needed
    }
    assert found == by_hand
    assert 1000 < len(found) < MINUTES // 5
