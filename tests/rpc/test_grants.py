"""Calendars shared with other accounts: who may give a role, who has one, and what is listed."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.domain.principals import Scope
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, DeleteAccountRequest
from schedsvc.v1.booking_profiles_pb2 import CreateBookingProfileRequest
from schedsvc.v1.calendars_pb2 import (
    ACCESS_ROLE_FREE_BUSY_READER,
    ACCESS_ROLE_OWNER,
    ACCESS_ROLE_READER,
    ACCESS_ROLE_UNSPECIFIED,
    ACCESS_ROLE_WRITER,
    AccessRole,
    Calendar,
    CreateCalendarRequest,
    DeleteCalendarRequest,
    GetCalendarRequest,
    ListCalendarsRequest,
    Reminder,
    UpdateCalendarRequest,
)
from schedsvc.v1.grants_pb2 import (
    CreateGrantRequest,
    DeleteGrantRequest,
    GetGrantRequest,
    Grant,
    ListGrantsRequest,
    UpdateGrantRequest,
)
from tests.repositories.conftest import Database
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import ALPHA, Deployment, on_both_stores
from tests.rpc.contents import contents
from tests.rpc.requests import World, half_hours, share

ROLES = [ACCESS_ROLE_FREE_BUSY_READER, ACCESS_ROLE_READER, ACCESS_ROLE_WRITER, ACCESS_ROLE_OWNER]


@pytest.fixture
async def bob(deployment: Deployment, alpha: Caller) -> Caller:
    """The holder of an account that owns nothing but its primary calendar."""
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id="bob", account=Account(time_zone="UTC")))
    return await deployment.caller(ALPHA, Scope.READ, Scope.WRITE, Scope.SYNC, account="bob")


@pytest.fixture
async def ada(deployment: Deployment, world: World) -> Caller:
    """The holder of the world's account."""
    assert world.account == "accounts/ada"
    return await deployment.caller(ALPHA, Scope.READ, Scope.WRITE, account="ada")


async def listed(caller: Caller, calendar: str) -> dict[str, int]:
    grants = (await caller.calendar.ListGrants(ListGrantsRequest(parent=calendar))).grants
    return {grant.grantee: grant.role for grant in grants}


async def calendars(caller: Caller, parent: str, **asked: Any) -> list[tuple[str, int]]:
    """Name and role of what is listed, page by page of two."""
    request, found = ListCalendarsRequest(parent=parent, page_size=2, **asked), list[Calendar]()
    while True:
        page = await caller.calendar.ListCalendars(request)
        assert len(page.calendars) <= 2
        found += page.calendars
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return [(calendar.name.removeprefix("accounts/"), calendar.access_role) for calendar in found]


@on_both_stores
async def test_a_grant_is_made_read_changed_and_taken_back(alpha: Caller, bob: Caller, world: World) -> None:
    made = await share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_READER)
    assert made.name == f"{world.calendar}/grants/bob"
    assert (made.grantee, made.role, made.create_time) == ("accounts/bob", ACCESS_ROLE_READER, made.update_time)
    assert await alpha.calendar.GetGrant(GetGrantRequest(name=made.name)) == made
    assert (await bob.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))).access_role == ACCESS_ROLE_READER
    changed = await alpha.calendar.UpdateGrant(
        UpdateGrantRequest(grant=Grant(name=made.name, role=ACCESS_ROLE_WRITER, etag=made.etag))
    )
    assert (changed.role, changed.create_time) == (ACCESS_ROLE_WRITER, made.create_time)
    assert changed.etag != made.etag
    assert (await bob.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))).access_role == ACCESS_ROLE_WRITER
    await alpha.calendar.DeleteGrant(DeleteGrantRequest(name=made.name, etag=changed.etag))
    refusal = await refused(bob.calendar.GetCalendar(GetCalendarRequest(name=world.calendar)))
    assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
    assert refusal.metadata == {"role": "FREE_BUSY_READER", "resource": world.calendar}


async def test_the_account_of_a_calendar_is_its_owner_first_in_the_list(alpha: Caller, world: World) -> None:
    assert await listed(alpha, world.spare_calendar) == {world.account: ACCESS_ROLE_OWNER}
    for id_ in ("zoe", "bob"):
        await alpha.calendar.CreateAccount(CreateAccountRequest(account_id=id_, account=Account()))
        await share(alpha, world.spare_calendar, f"accounts/{id_}", ACCESS_ROLE_OWNER)
    assert list(await listed(alpha, world.spare_calendar)) == [world.account, "accounts/bob", "accounts/zoe"]
    owners = await alpha.calendar.GetGrant(GetGrantRequest(name=f"{world.spare_calendar}/grants/ada"))
    calendar = await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.spare_calendar))
    assert (owners.role, owners.create_time) == (ACCESS_ROLE_OWNER, calendar.create_time)


@pytest.mark.parametrize("role", ROLES)
async def test_the_account_of_a_calendar_never_loses_its_role(
    alpha: Caller, world: World, database: Database, role: AccessRole.ValueType
) -> None:
    """Not even to another owner, and not to itself."""
    await share(alpha, world.calendar, world.spare_account, ACCESS_ROLE_OWNER)
    before, own = await contents(database), f"{world.calendar}/grants/ada"
    if role != ACCESS_ROLE_OWNER:
        refusal = await refused(alpha.calendar.UpdateGrant(UpdateGrantRequest(grant=Grant(name=own, role=role))))
        assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "LAST_OWNER")
    for missing in (False, True):
        refusal = await refused(alpha.calendar.DeleteGrant(DeleteGrantRequest(name=own, allow_missing=missing)))
        assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "LAST_OWNER")
    refusal = await refused(share(alpha, world.calendar, world.account, role))
    assert (refusal.code, refusal.reason) == (StatusCode.ALREADY_EXISTS, "ID_EXISTS")
    assert await contents(database) == before


async def test_an_account_has_one_grant_on_a_calendar(alpha: Caller, bob: Caller, world: World) -> None:
    made = await share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_READER)
    refusal = await refused(share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_WRITER))
    assert (refusal.code, refusal.reason) == (StatusCode.ALREADY_EXISTS, "ID_EXISTS")
    assert refusal.metadata == {"resource": made.name}
    await alpha.calendar.DeleteGrant(DeleteGrantRequest(name=made.name))
    again = await share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_READER)
    assert again.etag != made.etag


async def test_what_is_shared_and_with_whom_must_exist(alpha: Caller, world: World) -> None:
    for calendar, grantee, missing in (
        (world.calendar, "accounts/nobody", "accounts/nobody"),
        ("accounts/ada/calendars/none", world.spare_account, "accounts/ada/calendars/none"),
    ):
        refusal = await refused(share(alpha, calendar, grantee, ACCESS_ROLE_READER))
        assert (refusal.code, refusal.resource) == (StatusCode.NOT_FOUND, missing)
    nobody = f"{world.calendar}/grants/nobody"
    for call in (
        alpha.calendar.GetGrant(GetGrantRequest(name=nobody)),
        alpha.calendar.UpdateGrant(UpdateGrantRequest(grant=Grant(name=nobody, role=ACCESS_ROLE_READER))),
        alpha.calendar.DeleteGrant(DeleteGrantRequest(name=nobody)),
    ):
        refusal = await refused(call)
        assert (refusal.code, refusal.resource) == (StatusCode.NOT_FOUND, nobody)
    await alpha.calendar.DeleteGrant(DeleteGrantRequest(name=nobody, allow_missing=True))


async def test_a_role_and_a_grantee_are_needed_and_only_the_role_can_change(alpha: Caller, world: World) -> None:
    refusal = await refused(alpha.calendar.CreateGrant(CreateGrantRequest(parent=world.calendar, grant=Grant())))
    assert sorted(refusal.fields) == ["grant.grantee", "grant.role"]
    bad: Any = 9
    refusal = await refused(share(alpha, world.calendar, "people/bob", bad))
    assert sorted(refusal.fields) == ["grant.grantee", "grant.role"]
    other = Grant(name=world.grant, grantee=world.account, role=ACCESS_ROLE_READER)
    refusal = await refused(alpha.calendar.UpdateGrant(UpdateGrantRequest(grant=other)))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["grant.grantee"])
    none = UpdateGrantRequest(grant=Grant(name=world.grant, role=ACCESS_ROLE_UNSPECIFIED))
    none.update_mask.paths.append("role")
    refusal = await refused(alpha.calendar.UpdateGrant(none))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["grant.role"])
    same = Grant(name=world.grant, grantee=world.guest_account, role=ACCESS_ROLE_READER)
    current = await alpha.calendar.GetGrant(GetGrantRequest(name=world.grant))
    assert await alpha.calendar.UpdateGrant(UpdateGrantRequest(grant=same)) == current


async def test_primary_names_the_primary_calendar_in_grants_too(alpha: Caller, ada: Caller, world: World) -> None:
    made = await share(ada, world.primary_calendar, world.spare_account, ACCESS_ROLE_READER)
    assert made.name == "accounts/ada/calendars/ada/grants/spare-ada"
    aliased = "accounts/ada/calendars/primary/grants/spare-ada"
    assert await ada.calendar.GetGrant(GetGrantRequest(name=aliased)) == made
    await alpha.calendar.DeleteGrant(DeleteGrantRequest(name=aliased))


async def test_an_owner_by_grant_shares_and_deletes_like_the_calendars_own_account(
    alpha: Caller, bob: Caller, world: World
) -> None:
    await share(alpha, world.spare_calendar, "accounts/bob", ACCESS_ROLE_OWNER)
    await share(bob, world.spare_calendar, world.guest_account, ACCESS_ROLE_WRITER)
    assert await listed(bob, world.spare_calendar) == {
        world.account: ACCESS_ROLE_OWNER,
        "accounts/bob": ACCESS_ROLE_OWNER,
        world.guest_account: ACCESS_ROLE_WRITER,
    }
    renamed = Calendar(name=world.spare_calendar, display_name="ours")
    changed = await bob.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=renamed))
    assert (changed.display_name, changed.access_role) == ("ours", ACCESS_ROLE_OWNER)
    refusal = await refused(bob.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.primary_calendar)))
    assert refusal.reason == "ROLE_MISSING"
    # Profiles of its account hold it in no way.
    await bob.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar))
    assert world.spare_calendar.removeprefix("accounts/") not in dict(await calendars(alpha, "accounts/ada"))


async def test_own_calendars_come_first_then_shared_ones_with_their_roles_over_all_pages(
    deployment: Deployment, alpha: Caller, bob: Caller, world: World
) -> None:
    await bob.calendar.CreateCalendar(CreateCalendarRequest(parent="accounts/bob", calendar_id="aa", calendar={}))  # type: ignore[arg-type]
    for id_, role in zip(("spare", "ada", "side"), ROLES, strict=False):
        await share(alpha, f"accounts/ada/calendars/{id_}", "accounts/bob", role)
    await share(alpha, "accounts/guest-ada/calendars/primary", "accounts/bob", ACCESS_ROLE_OWNER)
    own = [("bob/calendars/bob", ACCESS_ROLE_OWNER), ("bob/calendars/aa", ACCESS_ROLE_OWNER)]
    shared = [
        ("ada/calendars/ada", ACCESS_ROLE_READER),
        ("ada/calendars/side", ACCESS_ROLE_WRITER),
        ("ada/calendars/spare", ACCESS_ROLE_FREE_BUSY_READER),
        ("guest-ada/calendars/guest-ada", ACCESS_ROLE_OWNER),
    ]
    # An administrator who lists an account's calendars is told that account's roles.
    for caller in (bob, alpha):
        assert await calendars(caller, "accounts/bob") == own + shared
        assert await calendars(caller, "accounts/bob", owned_only=True) == own
        for role in ROLES:
            wanted = [(name, has) for name, has in shared if has >= role]
            assert await calendars(caller, "accounts/bob", min_access_role=role) == own + wanted
    assert await calendars(bob, "accounts/-") == own + shared
    everything = await calendars(alpha, "accounts/-")
    assert {role for _, role in everything} == {ACCESS_ROLE_OWNER}
    assert len(everything) == len(dict(everything)) == 7


async def test_a_page_token_goes_on_with_its_own_filter_only(alpha: Caller, world: World) -> None:
    first = await alpha.calendar.ListCalendars(ListCalendarsRequest(parent=world.account, page_size=1))
    for other in (
        ListCalendarsRequest(parent=world.account, owned_only=True),
        ListCalendarsRequest(parent=world.account, min_access_role=ACCESS_ROLE_OWNER),
        ListCalendarsRequest(parent="accounts/-"),
    ):
        other.page_token = first.next_page_token
        refusal = await refused(alpha.calendar.ListCalendars(other))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


async def test_the_role_in_an_answer_is_the_callers(alpha: Caller, bob: Caller, ada: Caller, world: World) -> None:
    await share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_FREE_BUSY_READER)
    for caller, role in ((alpha, ACCESS_ROLE_OWNER), (ada, ACCESS_ROLE_OWNER), (bob, ACCESS_ROLE_FREE_BUSY_READER)):
        answer = await caller.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))
        assert answer.access_role == role
    made = await ada.calendar.CreateCalendar(CreateCalendarRequest(parent=world.account, calendar={}))  # type: ignore[arg-type]
    assert made.access_role == ACCESS_ROLE_OWNER


async def test_who_lacks_a_role_is_not_told_what_exists(bob: Caller, world: World) -> None:
    real = await refused(bob.calendar.GetCalendar(GetCalendarRequest(name=world.calendar)))
    unreal = await refused(bob.calendar.GetCalendar(GetCalendarRequest(name=f"{world.account}/calendars/none")))
    nobody = await refused(bob.calendar.GetCalendar(GetCalendarRequest(name="accounts/nobody/calendars/side")))
    assert real.code is unreal.code is nobody.code is StatusCode.PERMISSION_DENIED
    assert real.text.replace("side", "?") == unreal.text.replace("none", "?")
    assert real.text == nobody.text.replace("nobody", "ada")


@on_both_stores
async def test_a_deleted_calendar_is_shared_with_nobody(alpha: Caller, bob: Caller, world: World) -> None:
    await share(alpha, world.spare_calendar, "accounts/bob", ACCESS_ROLE_WRITER)
    await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar))
    assert await calendars(bob, "accounts/bob") == [("bob/calendars/bob", ACCESS_ROLE_OWNER)]
    refusal = await refused(bob.calendar.GetCalendar(GetCalendarRequest(name=world.spare_calendar)))
    assert refusal.reason == "ROLE_MISSING"


@on_both_stores
async def test_a_deleted_account_takes_along_the_grants_to_it_and_on_its_calendars(
    alpha: Caller, bob: Caller, world: World, database: Database
) -> None:
    await share(alpha, world.spare_calendar, "accounts/bob", ACCESS_ROLE_WRITER)
    await share(alpha, "accounts/bob/calendars/primary", world.account, ACCESS_ROLE_WRITER)
    await alpha.calendar.DeleteAccount(DeleteAccountRequest(name="accounts/bob"))
    assert await listed(alpha, world.spare_calendar) == {world.account: ACCESS_ROLE_OWNER}
    assert [name for name, _ in await calendars(alpha, world.account)] == [
        *("ada/calendars/ada", "ada/calendars/side", "ada/calendars/spare")
    ]
    assert not [row for row in (await contents(database))["grants"] if "'bob'" in row]


async def test_a_grant_leaves_the_calendars_etag_and_its_feed_as_they_are(alpha: Caller, world: World) -> None:
    before = await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))
    await share(alpha, world.calendar, world.spare_account, ACCESS_ROLE_WRITER)
    assert await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.calendar)) == before


async def test_a_profile_checks_calendars_of_others_whose_busy_time_its_account_may_see(
    deployment: Deployment, alpha: Caller, bob: Caller, world: World
) -> None:
    profile = half_hours(conflict_calendars=[world.calendar])
    request = CreateBookingProfileRequest(parent="accounts/bob", booking_profile=profile)
    refusal = await refused(bob.booking.CreateBookingProfile(request))
    assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
    assert refusal.metadata == {"role": "FREE_BUSY_READER", "resource": world.calendar}
    await share(alpha, world.calendar, "accounts/bob", ACCESS_ROLE_FREE_BUSY_READER)
    assert (await bob.booking.CreateBookingProfile(request)).conflict_calendars == [world.calendar]


async def test_default_reminders_are_kept_and_bounded(alpha: Caller, world: World) -> None:
    reminders = [Reminder(method=Reminder.METHOD_EMAIL, minutes_before=minutes) for minutes in (0, 40_320, 10, 10, 5)]
    changed = Calendar(name=world.calendar, default_reminders=reminders)
    made = await alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=changed))
    assert made.default_reminders == reminders
    assert await alpha.calendar.GetCalendar(GetCalendarRequest(name=world.calendar)) == made
    for bad, field in (
        ([*reminders, reminders[0]], "calendar.default_reminders"),
        ([Reminder(method=Reminder.METHOD_POPUP, minutes_before=-1)], "calendar.default_reminders[0].minutes_before"),
        (
            [Reminder(method=Reminder.METHOD_POPUP, minutes_before=40_321)],
            "calendar.default_reminders[0].minutes_before",
        ),
        ([Reminder(minutes_before=1)], "calendar.default_reminders[0].method"),
    ):
        changed = Calendar(name=world.calendar, default_reminders=bad)
        refusal = await refused(alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=changed)))
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, [field])
