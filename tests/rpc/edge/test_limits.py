"""Deadlines, how much runs at once, and what is left of a call that ended early: nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.domain.errors import ResourceNotFound, SlowConsumer, Unauthenticated
from schedsvc.domain.principals import Principal
from schedsvc.rpc.calls import Call
from schedsvc.rpc.server import STREAMS_A_CONNECTION
from schedsvc.rpc.wrapper import Deadlines
from schedsvc.v1.accounts_pb2 import Account
from schedsvc.v1.interchange_pb2 import ImportCalendarResponse
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import CREATE_ACCOUNT, GET_ACCOUNT, IMPORT, STREAM, Held, Running, running, until

SHORT = 0.05
METHOD = "CalendarService/GetAccount"


def handled(server: Running, code: str, method: str = METHOD) -> float:
    return server.value("schedsvc_rpc_handled_total", method=method, code=code)


@pytest.mark.parametrize("timeout", [None, 60], ids=["no deadline", "a later one"])
async def test_the_server_ends_a_call_whose_client_would_wait_longer(timeout: float | None) -> None:
    held = Held()
    async with running(behaviours={"GetAccount": held}, deadlines=Deadlines(unary=SHORT)) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b"", timeout=timeout))
        assert (refusal.code, refusal.reason) == (StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        assert held.cancelled.is_set()
        assert server.load.unary.active == 0
        assert handled(server, "DEADLINE_EXCEEDED") == 1


async def test_the_deadline_of_the_client_ends_the_method_too() -> None:
    held = Held()
    async with running(behaviours={"GetAccount": held}) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b"", timeout=SHORT))
        assert refusal.code is StatusCode.DEADLINE_EXCEEDED
        await until(lambda: handled(server, "DEADLINE_EXCEEDED") == 1)
        assert held.cancelled.is_set()


async def test_an_upload_that_never_ends_is_ended() -> None:
    async def drain(requests: AsyncIterator[Any], _call: Call) -> ImportCalendarResponse:
        async for _ in requests:
            pass
        return ImportCalendarResponse()

    async with running(behaviours={"ImportCalendar": drain}, deadlines=Deadlines(upload=SHORT)) as server:
        call = server.channel.stream_unary(IMPORT)()
        await call.write(b"")
        refusal = await refused(call)
    assert refusal.reason == "DEADLINE_EXCEEDED"


async def test_a_stream_outlasts_the_deadline_of_unary_calls() -> None:
    held = Held()
    deadlines = Deadlines(unary=SHORT, upload=SHORT)
    async with running(behaviours={"StreamChanges": held, "GetAccount": Held()}, deadlines=deadlines) as server:
        call = server.channel.unary_stream(STREAM)(b"")
        await refused(server.unary(GET_ACCOUNT)(b""))
        held.release.set()
        assert await call.code() is StatusCode.OK


async def test_one_call_too_many_is_refused_at_once_and_streams_are_counted_apart() -> None:
    held, stream = Held(Account()), Held()
    behaviours = {"GetAccount": held, "StreamChanges": stream}
    async with running(behaviours=behaviours, unary=1, streams=1) as server:
        first = server.unary(GET_ACCOUNT)(b"")
        await held.began.wait()
        refusal = await refused(server.unary(CREATE_ACCOUNT)(b""))
        assert (refusal.code, refusal.reason) == (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refusal.may_be_retried
        open_stream = server.channel.unary_stream(STREAM)(b"")
        await stream.began.wait()
        assert (await refused(server.channel.unary_stream(STREAM)(b"").read())).reason == "OVERLOADED"
        held.release.set()
        stream.release.set()
        await first
        assert await open_stream.code() is StatusCode.OK
        assert await server.unary(CREATE_ACCOUNT)(b"") == b""


async def test_probes_are_answered_when_nothing_else_is() -> None:
    async with running(unary=0, streams=0) as server:
        assert (await refused(server.unary(GET_ACCOUNT)(b""))).reason == "OVERLOADED"
        assert await server.unary("/grpc.health.v1.Health/Check")(b"")


@pytest.mark.parametrize("path", [GET_ACCOUNT, STREAM], ids=["unary", "stream"])
async def test_a_cancelled_call_ends_its_method_and_frees_its_place(path: str) -> None:
    held = Held()
    name = METHOD if path == GET_ACCOUNT else "SyncService/StreamChanges"
    async with running(behaviours={"GetAccount": held, "StreamChanges": held}, unary=1, streams=1) as server:
        call = server.unary(path)(b"") if path == GET_ACCOUNT else server.channel.unary_stream(path)(b"")
        await held.began.wait()
        call.cancel()
        await until(lambda: handled(server, "CANCELLED", name) == 1)
        assert held.cancelled.is_set()
        assert server.load.unary.active == server.load.streams.active == 0
        assert server.lines()[-1]["code"] == "CANCELLED"


async def test_a_client_that_leaves_amid_messages_is_no_defect() -> None:
    async def flood(_request: object, call: Call) -> None:
        while True:
            await call.send(Account(name="x" * 10_000))

    async with running(behaviours={"StreamChanges": flood}) as server:
        call = server.channel.unary_stream(STREAM)(b"")
        await call.read()
        call.cancel()
        await until(lambda: handled(server, "CANCELLED", "SyncService/StreamChanges") == 1)
        assert server.load.streams.active == 0


async def test_a_stream_that_nobody_reads_can_be_ended_and_frees_its_place() -> None:
    """What was written before is delivered when the client reads again, then the error."""
    message = Account(name="x" * 100_000)

    async def flood(_request: object, call: Call) -> None:
        try:
            while True:
                async with asyncio.timeout(SHORT):
                    await call.send(message)
        except TimeoutError:
            raise SlowConsumer("nothing was read") from None

    async with running(behaviours={"StreamChanges": flood}) as server:
        call = server.channel.unary_stream(STREAM)(b"")
        await until(lambda: handled(server, "RESOURCE_EXHAUSTED", "SyncService/StreamChanges") == 1)
        assert server.load.streams.active == 0
        received: list[bytes] = []
        assert (await refused(_read(call, received))).reason == "SLOW_CONSUMER"
        assert set(received) == {message.SerializeToString()}


async def _read(call: Any, received: list[bytes]) -> None:
    async for raw in call:
        received.append(raw)  # noqa: PERF401 - keeps what came before the error


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def not_found(_request: object, _call: Call) -> None:
    raise ResourceNotFound("account", "accounts/a")


async def defect(_request: object, _call: Call) -> None:
    raise RuntimeError("no")


async def half_read(requests: AsyncIterator[Any], call: Call) -> None:
    await anext(requests)
    await not_found(None, call)


async def nobody(_key: str) -> Principal:
    raise Unauthenticated("no")


Sender = Callable[[Running], Awaitable[object]]
unary: Sender = lambda server: server.unary(GET_ACCOUNT)(b"", timeout=30)  # noqa: E731
stream: Sender = lambda server: server.channel.unary_stream(STREAM)(b"").read()  # noqa: E731
upload: Sender = lambda server: server.channel.stream_unary(IMPORT)(iter([b"", b""]))  # noqa: E731
unknown: Sender = lambda server: server.unary("/un/known")(b"")  # noqa: E731
malformed: Sender = lambda server: server.unary(GET_ACCOUNT)(b"\xff")  # noqa: E731
short: Sender = lambda server: server.unary(GET_ACCOUNT)(b"", timeout=0.001)  # noqa: E731


@pytest.mark.parametrize(
    ("send", "code", "setting"),
    [
        (unary, StatusCode.NOT_FOUND, {"behaviours": {"GetAccount": not_found}}),
        (unary, StatusCode.INTERNAL, {"behaviours": {"GetAccount": defect}}),
        (unary, StatusCode.UNAUTHENTICATED, {"authenticate": nobody}),
        (unary, StatusCode.RESOURCE_EXHAUSTED, {"unary": 0}),
        (
            unary,
            StatusCode.DEADLINE_EXCEEDED,
            {"behaviours": {"GetAccount": Held()}, "deadlines": Deadlines(unary=0.001)},
        ),
        (short, StatusCode.DEADLINE_EXCEEDED, {"behaviours": {"GetAccount": Held()}}),
        (malformed, StatusCode.INVALID_ARGUMENT, {}),
        (unknown, StatusCode.UNIMPLEMENTED, {}),
        (stream, StatusCode.NOT_FOUND, {"behaviours": {"StreamChanges": not_found}}),
        (upload, StatusCode.NOT_FOUND, {"behaviours": {"ImportCalendar": half_read}}),
    ],
    ids=["not found", "defect", "nobody", "full", "late", "cut", "malformed", "unknown", "stream", "upload"],
)
async def test_calls_that_failed_leave_room_on_their_connection(
    send: Sender, code: StatusCode, setting: dict[str, Any]
) -> None:
    """A call that something still refers to holds one of the streams that a connection may have."""
    async with running(**setting) as server:
        with without_garbage_collection():
            for _ in range(STREAMS_A_CONNECTION + 20):
                assert (await refused(send(server))).code is code
