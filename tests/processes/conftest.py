"""Servers as processes on one database, and clients of them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from grpc import aio

from schedsvc.repositories.sql.migrate import migrate
from schedsvc.v1.booking_service_pb2_grpc import BookingServiceStub
from schedsvc.v1.calendar_service_pb2_grpc import CalendarServiceStub
from schedsvc.v1.sync_service_pb2_grpc import SyncServiceStub
from tests.cli import programs
from tests.conftest import FreshDatabase
from tests.rpc.callers import PLAIN

if TYPE_CHECKING:
    from schedsvc.v1.booking_service_pb2_grpc import BookingServiceAsyncStub
    from schedsvc.v1.calendar_service_pb2_grpc import CalendarServiceAsyncStub
    from schedsvc.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

KEYS = f"1:{base64.b64encode(bytes(32)).decode()}"

Start = Callable[[], programs.Server]


@dataclass(frozen=True, slots=True)
class Client:
    """The stubs of one connection."""

    channel: aio.Channel

    @property
    def calendars(self) -> CalendarServiceAsyncStub:
        return CalendarServiceStub(self.channel)

    @property
    def bookings(self) -> BookingServiceAsyncStub:
        return BookingServiceStub(self.channel)

    @property
    def sync(self) -> SyncServiceAsyncStub:
        return SyncServiceStub(self.channel)


Connect = Callable[[programs.Server], Client]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


@pytest.fixture
def start_on_sqlite(tmp_path: Path, stack: ExitStack) -> Start:
    """Starts a server on the test's own file; one at a time."""
    return lambda: stack.enter_context(programs.server(folder=tmp_path))


@pytest.fixture
async def start_on_postgresql(fresh_database: FreshDatabase, tmp_path: Path, stack: ExitStack) -> Start:
    """Starts servers on the test's own database, as many as are asked for."""
    url = await fresh_database(migrate)
    return lambda: stack.enter_context(programs.server(folder=tmp_path, DATABASE_URL=url, TOKEN_KEYS=KEYS))


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """A function from a server to a client with a connection of its own."""
    async with AsyncExitStack() as held:
        channels: list[aio.Channel] = []

        def opened(server: programs.Server) -> Client:
            channel = aio.insecure_channel(server.address, options=[*PLAIN, ("grpc.use_local_subchannel_pool", 1)])
            channels.append(channel)
            held.push_async_callback(channel.close)
            return Client(channel)

        yield opened
