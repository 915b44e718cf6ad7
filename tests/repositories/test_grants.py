"""Grants: kept as they were given, listed in order, gone with their calendar, and a move of its feed's version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from schedsvc.domain.feeds import account_feed, calendar_feed
from schedsvc.domain.grants import Grant
from schedsvc.domain.names import AccountName, GrantName, primary_calendar
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import Page, Read, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import ADA, BOB, SIDE, TENANT, account, calendar, grant

FEEDS = [calendar_feed(name) for name in (ADA, BOB, SIDE)]


async def write(store: SqlStore, *works: Callable[[Write], Grant | None]) -> list[Grant | None]:
    async def run(tx: Write) -> list[Grant | None]:
        return [work(tx) for work in works]

    return await store.write(TENANT, FEEDS, run)


async def create(store: SqlStore, *grants: Grant) -> list[Grant]:
    made = await write(store, *(lambda tx, one=one: tx.grants.create(one) for one in grants))
    return [one for one in made if one is not None]


async def pages(store: SqlStore, listed: Callable[[Read, Page], Awaitable[Sequence[Grant]]], by: str) -> list[Grant]:
    """Everything, one by one."""
    found: list[Grant] = []
    after: tuple[str, ...] | None = None
    while True:
        async with store.read(TENANT) as tx:
            page = await listed(tx, Page(1, after))
        if not page:
            return found
        found += page
        name = page[-1].name
        after = (name.grantee,) if by == "grantee" else (name.calendar.account, name.calendar.calendar)


async def version(store: SqlStore) -> int:
    async with store.read(TENANT) as tx:
        feed = calendar_feed(ADA)
        return (await tx.heads([feed]))[feed].version


async def test_a_grant_comes_back_as_it_was_given(store: SqlStore, database: Database) -> None:
    now = database.clock.time
    (made,) = await create(store, grant(ADA, "bob", Role.WRITER))
    assert made == replace(grant(ADA, "bob", Role.WRITER), edition=2, create_time=now, update_time=now)
    async with store.read(TENANT) as tx:
        assert await tx.grants.get(made.name) == made
        assert await tx.grants.get(GrantName(SIDE, "bob")) is None
        assert await tx.grants.get(GrantName(ADA, "carol")) is None


async def test_every_write_moves_the_version_of_the_calendars_feed_and_takes_it_as_edition(
    store: SqlStore, database: Database
) -> None:
    before = await version(store)
    (made,) = await create(store, grant(ADA))
    database.clock.time += timedelta(seconds=1)
    (after,) = await write(store, lambda tx: tx.grants.update(replace(made, role=Role.OWNER)))
    assert after is not None
    assert [made.edition, after.edition] == [before + 1, before + 2]
    assert (after.create_time, after.update_time) == (made.create_time, database.clock.time)
    async with store.read(TENANT) as tx:
        assert await tx.grants.get(made.name) == after
    await write(store, lambda tx: tx.grants.delete(after))
    assert await version(store) == before + 3


async def test_a_grant_that_is_given_again_has_another_edition(store: SqlStore) -> None:
    (first,) = await create(store, grant(ADA))
    await write(store, lambda tx: tx.grants.delete(first))
    async with store.read(TENANT) as tx:
        assert await tx.grants.get(first.name) is None
    (second,) = await create(store, grant(ADA))
    assert second.edition > first.edition


async def test_the_grants_of_a_calendar_are_listed_by_grantee(store: SqlStore) -> None:
    made = await create(store, *(grant(ADA, id_) for id_ in ("zoe", "a-b", "ab", "a", "a_b")), grant(SIDE, "bob"))
    listed = await pages(store, lambda tx, page: tx.grants.list(ADA, page), "grantee")
    assert listed == sorted(made[:-1], key=lambda one: one.name.grantee)


async def test_what_is_shared_with_an_account_is_listed_by_account_and_calendar(store: SqlStore) -> None:
    names = [ADA, SIDE, BOB]
    made = await create(store, *(grant(name, "zoe") for name in names), grant(ADA, "carol"))
    listed = await pages(store, lambda tx, page: tx.grants.shared("zoe", Role.FREE_BUSY_READER, page), "calendar")
    assert listed == [made[0], made[1], made[2]]


async def test_an_account_whose_id_continues_anothers_comes_after_all_of_that(store: SqlStore) -> None:
    """Text comparison of whole feed ids would say otherwise: `-` sorts before `/`."""
    longer = primary_calendar("ada-b")

    async def make(tx: Write) -> None:
        tx.accounts.create(account("ada-b"))
        tx.calendars.create(calendar(longer))
        tx.grants.create(grant(longer, "zoe"))
        tx.grants.create(grant(SIDE, "zoe"))

    await store.write(TENANT, FEEDS, make)
    listed = await pages(store, lambda tx, page: tx.grants.shared("zoe", Role.READER, page), "calendar")
    assert [one.name.calendar for one in listed] == [SIDE, longer]


async def test_shared_calendars_are_those_with_at_least_the_role(store: SqlStore) -> None:
    await create(store, grant(ADA, "zoe", Role.FREE_BUSY_READER), grant(SIDE, "zoe", Role.WRITER), grant(BOB, "zoe"))
    found = {}
    async with store.read(TENANT) as tx:
        for role in Role:
            found[role] = [one.name.calendar for one in await tx.grants.shared("zoe", role, Page(10))]
    assert found == {
        Role.FREE_BUSY_READER: [ADA, SIDE, BOB],
        Role.READER: [SIDE, BOB],
        Role.WRITER: [SIDE],
        Role.OWNER: [],
    }


async def test_grants_of_one_account_on_several_calendars_are_found_at_once(store: SqlStore) -> None:
    made = await create(store, grant(ADA, "zoe"), grant(SIDE, "zoe"), grant(BOB, "carol"))
    async with store.read(TENANT) as tx:
        assert await tx.grants.get_many("zoe", [SIDE, BOB, ADA]) == {ADA: made[0], SIDE: made[1]}
        assert await tx.grants.get_many("zoe", []) == {}


async def test_a_deleted_calendar_takes_its_grants_along(store: SqlStore) -> None:
    kept, _ = await create(store, grant(ADA), grant(SIDE))

    async def delete(tx: Write) -> None:
        side = await tx.calendars.get(SIDE)
        assert side is not None
        tx.calendars.delete(side)

    await store.write(TENANT, [account_feed(AccountName("ada")), *FEEDS], delete)
    async with store.read(TENANT) as tx:
        assert await tx.grants.list(SIDE, Page(10)) == []
        assert await tx.grants.shared("bob", Role.FREE_BUSY_READER, Page(10)) == [kept]
