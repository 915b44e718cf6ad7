"""A request that is sent again is carried out once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from schedsvc.domain.changes import Place
from schedsvc.domain.errors import IdTaken, RequestIdReused, ResourceNotFound
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedKey, calendar_feed
from schedsvc.domain.names import AccountName
from schedsvc.repositories.base import AlreadyAnswered, Once, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import ADA, OTHER, SIDE, TENANT, account, event

FEED = calendar_feed(ADA)


def once(id_: str = "r1", *, method: str = "CreateEvent", body: bytes = b"body") -> Once:
    return Once(method, id_, body, lambda made: f"{made.name}@{made.revision}".encode())


async def create(store: SqlStore, how: Once, id_: str = "e1", feed: FeedKey = FEED) -> bytes:
    """What the caller is told, by the first run or a later one."""
    within = ADA if feed == FEED else SIDE

    async def work(tx: Write) -> Event:
        return tx.events.create(event(id_, within=within))

    try:
        return how.encode(await store.write(TENANT, [feed], work, once=how))
    except AlreadyAnswered as known:
        return known.answer


async def changes(store: SqlStore, feed: FeedKey = FEED) -> int:
    async with store.read(TENANT) as tx:
        return len(await tx.changes.log(feed, Place(0, 0), 1000, 1000))


async def test_a_request_sent_twice_has_one_effect_and_equal_answers(store: SqlStore) -> None:
    answers = [await create(store, once()) for _ in range(3)]
    assert answers == [f"{event().name}@1".encode()] * 3
    assert await changes(store) == 1


async def test_a_request_sent_many_times_at_once_has_one_effect_and_equal_answers(
    store: SqlStore, database: Database
) -> None:
    stores = [store, await database.open()]
    twins = [create(stores[n % 2], once(), f"e{n}") for n in range(12)]
    answers = await asyncio.gather(*twins)
    assert len(set(answers)) == 1
    assert await changes(store) == 1


async def test_twins_that_share_no_lock_still_have_one_effect(store: SqlStore, database: Database) -> None:
    """Nothing but the request's own key keeps them apart."""
    stores = [store, await database.open()]

    async def make(number: int) -> bytes:
        async def work(tx: Write) -> str:
            tx.accounts.create(account(f"new-{number}"))
            return f"new-{number}"

        how = Once("CreateAccount", "r1", b"body", str.encode)
        try:
            return how.encode(await stores[number % 2].write(TENANT, (), work, once=how))
        except AlreadyAnswered as known:
            return known.answer

    answers = await asyncio.gather(*(make(number) for number in range(8)))
    assert len(set(answers)) == 1
    async with store.read(TENANT) as tx:
        made = [await tx.accounts.get(AccountName(f"new-{number}")) for number in range(8)]
    assert [a.name.account.encode() for a in made if a] == [answers[0]]


async def test_the_same_id_for_another_request_is_refused_and_changes_nothing(
    store: SqlStore,
) -> None:
    first = await create(store, once())
    for other in (once(body=b"other"), once(body=b"")):
        with pytest.raises(RequestIdReused):
            await create(store, other, "e2")
    assert await create(store, once()) == first
    assert await changes(store) == 1


async def test_a_failure_is_not_stored(store: SqlStore) -> None:
    async def fail(tx: Write) -> Event:
        tx.events.create(event("e1"))
        raise ResourceNotFound("event", "x")

    with pytest.raises(ResourceNotFound):
        await store.write(TENANT, [FEED], fail, once=once())
    assert await create(store, once()) == f"{event().name}@1".encode()


async def test_a_dry_run_stores_no_answer(store: SqlStore) -> None:
    async def work(tx: Write) -> Event:
        return tx.events.create(event("e1"))

    await store.write(TENANT, [FEED], work, once=once(), dry_run=True)
    await create(store, once())
    assert await changes(store) == 1


async def test_an_id_may_be_used_again_after_a_day(store: SqlStore, database: Database) -> None:
    await create(store, once())
    database.clock.time += timedelta(hours=24, microseconds=-1)
    with pytest.raises(RequestIdReused):
        await create(store, once(body=b"other"), "e2")
    database.clock.time += timedelta(microseconds=1)
    again = await create(store, once(body=b"other"), "e2")
    assert again.endswith(b"e2@2")
    assert await create(store, once(body=b"other"), "e2") == again


async def test_tenants_do_not_share_request_ids(store: SqlStore) -> None:
    await create(store, once())

    async def work(tx: Write) -> Event:
        tx.accounts.create(account("eve"))
        return event()

    assert await store.write(OTHER, (), work, once=once(body=b"other")) == event()


async def test_the_answer_is_kept_byte_for_byte(store: SqlStore) -> None:
    answer = bytes(range(256)) * 40

    async def work(tx: Write) -> bytes:
        tx.accounts.create(account("eve"))
        return answer

    how = Once("CreateAccount", "r1", bytes(range(256)), bytes)
    await store.write(TENANT, (), work, once=how)
    with pytest.raises(AlreadyAnswered) as known:
        await store.write(TENANT, (), work, once=how)
    assert known.value.answer == answer


async def test_an_id_is_of_its_method_and_its_caller(store: SqlStore) -> None:
    """So that nobody can block or probe the ids of another account."""
    first = once()
    others = [replace(first, method="UpdateEvent"), replace(first, caller="anna"), replace(first, caller="ben")]
    for number, each in enumerate([first, *others]):
        await create(store, each, f"e{number}")
    assert await changes(store) == 4


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_a_work_that_stumbles_over_its_own_twin_is_answered_as_the_twin_was(store: SqlStore) -> None:
    """Two that share no lock: the second one looked for the request before the first had committed."""
    answers: list[bytes] = []

    async def stumble(tx: Write) -> Event:
        answers.append(await create(store, once()))
        raise IdTaken("e1 exists already")

    with pytest.raises(AlreadyAnswered) as known:
        await store.write(TENANT, [], stumble, once=once())
    assert [known.value.answer] == answers
