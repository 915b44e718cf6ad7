"""P2: the free starts of 30 days over 10,000 busy times, computed every time and asked for again."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import messages, noop, world
from benchmarks.bench import Bench, Served, calls
from benchmarks.databases import Databases
from benchmarks.report import Line, compared, not_run
from benchmarks.rounds import WrongAnswers
from schedsvc.client import connect

PATH = "/schedsvc.v1.BookingService/ListSlots"
COMPUTED, REPEATED = 0.40, 0.60


async def run(bench: Bench) -> Sequence[Line]:
    on_postgres = (
        [not_run("P2", bench.postgres)] if isinstance(bench.postgres, str) else await _on(bench, bench.postgres)
    )
    return [*on_postgres, *await _on(bench, bench.sqlite)]


async def _on(bench: Bench, databases: Databases) -> list[Line]:
    async with (
        bench.serving(databases, world.reference_calendar) as served,
        bench.client(served.key) as client,
    ):
        slots = await _checked(served)
        figures = await bench.measure(
            calls("no-op", client, served.server, noop.PATH, "nothing"),
            calls("computed", client, served.server, PATH, "other_slots"),
            calls("repeated", client, served.server, PATH, "same_slots"),
        )
    return [
        compared("P2", f"{slots} slots, {databases.name}, {name}", figures, name, "no-op", goal, by_cpu=True)
        for name, goal in (("computed", COMPUTED), ("repeated", REPEATED))
    ]


async def _checked(served: Served) -> int:
    """How many slots there are, once it is clear that these are the right ones."""
    async with connect(served.target, key=served.key) as services:
        answer = await services.bookings.ListSlots(messages.slots_request(0), timeout=30)
    expected = world.expected_slots(*world.WINDOW)
    if len(answer.slots) != expected or answer.next_page_token:
        raise WrongAnswers(f"{len(answer.slots)} slots where {expected} are free")
    return expected
