"""grpc.health.v1, and readiness that follows the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from grpc import StatusCode
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse  # type: ignore[import-untyped]

from schedsvc.domain.errors import Overloaded, StoreUnavailable
from schedsvc.rpc.services import DESCRIPTORS
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import Running, running

CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
FOLLOWING = ["", "readiness", *DESCRIPTORS]
SERVING, NOT_SERVING, UNKNOWN = "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"


class Database:
    """Answers as it is told; each answer is given once, and the last again and again."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)

    async def ping(self) -> None:
        error = self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]
        if error is not None:
            raise error


class Watcher:
    def __init__(self, server: Running, name: str) -> None:
        self._call = server.channel.unary_stream(WATCH)(HealthCheckRequest(service=name).SerializeToString())

    async def next(self) -> str:
        return status_of(await self._call.read())

    async def sees(self, wanted: str) -> None:
        while await self.next() != wanted:
            pass

    def leave(self) -> None:
        self._call.cancel()


def status_of(raw: bytes) -> str:
    name: str = HealthCheckResponse.ServingStatus.Name(HealthCheckResponse.FromString(raw).status)
    return name


async def check(server: Running, name: str) -> str:
    return status_of(await server.unary(CHECK)(HealthCheckRequest(service=name).SerializeToString()))


async def test_a_server_with_its_database_serves_under_every_name() -> None:
    async with running() as server:
        await Watcher(server, "readiness").sees(SERVING)
        for name in (*FOLLOWING, "startup", "liveness"):
            assert await check(server, name) == SERVING, name


@pytest.mark.parametrize("error", [StoreUnavailable("away"), RuntimeError("defect")], ids=["away", "defect"])
async def test_without_the_database_it_is_alive_but_not_ready(error: Exception) -> None:
    async with running(ping=Database(error).ping) as server:
        for name in FOLLOWING:
            assert await check(server, name) == NOT_SERVING, name
        for name in ("startup", "liveness"):
            assert await check(server, name) == SERVING, name


async def test_readiness_goes_and_comes_with_the_database() -> None:
    database = Database(None, StoreUnavailable("away"), StoreUnavailable("away"), None, None, StoreUnavailable("away"))
    async with running(ping=database.ping, ping_interval=0.02) as server:
        watcher = Watcher(server, "")
        for status in (SERVING, NOT_SERVING, SERVING, NOT_SERVING):
            await watcher.sees(status)


async def test_a_database_that_is_busy_is_there() -> None:
    async with running(ping=Database(Overloaded("busy")).ping) as server:
        await Watcher(server, "readiness").sees(SERVING)


async def test_a_database_that_does_not_answer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()
    answers: list[Callable[[], Awaitable[object]]] = [asyncio.Event().wait]

    async def ping() -> None:
        asked.set()
        if answers:
            await answers.pop()()

    async with running(ping=ping, ping_interval=0.01, ping_patience=0.01) as server:
        await asked.wait()
        assert await check(server, "readiness") == NOT_SERVING
        await Watcher(server, "readiness").sees(SERVING)


async def test_a_watcher_hears_on_after_another_has_left() -> None:
    database = Database(None)
    async with running(ping=database.ping, ping_interval=0.02) as server:
        first, second = Watcher(server, "readiness"), Watcher(server, "readiness")
        await first.sees(SERVING)
        await second.sees(SERVING)
        first.leave()
        database.errors = [StoreUnavailable("away")]
        assert await second.next() == NOT_SERVING


async def test_a_name_that_nobody_knows_is_not_found_and_can_be_watched() -> None:
    async with running() as server:
        refusal = await refused(server.unary(CHECK)(HealthCheckRequest(service="what").SerializeToString()))
        assert refusal.code is StatusCode.NOT_FOUND
        assert await Watcher(server, "what").next() == UNKNOWN


async def test_bad_bytes_are_an_invalid_argument_here_too() -> None:
    async with running() as server:
        refusal = await refused(server.unary(CHECK)(b"\x0a\x02\xff\xfe"))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "MESSAGE_MALFORMED")


async def test_watchers_beyond_the_limit_are_refused_and_checks_are_not() -> None:
    async with running() as server:
        server.load.probe_streams.limit = 1
        watcher = Watcher(server, "")
        await watcher.next()
        call = server.channel.unary_stream(WATCH)(b"")
        assert (await refused(call.read())).reason == "OVERLOADED"
        assert await check(server, "liveness") == SERVING
        watcher.leave()
