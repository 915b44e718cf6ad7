"""Accounts, calendars, booking profiles and keys: kept as they were given, listed in order, gone for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from schedsvc.domain.accounts import Account
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.changes import ChangeKind, Place, TombstoneReason
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedKey, account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, CalendarName, ProfileName, primary_calendar
from schedsvc.domain.profiles import BookingProfile
from schedsvc.repositories.base import EventFilter, Page, Read, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import (
    ADA,
    BOB,
    HOUR,
    INTRO,
    MONDAY,
    OTHER,
    SIDE,
    TENANT,
    account,
    booking,
    calendar,
    event,
    key,
    profile,
)

T = TypeVar("T")
ADA_FEED = account_feed(AccountName("ada"))
ALL = Page(1000)


async def write(store: SqlStore, work: Callable[[Write], T], *feeds: FeedKey, tenant: str = TENANT) -> T:
    """For works that need not read."""

    async def run(tx: Write) -> T:
        return work(tx)

    return await store.write(tenant, feeds, run)


async def pages(
    store: SqlStore,
    listed: Callable[[Read, Page], Awaitable[Sequence[T]]],
    sort_key: Callable[[T], tuple[str | int, ...]],
    size: int,
) -> list[T]:
    """Everything, page by page."""
    found: list[T] = []
    after: tuple[str | int, ...] | None = None
    while True:
        async with store.read(TENANT) as tx:
            page = await listed(tx, Page(size, after))
        assert len(page) <= size
        if not page:
            return found
        found += page
        after = sort_key(page[-1])


async def test_records_come_back_exactly_as_they_were_given(empty: SqlStore, database: Database) -> None:
    now = database.clock.time
    given = account(), calendar(SIDE), profile(conflicts=(BOB, SIDE, ADA))

    def create(tx: Write) -> tuple[Account, Calendar, BookingProfile]:
        made = tx.accounts.create(given[0])
        return made, tx.calendars.create(given[1]), tx.profiles.create(given[2])

    made = await write(empty, create)
    expected = [replace(g, edition=1, create_time=now, update_time=now) for g in given]
    assert list(made) == expected
    async with empty.read(TENANT) as tx:
        assert await tx.accounts.get(made[0].name) == made[0]
        assert await tx.calendars.get(SIDE) == made[1]
        assert await tx.profiles.get(INTRO) == made[2]
        assert await tx.profiles.by_slug("ada", "intro") == made[2]


async def test_what_may_be_absent_may_be_absent(empty: SqlStore) -> None:
    bare_account = replace(account(), work_hours=None, attributes={}, metadata={})
    bare_calendar = replace(calendar(ADA), external_ref=None, metadata={}, default_reminders=())
    bare_profile = replace(profile(), work_hours=None, active_from=None)

    def create(tx: Write) -> tuple[Account, Calendar, BookingProfile]:
        made = tx.accounts.create(bare_account)
        return made, tx.calendars.create(bare_calendar), tx.profiles.create(bare_profile)

    made = await write(empty, create)
    async with empty.read(TENANT) as tx:
        assert await tx.accounts.get(made[0].name) == made[0]
        assert await tx.calendars.get(ADA) == made[1]
        assert await tx.profiles.get(INTRO) == made[2]


async def test_an_update_keeps_the_birth_and_takes_the_feeds_version_as_edition(
    store: SqlStore, database: Database
) -> None:
    async with store.read(TENANT) as tx:
        before = await tx.calendars.get(ADA)
    assert before is not None
    await write(store, lambda tx: tx.events.create(event("e1")), calendar_feed(ADA))
    database.clock.time += timedelta(seconds=1)
    changed = replace(before, time_zone="UTC")
    after = await write(store, lambda tx: tx.calendars.update(changed), calendar_feed(ADA))
    assert (before.edition, after.edition) == (1, 3)
    assert after.create_time == before.create_time
    assert after.update_time == database.clock.time
    async with store.read(TENANT) as tx:
        assert await tx.calendars.get(ADA) == after
        head = (await tx.heads([calendar_feed(ADA)]))[calendar_feed(ADA)]
    assert (head.revision, head.version) == (1, 3)


async def test_creating_a_child_needs_the_lock_of_its_account(store: SqlStore) -> None:
    for create in (
        lambda tx: tx.calendars.create(calendar(CalendarName("ada", "new"))),
        lambda tx: tx.profiles.create(profile("new")),
    ):
        with pytest.raises(RuntimeError, match="'ada' of kind ACCOUNT is not locked"):
            await write(store, create, calendar_feed(ADA))
        await write(store, create, ADA_FEED)


async def test_unknown_records_are_none(store: SqlStore) -> None:
    async with store.read(TENANT) as tx:
        assert await tx.accounts.get(AccountName("x")) is None
        assert await tx.calendars.get(CalendarName("ada", "x")) is None
        assert await tx.profiles.get(ProfileName("ada", "x")) is None
        assert await tx.profiles.by_slug("bob", "intro") is None
        assert await tx.calendars.get_many([]) == {}
        assert not await tx.accounts.is_taken(AccountName("x"))


async def test_the_ids_of_deleted_accounts_calendars_and_profiles_stay_taken(
    store: SqlStore,
) -> None:
    async with store.read(TENANT) as tx:
        ada, side = await tx.accounts.get(AccountName("ada")), await tx.calendars.get(SIDE)
        intro = await tx.profiles.get(INTRO)
    assert ada is not None
    assert side is not None
    assert intro is not None

    def delete(tx: Write) -> None:
        tx.profiles.delete(intro)
        tx.calendars.delete(side)
        tx.accounts.delete(ada)

    await write(store, delete, ADA_FEED, calendar_feed(SIDE), profile_feed(INTRO))
    async with store.read(TENANT) as tx:
        assert await tx.accounts.get(ada.name) is None
        assert await tx.calendars.get(SIDE) is None
        assert await tx.calendars.get_many([SIDE, ADA]) == {ADA: await tx.calendars.get(ADA)}
        assert await tx.profiles.get(INTRO) is None
        assert await tx.profiles.by_slug("ada", "intro") is None
        assert await tx.profiles.using(ADA) == []
        assert [a.name.account for a in await tx.accounts.list(ALL)] == ["bob"]
        assert [c.name for c in await tx.calendars.list("ada", ALL)] == [ADA]
        assert await tx.profiles.list("ada", ALL) == await tx.profiles.list(None, ALL) == []
        assert await tx.accounts.is_taken(ada.name)
        assert await tx.calendars.is_taken(SIDE)
        assert await tx.profiles.is_taken(INTRO)


async def test_deleting_a_calendar_ends_its_feed_with_one_marker(store: SqlStore) -> None:
    feed = calendar_feed(SIDE)

    def fill(tx: Write) -> None:
        for number in range(3):
            tx.events.create(event(f"e{number}", within=SIDE))
        tx.events.create(event("kept"))

    await write(store, fill, feed, calendar_feed(ADA))

    async def delete(tx: Write) -> None:
        side = await tx.calendars.get(SIDE)
        first = await tx.events.get(event("e0", within=SIDE).name)
        assert side is not None
        assert first is not None
        tx.events.update(replace(first, subject="as cancelling a booking would"), first)
        tx.calendars.delete(side)

    await store.write(TENANT, [ADA_FEED, feed], delete)
    async with store.read(TENANT) as tx:
        log = await tx.changes.log(feed, Place(1, 2), 10, 10)
        net = await tx.changes.net(feed, 1, Place(1, 2), 10, 10)
        assert not await tx.events.exist(SIDE)
        assert await tx.events.exist(ADA)
        assert await tx.events.list(SIDE, EventFilter(), ALL) == []
    assert [(c.place, c.kind, c.resource_id) for c in log] == [
        (Place(2, 0), ChangeKind.UPDATED, "e0"),
        (Place(2, 1), ChangeKind.DELETED, ""),
    ]
    marker = log[-1]
    assert net[-1] == marker
    assert marker.reason is TombstoneReason.CALENDAR_DELETED
    assert (marker.extent, marker.previous, marker.record) == (None, None, None)


async def test_a_deleted_profiles_slug_is_free_and_its_bookings_stay(store: SqlStore) -> None:
    await write(store, lambda tx: tx.bookings.create(booking()), profile_feed(INTRO))

    async def delete(tx: Write) -> None:
        intro = await tx.profiles.get(INTRO)
        assert intro
        tx.profiles.delete(intro)

    await store.write(TENANT, [ADA_FEED, profile_feed(INTRO)], delete)
    new = await write(store, lambda tx: tx.profiles.create(profile("other", slug="intro")), ADA_FEED)
    async with store.read(TENANT) as tx:
        assert await tx.profiles.by_slug("ada", "intro") == new
        assert await tx.bookings.get(booking().name) is not None
        assert len(await tx.changes.log(profile_feed(INTRO), Place(0, 0), 1, 10)) == 1


async def test_using_names_the_live_profiles_that_write_to_a_calendar_or_check_it(
    store: SqlStore,
) -> None:
    both = profile("both", conflicts=(SIDE, SIDE, ADA))
    made = await write(store, lambda tx: tx.profiles.create(both), ADA_FEED)
    async with store.read(TENANT) as tx:
        assert await tx.profiles.using(ADA) == [made.name, INTRO]
        assert await tx.profiles.using(SIDE) == [made.name]
        assert await tx.profiles.using(BOB) == []
    moved = replace(made, calendar=BOB, conflict_calendars=())
    feeds = (ADA_FEED, profile_feed(made.name))
    await write(store, lambda tx: tx.profiles.update(moved), *feeds)
    async with store.read(TENANT) as tx:
        assert await tx.profiles.using(ADA) == [INTRO]
        assert await tx.profiles.using(SIDE) == []
        assert await tx.profiles.using(BOB) == [made.name]


@pytest.mark.parametrize("size", [1, 2, 7])
async def test_paging_a_list_gives_every_record_once_and_in_order(empty: SqlStore, size: int) -> None:
    ids = ["a", "a-b", "a0", "a_b", "ab", "b", "0"]

    def create(tx: Write) -> None:
        for id_ in ids:
            tx.accounts.create(account(id_))
            tx.calendars.create(calendar(primary_calendar(id_)))
            for child in ("0c", "a-c", "z"):
                tx.calendars.create(calendar(CalendarName(id_, child)))
                tx.profiles.create(profile(child, owner=id_))

    await write(empty, create)
    accounts = await pages(empty, lambda tx, page: tx.accounts.list(page), lambda a: (a.name.account,), size)
    assert [a.name.account for a in accounts] == sorted(ids)
    in_all = await pages(empty, lambda tx, page: tx.calendars.list(None, page), _calendar_key, size)
    assert len(in_all) == len(ids) * 4
    assert list(map(_calendar_key, in_all)) == sorted(map(_calendar_key, in_all))
    in_one = await pages(empty, lambda tx, page: tx.calendars.list("b", page), _calendar_key, size)
    assert in_one == [c for c in in_all if c.name.account == "b"]
    assert in_one[0].name == primary_calendar("b")
    profiles = await pages(empty, lambda tx, page: tx.profiles.list(None, page), _profile_key, size)
    assert list(map(_profile_key, profiles)) == sorted(map(_profile_key, profiles))
    assert len(profiles) == len(ids) * 3
    one = await pages(empty, lambda tx, page: tx.profiles.list("ab", page), _profile_key, size)
    assert one == [p for p in profiles if p.name.account == "ab"]


def _calendar_key(c: Calendar) -> tuple[str | int, ...]:
    return c.name.account, 0 if c.name.is_primary else 1, c.name.calendar


def _profile_key(p: BookingProfile) -> tuple[str | int, ...]:
    return p.name.account, p.name.profile


async def test_get_many_finds_any_number_of_calendars_in_any_order(store: SqlStore) -> None:
    unknown = [CalendarName("ada", f"no-{n}") for n in range(98)]
    async with store.read(TENANT) as tx:
        found = await tx.calendars.get_many([SIDE, *unknown, BOB, ADA, ADA])
        assert found == {name: await tx.calendars.get(name) for name in (SIDE, BOB, ADA)}


async def test_keys_are_kept_listed_and_revoked(empty: SqlStore, database: Database) -> None:
    assert not await empty.has_keys()
    first, second = key("k1"), replace(key("k2"), account=None, expire_time=None)
    await write(empty, lambda tx: tx.keys.create(second))
    await write(empty, lambda tx: tx.keys.create(first))
    assert await empty.has_keys()
    async with empty.read(TENANT) as tx:
        assert await tx.keys.get("k1") == first
        assert await tx.keys.get("k3") is None
        assert await tx.keys.list() == [first, second]
    now = database.clock.time
    await write(empty, lambda tx: tx.keys.update(replace(first, revoke_time=now)))
    assert await empty.has_keys()
    await write(empty, lambda tx: tx.keys.update(replace(second, revoke_time=now)))
    assert not await empty.has_keys()
    async with empty.read(TENANT) as tx:
        assert [k.revoke_time for k in await tx.keys.list()] == [now, now]


async def test_a_key_cannot_be_written_for_another_tenant(empty: SqlStore) -> None:
    with pytest.raises(ValueError, match="another tenant"):
        await write(empty, lambda tx: tx.keys.create(key(tenant=OTHER)))


async def test_a_slug_taken_in_between_is_a_conflict(store: SqlStore) -> None:
    """The use case looks first; the index is the net."""
    runs: list[bool] = []

    async def work(tx: Write) -> None:
        runs.append(await tx.profiles.by_slug("ada", "intro") is not None)
        tx.profiles.create(profile("twin", slug="intro" if len(runs) < 2 else "other"))

    await store.write(TENANT, [ADA_FEED], work)
    assert runs == [True, True]


async def test_extents_after_2038_and_before_1970_are_kept(store: SqlStore) -> None:
    starts = (-2_208_988_800, MONDAY, 7_258_118_400 - HOUR)

    def create(tx: Write) -> list[Event]:
        return [tx.events.create(event(f"e{start}", (start, start + HOUR))) for start in starts]

    made = await write(store, create, calendar_feed(ADA))
    async with store.read(TENANT) as tx:
        for start, each in zip(starts, made, strict=True):
            window = EventFilter(window=(start, start + 1))
            assert await tx.events.list(ADA, window, Page(10, (start, ""))) == [each]
