"""A message is there exactly if what it tells of happened, and has a name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from schedsvc.domain.errors import ResourceNotFound
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.names import CalendarName
from schedsvc.domain.outbox import OutboxMessage
from schedsvc.repositories.base import Page, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import ADA, SIDE, STRANGE, TENANT, event

FEEDS = [calendar_feed(ADA), calendar_feed(SIDE)]
BODY = {"z": [1, None, {"text": STRANGE, "nul": "\x00"}], "v": "its own", "a": True}


async def messages(store: SqlStore, page: Page | None = None) -> Sequence[OutboxMessage]:
    async with store.read(TENANT) as tx:
        return await tx.outbox.list(page or Page(100))


async def tell(store: SqlStore, id_: str, *topics: str, dry_run: bool = False) -> None:
    async def work(tx: Write) -> None:
        made = tx.events.create(event(id_))
        for topic in topics:
            tx.outbox.add(topic, str(made.name), {"of": topic})

    await store.write(TENANT, FEEDS, work, dry_run=dry_run)


async def test_a_message_comes_back_as_it_was_added(store: SqlStore, database: Database) -> None:
    async def work(tx: Write) -> None:
        tx.events.create(event())
        tx.outbox.add("itip", str(event().name), BODY)

    await store.write(TENANT, FEEDS, work)
    (message,) = await messages(store)
    now = database.clock.time
    expected = OutboxMessage(message.id, "itip", str(event().name), BODY, create_time=now, due_time=now, attempts=0)
    assert message == expected


async def test_messages_are_listed_by_time_and_then_in_the_order_of_their_work(
    store: SqlStore, database: Database
) -> None:
    await tell(store, "e1", *"abc")
    await tell(store, "e2", "d")
    database.clock.time -= timedelta(seconds=1)
    await tell(store, "e3", "e")
    found: list[OutboxMessage] = []
    while True:
        last = found[-1] if found else None
        after = (int(last.due_time.timestamp() * 1_000_000), last.id) if last else None
        page = await messages(store, Page(2, after))
        if not page:
            break
        found += page
    assert [message.topic for message in found] == list("eabcd")
    assert len({message.id for message in found}) == 5


async def test_works_at_once_on_several_feeds_never_share_an_id(store: SqlStore) -> None:
    for n in range(3):
        for within in (ADA, SIDE):

            async def work(tx: Write, n: int = n, within: CalendarName = within) -> None:
                tx.events.create(event(f"{n}", within=within))
                tx.outbox.add("t", "a", {})

            await store.write(TENANT, [calendar_feed(within)], work)
    assert len({message.id for message in await messages(store)}) == 6


async def test_a_work_that_fails_or_is_only_tried_leaves_no_message(store: SqlStore) -> None:
    await tell(store, "e1", "a", dry_run=True)

    async def work(tx: Write) -> None:
        tx.events.create(event())
        tx.outbox.add("t", "a", {})
        raise ResourceNotFound("event", "x")

    with pytest.raises(ResourceNotFound):
        await store.write(TENANT, FEEDS, work)
    assert await messages(store) == []


async def test_a_message_without_a_change_is_a_defect(store: SqlStore) -> None:
    async def work(tx: Write) -> None:
        tx.outbox.add("t", "a", {})

    with pytest.raises(RuntimeError, match="changes nothing"):
        await store.write(TENANT, FEEDS, work)
