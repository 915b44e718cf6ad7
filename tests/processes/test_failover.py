"""One of two servers on one PostgreSQL database is killed at work; callers and consumers go on at the other."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from grpc import StatusCode

from schedsvc.v1.changes_pb2 import StreamChangesRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, Event, ListEventsRequest
from schedsvc.v1.time_pb2 import EventTime
from tests.processes import worlds
from tests.processes.conftest import Client, Connect, Start
from tests.rpc.callers import attempt

WANTED = 60
PATIENCE = 30
"""Seconds until the test gives up waiting for something that must happen."""


def _event(number: int) -> CreateEventRequest:
    time = EventTime(date_time="2030-01-07T09:00", time_zone="UTC")
    event = Event(start=time, end=time, subject=str(number))
    return CreateEventRequest(parent=worlds.CALENDAR, event=event, request_id=f"event-{number}")


@dataclass(slots=True)
class Writers:
    """Make events at the first server that answers, each under a request id of its own; `half` is called half way."""

    clients: Sequence[Client]
    half: Callable[[], None]
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    acknowledged: dict[int, str] = field(default_factory=dict)

    async def write(self) -> None:
        while (number := next(self.numbers)) < WANTED:
            self.acknowledged[number] = await self._sent(number)
            if number == WANTED // 2:
                self.half()

    async def _sent(self, number: int) -> str:
        for client in self.clients:
            made, refusal = await attempt(client.calendars.CreateEvent(_event(number)))
            if refusal is None:
                return str(made.name)
            assert refusal.code is StatusCode.UNAVAILABLE
        raise AssertionError("no server answers")


@dataclass(slots=True)
class Reader:
    """Follows a feed by streams, one server after the other."""

    token: str
    revisions: list[int] = field(default_factory=list)

    async def follow(self, clients: Sequence[Client]) -> None:
        for client in clients:
            _, refusal = await attempt(self._follow(client))
            if refusal is None:
                return
            assert refusal.code is StatusCode.UNAVAILABLE

    async def _follow(self, client: Client) -> None:
        stream = client.sync.StreamChanges(StreamChangesRequest(tokens=[self.token]))
        async for message in stream:
            self.revisions.extend(change.revision for change in message.batch.changes.changes)
            self.token = message.batch.resume_token or self.token
            if len(self.revisions) >= WANTED:
                stream.cancel()
                return


async def test_writers_and_streams_of_a_killed_server_go_on_at_another_without_loss_or_repetition(
    start_on_postgresql: Start, connect: Connect
) -> None:
    first, second = start_on_postgresql(), start_on_postgresql()
    clients = [connect(first), connect(second)]
    await worlds.build(clients[1])
    reader = Reader(await worlds.change_token(clients[1], worlds.CALENDAR))
    writers = Writers(clients, first.process.kill)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(reader.follow(clients), *(writers.write() for _ in range(4)))
    listed = await clients[1].calendars.ListEvents(ListEventsRequest(parent=worlds.CALENDAR, page_size=1000))
    assert {int(event.subject): event.name for event in listed.events} == writers.acknowledged
    assert reader.revisions == list(range(1, WANTED + 1))
