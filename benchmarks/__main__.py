"""`python -m benchmarks [ROW...]`: measures and prints the table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks import h2, loops, p1, p2, p5, p6, p7, p9, report, world
from benchmarks.bench import Bench
from benchmarks.children import ChildFailed
from benchmarks.databases import NotDurableError, PostgresServer, SqliteFiles, postgres_at
from benchmarks.report import Line
from benchmarks.rounds import WrongAnswers
from tests.postgres import PostgresMissingError, running_cluster

Row = Callable[[Bench], Awaitable[Sequence[Line]]]

ROWS: Mapping[str, Row] = {
    "P1": p1.run,
    "P2": p2.run,
    "P5": p5.run,
    "P6": p6.run,
    "P7": p7.run,
    "P9": p9.run,
    "H2": h2.run,
}
WITH_PEERS = {"P5"}
"""Rows that need other servers, which are run only if they are named."""
SLOTS = 600
LEAST_ROUNDS = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "rows",
        nargs="*",
        metavar="ROW",
        help=f"any of {', '.join(ROWS)}; unless named, all but {', '.join(WITH_PEERS)}",
    )
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="turns of each side (%(default)s, the least)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a turn (%(default)s)")
    parser.add_argument("--loop", choices=loops.installed(), default=loops.installed()[0], help="of the servers")
    parser.add_argument("--slots", type=int, default=SLOTS, help="how many P9 sells (%(default)s)")
    parser.add_argument("--full", action="store_true", help=f"P9 with {world.MOST_CONTESTED:,} slots")
    given = parser.parse_args()
    unknown = sorted(set(given.rows) - set(ROWS))
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    if given.rounds < LEAST_ROUNDS:
        parser.error(f"fewer than {LEAST_ROUNDS} rounds say nothing")
    return given


async def main(given: argparse.Namespace) -> int:
    """The number of rows that could not be measured because something went wrong."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="schedsvc-bench-")))
        postgres = await _postgres(stack)
        version = postgres if isinstance(postgres, str) else postgres.version
        for line in report.machine(folder, given.loop, version):
            print(line)
        slots = world.MOST_CONTESTED if given.full else given.slots
        bench = Bench(folder, given.loop, given.rounds, given.seconds, slots, SqliteFiles(folder), postgres)
        lines, failed = await _measured(bench, given.rows or [name for name in ROWS if name not in WITH_PEERS])
    print(f"rounds: {given.rounds} of {given.seconds:g} s a side, after a warm-up; medians", end="\n\n")
    for text in report.table(lines):
        print(text)
    print(f"\ntook {time.monotonic() - began:.0f} s")
    return failed


async def _measured(bench: Bench, names: Sequence[str]) -> tuple[list[Line], int]:
    """The lines of all rows; one that goes wrong does not keep the others from running."""
    lines: list[Line] = []
    failed = 0
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr)
        try:
            lines += await ROWS[name](bench)
        except (ChildFailed, WrongAnswers) as error:
            lines.append(report.not_run(name, str(error)))
            failed += 1
    return lines, failed


async def _postgres(stack: AsyncExitStack) -> PostgresServer | str:
    """A server that keeps what it commits, or why there is none."""
    try:
        url = stack.enter_context(running_cluster(durable=True))
        return await stack.enter_async_context(postgres_at(url))
    except (PostgresMissingError, NotDurableError) as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
