"""Streams: every change once, in order, without a hole (the etcd list of 6.3)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from grpc import StatusCode, aio

from schedsvc.usecases.following import StreamLimits
from schedsvc.v1.calendars_pb2 import DeleteCalendarRequest
from schedsvc.v1.changes_pb2 import (
    CHANGE_KIND_CREATED,
    CHANGE_KIND_DELETED,
    CHANGE_KIND_LEFT,
    ChangeBatch,
    StreamChangesRequest,
    Tombstone,
)
from schedsvc.v1.events_pb2 import UpdateEventRequest
from tests.repositories.conftest import Database
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import POLL, Deployment, ManualClock, deployed, on_both_stores
from tests.rpc.consumers import (
    PATIENCE,
    Following,
    change_token,
    name_of,
    next_message,
    receive,
    streaming,
)
from tests.rpc.requests import DAY, HOUR, World, timed
from tests.rpc.writing import create, rename


@pytest.fixture
def limits() -> StreamLimits:
    """Small batches, so that there are many."""
    return StreamLimits(poll=POLL, batch_changes=2)


async def test_a_stream_brings_what_is_there_and_then_what_happens(alpha: Caller, world: World) -> None:
    following = Following()
    async with streaming(alpha, [await change_token(alpha, world.calendar, skip=False)]) as call:
        first = await next_message(call)
        assert (first.batch.complete, bool(first.batch.generation)) == (True, True)
        following.take(first)
        assert set(following.copy.held) == {world.event}
        made = await create(alpha, world.calendar, "made")
        second = await next_message(call)
        assert (second.batch.complete, second.batch.generation) == (False, "")
        assert [(change.kind, name_of(change)) for change in second.batch.changes.changes] == [
            (CHANGE_KIND_CREATED, made)
        ]


@pytest.mark.parametrize("size", [1, 2, 3, 500])
async def test_a_full_load_comes_in_batches_of_one_generation_and_ends_once(
    size: int, database: Database, clock: ManualClock, alpha: Caller, world: World
) -> None:
    names = {world.event} | {await create(alpha, world.calendar, f"e{number}") for number in range(5)}
    async with deployed(database, clock, StreamLimits(poll=POLL, batch_changes=size)) as deployment:
        caller = Caller(deployment.channel, alpha.authorization)
        following = Following()
        batches: list[ChangeBatch] = []
        async with streaming(caller, [await change_token(caller, world.calendar, skip=False)]) as call:
            while not batches or not batches[-1].complete:
                message = await next_message(call)
                following.take(message)
                batches.append(message.batch)
        assert set(following.copy.held) == names
        assert len({batch.generation for batch in batches}) == 1
        assert all(len(batch.changes.changes) <= size for batch in batches)


async def test_windows_of_streams_are_those_of_walks_change_by_change(alpha: Caller, world: World) -> None:
    """In, within, out, outside, in again: each told as it happened, what is outside not at all."""
    name = await create(alpha, world.calendar, "moving", 2 * DAY, 2 * DAY + HOUR)
    token = await change_token(alpha, world.calendar, window=(0, DAY))
    for start in (HOUR, 2 * HOUR, 3 * DAY, 4 * DAY, 3 * HOUR):
        event = timed(start, start + HOUR)
        event.name = name
        await alpha.calendar.UpdateEvent(UpdateEventRequest(event=event))
    following = Following()
    async with streaming(alpha, [token]) as call:
        await receive(call, following, 4)
    kinds = [change.kind for change in following.changes[world.calendar]]
    assert kinds == [4, 2, CHANGE_KIND_LEFT, 4]


async def test_a_deleted_calendar_ends_its_feed_in_a_stream_too(alpha: Caller, world: World) -> None:
    await create(alpha, world.spare_calendar, "e")
    token = await change_token(alpha, world.spare_calendar)
    async with streaming(alpha, [token]) as call:
        await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar))
        (change,) = (await next_message(call)).batch.changes.changes
    assert (change.kind, change.tombstone.reason) == (CHANGE_KIND_DELETED, Tombstone.REASON_CALENDAR_DELETED)


@on_both_stores
async def test_a_change_written_through_one_process_arrives_on_a_stream_of_another(
    alpha: Caller, world: World, another: Deployment
) -> None:
    token = await change_token(alpha, world.calendar)
    following = Following()
    async with streaming(Caller(another.channel, alpha.authorization), [token]) as call:
        await call.initial_metadata()
        for number in range(3):
            await create(alpha, world.calendar, f"e{number}")
            await receive(call, following, number + 1)


async def test_ten_streams_and_a_burst_of_writers_see_every_change_once(alpha: Caller, world: World) -> None:
    token = await change_token(alpha, world.calendar)
    followers = [Following() for _ in range(10)]

    async def follow(following: Following) -> None:
        async with streaming(alpha, [token]) as call:
            await receive(call, following, 40)

    async def write(number: int) -> None:
        for turn in range(10):
            await create(alpha, world.calendar, f"e{number}-{turn}")

    await asyncio.gather(*map(follow, followers), *map(write, range(4)))
    for following in followers:
        assert [revision for revision, _ in following.places(world.calendar)] == list(range(2, 42))


async def test_a_heartbeat_outside_its_bounds_is_refused(alpha: Caller, world: World) -> None:
    token = await change_token(alpha, world.calendar)
    for seconds in (0, 4, 61, -15):
        request = StreamChangesRequest(tokens=[token])
        request.heartbeat.seconds = seconds
        refusal = await refused(alpha.sync.StreamChanges(request).read())
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["heartbeat"])


async def _take_all(call: Any, following: Following) -> None:
    while True:
        following.take(await next_message(call))


async def test_a_draining_server_ends_streams_after_tokens_that_go_on_elsewhere(
    deployment: Deployment, alpha: Caller, world: World, another: Deployment
) -> None:
    following = Following(tokens={world.calendar: await change_token(alpha, world.calendar)})
    async with streaming(alpha, following.tokens.values()) as call:
        made = await create(alpha, world.calendar, "before")
        following.take(await next_message(call))
        drained = asyncio.create_task(deployment.server.drain(PATIENCE))
        refusal = await refused(_take_all(call, following))
        await drained
    assert (refusal.code, refusal.reason, refusal.may_be_retried) == (StatusCode.UNAVAILABLE, "DRAINING", True)
    assert following.bookmarks == 1
    elsewhere = Caller(another.channel, alpha.authorization)
    late = await create(elsewhere, world.calendar, "late")
    async with streaming(elsewhere, following.tokens.values()) as call:
        following.take(await next_message(call))
    assert [name_of(change) for change in following.changes[world.calendar]] == [made, late]


async def test_a_draining_server_takes_no_new_call_and_finishes_what_runs(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    running = [asyncio.ensure_future(rename(alpha, world.event, f"s{number}")) for number in range(20)]
    async with asyncio.timeout(PATIENCE):
        while not deployment.load.unary.active:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0)
    drained = asyncio.create_task(deployment.server.drain(PATIENCE))
    answers = await asyncio.gather(*running, return_exceptions=True)
    await drained
    codes = {answer.code() for answer in answers if isinstance(answer, aio.AioRpcError)}
    # CANCELLED is what gRPC says of calls that reach it while it closes; nothing of them was begun.
    assert codes <= {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
    assert None in answers
