"""P1: what the chain that every call goes through costs."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import loops, noop
from benchmarks.bench import Bench, calls, nothing
from benchmarks.children import child
from benchmarks.report import Line, compared

GOAL = 0.85


async def run(bench: Bench) -> Sequence[Line]:
    """On every loop that is installed; the goal is for the one that the servers of the other rows run on."""
    return [await _on(bench, loop) for loop in sorted(loops.installed(), key=lambda loop: loop != bench.loop)]


async def _on(bench: Bench, loop: str) -> Line:
    async with (
        bench.serving(bench.sqlite, nothing, loop=loop) as served,
        child("bare", bench.folder, loop=loop) as bare,
        bench.client(served.key) as client,
    ):
        figures = await bench.measure(
            calls("no-op", client, served.server, noop.PATH, "nothing"),
            calls("bare no-op", client, bare, noop.PATH, "nothing"),
        )
    goal = GOAL if loop == bench.loop else None
    return compared("P1", f"no-op, {loop}", figures, "no-op", "bare no-op", goal, by_cpu=True)
