"""P7: writes to different calendars, each an event with its request id and its change, against two bare statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from benchmarks import world
from benchmarks.bench import IN_FLIGHT, Bench, Served, calls
from benchmarks.children import Answer, Child, child
from benchmarks.databases import Databases
from benchmarks.report import Line, compared, not_run
from benchmarks.rounds import Side, in_turns
from benchmarks.server import configured

PATH = "/schedsvc.v1.CalendarService/CreateEvent"
ON_POSTGRES, ON_SQLITE = 0.80, 0.70
WARM_UP_SECONDS = 2.0


async def run(bench: Bench) -> Sequence[Line]:
    on_postgres = (
        [not_run("P7", bench.postgres)]
        if isinstance(bench.postgres, str)
        else await _on(bench, bench.postgres, [IN_FLIGHT, configured(bench.postgres.url).pool_size], ON_POSTGRES)
    )
    return [*on_postgres, *await _on(bench, bench.sqlite, [IN_FLIGHT], ON_SQLITE)]


async def _on(bench: Bench, databases: Databases, widths: Sequence[int], goal: float) -> list[Line]:
    """The goal is for the first of the widths."""
    async with (
        bench.serving(databases, world.writers) as served,
        bench.client(served.key) as client,
    ):
        through_rpc = calls("CreateEvent", client, served.server, PATH, "new_events")
        # The first plans are made for empty tables.
        await in_turns([through_rpc], 1, WARM_UP_SECONDS)
        await databases.run(served.url, "ANALYZE")
        async with _direct(bench, served) as direct:
            raw = [_raw(direct, width, databases) for width in widths]
            await in_turns(raw, 1, WARM_UP_SECONDS)
            await databases.run(direct.ready["url"], "ANALYZE")
            figures = await bench.measure(through_rpc, *raw)
    what = f"CreateEvent, {databases.name}"
    return [
        compared("P7", what, figures, through_rpc.name, side.name, goal if side is raw[0] else None) for side in raw
    ]


@asynccontextmanager
async def _direct(bench: Bench, served: Served) -> AsyncIterator[Child]:
    """The process that writes without the service, the same rows into a database of its own."""
    url = await served.databases.create()
    row = (await served.databases.run(served.url, "SELECT * FROM events LIMIT 1"))[0]
    feeds = [f"{account}/{account}" for account in (calendar.split("/")[1] for calendar in world.CALENDARS)]
    async with child("direct", bench.folder, url=url, row=row, feeds=feeds, loop=bench.loop) as direct:
        direct.ready["url"] = url
        yield direct


def _raw(direct: Child, width: int, databases: Databases) -> Side:
    async def run(seconds: float) -> Answer:
        return await direct.order({"in_flight": width, "seconds": seconds}, seconds)

    name = f"raw, {width} connections" if databases.name == "PostgreSQL" else "raw, one thread hop"
    return Side(name, run, direct)
