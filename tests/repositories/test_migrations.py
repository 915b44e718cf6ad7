"""What an earlier version of the program has written is there after a migration, and found by what is new."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from schedsvc.domain.changes import Place
from schedsvc.domain.events import Event, Level, ResponseStatus, ShowAs
from schedsvc.domain.feeds import calendar_feed
from schedsvc.repositories.base import EventFilter, EventOrder, Page
from schedsvc.repositories.sql.bodies import dump, load
from schedsvc.repositories.sql.engine import SqlSettings, exclusive
from schedsvc.repositories.sql.event_bodies import dump_event
from schedsvc.repositories.sql.migrate import config, migrate
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import FixedClock
from tests.repositories.records import ADA, NEVER, STRANGE, TENANT, event
from tests.repositories.test_events import ids
from tests.repositories.test_schema import blank

__all__ = ["blank"]

FEED = calendar_feed(ADA)
ALL = Page(10_000)
OWNER = "Ada@Example.org"
COLUMNS = (
    "tenant_id, feed_id, event_id, uid, span, start_s, end_s, occupied_start_s, occupied_end_s, level, all_day,"
    " booking, revision, idx, born, search, body"
)


def as_version_1(event: Event) -> str:
    """The body as the first version of the program wrote it."""
    return dump({name: value for name, value in load(dump_event(event)).items() if name not in NEW} | {"v": 1})


NEW = ("zone", "owner", "more")


def rows() -> list[Event]:
    """More than the migration takes at once; the owner declined one of them."""
    odd = {"nul\x00": "\\\x1f", "Room": STRANGE}
    plain = [replace(event(f"e{n:04}", show_as=ShowAs.TENTATIVE), metadata=odd) for n in range(1100)]
    invited = replace(plain[0].attendees[0], email=OWNER.lower(), response=ResponseStatus.DECLINED)
    return [
        *plain,
        replace(event("declined"), attendees=(invited,)),
        replace(event("alone"), attendees=(), metadata={}),
    ]


@pytest.fixture
async def migrated(blank: str) -> Any:
    """A store over a database that was filled under the first schema."""
    async with exclusive(blank) as connection:
        await connection.run_sync(_first_schema)
        await _insert(connection, "accounts", _account())
        await _insert(connection, "calendars", _calendar())
        await _insert(
            connection, "feeds", dict.fromkeys(("revision", "version", "epoch"), 1) | _feed() | {"trimmed": 0}
        )
        for made in rows():
            await _insert(connection, "events", _row(made))
        await _insert(connection, "changes", _change(rows()[0]))
    await migrate(blank)
    store = await SqlStore.create(SqlSettings(url=blank), FixedClock())
    yield store
    await store.close()


def _first_schema(connection: sa.Connection) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "0001")


async def _insert(connection: Any, table: str, row: Mapping[str, Any]) -> None:
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    await connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), dict(row))


def _account() -> dict[str, Any]:
    times = {"edition": 1, "create_us": 0, "update_us": 0}
    return {"tenant_id": TENANT, "account_id": "ada", **times, "body": json.dumps({"v": 1, "email": OWNER})}


def _calendar() -> dict[str, Any]:
    names = {"feed_id": FEED.id, "account_id": "ada", "secondary": 0, "calendar_id": "ada"}
    times = {"edition": 1, "create_us": 0, "update_us": 0}
    return {"tenant_id": TENANT, **names, **times, "body": json.dumps({"v": 1, "time_zone": "Europe/Berlin"})}


def _feed() -> dict[str, Any]:
    return {"tenant_id": TENANT, "kind": int(FEED.kind), "feed_id": FEED.id}


def _row(made: Event) -> dict[str, Any]:
    (start, end), (occupied_start, occupied_end) = made.extent, made.occupied
    place = (int(made.level), 0, None, 1, 0, 1)
    values = (TENANT, FEED.id, made.name.event, made.uid, 0, start, end, occupied_start, occupied_end, *place)
    return dict(zip(COLUMNS.split(", "), (*values, "text", as_version_1(made)), strict=True))


def _change(made: Event) -> dict[str, Any]:
    place = {"revision": 1, "idx": 0, "change": 1, "resource_id": made.name.event, "uid": made.uid, "born": 1}
    return {**_feed(), **place, "time_us": 0, "body": as_version_1(made)}


async def test_events_of_the_first_version_are_read_with_the_zone_and_owner_of_their_calendar(
    migrated: SqlStore,
) -> None:
    async with migrated.read(TENANT) as tx:
        found = await tx.events.list(ADA, EventFilter(), ALL)
        log = await tx.changes.log(FEED, Place(0, 0), 1, 10)
    expected = [replace(e, zone="Europe/Berlin", owner=OWNER.lower(), revision=1, born=1) for e in rows()]
    assert sorted(found, key=lambda e: e.name) == sorted(expected, key=lambda e: e.name)
    assert [(change.record, change.cause, change.moved_to) for change in log] == [
        (replace(rows()[0], revision=1, born=1), None, None)
    ]


async def test_events_of_the_first_version_are_found_by_what_is_new(migrated: SqlStore) -> None:
    async def found(**wanted: Any) -> int:
        return len(await tx.events.list(ADA, EventFilter(**wanted), ALL, EventOrder.UPDATED))

    async with migrated.read(TENANT) as tx:
        assert await found(attendee="B@example.org") == 1100
        assert await found(metadata={"nul\x00": "\\\x1f", "Room": STRANGE}) == 1100
        assert await found(metadata={"m": STRANGE}) == 1
        assert await found(show_as=(ShowAs.TENTATIVE,)) == 1100
        assert await found(updated_min=NEVER, recurring=False) == 1102
        assert await found(recurring=True) == 0
        assert ids(await tx.events.by_attendee(ADA, [OWNER])) == ["declined"]


async def test_what_the_owner_had_declined_takes_no_time_any_more(migrated: SqlStore) -> None:
    async with migrated.read(TENANT) as tx:
        occupying = await tx.events.occupying(ADA, event().extent)
    assert ("declined" in ids(occupying.items), len(occupying.items)) == (False, 1101)
    assert {item.level for item in occupying.items} == {Level.TENTATIVE, Level.BUSY}
    assert occupying.series == []
