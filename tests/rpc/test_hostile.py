"""Whatever a client sends, the answer is one of the contract: nothing reaches INTERNAL or UNKNOWN."""

from __future__ import annotations

import asyncio

import pytest
from grpc import StatusCode

from schedsvc.rpc.checks import violations
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from schedsvc.v1.errors_pb2 import Reason
from schedsvc.v1.events_pb2 import Attendee, CreateEventRequest, Event
from schedsvc.v1.time_pb2 import DaySchedule, MinuteRange, WorkHours
from tests.repositories.conftest import POSTGRESQL
from tests.rpc.callers import METHODS, Caller, attempt
from tests.rpc.hostile import messages
from tests.rpc.requests import BUILDERS, World, prepare

AT_ONCE = 20
REASONS = frozenset(Reason.DESCRIPTOR.values_by_name)


async def _attack(caller: Caller, name: str, world: World, count: int) -> None:
    """Sends hostile requests; each has to be answered, or refused as the contract says."""
    waiting = messages(BUILDERS[name](world), name, count)
    while waiting:
        now, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        await asyncio.gather(*(_survives(caller, name, raw) for raw in now))


async def _survives(caller: Caller, name: str, raw: bytes) -> None:
    _, refusal = await attempt(caller.send_bytes(name, [raw]))
    if refusal is None:
        return
    shown = raw[:2000]
    assert refusal.code not in (StatusCode.INTERNAL, StatusCode.UNKNOWN), (name, refusal.text, shown)
    assert f"REASON_{refusal.reason}" in REASONS, (name, refusal.reason, shown)
    if refusal.code is StatusCode.INVALID_ARGUMENT:
        assert refusal.violations, (name, refusal.text, shown)


@pytest.mark.parametrize("name", METHODS)
async def test_hostile_requests_are_refused_in_the_terms_of_the_contract(
    name: str, alpha: Caller, world: World
) -> None:
    await _attack(alpha, name, world, 240)


@pytest.mark.parametrize("kind", [pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
async def test_hostile_requests_do_not_upset_postgresql(alpha: Caller, world: World, subtests: pytest.Subtests) -> None:
    for number, name in enumerate(METHODS):
        with subtests.test(name):
            other = await prepare(alpha, f"owner-{number}")
            await _attack(alpha, name, other, 60)


def test_a_request_full_of_mistakes_is_refused_before_all_of_them_are_found() -> None:
    """One request of a few hundred kilobytes must not hold up the event loop for seconds, and thereby everybody."""
    event = Event(attendees=[Attendee(email="nobody")] * 20_000)
    request = CreateEventRequest(parent="accounts/ada/calendars/side", event=event)
    assert 1 < len(violations(request)) <= 1_000


def test_lists_inside_of_lists_do_not_get_around_that() -> None:
    days = [DaySchedule(intervals=[MinuteRange(start_minute=-1)] * 999)] * 999
    request = CreateAccountRequest(account=Account(work_hours=WorkHours(time_zone="UTC", day_schedules=days)))
    assert [found.field for found in violations(request)] == ["account.work_hours.day_schedules"]
