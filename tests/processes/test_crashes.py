"""Servers that are killed or told to stop while they work."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from grpc import StatusCode, aio

from schedsvc.v1.bookings_pb2 import ListBookingsRequest
from schedsvc.v1.changes_pb2 import StreamChangesRequest
from tests.processes import worlds
from tests.processes.conftest import Client, Connect, Start
from tests.rpc.callers import refused
from tests.rpc.consumers import next_message

KILLS = 5


async def test_kill_9_loses_no_acknowledged_write_and_repeats_none(start_on_sqlite: Start, connect: Connect) -> None:
    """Each booking is repeated with its request id until it is answered, over servers that are killed at work."""
    server = start_on_sqlite()
    client = connect(server)
    await worlds.build(client)
    wanted = await worlds.slots(client, 60)
    acknowledged: dict[int, str] = {}

    async def book_all(client: Client) -> None:
        for slot in wanted:
            if slot.seconds not in acknowledged:
                request = worlds.booking(slot, request_id=f"slot-{slot.seconds}")
                acknowledged[slot.seconds] = (await client.bookings.CreateBooking(request)).name

    for _ in range(KILLS):
        booking = asyncio.create_task(book_all(client))
        enough = len(acknowledged) + 5
        while len(acknowledged) < enough and not booking.done():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0)
        server.process.kill()
        server.process.wait()
        with contextlib.suppress(aio.AioRpcError):
            await booking
        server = start_on_sqlite()
        client = connect(server)
    await book_all(client)

    listed = await client.bookings.ListBookings(ListBookingsRequest(parent=worlds.PROFILE, page_size=500))
    assert {b.start.seconds: b.name for b in listed.bookings} == acknowledged
    assert sorted(b.revision for b in listed.bookings) == list(range(1, 61))


async def test_a_stream_resumed_over_kills_sees_each_change_exactly_once(
    start_on_sqlite: Start, connect: Connect
) -> None:
    server = start_on_sqlite()
    client = connect(server)
    await worlds.build(client)
    wanted = await worlds.slots(client, 20)
    token = await worlds.change_token(client, worlds.PROFILE)
    seen: list[int] = []

    async def follow(client: Client, until: int) -> None:
        nonlocal token
        stream = client.sync.StreamChanges(StreamChangesRequest(tokens=[token]))
        while len(seen) < until:
            message = await next_message(stream)
            seen.extend(change.revision for change in message.batch.changes.changes)
            token = message.batch.resume_token or token
        stream.cancel()

    for round_ in range(KILLS):
        for slot in wanted[round_ * 4 : round_ * 4 + 4]:
            await client.bookings.CreateBooking(worlds.booking(slot))
        await follow(client, round_ * 4 + 2)
        server.process.kill()
        server.process.wait()
        server = start_on_sqlite()
        client = connect(server)
    await follow(client, 20)
    assert seen == list(range(1, 21))


async def test_sigterm_lets_calls_finish_and_ends_streams_with_a_token_that_works(
    start_on_sqlite: Start, connect: Connect
) -> None:
    server = start_on_sqlite()
    client = connect(server)
    await worlds.build(client)
    first, second, *_ = await worlds.slots(client, 2)
    token = await worlds.change_token(client, worlds.PROFILE)
    stream = client.sync.StreamChanges(StreamChangesRequest(tokens=[token]))
    assert (await next_message(stream)).batch.complete
    await client.bookings.CreateBooking(worlds.booking(first))
    token = (await next_message(stream)).batch.resume_token

    server.process.send_signal(signal.SIGTERM)
    last = await next_message(stream)
    assert last.WhichOneof("message") == "bookmark"
    (mark,) = last.bookmark.feeds
    assert await stream.code() is StatusCode.UNAVAILABLE
    assert (await refused(stream.read())).reason == "DRAINING"
    assert await asyncio.to_thread(server.process.wait) == 0

    client = connect(start_on_sqlite())
    await client.bookings.CreateBooking(worlds.booking(second))
    stream = client.sync.StreamChanges(StreamChangesRequest(tokens=[mark.resume_token]))
    (change,) = (await next_message(stream)).batch.changes.changes
    assert change.revision == 2
    stream.cancel()
