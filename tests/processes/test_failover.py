"""One of two servers on one PostgreSQL database is killed at work; callers and consumers go on at the other."""

from __future__ import annotations

import asyncio
import itertools

from grpc import StatusCode, aio

from schedsvc.v1.changes_pb2 import StreamChangesRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, Event, ListEventsRequest
from schedsvc.v1.time_pb2 import EventTime
from tests.processes import worlds
from tests.processes.conftest import Client, Connect, Start

PATIENCE = 30
"""Seconds until the test gives up waiting for something that must happen."""


def _event(number: int) -> CreateEventRequest:
    time = EventTime(date_time="2030-01-07T09:00", time_zone="UTC")
    event = Event(start=time, end=time, subject=str(number))
    return CreateEventRequest(parent=worlds.CALENDAR, event=event, request_id=f"event-{number}")


async def test_writers_and_streams_of_a_killed_server_go_on_at_another_without_loss_or_repetition(
    start_on_postgresql: Start, connect: Connect
) -> None:
    """Row 6: four writers and a stream at a server that is killed; the stream's consumer sees all writes of both."""
    first, second = start_on_postgresql(), start_on_postgresql()
    clients = [connect(first), connect(second)]
    await worlds.build(clients[1])
    token = await worlds.change_token(clients[1], worlds.CALENDAR)
    numbers, wanted = itertools.count(), 60
    acknowledged: dict[int, str] = {}
    seen: list[int] = []

    async def sent(number: int) -> str:
        """The answer of the first server; of the second if the first is gone, under the same request id."""
        for client in clients:
            try:
                return (await client.calendars.CreateEvent(_event(number))).name
            except aio.AioRpcError as error:
                assert error.code() is StatusCode.UNAVAILABLE
        raise AssertionError("no server answers")

    async def write() -> None:
        while (number := next(numbers)) < wanted:
            acknowledged[number] = await sent(number)
            if number == wanted // 2:
                first.process.kill()

    async def follow(client: Client) -> None:
        nonlocal token
        stream = client.sync.StreamChanges(StreamChangesRequest(tokens=[token]))
        async for message in stream:
            seen.extend(change.revision for change in message.batch.changes.changes)
            token = message.batch.resume_token or token
            if len(seen) >= wanted:
                stream.cancel()
                return

    async def follow_on() -> None:
        try:
            await follow(clients[0])
        except aio.AioRpcError as error:
            assert error.code() is StatusCode.UNAVAILABLE
            await follow(clients[1])

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(follow_on(), *(write() for _ in range(4)))
    listed = await clients[1].calendars.ListEvents(ListEventsRequest(parent=worlds.CALENDAR, page_size=1000))
    assert {int(event.subject): event.name for event in listed.events} == acknowledged
    assert seen == list(range(1, wanted + 1))
