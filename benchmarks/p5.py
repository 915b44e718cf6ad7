"""P5: when a calendar is taken, asked over the wire of this service and of other calendar servers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks import messages, world
from benchmarks.bench import Bench, Served, calls
from benchmarks.children import Answer, child, cpu_seconds, unused
from benchmarks.databases import Databases
from benchmarks.peers import PEERS, Peer, missing
from benchmarks.report import Line, compared, not_run
from benchmarks.rounds import Side, WrongAnswers
from schedsvc.client import connect

PATH = "/schedsvc.v1.CalendarService/QueryFreeBusy"
IN_FLIGHT = 2
"""Questions that a peer is asked at any time; more of them made none faster."""
FILL_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Other:
    """The process of another server, which is not a child of this program but of one."""

    pid: int

    def cpu_seconds(self) -> float | None:
        return cpu_seconds(self.pid)


async def run(bench: Bench) -> Sequence[Line]:
    """All servers run at once and are asked in turns."""
    there = [peer for peer in PEERS if missing(peer) is None]
    lines = [not_run("P5", why) for peer in PEERS if (why := missing(peer)) is not None]
    return [*(await _beside(bench, there) if there else []), *lines]


async def _beside(bench: Bench, peers: Sequence[Peer]) -> list[Line]:
    stores: list[Databases] = [] if isinstance(bench.postgres, str) else [bench.postgres]
    async with AsyncExitStack() as stack:
        ours = [await _ours(bench, stack, store) for store in (*stores, bench.sqlite)]
        theirs = [await _theirs(bench, stack, peer) for peer in peers]
        figures = await bench.measure(*ours, *theirs)
    what = "free/busy of 30 days, {}"
    return [
        compared("P5", what.format(side.name), figures, side.name, peer.name, peer.goal, by_cpu=True)
        for peer in peers
        for side in ours
    ]


async def _ours(bench: Bench, stack: AsyncExitStack, databases: Databases) -> Side:
    served = await stack.enter_async_context(bench.serving(databases, world.shared_calendar))
    client = await stack.enter_async_context(bench.client(served.key))
    _require_expected(databases.name, await _answered(served))
    return calls(databases.name, client, served.server, PATH, messages.other_free_busy.__name__)


async def _theirs(bench: Bench, stack: AsyncExitStack, peer: Peer) -> Side:
    folder = unused(bench.folder, peer.name)
    folder.mkdir()
    asker = await stack.enter_async_context(
        child("peer", bench.folder, ready_in=FILL_SECONDS, peer=peer.name, place=str(folder))
    )
    _require_expected(peer.name, [(start, end) for start, end in asker.ready["periods"]])

    async def ask(seconds: float) -> Answer:
        return await asker.order({"seconds": seconds, "in_flight": IN_FLIGHT}, seconds)

    return Side(peer.name, ask, Other(asker.ready["pid"]))


async def _answered(served: Served) -> list[tuple[int, int]]:
    async with connect(served.target, key=served.key) as services:
        answer = await services.calendars.QueryFreeBusy(messages.free_busy_request(0), timeout=30)
    return [(period.start.seconds, period.end.seconds) for result in answer.results for period in result.busy.periods]


def _require_expected(name: str, found: Sequence[tuple[int, int]]) -> None:
    """Raises WrongAnswers if the calendar is not taken when it should be in the reference window."""
    expected = world.shared_busy(*world.WINDOW)
    if world.merged(found, *world.WINDOW) != expected:
        raise WrongAnswers(f"{name}: {len(found)} periods that do not come to the {len(expected)} expected ones")
