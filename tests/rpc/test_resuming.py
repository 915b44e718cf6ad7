"""Streams that are cut and go on: every change once, however often the connection dies."""

from __future__ import annotations

import asyncio
import random

import pytest
from grpc import StatusCode

from schedsvc.usecases.following import StreamLimits
from schedsvc.v1.bookings_pb2 import CreateBookingRequest
from schedsvc.v1.changes_pb2 import (
    ListChangesRequest,
)
from schedsvc.v1.events_pb2 import UpdateEventRequest
from tests.rpc.callers import Caller, attempt
from tests.rpc.conftest import POLL, Deployment, on_both_stores
from tests.rpc.consumers import (
    PATIENCE,
    Copy,
    Following,
    change_token,
    name_of,
    next_message,
    receive,
    streaming,
    truth,
    walk,
)
from tests.rpc.requests import DAY, HOUR, World, booking_at, timed
from tests.rpc.writing import all_day_events, create, rename, rezone, several


@pytest.fixture
def limits() -> StreamLimits:
    """Small batches, so that there are many."""
    return StreamLimits(poll=POLL, batch_changes=2)


@on_both_stores
async def test_cut_after_every_message_and_resumed_it_sees_each_change_exactly_once(
    alpha: Caller, world: World
) -> None:
    tokens = {feed: await change_token(alpha, feed) for feed in (world.calendar, world.profile)}
    await several(alpha, world)
    whole, cut = Following(), Following(tokens=dict(tokens))
    async with streaming(alpha, tokens.values()) as call:
        await receive(call, whole, 18)
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
    token = await change_token(alpha, *feeds)
    await several(alpha, world)
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
    tokens = {feed: await change_token(alpha, feed, skip=False) for feed in feeds}
    following = Following(tokens=tokens)
    last = {f"{world.calendar}/events/last", f"{world.profile}/bookings/last"}

    async def write() -> None:
        await several(alpha, world, 24)
        await create(alpha, world.calendar, "last")
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
    names = {world.event} | {await create(alpha, world.calendar, f"e{number}") for number in range(7)}
    following = Following(tokens={world.calendar: await change_token(alpha, world.calendar, skip=False)})
    generations = set()
    for number in range(20):
        async with asyncio.timeout(PATIENCE), streaming(alpha, following.tokens.values()) as call:
            message = await next_message(call)
        generations.add(message.batch.generation)
        following.take(message)
        await rename(alpha, world.event, f"s{number}")  # each moves the record behind those still to come
        if message.batch.complete:
            break
    assert len(generations) == 1
    async with streaming(alpha, following.tokens.values()) as call:
        while following.copy.held != await truth(alpha, [world.calendar]):
            following.take(await next_message(call))
    assert set(following.copy.held) == names


async def test_a_delta_token_of_a_walk_opens_a_stream_and_a_resume_token_a_walk(alpha: Caller, world: World) -> None:
    full = await walk(alpha, await change_token(alpha, world.calendar, skip=False))
    await rename(alpha, world.event, "one")
    async with streaming(alpha, [full.token]) as call:
        batch = (await next_message(call)).batch
    assert [change.event.subject for change in batch.changes.changes] == ["one"]
    await rename(alpha, world.event, "two")
    delta = await walk(alpha, batch.resume_token)
    assert [change.event.subject for change in delta.changes] == ["two"]


async def test_a_revision_larger_than_a_batch_says_that_it_goes_on(alpha: Caller, world: World) -> None:
    await all_day_events(alpha, world.calendar, 5)
    following = Following(tokens={world.calendar: await change_token(alpha, world.calendar)})
    await rezone(alpha, world.calendar, "Europe/Berlin")
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
    token = await change_token(alpha, world.calendar)
    await all_day_events(alpha, world.calendar, 2)
    await rezone(alpha, world.calendar, "Europe/Berlin")
    # Revisions of one, one and two changes, in batches of two.
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
    await all_day_events(alpha, world.calendar, 5)
    token = await change_token(alpha, world.calendar)
    await rezone(alpha, world.calendar, "Europe/Berlin")
    async with streaming(alpha, [token]) as call:
        first = (await next_message(call)).batch
    assert first.txn_continues
    rest = await walk(alpha, first.resume_token)
    told = [name_of(change) for change in first.changes.changes]
    assert sorted(told + rest.names) == sorted(f"{world.calendar}/events/d{number}" for number in range(5))


async def test_going_on_from_the_middle_of_a_walk_a_stream_loses_no_tombstone(alpha: Caller, world: World) -> None:
    """A page token is refused by a stream, or leads to the same end."""
    window = (0, DAY)
    leaves, other = [await create(alpha, world.calendar, id_) for id_ in ("leaves", "other")]
    full = await walk(alpha, await change_token(alpha, world.calendar, skip=False, window=window))
    copy = Copy()
    copy.take(full.feeds)
    for start in (2 * DAY, 3 * DAY):
        event = timed(start, start + HOUR)
        event.name = leaves
        if start == 3 * DAY:
            await rename(alpha, other, "first in the walk")
        await alpha.calendar.UpdateEvent(UpdateEventRequest(event=event))
    page = await alpha.sync.ListChanges(ListChangesRequest(token=full.token, page_size=1))
    copy.take(page.feeds)
    assert page.next_page_token
    async with streaming(alpha, [page.next_page_token]) as call:
        made = await create(alpha, world.calendar, "made")
        message, refusal = await attempt(next_message(call))
        if refusal is not None:
            assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SYNC_TOKEN_INVALID")
            return
        copy.take([message.batch.changes])
        while made not in copy.held:
            copy.take([(await next_message(call)).batch.changes])
    assert leaves not in copy.held


@on_both_stores
async def test_a_stream_goes_on_in_another_process_from_the_last_token(
    alpha: Caller, world: World, another: Deployment
) -> None:
    callers = [alpha, Caller(another.channel, alpha.authorization)]
    following = Following(tokens={world.calendar: await change_token(alpha, world.calendar)})
    await several(alpha, world)
    for number in range(6):
        async with asyncio.timeout(PATIENCE), streaming(callers[number % 2], following.tokens.values()) as call:
            following.take(await next_message(call))
    assert len(following.places(world.calendar)) == 12
