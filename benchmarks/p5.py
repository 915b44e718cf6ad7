"""P5: when a calendar is taken, asked over the wire of this service and of other calendar servers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks import messages, world
from benchmarks.bench import Bench, Served, calls
from benchmarks.children import Answer, Child, child, family_cpu_seconds, unused
from benchmarks.databases import Databases
from benchmarks.peers import PEERS, Peer, missing
from benchmarks.report import Line, compared, not_run
from benchmarks.rounds import Side, WrongAnswers
from schedsvc.client import connect

PATH = "/schedsvc.v1.CalendarService/QueryFreeBusy"
WIDTHS = (1, 8)
"""How many questions a peer is asked at once: one, which the goals are for, and as many as Radicale takes."""
FILL_SECONDS = 600.0
LONGEST_SECONDS = 60.0
"""How long an answer to the last question of a turn may take."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another server, which may work in several processes; none is a child of this program."""

    pid: int

    def cpu_seconds(self) -> float | None:
        return family_cpu_seconds(self.pid)


async def run(bench: Bench) -> Sequence[Line]:
    """All servers run at once and are asked in turns."""
    there = [peer for peer in PEERS if missing(peer) is None]
    lines = [not_run("P5", why) for peer in PEERS if (why := missing(peer)) is not None]
    return [*(await _beside(bench, there) if there else []), *lines]


async def _beside(bench: Bench, peers: Sequence[Peer]) -> list[Line]:
    stores: list[Databases] = [] if isinstance(bench.postgres, str) else [bench.postgres]
    async with AsyncExitStack() as stack:
        ours = [await _ours(bench, stack, store) for store in (*stores, bench.sqlite)]
        theirs = {peer: await _theirs(bench, stack, peer) for peer in peers}
        figures = await bench.measure(*ours, *(side for sides in theirs.values() for side in sides))
    return [
        compared("P5", f"free/busy, {our.name}", figures, our.name, their.name, goal, by_cpu=True)
        for peer, sides in theirs.items()
        for their, goal in zip(sides, (peer.goal, None), strict=True)
        for our in ours
    ]


async def _ours(bench: Bench, stack: AsyncExitStack, databases: Databases) -> Side:
    served = await stack.enter_async_context(bench.serving(databases, world.shared_calendar))
    client = await stack.enter_async_context(bench.client(served.key))
    _require_expected(databases.name, await _answered(served))
    return calls(databases.name, client, served.server, PATH, messages.other_free_busy.__name__)


async def _theirs(bench: Bench, stack: AsyncExitStack, peer: Peer) -> list[Side]:
    folder = unused(bench.folder, peer.name)
    folder.mkdir()
    asker = await stack.enter_async_context(
        child("peer", bench.folder, ready_in=FILL_SECONDS, peer=peer.name, place=str(folder))
    )
    _require_expected(peer.name, [(start, end) for start, end in asker.ready["periods"]])
    return [_asked(asker, f"{peer.name}, {width} at once", width) for width in WIDTHS]


def _asked(asker: Child, name: str, width: int) -> Side:
    async def ask(seconds: float) -> Answer:
        return await asker.order({"seconds": seconds, "in_flight": width}, seconds + LONGEST_SECONDS)

    return Side(name, ask, Other(asker.ready["pid"]))


async def _answered(served: Served) -> list[tuple[int, int]]:
    async with connect(served.target, key=served.key) as services:
        answer = await services.calendars.QueryFreeBusy(messages.free_busy_request(0), timeout=30)
    return [(period.start.seconds, period.end.seconds) for result in answer.results for period in result.busy.periods]


def _require_expected(name: str, found: Sequence[tuple[int, int]]) -> None:
    """Raises WrongAnswers if the calendar is not taken when it should be in the reference window."""
    expected = world.shared_busy(*world.WINDOW)
    if world.merged(found, *world.WINDOW) != expected:
        raise WrongAnswers(f"{name}: {len(found)} periods that do not come to the {len(expected)} expected ones")
