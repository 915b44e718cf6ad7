"""What the rows work with: processes, databases, and how long to measure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import loops, world
from benchmarks.children import Answer, Child, child, unused
from benchmarks.databases import Databases, PostgresServer, SqliteFiles
from benchmarks.rounds import Figures, Side, in_turns
from benchmarks.server import configured
from schedsvc import bootstrap
from schedsvc.client import Services, connect
from schedsvc.domain.principals import Scope

IN_FLIGHT = 32
TENANT = "bench"

Fill = Callable[[Services], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Served:
    """A server process over a filled database, and a credential for it."""

    server: Child
    databases: Databases
    url: str
    key: str

    @property
    def target(self) -> str:
        return str(self.server.ready["target"])


@dataclass(frozen=True, slots=True)
class Bench:
    """`seconds` is the length of a turn; `postgres` is the server, or a sentence about why there is none."""

    folder: Path
    loop: str
    rounds: int
    seconds: float
    slots: int
    sqlite: SqliteFiles
    postgres: PostgresServer | str

    async def measure(self, *sides: Side) -> Figures:
        return await in_turns(sides, self.rounds, self.seconds)

    @asynccontextmanager
    async def serving(self, databases: Databases, fill: Fill, *, loop: str = "") -> AsyncIterator[Served]:
        """A server over a new database. What is measured later is planned with figures about what is in it."""
        url = await databases.create()
        key = await _new_key(url)
        async with self.process(url, loop=loop) as server:
            served = Served(server, databases, url, key)
            async with connect(served.target, key=key) as services:
                await fill(services)
            await databases.run(url, "ANALYZE")
            yield served

    @asynccontextmanager
    async def process(self, url: str, *, loop: str = "") -> AsyncIterator[Child]:
        """One server process over a database."""
        settings: dict[str, Any] = {
            "url": url,
            "log": str(unused(self.folder, "calls")),
            "clock": world.CLOCK.isoformat(),
            "loop": loop or self.loop,
        }
        async with child("server", self.folder, **settings) as started:
            yield started

    @asynccontextmanager
    async def client(self, key: str) -> AsyncIterator[Child]:
        """A process that calls servers; it runs on the fastest loop there is."""
        async with child("load", self.folder, key=key, loop=loops.installed()[0]) as started:
            yield started


def calls(name: str, client: Child, server: Child, path: str, messages: str) -> Side:
    """The side on which a server is called."""

    async def run(seconds: float) -> Answer:
        order = {
            "order": "drive",
            "target": server.ready["target"],
            "path": path,
            "messages": messages,
            "in_flight": IN_FLIGHT,
            "seconds": seconds,
        }
        return await client.order(order, seconds)

    return Side(name, run, server)


async def nothing(_services: Services) -> None:
    """Leaves a database empty."""


async def _new_key(url: str) -> str:
    async with AsyncExitStack() as stack:
        credentials = await stack.enter_async_context(bootstrap.credentials(configured(url)))
        return (await credentials.create(TENANT, set(Scope))).text
