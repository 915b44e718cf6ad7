"""Feeds of calendars that are shared: what a reader is told of them, and for how long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from schedsvc.domain.errors import (
    CalendarInUse,
    ResourceNotFound,
    RoleMissing,
    SlotUnavailable,
    StreamExpired,
    SyncTokenExpired,
)
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedKey, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, GrantName, primary_calendar
from schedsvc.domain.particulars import Visibility
from schedsvc.domain.positions import Family
from schedsvc.domain.principals import Principal, Scope
from schedsvc.domain.ranges import RangeRequest
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases.event_writes import Creation
from schedsvc.usecases.following import ResyncRequired
from schedsvc.usecases.grants import GrantDraft, Grants
from schedsvc.usecases.slots import SlotQuery
from schedsvc.usecases.sync import SyncTokens, WalkPage
from tests.repositories.test_tenants import recorded
from tests.usecases.conftest import ADMIN, INTRO, NOW, PRIMARY, SIDE, SPARE, ManualClock, Meddled, Process
from tests.usecases.drafts import DAY, MIDNIGHT, account_draft, booking_draft, event_draft, profile_draft
from tests.usecases.test_following import Stream

BOB = Principal("alpha", "bobs-key", frozenset(Scope), account="bob")
ADA = Principal("alpha", "adas-key", frozenset(Scope), account="ada")
GRANT = GrantName(SIDE, "bob")
FEED = calendar_feed(SIDE)
EVERYTHING = RangeRequest(None, None)


@dataclass
class Sharing:
    """The account bob, who may read ada's calendar `side`."""

    process: Process
    grants: Grants

    async def event(self, id_: str, visibility: Visibility = Visibility.DEFAULT) -> None:
        draft = event_draft(subject=f"about {id_}", visibility=visibility)
        await self.process.events.create(ADMIN, NOW, SIDE, Creation(id_, draft))

    async def start(self, *feeds: FeedKey, by: Principal = BOB) -> SyncTokens:
        return await self.process.sync.start(by, feeds or (FEED,), EVERYTHING)

    async def walk(self, token: str, family: Family = Family.CHANGES, by: Principal = BOB, size: int = 100) -> WalkPage:
        return await self.process.sync.walk(by, family, token, size, 1_000_000)

    async def change(self, role: Role) -> None:
        await self.grants.update(ADMIN, NOW, GRANT, "", lambda grant: GrantDraft(AccountName(grant.name.grantee), role))

    async def revoke(self) -> None:
        await self.grants.delete(ADMIN, NOW, GRANT)

    async def give(self, role: Role = Role.READER) -> None:
        await self.grants.create(ADMIN, NOW, SIDE, GrantDraft(AccountName("bob"), role))


@pytest.fixture
async def sharing(process: Process) -> Sharing:
    await process.accounts.create(ADMIN, NOW, "bob", account_draft())
    made = Sharing(process, Grants(process.store))
    await made.give()
    return made


def subjects(page: WalkPage) -> dict[str, str]:
    """What is told of each event."""
    records = [view.change.record for _, views in page.changes for view in views]
    return {record.name.event: record.subject for record in records if isinstance(record, Event)}


def cause(error: pytest.ExceptionInfo[SyncTokenExpired]) -> dict[str, str]:
    return error.value.metadata


@pytest.mark.parametrize("family", [Family.CHANGES, Family.UPDATED])
async def test_a_reader_is_told_when_private_events_are_and_not_what_they_are(sharing: Sharing, family: Family) -> None:
    await sharing.event("open")
    await sharing.event("secret", Visibility.PRIVATE)
    tokens = await sharing.start()
    token = tokens.changes if family is Family.CHANGES else tokens.updated
    loaded = await sharing.walk(token, family)
    assert subjects(loaded) == {"open": "about open", "secret": ""}
    await sharing.event("later", Visibility.CONFIDENTIAL)
    delta = await sharing.walk(loaded.next_delta_token, family)
    assert subjects(delta) == {"later": ""}


@pytest.mark.parametrize("role", [Role.WRITER, Role.OWNER])
async def test_who_may_write_is_told_everything(sharing: Sharing, role: Role) -> None:
    await sharing.change(role)
    await sharing.event("secret", Visibility.PRIVATE)
    assert subjects(await sharing.walk((await sharing.start()).changes)) == {"secret": "about secret"}


async def test_a_stream_tells_a_reader_what_a_walk_does(sharing: Sharing) -> None:
    await sharing.event("secret", Visibility.PRIVATE)
    stream = Stream(sharing.process, principal=BOB)
    stream.timer.at = {3: lambda: sharing.event("later", Visibility.PRIVATE), 4: lambda: sharing.event("open")}
    with pytest.raises(StreamExpired):
        await stream.run((await sharing.start()).changes)
    told = [view.change.record for batch in stream.batches for view in batch.changes]
    assert [(one.name.event, one.subject) for one in told if isinstance(one, Event)] == [
        *(("secret", ""), ("later", ""), ("open", "about open"))
    ]


CHANGES: dict[str, Callable[[Sharing], Awaitable[None]]] = {
    "taken back": lambda sharing: sharing.revoke(),
    "lowered": lambda sharing: sharing.change(Role.FREE_BUSY_READER),
    "raised": lambda sharing: sharing.change(Role.WRITER),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_role_ends_the_tokens_of_that_reader_in_every_family(sharing: Sharing, change: str) -> None:
    tokens, owners = await sharing.start(), await sharing.start(by=ADA)
    await CHANGES[change](sharing)
    pairs = ((Family.CHANGES, "changes"), (Family.UPDATED, "updated"), (Family.DELETED, "deleted"))
    for family, name in pairs:
        with pytest.raises(SyncTokenExpired) as error:
            await sharing.walk(getattr(tokens, name), family)
        assert cause(error) == {"cause": "ACCESS_CHANGED", "resource": str(SIDE)}
        await sharing.walk(getattr(owners, name), family, by=ADA)


async def test_a_changed_role_ends_a_walk_between_its_pages(sharing: Sharing) -> None:
    for number in range(3):
        await sharing.event(f"e{number}")
    first = await sharing.walk((await sharing.start()).changes, size=1)
    assert first.next_page_token
    await sharing.change(Role.WRITER)
    with pytest.raises(SyncTokenExpired):
        await sharing.walk(first.next_page_token, size=1)


async def test_a_role_that_was_taken_back_and_given_again_needs_a_new_sync(sharing: Sharing) -> None:
    token = (await sharing.start()).changes
    await sharing.revoke()
    await sharing.give()
    with pytest.raises(SyncTokenExpired) as error:
        await sharing.walk(token)
    assert cause(error) == {"cause": "ACCESS_CHANGED", "resource": str(SIDE)}
    await sharing.walk((await sharing.start()).changes)


async def test_an_update_that_leaves_the_role_as_it_is_leaves_the_tokens_too(sharing: Sharing) -> None:
    token = (await sharing.start()).changes
    await sharing.change(Role.READER)
    await sharing.walk(token)


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_role_ends_a_stream_with_the_feed_that_it_concerns(sharing: Sharing, change: str) -> None:
    stream = Stream(sharing.process, principal=BOB)

    async def then_write() -> None:
        await CHANGES[change](sharing)
        await sharing.event("unseen")

    stream.timer.at = {5: then_write}
    with pytest.raises(SyncTokenExpired) as error:
        await stream.run((await sharing.start()).changes)
    assert cause(error) == {"cause": "ACCESS_CHANGED", "resource": str(SIDE)}
    assert stream.sent[-1] == ResyncRequired(FEED)
    assert [view.change.resource_id for batch in stream.batches for view in batch.changes] == []
    assert stream.timer.seconds <= 7


async def test_a_stream_is_not_resumed_after_its_role_has_changed(sharing: Sharing) -> None:
    stream = Stream(sharing.process, principal=BOB)
    token = (await sharing.start()).changes
    with pytest.raises(StreamExpired):
        await stream.run(token)
    (_, last), *_ = stream.bookmarks[-1].tokens
    await sharing.change(Role.WRITER)
    again = Stream(sharing.process, principal=BOB)
    with pytest.raises(SyncTokenExpired):
        await again.run(last)
    assert again.batches == []


async def test_a_stream_looks_at_grants_when_their_calendar_moves_and_at_heartbeats_only(
    sharing: Sharing, store: SqlStore
) -> None:
    """100 seconds of polls, a heartbeat every 15, and one event."""
    stream = Stream(sharing.process, principal=BOB)
    stream.timer.at = {50: lambda: sharing.event("e")}
    token = (await sharing.start()).changes
    with recorded(store) as statements, pytest.raises(StreamExpired):
        await stream.run(token)
    looks = [one for one in statements if "grants" in one]
    assert len(looks) == 1 + 1 + len(stream.bookmarks) - 1


async def test_own_feeds_cost_no_look_at_grants_and_their_tokens_are_as_short_as_ever(
    sharing: Sharing, store: SqlStore
) -> None:
    with recorded(store) as statements:
        for principal in (ADMIN, ADA):
            tokens = await sharing.start(FEED, calendar_feed(PRIMARY), profile_feed(INTRO), by=principal)
            await sharing.walk(tokens.changes, by=principal)
            stream = Stream(sharing.process, principal=principal)
            with pytest.raises(StreamExpired):
                await stream.run(tokens.changes)
            state = sharing.process.tokens.open(principal, tokens.changes, Family.CHANGES)
            assert {position.access for position in state.positions} == {None}
    assert not [one for one in statements if "grants" in one]


async def test_a_sync_over_own_and_shared_calendars_needs_a_role_on_each(sharing: Sharing) -> None:
    own = calendar_feed(primary_calendar("bob"))
    tokens = await sharing.start(own, FEED)
    await sharing.walk(tokens.changes)
    for foreign in (calendar_feed(PRIMARY), profile_feed(INTRO)):
        with pytest.raises(RoleMissing):
            await sharing.start(own, FEED, foreign)
    await sharing.revoke()
    with pytest.raises(RoleMissing):
        await sharing.start(own, FEED)
    with pytest.raises(SyncTokenExpired):
        await sharing.walk(tokens.changes)


async def test_a_deleted_calendar_ends_the_sync_of_its_readers_and_tells_its_owner(sharing: Sharing) -> None:
    spare = calendar_feed(SPARE)
    await sharing.grants.create(ADMIN, NOW, SPARE, GrantDraft(AccountName("bob"), Role.READER))
    mine, loading = (await sharing.start(spare)).changes, (await sharing.start(spare, by=ADA)).changes
    owners = (await sharing.walk(loading, by=ADA)).next_delta_token
    await sharing.process.calendars.delete(ADMIN, NOW, SPARE)
    with pytest.raises(SyncTokenExpired) as error:
        await sharing.walk(mine)
    assert cause(error) == {"cause": "ACCESS_CHANGED", "resource": str(SPARE)}
    ((_, views),) = (await sharing.walk(owners, by=ADA)).changes
    assert [view.change.resource_id for view in views] == [""]


async def test_an_account_that_is_deleted_loses_what_was_shared_with_it_meanwhile(
    sharing: Sharing, store: SqlStore, clock: ManualClock
) -> None:
    async def share_another() -> None:
        await sharing.grants.create(ADMIN, NOW, SPARE, GrantDraft(AccountName("bob"), Role.WRITER))

    meddled = Meddled(store, share_another)
    await Process(meddled, clock).accounts.delete(ADMIN, NOW, AccountName("bob"))
    assert meddled.writes == 2
    async with store.read(ADMIN.tenant) as tx:
        assert await tx.grants.shared("bob", Role.FREE_BUSY_READER, Page(10)) == []


@pytest.mark.parametrize("gone", ["bob", "ada"])
async def test_nothing_is_shared_with_or_by_an_account_that_was_deleted_meanwhile(
    sharing: Sharing, store: SqlStore, gone: str
) -> None:
    await sharing.revoke()
    meddled = Meddled(store, lambda: sharing.process.accounts.delete(ADMIN, NOW, AccountName(gone), force=True))
    with pytest.raises(ResourceNotFound):
        await Grants(meddled).create(ADMIN, NOW, SIDE, GrantDraft(AccountName("bob"), Role.WRITER))
    async with store.read(ADMIN.tenant) as tx:
        assert await tx.grants.get(GRANT) is None


async def test_a_role_that_was_taken_back_meanwhile_refuses_the_write_it_was_needed_for(
    sharing: Sharing, store: SqlStore, clock: ManualClock
) -> None:
    await sharing.change(Role.OWNER)
    meddled = Meddled(store, sharing.revoke)
    with pytest.raises(RoleMissing):
        await Process(meddled, clock).calendars.update(BOB, NOW, SIDE, "", lambda one: replace(one, color="#000000"))
    with pytest.raises(RoleMissing):
        await Process(store, clock).calendars.delete(BOB, NOW, SIDE)


async def test_a_grant_that_is_taken_back_closes_the_profile_that_looked_through_it(
    process: Process, sharing: Sharing
) -> None:
    """What may not be read counts as taken, and does not keep the calendar from its owner."""
    draft = profile_draft(calendar=primary_calendar("bob"), conflict_calendars=(SIDE,))
    view = await process.profiles.create(BOB, NOW, AccountName("bob"), "intro", draft)
    query = SlotQuery(view.profile.name, RangeRequest(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY), None, 1000)
    offered = (await process.slots.list(BOB, query)).starts
    assert offered
    await sharing.revoke()
    assert (await process.slots.list(BOB, query)).starts == []
    with pytest.raises(SlotUnavailable) as refused:
        await process.bookings.create(BOB, NOW, view.profile.name, "", booking_draft(offered[0] - MIDNIGHT))
    assert [(r.reason, r.subject) for r in refused.value.refusals] == [("SOURCE_UNREADABLE", str(SIDE))]
    await sharing.give(Role.FREE_BUSY_READER)
    assert (await process.slots.list(BOB, query)).starts == offered
    await process.profiles.delete(ADMIN, NOW, INTRO)
    await process.calendars.delete(ADMIN, NOW, SIDE)
    assert (await process.slots.list(BOB, query)).starts == []


async def test_what_a_tenant_put_into_a_profile_needs_no_grant(process: Process, sharing: Sharing) -> None:
    draft = profile_draft(calendar=primary_calendar("bob"), conflict_calendars=(SIDE,))
    view = await process.profiles.create(ADMIN, NOW, AccountName("bob"), "intro", draft)
    await sharing.revoke()
    query = SlotQuery(view.profile.name, RangeRequest(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY), None, 1000)
    assert (await process.slots.list(ADMIN, query)).starts
    with pytest.raises(CalendarInUse):
        await process.calendars.delete(ADMIN, NOW, SIDE)
