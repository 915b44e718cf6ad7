"""Bombs sent over the wire, one call at a time, to a server that is watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from grpc import StatusCode, aio

from benchmarks import bombs
from benchmarks.bombs import Bomb
from benchmarks.children import Child
from benchmarks.rounds import WrongAnswers
from schedsvc.client import Services, failure_of
from schedsvc.client.messages import ImportCalendarResponse, ListInstancesResponse, QueryFreeBusyResponse

CALL_SECONDS = 30.0


class Blast(NamedTuple):
    """What one call did to the server: its processor time, and the longest time its loop was busy."""

    method: str
    outcome: str
    cpu_ms: float
    stall_ms: float


class Blaster:
    def __init__(self, server: Child, services: Services) -> None:
        self._server = server
        self._calendars = services.calendars

    async def series(self, bomb: Bomb) -> Sequence[Blast]:
        """Creates the series; if it stands, asks for its instances and for when its calendar is taken."""
        created, made = await self._call("CreateEvent", bombs.creation(bomb), lambda _: "accepted")
        if made is None:
            return [created]
        listed, _ = await self._call("ListInstances", bombs.instances(made.name), _instances)
        asked, _ = await self._call("QueryFreeBusy", bombs.free_busy(), _periods)
        await self._calendars.DeleteEvent(bombs.deletion(made.name), timeout=CALL_SECONDS)
        return [created, listed, asked]

    async def file(self, kind: str) -> Sequence[Blast]:
        """Imports a file with components in components."""
        imported, _ = await self._call("ImportCalendar", bombs.upload(kind), _counts)
        return [imported]

    async def _call(self, method: str, request: Any, told: Callable[[Any], str]) -> tuple[Blast, Any]:
        """What the call did, and its answer, None if it was refused. Raises WrongAnswers if it failed otherwise."""
        before = await self._server.order({})
        answer = None
        try:
            answer = await getattr(self._calendars, method)(request, timeout=CALL_SECONDS)
            outcome = told(answer)
        except aio.AioRpcError as error:
            outcome = _refusal(method, error)
        after = await self._server.order({})
        return Blast(method, outcome, after["cpu_ms"] - before["cpu_ms"], after["stall_ms"]), answer


def _instances(answer: ListInstancesResponse) -> str:
    return f"{len(answer.instances):,} instances{' and more' if answer.next_page_token else ''}"


def _periods(answer: QueryFreeBusyResponse) -> str:
    return ", ".join(f"{len(result.busy.periods):,} periods{result.error.message}" for result in answer.results)


def _counts(answer: ImportCalendarResponse) -> str:
    return f"{answer.created_count} created, {answer.refused_count} refused"


def _refusal(method: str, error: aio.AioRpcError) -> str:
    failure = failure_of(error)
    if failure.code is not StatusCode.INVALID_ARGUMENT:
        raise WrongAnswers(f"{method}: {failure.code.name}: {failure.message}")
    reasons = [violation.reason for violation in failure.violations if violation.reason]
    return ", ".join(dict.fromkeys(reasons)) or failure.reason
