"""Walks by token: nothing lost, nothing twice, whatever is written meanwhile."""

from __future__ import annotations

import itertools

import pytest
from grpc import StatusCode

from schedsvc.v1.bookings_pb2 import CancelBookingRequest
from schedsvc.v1.calendars_pb2 import DeleteCalendarRequest
from schedsvc.v1.changes_pb2 import (
    CHANGE_KIND_CREATED,
    CHANGE_KIND_DELETED,
    CHANGE_KIND_UPDATED,
    ListChangesRequest,
    Tombstone,
)
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import on_both_stores
from tests.rpc.consumers import Copy, start_sync, truth, walk
from tests.rpc.requests import DAY, HOUR, World
from tests.rpc.writing import all_day_events, create, delete, move, rename, rezone

MINUTE = 60


async def test_a_full_load_brings_all_there_is_and_a_delta_what_came_after(alpha: Caller, world: World) -> None:
    started = await start_sync(alpha, world.calendar, world.profile)
    assert started.ready
    full = await walk(alpha, started.change_token)
    assert (full.names, full.complete) == ([world.event, world.booking], True)
    assert {change.kind for change in full.changes} == {CHANGE_KIND_CREATED}
    assert full.generations != {""}
    nothing = await walk(alpha, full.token)
    assert (nothing.changes, nothing.complete, nothing.generations) == ([], False, {""})
    await rename(alpha, world.event, "new")
    await alpha.booking.CancelBooking(CancelBookingRequest(name=world.booking))
    made = await create(alpha, world.calendar, "made")
    delta = await walk(alpha, nothing.token)
    assert delta.names == [world.event, made, world.booking]
    assert [change.kind for change in delta.changes] == [CHANGE_KIND_UPDATED, CHANGE_KIND_CREATED, CHANGE_KIND_UPDATED]


async def test_the_pair_of_updates_and_tombstones_tells_the_same_as_the_one_feed(alpha: Caller, world: World) -> None:
    gone = await create(alpha, world.calendar, "gone")
    started = await start_sync(alpha, world.calendar)
    made = await create(alpha, world.calendar, "made")
    await delete(alpha, gone)
    updated = await walk(alpha, started.updated_token, method="updated")
    deleted = await walk(alpha, started.deleted_token, method="deleted")
    assert updated.names == [world.event, made]
    assert updated.complete
    assert [(change.kind, change.tombstone.name) for change in deleted.changes] == [(CHANGE_KIND_DELETED, gone)]
    await delete(alpha, made)
    await rename(alpha, world.event, "new")
    both = await walk(alpha, (await walk(alpha, started.change_token)).token)
    updated = await walk(alpha, updated.token, method="updated")
    deleted = await walk(alpha, deleted.token, method="deleted")
    assert updated.names == [world.event]
    assert deleted.names == [made]
    assert both.changes == []


async def test_starting_twice_stores_nothing_and_gives_tokens_that_tell_the_same(alpha: Caller, world: World) -> None:
    first, second = [await start_sync(alpha, world.calendar) for _ in range(2)]
    assert first == second


async def test_skip_initial_begins_with_the_next_change(alpha: Caller, world: World) -> None:
    started = await start_sync(alpha, world.calendar, skip_initial=True)
    made = await create(alpha, world.calendar, "made")
    done = await walk(alpha, started.change_token)
    assert (done.names, done.complete, done.generations) == ([made], False, {""})


async def test_a_token_may_be_used_again_and_tells_the_same_and_more(alpha: Caller, world: World) -> None:
    started = await start_sync(alpha, world.calendar)
    token = (await walk(alpha, started.change_token)).token
    await rename(alpha, world.event, "one")
    first = await walk(alpha, token)
    second = await walk(alpha, token)
    assert first.changes == second.changes
    await rename(alpha, world.event, "two")
    third = await walk(alpha, token)
    assert [change.event.subject for change in third.changes] == ["two"]


async def test_changes_while_paging_wait_for_the_next_walk(alpha: Caller, world: World) -> None:
    """Trap 16: the first page pins the mark."""
    names = [await create(alpha, world.calendar, f"e{number}") for number in range(3)]
    started = await start_sync(alpha, world.calendar)
    first = await alpha.sync.ListChanges(ListChangesRequest(token=started.change_token, page_size=1))
    late = await create(alpha, world.calendar, "late")
    await rename(alpha, names[0], "changed")
    await delete(alpha, names[1])
    rest = await walk(alpha, first.next_page_token, size=1)
    # What changed after the mark is left to the next walk, where it is told as it is by then.
    assert rest.names == [names[2]]
    delta = await walk(alpha, rest.token)
    assert delta.names == [late, names[0], names[1]]
    assert delta.changes[2].kind == CHANGE_KIND_DELETED


@on_both_stores
@pytest.mark.parametrize("method", ["", "updated"])
async def test_with_pages_of_one_and_a_write_between_every_two_nothing_is_lost(
    method: str, alpha: Caller, world: World
) -> None:
    names = [await create(alpha, world.calendar, f"e{number}") for number in range(8)]
    started = await start_sync(alpha, world.calendar)
    copy, numbers = Copy(), itertools.count()

    async def mutate() -> None:
        number = next(numbers)
        victim = names[number % len(names)]
        match number % 4:
            case 0:
                names.append(await create(alpha, world.calendar, f"n{number}"))
            case 1:
                await rename(alpha, victim, f"renamed {number}")
            case 2:
                await move(alpha, victim, number * MINUTE, HOUR + number * MINUTE)
            case _:
                await delete(alpha, names.pop(number % len(names)))

    token = started.updated_token if method else started.change_token
    for _ in range(3):
        done = await walk(alpha, token, size=1, method=method, between=mutate)
        copy.take(done.feeds)
        token = done.token
    last = await walk(alpha, token, size=1, method=method)
    copy.take(last.feeds)
    if method:
        copy.take((await walk(alpha, started.deleted_token, method="deleted")).feeds)
    assert next(numbers) > 10
    assert copy.held == await truth(alpha, [world.calendar])


@pytest.mark.parametrize("window", [None, (0, DAY)])
async def test_what_one_of_the_pair_told_the_other_takes_back(
    window: tuple[int, int] | None, alpha: Caller, world: World
) -> None:
    """Trap 16: told by ListUpdated, then deleted or moved out, all after the token of ListDeleted."""
    started = await start_sync(alpha, world.calendar, window=window)
    deleted, moved = [await create(alpha, world.calendar, id_, HOUR, 2 * HOUR) for id_ in ("deleted", "moved")]
    copy = Copy()
    updated = await walk(alpha, started.updated_token, method="updated")
    copy.take(updated.feeds)
    assert {deleted, moved} <= set(copy.held)
    await move(alpha, moved, 2 * DAY, 3 * DAY)
    await delete(alpha, deleted)
    await delete(alpha, moved)
    copy.take((await walk(alpha, started.deleted_token, method="deleted")).feeds)
    copy.take((await walk(alpha, updated.token, method="updated")).feeds)
    assert set(copy.held) == {world.event}


async def test_created_and_deleted_between_two_tokens_is_nothing(alpha: Caller, world: World) -> None:
    started = await start_sync(alpha, world.calendar, skip_initial=True)
    await delete(alpha, await create(alpha, world.calendar, "brief"))
    assert (await walk(alpha, started.change_token)).changes == []
    assert (await walk(alpha, started.updated_token, method="updated")).changes == []


async def test_deleted_and_created_again_with_the_same_id_is_one_update_with_a_higher_revision(
    alpha: Caller, world: World
) -> None:
    started = await start_sync(alpha, world.calendar, skip_initial=True)
    await delete(alpha, world.event)
    again = await create(alpha, world.calendar, "standup")
    assert again == world.event
    (change,) = (await walk(alpha, started.change_token)).changes
    assert (change.kind, change.event.name, change.revision) == (CHANGE_KIND_UPDATED, again, 3)
    assert (await walk(alpha, started.deleted_token, method="deleted")).changes == []


async def test_an_id_that_is_created_again_while_paging_is_told_in_the_end_as_it_is(
    alpha: Caller, world: World
) -> None:
    names = [await create(alpha, world.calendar, f"e{number}") for number in range(3)]
    started = await start_sync(alpha, world.calendar)
    copy = Copy()

    async def again() -> None:
        await delete(alpha, names[1])
        await create(alpha, world.calendar, "e1")

    full = await walk(alpha, started.change_token, size=1, between=again)
    copy.take(full.feeds)
    copy.take((await walk(alpha, full.token, size=1)).feeds)
    assert copy.held == await truth(alpha, [world.calendar])


async def test_a_deleted_calendar_ends_in_one_marker(alpha: Caller, world: World) -> None:
    for number in range(3):
        await create(alpha, world.spare_calendar, f"e{number}")
    loaded = await start_sync(alpha, world.spare_calendar)
    token = (await walk(alpha, loaded.change_token)).token
    await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar))
    for walked in (
        await walk(alpha, token),
        await walk(alpha, token, size=1),
        await walk(alpha, loaded.deleted_token, method="deleted"),
    ):
        (change,) = walked.changes
        assert change.kind == CHANGE_KIND_DELETED
        assert change.tombstone.reason == Tombstone.REASON_CALENDAR_DELETED
        assert change.tombstone.name == world.spare_calendar
    ended = await walk(alpha, token)
    assert (await walk(alpha, ended.token)).changes == []
    refusal = await refused(start_sync(alpha, world.spare_calendar))
    assert refusal.code is StatusCode.NOT_FOUND


async def test_a_calendar_deleted_during_a_full_load_leaves_an_empty_copy(alpha: Caller, world: World) -> None:
    for number in range(4):
        await create(alpha, world.spare_calendar, f"e{number}")
    started = await start_sync(alpha, world.spare_calendar)
    copy = Copy()

    async def delete() -> None:
        await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar, allow_missing=True))

    full = await walk(alpha, started.change_token, size=1, between=delete)
    copy.take(full.feeds)
    copy.take((await walk(alpha, full.token)).feeds)
    assert copy.held == {}


async def test_a_changed_zone_puts_every_all_day_event_into_the_feed_in_one_revision(
    alpha: Caller, world: World
) -> None:
    await all_day_events(alpha, world.calendar, 3)
    started = await start_sync(alpha, world.calendar, skip_initial=True)
    await rezone(alpha, world.calendar, "Asia/Tokyo")
    done = await walk(alpha, started.change_token)
    assert [(change.revision, change.index) for change in done.changes] == [(5, 0), (5, 1), (5, 2)]
    resolved = {change.event.start.resolved.ToJsonString() for change in done.changes}
    assert resolved == {"2030-01-07T15:00:00Z"}
    small = await walk(alpha, started.change_token, size=1)
    assert small.changes == done.changes
