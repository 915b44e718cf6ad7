"""Who may call what: every RPC asks for a key, the right scope and, of keys for one account, the right account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from grpc import StatusCode

from schedsvc.domain.principals import Scope
from schedsvc.rpc.identity import SCOPES
from schedsvc.v1.accounts_pb2 import GetAccountRequest, ListAccountsRequest
from schedsvc.v1.booking_profiles_pb2 import ListBookingProfilesRequest
from schedsvc.v1.bookings_pb2 import ListBookingsRequest
from schedsvc.v1.calendars_pb2 import ListCalendarsRequest
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from tests.rpc.callers import METHODS, Caller, refused, told
from tests.rpc.conftest import ALPHA, BETA, Deployment, ManualClock
from tests.rpc.requests import BUILDERS, DAY, World, bound, prepare


async def _bad_credentials(deployment: Deployment, clock: ManualClock) -> dict[str, str]:
    good = await deployment.issue(ALPHA, [Scope.ADMIN])
    expiring = await deployment.issue(ALPHA, [Scope.ADMIN], expire_time=clock.time + timedelta(seconds=1))
    revoked = await deployment.issue(ALPHA, [Scope.ADMIN])
    await deployment.credentials.revoke(ALPHA, revoked.split("_")[2])
    clock.pass_by(seconds=1)
    other = await deployment.issue(BETA, [Scope.ADMIN])
    return {
        "none": "",
        "another scheme": f"Basic {good}",
        "no scheme": good,
        "an empty key": "Bearer ",
        "no key of ours": "Bearer abc",
        "a mistyped key": f"Bearer {good[:-1]}{'0' if good[-1] != '0' else '1'}",
        "another tenant's key under this name": f"Bearer {other.replace(BETA, ALPHA)}",
        "an expired key": f"Bearer {expiring}",
        "a revoked key": f"Bearer {revoked}",
        "thousands of characters": f"Bearer {'x' * 4000}",
    }


async def test_without_a_good_credential_every_rpc_is_unauthenticated_with_one_text(
    deployment: Deployment, world: World, clock: ManualClock
) -> None:
    bad = await _bad_credentials(deployment, clock)
    texts = set()
    for name, build in BUILDERS.items():
        for what, authorization in bad.items():
            caller = Caller(deployment.channel, authorization)
            refusal = await refused(caller.send(name, build(world)))
            assert (refusal.code, refusal.reason) == (StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID"), (name, what)
            texts.add(refusal.text)
    assert len(texts) == 1


async def test_a_key_without_the_scope_is_refused_on_every_rpc_and_told_which_is_missing(
    deployment: Deployment, world: World
) -> None:
    for name, build in BUILDERS.items():
        caller = await deployment.caller(ALPHA, *(set(Scope) - SCOPES[name] - {Scope.ADMIN}))
        refusal = await refused(caller.send(name, build(world)))
        assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "SCOPE_MISSING"), name
        assert refusal.metadata == {"scope": " or ".join(sorted(SCOPES[name]))}, name
        assert refusal.metadata["scope"] in refusal.text


async def test_who_lacks_the_scope_is_not_told_what_is_wrong_with_the_request(deployment: Deployment) -> None:
    """Authorisation comes before validation (AIP-211)."""
    reader = await deployment.caller(ALPHA, Scope.READ)
    for name in METHODS:
        if Scope.READ in SCOPES[name]:
            continue
        refusal = await refused(reader.send_bytes(name, [b"\xff\xff"]))
        assert refusal.code is StatusCode.PERMISSION_DENIED, name


async def test_one_of_several_scopes_is_enough(deployment: Deployment, world: World) -> None:
    for scope in (Scope.BOOK, Scope.READ):
        caller = await deployment.caller(ALPHA, scope)
        assert (
            await caller.send("BookingService/ListSlots", BUILDERS["BookingService/ListSlots"](world))
        ).message.slots


async def test_a_key_for_one_account_is_refused_everywhere_in_another(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    await prepare(alpha, "bob")
    bob = await deployment.caller(ALPHA, Scope.ADMIN, account="bob")
    for name, build in BUILDERS.items():
        if name.endswith(("/ListAccounts", "/QueryFreeBusy", "/SuggestTimes")):
            continue  # these answer for what the caller may see; shown below
        refusal = await refused(bob.send(name, build(world)))
        if name.startswith("SyncService/") and name != "SyncService/StartSync":
            # The tokens were given to another caller.
            assert refusal.reason == "SYNC_TOKEN_INVALID", name
        else:
            assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING"), name


async def test_a_key_for_one_account_is_refused_for_names_that_nobody_has_as_for_real_ones(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    await prepare(alpha, "bob")
    bob = await deployment.caller(ALPHA, Scope.READ, account="bob")
    real = await refused(bob.calendar.GetAccount(GetAccountRequest(name=world.account)))
    unreal = await refused(bob.calendar.GetAccount(GetAccountRequest(name="accounts/nobody")))
    assert real.code is unreal.code is StatusCode.PERMISSION_DENIED
    assert real.text.replace("ada", "?") == unreal.text.replace("nobody", "?")


async def test_a_key_for_one_account_does_in_that_account_what_its_scopes_allow(
    deployment: Deployment, world: World
) -> None:
    ada = await deployment.caller(ALPHA, Scope.ADMIN, account="ada")
    for name, build in BUILDERS.items():
        if name in ("CalendarService/CreateAccount", "CalendarService/DeleteAccount"):
            continue  # another account
        if name.startswith("SyncService/"):
            continue  # tokens belong to the caller they were given to
        await ada.send(name, build(world))
    started = await ada.sync.StartSync(StartSyncRequest(targets=[world.calendar]))
    own = replace(world, tokens=started)
    for name in ("ListChanges", "ListUpdated", "ListDeleted", "StreamChanges"):
        await ada.send(f"SyncService/{name}", BUILDERS[f"SyncService/{name}"](own))


async def test_lists_over_all_accounts_are_over_that_of_the_key(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    await prepare(alpha, "bob")
    bob = await deployment.caller(ALPHA, Scope.READ, account="bob")
    accounts = await bob.calendar.ListAccounts(ListAccountsRequest())
    calendars = await bob.calendar.ListCalendars(ListCalendarsRequest(parent="accounts/-"))
    profiles = await bob.booking.ListBookingProfiles(ListBookingProfilesRequest(parent="accounts/-"))
    bookings = await bob.booking.ListBookings(ListBookingsRequest(parent="accounts/-/bookingProfiles/-"))
    found: list[Any] = [*accounts.accounts, *calendars.calendars, *profiles.booking_profiles, *bookings.bookings]
    assert len(found) == 1 + 3 + 2 + 1
    assert {item.name.split("/")[1] for item in found} == {"bob"}


async def test_free_busy_of_anothers_calendar_is_an_error_beside_the_answer_for_ones_own(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    await prepare(alpha, "bob")
    bob = await deployment.caller(ALPHA, Scope.READ, account="bob")
    answer = await bob.calendar.QueryFreeBusy(
        QueryFreeBusyRequest(targets=[world.calendar, "accounts/bob"], time_min=bound(0), time_max=bound(DAY))
    )
    theirs, own = answer.results
    assert told(theirs.error).code is StatusCode.PERMISSION_DENIED
    assert own.WhichOneof("result") == "busy"
