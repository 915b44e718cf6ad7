"""ListUpdated and ListDeleted are two walks that stand at different places; together they leave no record behind."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.feeds import FeedKey, FeedKind, calendar_feed
from schedsvc.domain.limits import SYNC_TARGETS, TOKEN_BYTES
from schedsvc.domain.names import AccountName, CalendarName, EventName
from schedsvc.domain.positions import Family
from schedsvc.domain.ranges import RangeRequest
from schedsvc.usecases.event_writes import Change, Creation, Deletion
from tests.usecases.conftest import ADA, ADMIN, NOW, SIDE, Process
from tests.usecases.drafts import DAY, HOUR, MIDNIGHT, account_draft, calendar_draft, event_draft

FEED = calendar_feed(SIDE)
ALL = RangeRequest(None, None)
MONDAY_ONLY = RangeRequest(MIDNIGHT, MIDNIGHT + DAY)
EVENT = EventName(SIDE, "e")


async def _walk(process: Process, family: Family, token: str) -> tuple[list[str], str]:
    """What one walk on one page tells, and where the next one begins."""
    page = await process.sync.walk(ADMIN, family, token, 100, 10**6)
    told = [view.change.resource_id for _, views in page.changes for view in views]
    return told, page.next_delta_token


async def _move(process: Process, seconds: int) -> None:
    moved = event_draft(seconds, seconds + HOUR)
    await process.events.update(ADMIN, NOW, Change(EVENT, "", lambda event: replace(moved, uid=event.uid)))


async def test_what_was_made_told_and_deleted_between_two_walks_of_tombstones_has_one(process: Process) -> None:
    started = await process.sync.start(ADMIN, [FEED], ALL)
    await process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft()))
    told, updated = await _walk(process, Family.UPDATED, started.updated)
    assert told == ["e"]
    await process.events.delete(ADMIN, NOW, Deletion(EVENT))
    assert (await _walk(process, Family.DELETED, started.deleted))[0] == ["e"]
    assert (await _walk(process, Family.UPDATED, updated))[0] == []


async def test_what_came_into_the_window_was_told_and_left_again_has_a_tombstone(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft(3 * DAY, 3 * DAY + HOUR)))
    started = await process.sync.start(ADMIN, [FEED], MONDAY_ONLY)
    await _move(process, HOUR)
    assert (await _walk(process, Family.UPDATED, started.updated))[0] == ["e"]
    await _move(process, 2 * DAY)
    assert (await _walk(process, Family.DELETED, started.deleted))[0] == ["e"]


async def test_what_never_was_in_the_window_has_no_tombstone(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft(3 * DAY, 3 * DAY + HOUR)))
    started = await process.sync.start(ADMIN, [FEED], MONDAY_ONLY)
    await _move(process, 2 * DAY)
    told, deleted = await _walk(process, Family.DELETED, started.deleted)
    await process.events.delete(ADMIN, NOW, Deletion(EVENT))
    assert told == (await _walk(process, Family.DELETED, deleted))[0] == []


async def _calendars(process: Process, ids: Sequence[str]) -> list[FeedKey]:
    for id_ in ids:
        await process.calendars.create(ADMIN, NOW, ADA, id_, calendar_draft())
    return [FeedKey(FeedKind.CALENDAR, f"ada/{id_}") for id_ in ids]


async def test_tokens_of_as_many_feeds_as_are_allowed_are_accepted_on_every_page(process: Process) -> None:
    ids = [f"0195f0a0-{number:04x}-7{number:03x}-8000-{number * 7919:012x}" for number in range(SYNC_TARGETS)]
    feeds = await _calendars(process, ids)
    for feed in feeds:
        await process.events.create(ADMIN, NOW, CalendarName("ada", feed.id[4:]), Creation("", event_draft()))
    token = (await process.sync.start(ADMIN, feeds, MONDAY_ONLY)).changes
    told = 0
    while token:
        assert len(token) <= TOKEN_BYTES
        page = await process.sync.walk(ADMIN, Family.CHANGES, token, 7, 10**6)
        told += sum(len(views) for _, views in page.changes)
        token = page.next_page_token
    assert told == SYNC_TARGETS


async def test_names_that_no_token_could_hold_are_refused_at_the_start(process: Process) -> None:
    choice = random.Random(1)
    feeds = []
    for _ in range(SYNC_TARGETS):
        account, calendar = ("".join(choice.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=64)) for _ in range(2))
        await process.accounts.create(ADMIN, NOW, account, account_draft())
        await process.calendars.create(ADMIN, NOW, AccountName(account), calendar, calendar_draft())
        feeds.append(calendar_feed(CalendarName(account, calendar)))
    with pytest.raises(InvalidInput) as refusal:
        await process.sync.start(ADMIN, feeds, ALL)
    assert [violation.field for violation in refusal.value.violations] == ["targets"]
