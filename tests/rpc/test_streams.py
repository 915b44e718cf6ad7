"""Streams: every change once, in order, without a hole, however often the connection dies (the etcd list of 6.3)."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
from grpc import StatusCode, aio

from schedsvc.usecases.following import StreamLimits
from schedsvc.v1.bookings_pb2 import CancelBookingRequest, CreateBookingRequest
from schedsvc.v1.calendars_pb2 import Calendar, DeleteCalendarRequest, UpdateCalendarRequest
from schedsvc.v1.changes_pb2 import (
    CHANGE_KIND_CREATED,
    CHANGE_KIND_DELETED,
    CHANGE_KIND_LEFT,
    ListChangesRequest,
    StartSyncRequest,
    StreamChangesRequest,
    Tombstone,
)
from schedsvc.v1.events_pb2 import CreateEventRequest, DeleteEventRequest, Event, UpdateEventRequest
from tests.repositories.conftest import Database
from tests.rpc.callers import Caller, refusal_of, refused
from tests.rpc.conftest import POLL, Deployment, ManualClock, deployed, on_both_stores
from tests.rpc.consumers import Copy, Following, name_of, next_message, streaming, truth, walk
from tests.rpc.requests import DAY, HOUR, World, all_day, booking_at, bound, timed

PATIENCE = 10
"""Seconds until a test gives up waiting for something that must happen."""


async def _token(caller: Caller, *targets: str, skip: bool = True, window: tuple[int, int] | None = None) -> str:
    request = StartSyncRequest(targets=targets, skip_initial=skip)
    if window is not None:
        request.time_min.CopyFrom(bound(window[0]))
        request.time_max.CopyFrom(bound(window[1]))
    return (await caller.sync.StartSync(request)).change_token


async def _create(caller: Caller, parent: str, id_: str, start: int = 0, end: int = HOUR) -> str:
    request = CreateEventRequest(parent=parent, event_id=id_, event=timed(start, end, subject=id_))
    return (await caller.calendar.CreateEvent(request)).name


async def _rename(caller: Caller, name: str, subject: str) -> None:
    await caller.calendar.UpdateEvent(UpdateEventRequest(event=Event(name=name, subject=subject)))


async def _several(caller: Caller, world: World, count: int = 12) -> None:
    """Changes in two feeds: created, renamed, deleted, created again, booked, cancelled."""
    for number in range(count):
        id_ = f"e{number % 3}"
        name = f"{world.calendar}/events/{id_}"
        match number // 3 % 3:
            case 0:
                await _create(caller, world.calendar, id_)
            case 1:
                await _rename(caller, name, f"s{number}")
            case _:
                await caller.calendar.DeleteEvent(DeleteEventRequest(name=name))
        if number % 4 == 0:
            booking = booking_at(DAY + 9 * HOUR + number % 16 * 1800)
            made = await caller.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking))
            await caller.booking.CancelBooking(CancelBookingRequest(name=made.name))


async def _receive(call: object, following: Following, places: int) -> None:
    """Reads until so many changes have come in all."""
    async with asyncio.timeout(PATIENCE):
        while sum(map(len, following.changes.values())) < places:
            following.take(await next_message(call))


@pytest.fixture
def limits() -> StreamLimits:
    """Small batches, so that there are many."""
    return StreamLimits(poll=POLL, batch_changes=2)


@pytest.fixture
async def another(database: Database, clock: ManualClock, limits: StreamLimits) -> AsyncIterator[Deployment]:
    """A second process on the same database."""
    async with deployed(database, clock, limits) as running:
        yield running


async def test_a_stream_brings_what_is_there_and_then_what_happens(alpha: Caller, world: World) -> None:
    following = Following()
    async with streaming(alpha, [await _token(alpha, world.calendar, skip=False)]) as call:
        first = await next_message(call)
        assert (first.batch.complete, bool(first.batch.generation)) == (True, True)
        following.take(first)
        assert set(following.copy.held) == {world.event}
        made = await _create(alpha, world.calendar, "made")
        second = await next_message(call)
        assert (second.batch.complete, second.batch.generation) == (False, "")
        assert [(change.kind, name_of(change)) for change in second.batch.changes.changes] == [
            (CHANGE_KIND_CREATED, made)
        ]


@pytest.mark.parametrize("size", [1, 2, 3, 500])
async def test_a_full_load_comes_in_batches_of_one_generation_and_ends_once(
    size: int, database: Database, clock: ManualClock, alpha: Caller, world: World
) -> None:
    names = {world.event} | {await _create(alpha, world.calendar, f"e{number}") for number in range(5)}
    async with deployed(database, clock, StreamLimits(poll=POLL, batch_changes=size)) as deployment:
        caller = Caller(deployment.channel, alpha.authorization)
        following, batches = Following(), []
        async with streaming(caller, [await _token(caller, world.calendar, skip=False)]) as call:
            while not batches or not batches[-1].complete:
                message = await next_message(call)
                following.take(message)
                batches.append(message.batch)
        assert set(following.copy.held) == names
        assert len({batch.generation for batch in batches}) == 1
        assert all(len(batch.changes.changes) <= size for batch in batches)


@on_both_stores
async def test_cut_after_every_message_and_resumed_it_sees_each_change_exactly_once(
    alpha: Caller, world: World
) -> None:
    tokens = {feed: await _token(alpha, feed) for feed in (world.calendar, world.profile)}
    await _several(alpha, world)
    whole, cut = Following(), Following(tokens=dict(tokens))
    async with streaming(alpha, tokens.values()) as call:
        await _receive(call, whole, 18)
    messages = 0
    while sum(map(len, cut.changes.values())) < 18:
        async with asyncio.timeout(PATIENCE), streaming(alpha, cut.tokens.values()) as call:
            cut.take(await next_message(call))
        messages += 1
    assert messages >= 9
    assert cut.changes == whole.changes
    for feed, count in ((world.calendar, 12), (world.profile, 6)):
        assert len(cut.changes[feed]) == count
        revisions = [revision for revision, _ in cut.places(feed)]
        assert revisions == list(range(revisions[0], revisions[0] + count))


async def test_a_stream_of_several_feeds_in_one_token_can_be_resumed_after_any_message(
    alpha: Caller, world: World
) -> None:
    """Until a feed has a token of its own its consumer has nothing but the first one."""
    feeds = {world.calendar, world.profile}
    token = await _token(alpha, *feeds)
    await _several(alpha, world)
    cut = Following()
    while sum(map(len, cut.changes.values())) < 18:
        tokens = cut.tokens.values() if set(cut.tokens) == feeds else [token, *cut.tokens.values()]
        async with asyncio.timeout(PATIENCE), streaming(alpha, tokens) as call:
            cut.take(await next_message(call))
    assert {feed: len(changes) for feed, changes in cut.changes.items()} == {world.calendar: 12, world.profile: 6}


@pytest.mark.parametrize("seed", range(3))
async def test_cut_at_random_while_the_writer_goes_on_the_copy_ends_equal_to_the_database(
    seed: int, alpha: Caller, world: World
) -> None:
    choice = random.Random(seed)
    feeds = [world.calendar, world.profile]
    tokens = {feed: await _token(alpha, feed, skip=False) for feed in feeds}
    following = Following(tokens=tokens)
    last = {f"{world.calendar}/events/last", f"{world.profile}/bookings/last"}

    async def write() -> None:
        await _several(alpha, world, 24)
        await _create(alpha, world.calendar, "last")
        booking = booking_at(2 * DAY + 9 * HOUR)
        await alpha.booking.CreateBooking(
            CreateBookingRequest(parent=world.profile, booking_id="last", booking=booking)
        )

    async def follow() -> None:
        while not last <= following.copy.held.keys():
            async with asyncio.timeout(PATIENCE), streaming(alpha, following.tokens.values()) as call:
                for _ in range(choice.randrange(1, 5)):
                    following.take(await next_message(call))
                    if last <= following.copy.held.keys():
                        break

    await asyncio.gather(write(), follow())
    assert following.copy.held == await truth(alpha, feeds)
    for feed in feeds:
        assert len(set(following.places(feed))) == len(following.places(feed))


async def test_a_load_that_is_cut_goes_on_where_it_was(alpha: Caller, world: World) -> None:
    names = {world.event} | {await _create(alpha, world.calendar, f"e{number}") for number in range(7)}
    following = Following(tokens={world.calendar: await _token(alpha, world.calendar, skip=False)})
    generations = set()
    for number in range(20):
        async with asyncio.timeout(PATIENCE), streaming(alpha, following.tokens.values()) as call:
            message = await next_message(call)
        generations.add(message.batch.generation)
        following.take(message)
        await _rename(alpha, world.event, f"s{number}")  # each moves the record behind those still to come
        if message.batch.complete:
            break
    assert len(generations) == 1
    async with streaming(alpha, following.tokens.values()) as call:
        while following.copy.held != await truth(alpha, [world.calendar]):
            following.take(await next_message(call))
    assert set(following.copy.held) == names


async def test_a_delta_token_of_a_walk_opens_a_stream_and_a_resume_token_a_walk(alpha: Caller, world: World) -> None:
    full = await walk(alpha, await _token(alpha, world.calendar, skip=False))
    await _rename(alpha, world.event, "one")
    async with streaming(alpha, [full.token]) as call:
        batch = (await next_message(call)).batch
    assert [change.event.subject for change in batch.changes.changes] == ["one"]
    await _rename(alpha, world.event, "two")
    delta = await walk(alpha, batch.resume_token)
    assert [change.event.subject for change in delta.changes] == ["two"]


async def _rezoned(alpha: Caller, world: World, count: int) -> None:
    """One write that changes so many records: one revision."""
    for number in range(count):
        event = all_day("2030-01-08", "2030-01-09")
        await alpha.calendar.CreateEvent(CreateEventRequest(parent=world.calendar, event_id=f"d{number}", event=event))
    calendar = Calendar(name=world.calendar, time_zone="Asia/Tokyo")
    await alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=calendar))


async def test_a_revision_larger_than_a_batch_says_that_it_goes_on(alpha: Caller, world: World) -> None:
    await _rezoned(alpha, world, 5)
    following = Following(tokens={world.calendar: await _token(alpha, world.calendar)})
    calendar = Calendar(name=world.calendar, time_zone="Europe/Berlin")
    await alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=calendar))
    continues = []
    while len(following.places(world.calendar)) < 5:
        async with asyncio.timeout(PATIENCE), streaming(alpha, following.tokens.values()) as call:
            message = await next_message(call)
        continues.append(message.batch.txn_continues)
        following.take(message)
    assert continues == [True, True, False]
    revisions, indices = zip(*following.places(world.calendar), strict=True)
    assert len(set(revisions)) == 1
    assert indices == tuple(range(5))


async def test_a_revision_is_not_cut_where_it_fits(alpha: Caller, world: World) -> None:
    token = await _token(alpha, world.calendar)
    await _rezoned(alpha, world, 2)  # revisions of one, one and two changes, in batches of two
    following = Following()
    sizes = []
    async with streaming(alpha, [token]) as call:
        while len(following.places(world.calendar)) < 4:
            message = await next_message(call)
            assert not message.batch.txn_continues
            sizes.append(len(message.batch.changes.changes))
            following.take(message)
    assert sizes == [2, 2]


async def test_a_walk_from_the_middle_of_a_revision_brings_the_rest_of_it(alpha: Caller, world: World) -> None:
    await _rezoned(alpha, world, 5)
    token = await _token(alpha, world.calendar)
    calendar = Calendar(name=world.calendar, time_zone="Europe/Berlin")
    await alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=calendar))
    async with streaming(alpha, [token]) as call:
        first = (await next_message(call)).batch
    assert first.txn_continues
    rest = await walk(alpha, first.resume_token)
    told = [name_of(change) for change in first.changes.changes]
    assert sorted(told + rest.names) == sorted(f"{world.calendar}/events/d{number}" for number in range(5))


async def test_going_on_from_the_middle_of_a_walk_a_stream_loses_no_tombstone(alpha: Caller, world: World) -> None:
    """A page token is refused by a stream, or leads to the same end."""
    window = (0, DAY)
    leaves, other = [await _create(alpha, world.calendar, id_) for id_ in ("leaves", "other")]
    full = await walk(alpha, await _token(alpha, world.calendar, skip=False, window=window))
    copy = Copy()
    copy.take(full.feeds)
    for start in (2 * DAY, 3 * DAY):
        event = timed(start, start + HOUR)
        event.name = leaves
        if start == 3 * DAY:
            await _rename(alpha, other, "first in the walk")
        await alpha.calendar.UpdateEvent(UpdateEventRequest(event=event))
    page = await alpha.sync.ListChanges(ListChangesRequest(token=full.token, page_size=1))
    copy.take(page.feeds)
    assert page.next_page_token
    async with streaming(alpha, [page.next_page_token]) as call:
        made = await _create(alpha, world.calendar, "made")
        try:
            async with asyncio.timeout(PATIENCE):
                while made not in copy.held:
                    copy.take([(await next_message(call)).batch.changes])
        except aio.AioRpcError as error:
            assert refusal_of(error).code is StatusCode.INVALID_ARGUMENT
            return
    assert leaves not in copy.held


async def test_windows_of_streams_are_those_of_walks_change_by_change(alpha: Caller, world: World) -> None:
    """In, within, out, outside, in again: each told as it happened, what is outside not at all."""
    name = await _create(alpha, world.calendar, "moving", 2 * DAY, 2 * DAY + HOUR)
    token = await _token(alpha, world.calendar, window=(0, DAY))
    for start in (HOUR, 2 * HOUR, 3 * DAY, 4 * DAY, 3 * HOUR):
        event = timed(start, start + HOUR)
        event.name = name
        await alpha.calendar.UpdateEvent(UpdateEventRequest(event=event))
    following = Following()
    async with streaming(alpha, [token]) as call:
        await _receive(call, following, 4)
    kinds = [change.kind for change in following.changes[world.calendar]]
    assert kinds == [4, 2, CHANGE_KIND_LEFT, 4]


async def test_a_deleted_calendar_ends_its_feed_in_a_stream_too(alpha: Caller, world: World) -> None:
    await _create(alpha, world.spare_calendar, "e")
    token = await _token(alpha, world.spare_calendar)
    async with streaming(alpha, [token]) as call:
        await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar))
        (change,) = (await next_message(call)).batch.changes.changes
    assert (change.kind, change.tombstone.reason) == (CHANGE_KIND_DELETED, Tombstone.REASON_CALENDAR_DELETED)


@on_both_stores
async def test_a_change_written_through_one_process_arrives_on_a_stream_of_another(
    alpha: Caller, world: World, another: Deployment
) -> None:
    token = await _token(alpha, world.calendar)
    following = Following()
    async with streaming(Caller(another.channel, alpha.authorization), [token]) as call:
        await call.initial_metadata()
        for number in range(3):
            await _create(alpha, world.calendar, f"e{number}")
            await _receive(call, following, number + 1)


@on_both_stores
async def test_a_stream_goes_on_in_another_process_from_the_last_token(
    alpha: Caller, world: World, another: Deployment
) -> None:
    callers = [alpha, Caller(another.channel, alpha.authorization)]
    following = Following(tokens={world.calendar: await _token(alpha, world.calendar)})
    await _several(alpha, world)
    for number in range(6):
        async with asyncio.timeout(PATIENCE), streaming(callers[number % 2], following.tokens.values()) as call:
            following.take(await next_message(call))
    assert len(following.places(world.calendar)) == 12


async def test_ten_streams_and_a_burst_of_writers_see_every_change_once(alpha: Caller, world: World) -> None:
    token = await _token(alpha, world.calendar)
    followers = [Following() for _ in range(10)]

    async def follow(following: Following) -> None:
        async with streaming(alpha, [token]) as call:
            await _receive(call, following, 40)

    async def write(number: int) -> None:
        for turn in range(10):
            await _create(alpha, world.calendar, f"e{number}-{turn}")

    await asyncio.gather(*map(follow, followers), *map(write, range(4)))
    for following in followers:
        assert [revision for revision, _ in following.places(world.calendar)] == list(range(2, 42))


async def test_a_draining_server_ends_streams_after_tokens_that_go_on_elsewhere(
    deployment: Deployment, alpha: Caller, world: World, another: Deployment
) -> None:
    """Row 21."""
    following = Following(tokens={world.calendar: await _token(alpha, world.calendar)})
    async with streaming(alpha, following.tokens.values()) as call:
        made = await _create(alpha, world.calendar, "before")
        following.take(await next_message(call))
        drained = asyncio.create_task(deployment.server.drain(PATIENCE))
        with pytest.raises(aio.AioRpcError) as ended:
            while True:
                following.take(await next_message(call))
        await drained
    refusal = refusal_of(ended.value)
    assert (refusal.code, refusal.reason, refusal.may_be_retried) == (StatusCode.UNAVAILABLE, "DRAINING", True)
    assert following.bookmarks == 1
    elsewhere = Caller(another.channel, alpha.authorization)
    late = await _create(elsewhere, world.calendar, "late")
    async with streaming(elsewhere, following.tokens.values()) as call:
        following.take(await next_message(call))
    assert [name_of(change) for change in following.changes[world.calendar]] == [made, late]


async def test_a_draining_server_takes_no_new_call_and_finishes_what_runs(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    """Row 21."""
    running = [asyncio.ensure_future(_rename(alpha, world.event, f"s{number}")) for number in range(20)]
    while not deployment.load.unary.active:
        await asyncio.sleep(0)
    drained = asyncio.create_task(deployment.server.drain(PATIENCE))
    answers = await asyncio.gather(*running, return_exceptions=True)
    await drained
    codes = {answer.code() for answer in answers if isinstance(answer, aio.AioRpcError)}
    # CANCELLED is what gRPC says of calls that reach it while it closes; nothing of them was begun.
    assert codes <= {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
    assert None in answers


@on_both_stores
async def test_a_feed_that_was_restored_asks_for_a_new_sync(alpha: Caller, world: World, database: Database) -> None:
    """Row 13: another epoch."""
    token = await _token(alpha, world.calendar)
    await _execute(database, "UPDATE feeds SET epoch = epoch + 1")
    refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=token)))
    assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "SYNC_TOKEN_EXPIRED")
    assert refusal.metadata == {"cause": "EPOCH"}
    await _ends_with_resync(alpha, world, token)


@on_both_stores
async def test_a_token_that_sleeps_past_the_trimmed_log_asks_for_a_new_sync(
    alpha: Caller, world: World, database: Database
) -> None:
    """Row 13: never a silent hole."""
    token = await _token(alpha, world.calendar)
    for number in range(3):
        await _rename(alpha, world.event, f"s{number}")
    await _execute(database, "UPDATE feeds SET trimmed = 2 WHERE kind = 2 AND feed_id = 'ada/side'")
    refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=token)))
    assert (refusal.reason, refusal.metadata) == ("SYNC_TOKEN_EXPIRED", {"oldest_available": "2"})
    await _ends_with_resync(alpha, world, token)
    full = await walk(alpha, await _token(alpha, world.calendar, skip=False))
    assert full.names == [world.event]


async def test_a_token_from_the_future_asks_for_a_new_sync(alpha: Caller, world: World, database: Database) -> None:
    """Row 15: a database that lost its latest writes."""
    await _rename(alpha, world.event, "s")
    token = await _token(alpha, world.calendar)
    await _execute(database, "UPDATE feeds SET revision = 1 WHERE kind = 2 AND feed_id = 'ada/side'")
    refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=token)))
    assert refusal.reason == "SYNC_TOKEN_EXPIRED"
    await _ends_with_resync(alpha, world, token)


async def _ends_with_resync(alpha: Caller, world: World, token: str) -> None:
    async with streaming(alpha, [token]) as call:
        message = await next_message(call)
        assert message.resync_required == world.calendar
        refusal = await refused(call.read())
    assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "SYNC_TOKEN_EXPIRED")


async def _execute(database: Database, statement: str) -> None:
    if database.is_postgresql:
        connection = await database.connect()
        await connection.execute(statement)
        await connection.close()
        return
    with closing(sqlite3.connect(database.path)) as file, file:
        file.execute(statement)


async def test_a_heartbeat_outside_its_bounds_is_refused(alpha: Caller, world: World) -> None:
    token = await _token(alpha, world.calendar)
    for seconds in (0, 4, 61, -15):
        request = StreamChangesRequest(tokens=[token])
        request.heartbeat.seconds = seconds
        refusal = await refused(alpha.sync.StreamChanges(request).read())
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["heartbeat"])
