"""H2: bombs, each refused or answered within the work budget; processor time, and how long the event loop was busy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

from benchmarks import bombs, world
from benchmarks.bench import Bench
from benchmarks.blasts import Blast, Blaster
from benchmarks.bombs import BOMBS, NESTED
from benchmarks.children import child
from benchmarks.report import Line, counted
from schedsvc.client import Services, connect
from schedsvc.domain.recurrence.budget import STEPS

CPU_MS, STALL_MS = 100.0, 50.0
LAST_STRAW = 1.1
"""What exceeds the budget is counted before it is refused; it may be this much of it."""

Try = Callable[[], Awaitable[Sequence[Blast]]]


async def run(bench: Bench) -> Sequence[Line]:
    return [*await _in_the_engine(bench), *await _on_the_wire(bench)]


async def _in_the_engine(bench: Bench) -> list[Line]:
    """In a new process: nothing is known about a rule in the first round."""
    async with child("hostile", bench.folder) as engine:
        return [engine_line(name, [await engine.order({"bomb": name}) for _ in range(bench.rounds)]) for name in BOMBS]


async def _on_the_wire(bench: Bench) -> list[Line]:
    async with (
        bench.serving(bench.sqlite, _calendar) as served,
        connect(served.target, key=served.key) as services,
    ):
        lines = []
        for name, blast in _tries(Blaster(served.server, services)).items():
            lines += wire_lines(name, [await blast() for _ in range(bench.rounds)])
        return lines


def _tries(blaster: Blaster) -> Mapping[str, Try]:
    series = {name: partial(blaster.series, bomb) for name, bomb in BOMBS.items()}
    return {**series, **{name: partial(blaster.file, kind) for name, kind in NESTED.items()}}


async def _calendar(services: Services) -> None:
    await world.create_account(services, bombs.ACCOUNT)


def engine_line(name: str, answers: Sequence[Mapping[str, Any]]) -> Line:
    """The most that a round took."""
    steps, cpu_ms = max(answer["steps"] for answer in answers), max(answer["cpu_ms"] for answer in answers)
    found = f"{steps:,} steps, {cpu_ms:.1f} ms CPU: {answers[0]['outcome']}"
    reached = steps < LAST_STRAW * STEPS and cpu_ms < CPU_MS
    return counted("H2", f"{name}, engine", found, f"< {CPU_MS:g} ms", reached=reached)


def wire_lines(name: str, rounds: Sequence[Sequence[Blast]]) -> list[Line]:
    """One for each call: the most processor time of all rounds, and the median of their longest stalls.

    A stall is measured by the clock on the wall, on which other programs leave their traces too.
    """
    return [_wire_line(name, blasts) for blasts in zip(*rounds, strict=True)]


def _wire_line(name: str, blasts: Sequence[Blast]) -> Line:
    cpu_ms, stall_ms = max(blast.cpu_ms for blast in blasts), median(blast.stall_ms for blast in blasts)
    found = f"{cpu_ms:.1f} ms CPU, {stall_ms:.1f} ms stall: {blasts[0].outcome}"
    reached = cpu_ms < CPU_MS and stall_ms < STALL_MS
    goal = f"< {CPU_MS:g}, < {STALL_MS:g} ms"
    return counted("H2", f"{name}, {blasts[0].method}", found, goal, reached=reached)
