"""Which role each RPC asks for on the calendar that it names; where there is nothing to ask, it costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message
from grpc import StatusCode

from schedsvc.domain.principals import Scope
from schedsvc.domain.roles import Role
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from schedsvc.v1.calendars_pb2 import AccessRole
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.events_pb2 import MoveEventRequest
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from schedsvc.v1.suggestions_pb2 import SuggestTimesRequest
from tests.repositories.test_tenants import recorded
from tests.rpc.callers import METHODS, WRITES, Caller, Refusal, attempt, refused, told
from tests.rpc.conftest import ALPHA, Deployment
from tests.rpc.references import naming, references, shown
from tests.rpc.requests import BUILDERS, World, share

NEEDED: Mapping[str, Role] = {
    "CalendarService/GetCalendar": Role.FREE_BUSY_READER,
    "CalendarService/UpdateCalendar": Role.OWNER,
    "CalendarService/DeleteCalendar": Role.OWNER,
    "CalendarService/CreateGrant": Role.OWNER,
    "CalendarService/GetGrant": Role.OWNER,
    "CalendarService/ListGrants": Role.OWNER,
    "CalendarService/UpdateGrant": Role.OWNER,
    "CalendarService/DeleteGrant": Role.OWNER,
    "CalendarService/CreateEvent": Role.WRITER,
    "CalendarService/GetEvent": Role.READER,
    "CalendarService/ListEvents": Role.READER,
    "CalendarService/UpdateEvent": Role.WRITER,
    "CalendarService/DeleteEvent": Role.WRITER,
    "CalendarService/ListInstances": Role.READER,
    "CalendarService/GetSeries": Role.READER,
    "CalendarService/RespondToEvent": Role.WRITER,
    "CalendarService/MoveEvent": Role.WRITER,
    "CalendarService/BatchWriteEvents": Role.WRITER,
    "CalendarService/QueryFreeBusy": Role.FREE_BUSY_READER,
    "CalendarService/SuggestTimes": Role.FREE_BUSY_READER,
    "CalendarService/ImportCalendar": Role.WRITER,
    "CalendarService/ExportCalendar": Role.READER,
    "SyncService/StartSync": Role.READER,
}
"""By `Service/Method`, for everything that names a calendar or what is in one."""
IN_CALENDARS = {"schedsvc/Calendar", "schedsvc/Event", "schedsvc/Grant"}
OF_PROFILES = {"BookingService/CreateBookingProfile", "BookingService/UpdateBookingProfile"}
"""These name the calendars of a profile; shown in `test_grants`."""
READS = ("ListChanges", "ListUpdated", "ListDeleted", "StreamChanges")


def test_every_rpc_that_names_a_calendar_has_a_role_here() -> None:
    naming_one = {
        name
        for name, method in METHODS.items()
        if any(kind in IN_CALENDARS for _, kind in references(method.input_type))
    }
    assert naming_one == {*NEEDED, *OF_PROFILES}


@pytest.fixture
async def bob(deployment: Deployment, alpha: Caller) -> Caller:
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id="bob", account=Account(time_zone="UTC")))
    return await deployment.caller(ALPHA, Scope.READ, Scope.WRITE, Scope.SYNC, account="bob")


async def give(alpha: Caller, world: World, role: Role | None) -> None:
    """The same role on every calendar of the world."""
    if role is not None:
        for calendar in (world.calendar, world.spare_calendar, world.primary_calendar):
            await share(alpha, calendar, "accounts/bob", AccessRole.ValueType(role))


def request_of(name: str, world: World) -> Message:
    """A request that names calendars and nothing else of another account; a write has no effect."""
    request: Any = BUILDERS[name](world)
    if isinstance(request, StartSyncRequest):
        request.targets[:] = [world.calendar]
    if name in WRITES:
        request.validate_only = True
    return request  # type: ignore[no-any-return]


async def outcome(caller: Caller, name: str, request: Message) -> Refusal | None:
    """How the request is refused, for the first calendar if it is for several; None if it is not."""
    answer, refusal = await attempt(caller.send(name, request))
    if isinstance(request, QueryFreeBusyRequest):
        result = answer.message.results[0]
        return told(result.error) if result.HasField("error") else None
    if isinstance(request, SuggestTimesRequest) and answer is not None:
        errors = [told(one.error) for one in answer.message.errors]
        return errors[0] if errors else None
    return refusal


@pytest.mark.parametrize("role", [None, *Role])
async def test_a_call_is_answered_from_its_role_on_and_refused_below_it(
    role: Role | None, alpha: Caller, bob: Caller, world: World, subtests: pytest.Subtests
) -> None:
    await give(alpha, world, role)
    for name, needed in NEEDED.items():
        with subtests.test(name):
            refusal = await outcome(bob, name, request_of(name, world))
            if role is not None and role >= needed:
                assert refusal is None
                continue
            assert refusal is not None
            assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
            assert refusal.metadata["role"] == needed.name
            assert needed.name in refusal.text


@pytest.mark.parametrize("role", [None, *Role])
async def test_sync_reads_go_with_the_token_that_a_reader_is_given(
    role: Role | None, alpha: Caller, bob: Caller, world: World
) -> None:
    await give(alpha, world, role)
    started, refusal = await attempt(bob.sync.StartSync(StartSyncRequest(targets=[world.calendar])))
    if role is None or role < Role.READER:
        assert refusal is not None
        assert refusal.metadata == {"role": "READER", "resource": world.calendar}
        return
    own = replace(world, tokens=started)
    for name in READS:
        assert (await bob.send(f"SyncService/{name}", BUILDERS[f"SyncService/{name}"](own))).message


async def test_a_refusal_is_the_same_for_calendars_that_nobody_has(
    bob: Caller, world: World, subtests: pytest.Subtests
) -> None:
    for name, needed in NEEDED.items():
        for path, kind in references(METHODS[name].input_type):
            if kind not in IN_CALENDARS:
                continue
            with subtests.test(f"{name} {shown(path)}"):
                request = request_of(name, world)
                if isinstance(request, QueryFreeBusyRequest | SuggestTimesRequest):
                    continue  # named one by one in test_free_busy and test_suggestions
                real = await outcome(bob, name, request)
                unreal = await outcome(bob, name, _nowhere(request, path, kind))
                assert real is not None
                assert unreal is not None
                assert (unreal.code, unreal.metadata["role"]) == (real.code, needed.name)
                assert unreal.text.partition(" on ")[0] == real.text.partition(" on ")[0]


def _nowhere(request: Message, path: Any, kind: str) -> Message:
    """The request with the name of something in a calendar that does not exist."""
    calendar = "accounts/nobody/calendars/nowhere"
    ends = {"schedsvc/Calendar": "", "schedsvc/Event": "/events/none", "schedsvc/Grant": "/grants/none"}
    return naming(request, path, f"{calendar}{ends[kind]}")


async def test_to_move_an_event_the_role_is_needed_on_both_calendars(alpha: Caller, bob: Caller, world: World) -> None:
    for role in (None, Role.READER):
        if role is not None:
            await share(alpha, world.spare_calendar, "accounts/bob", AccessRole.ValueType(role))
        else:
            await share(alpha, world.calendar, "accounts/bob", AccessRole.ValueType(Role.WRITER))
        request = MoveEventRequest(name=world.event, destination=world.spare_calendar)
        refusal = await refused(bob.calendar.MoveEvent(request))
        assert refusal.metadata == {"role": "WRITER", "resource": world.spare_calendar}


@pytest.mark.parametrize("account", ["", "ada"])
async def test_those_of_the_tenant_and_the_owner_of_a_calendar_cost_no_look_at_grants(
    account: str, deployment: Deployment, world: World
) -> None:
    caller = await deployment.caller(ALPHA, account=account)
    for name in (*NEEDED, "CalendarService/CreateCalendar", "BookingService/CreateBookingProfile"):
        if "Grant" in name:
            continue
        with recorded(deployment.store) as statements:
            await caller.send(name, request_of(name, world))
        assert not [one for one in statements if "FROM grants" in one and one.startswith("SELECT")], name
