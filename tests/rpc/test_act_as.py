"""`x-act-as` over the whole service: an administrator has the account's roles, and what is the account's alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grpc import StatusCode

from schedsvc.domain.principals import Scope
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, ListAccountsRequest
from schedsvc.v1.calendars_pb2 import ACCESS_ROLE_READER, ACCESS_ROLE_WRITER, ListCalendarsRequest
from schedsvc.v1.changes_pb2 import ListChangesRequest, StartSyncRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, GetEventRequest
from tests.rpc.callers import WRITES, Caller, attempt, refused
from tests.rpc.conftest import ALPHA, Deployment
from tests.rpc.consumers import change_token, next_message, streaming
from tests.rpc.requests import BUILDERS, HOUR, World, share, timed
from tests.rpc.writing import create


@pytest.fixture
async def bob(deployment: Deployment, alpha: Caller) -> Caller:
    """The holder of an account with a key of its own."""
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id="bob", account=Account(time_zone="UTC")))
    return await deployment.caller(ALPHA, Scope.ADMIN, account="bob")


@pytest.fixture
def acting(alpha: Caller, bob: Caller) -> Caller:
    """The administrator in the place of bob."""
    return replace(alpha, act_as="accounts/bob")


@pytest.mark.parametrize("role", [None, ACCESS_ROLE_READER, ACCESS_ROLE_WRITER])
async def test_every_rpc_ends_as_for_the_holder_of_the_account(
    role: int | None, alpha: Caller, bob: Caller, acting: Caller, world: World
) -> None:
    if role is not None:
        await share(alpha, world.calendar, "accounts/bob", role)  # type: ignore[arg-type]
    for name, build in BUILDERS.items():
        request = build(world)
        if name in WRITES:
            request.validate_only = True  # type: ignore[attr-defined]
        own, mine = await attempt(bob.send(name, request))
        taken, theirs = await attempt(acting.send(name, request))
        assert (own is None) == (taken is None), name
        if mine is not None and theirs is not None:
            assert (mine.code, mine.reason, mine.text) == (theirs.code, theirs.reason, theirs.text), name


async def test_its_lists_are_those_of_the_account(alpha: Caller, acting: Caller, world: World) -> None:
    await share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_READER)
    accounts = await acting.calendar.ListAccounts(ListAccountsRequest())
    calendars = await acting.calendar.ListCalendars(ListCalendarsRequest(parent="accounts/-"))
    assert [account.name for account in accounts.accounts] == ["accounts/bob"]
    assert [calendar.name for calendar in calendars.calendars] == ["accounts/bob/calendars/bob", world.calendar]
    assert calendars.calendars[1].access_role == ACCESS_ROLE_READER


async def test_streams_are_those_of_the_account(alpha: Caller, acting: Caller, world: World) -> None:
    async with streaming(acting, [await change_token(acting, "accounts/bob/calendars/primary")]) as call:
        made = await create(alpha, "accounts/bob/calendars/bob", "e")
        message = await next_message(call)
        assert [change.event.name for change in message.batch.changes.changes] == [made]
    async with streaming(acting, [await change_token(alpha, world.calendar)]) as call:
        assert (await refused(call.read())).reason == "SYNC_TOKEN_INVALID"


async def test_sync_tokens_belong_to_the_account_whoever_took_its_place(
    alpha: Caller, bob: Caller, acting: Caller
) -> None:
    primary = StartSyncRequest(targets=["accounts/bob/calendars/primary"])
    token = (await acting.sync.StartSync(primary)).change_token
    await bob.sync.ListChanges(ListChangesRequest(token=token))
    refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=token)))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SYNC_TOKEN_INVALID")
    other = (await alpha.sync.StartSync(primary)).change_token
    refusal = await refused(acting.sync.ListChanges(ListChangesRequest(token=other)))
    assert refusal.reason == "SYNC_TOKEN_INVALID"


async def test_page_tokens_belong_to_the_account_whoever_took_its_place(
    alpha: Caller, bob: Caller, acting: Caller, world: World
) -> None:
    await share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_READER)
    request = ListCalendarsRequest(parent="accounts/-", page_size=1)
    mine = (await acting.calendar.ListCalendars(request)).next_page_token
    all_of_them = (await alpha.calendar.ListCalendars(request)).next_page_token
    request.page_token = mine
    assert [one.name for one in (await bob.calendar.ListCalendars(request)).calendars] == [world.calendar]
    for caller, token in ((alpha, mine), (acting, all_of_them), (bob, all_of_them)):
        request.page_token = token
        refusal = await refused(caller.calendar.ListCalendars(request))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


async def test_request_ids_belong_to_the_account_whoever_took_its_place(
    alpha: Caller, bob: Caller, acting: Caller, world: World
) -> None:
    request = CreateEventRequest(
        parent="accounts/bob/calendars/bob", request_id="r1", event=timed(0, HOUR, subject="mine")
    )
    first = await alpha.send("CalendarService/CreateEvent", request)
    second = await acting.send("CalendarService/CreateEvent", request)
    third = await bob.send("CalendarService/CreateEvent", request)
    assert [answer.replayed for answer in (first, second, third)] == [False, False, True]
    assert first.message.name != second.message.name == third.message.name


async def test_nobody_may_take_the_place_of_another_with_less_than_the_whole_tenant(
    deployment: Deployment, bob: Caller, world: World
) -> None:
    reader = await deployment.caller(ALPHA, Scope.READ, Scope.WRITE, Scope.BOOK, Scope.SYNC)
    for caller in (bob, reader):
        for name, build in BUILDERS.items():
            refusal = await refused(replace(caller, act_as=world.account).send(name, build(world)))
            assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "SCOPE_MISSING"), name


async def test_an_account_that_does_not_exist_has_nothing(alpha: Caller, world: World) -> None:
    nobody = replace(alpha, act_as="accounts/nobody")
    refusal = await refused(nobody.calendar.GetEvent(GetEventRequest(name=world.event)))
    assert refusal.reason == "ROLE_MISSING"
    assert not (await nobody.calendar.ListCalendars(ListCalendarsRequest(parent="accounts/-"))).calendars
