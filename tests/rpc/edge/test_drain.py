"""SIGTERM: nothing new, streams end themselves, the rest finishes."""

from __future__ import annotations

import asyncio

from grpc import StatusCode
from grpc_health.v1.health_pb2 import HealthCheckResponse  # type: ignore[import-untyped]

from schedsvc.domain.errors import ServerDraining
from schedsvc.rpc.calls import Call
from schedsvc.v1.accounts_pb2 import Account
from schedsvc.v1.changes_pb2 import StreamChangesResponse
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import CREATE_ACCOUNT, GET_ACCOUNT, STREAM, Held, running

CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
LAST = StreamChangesResponse(resync_required="the last message")
NOT_SERVING = HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING).SerializeToString()


async def follow(_request: object, call: Call) -> None:
    """A stream as it should be: it notices the end and sends its last message."""
    await call.closing.wait()
    await call.send(LAST)
    raise ServerDraining("resume with the last token")


async def test_running_calls_finish_while_new_ones_are_refused() -> None:
    held = Held(Account(name="accounts/a"))
    async with running(behaviours={"GetAccount": held}) as server:
        call = server.unary(GET_ACCOUNT)(b"")
        await held.began.wait()
        draining = asyncio.create_task(server.server.drain(grace=30))
        await server.load.closing.wait()
        refusal = await refused(server.unary(CREATE_ACCOUNT)(b""))
        assert (refusal.code, refusal.reason) == (StatusCode.UNAVAILABLE, "DRAINING")
        assert refusal.may_be_retried
        assert await server.unary(CHECK)(b"") == NOT_SERVING
        assert not draining.done()
        held.release.set()
        assert Account.FromString(await call).name == "accounts/a"
        await draining
        await server.server.wait()


async def test_streams_end_themselves_with_their_last_message_and_unavailable() -> None:
    async with running(behaviours={"StreamChanges": follow}) as server:
        call = server.channel.unary_stream(STREAM)(b"")
        await call.initial_metadata()
        draining = asyncio.create_task(server.server.drain(grace=30))
        assert await call.read() == LAST.SerializeToString()
        refusal = await refused(call.read())
        assert (refusal.code, refusal.reason) == (StatusCode.UNAVAILABLE, "DRAINING")
        await draining


async def test_open_probes_do_not_hold_up_the_end() -> None:
    async with running() as server:
        watch = server.channel.unary_stream(WATCH)(b"")
        reflection = server.channel.stream_stream(REFLECTION)()
        await watch.read()
        await reflection.initial_metadata()
        draining = asyncio.create_task(server.server.drain(grace=30))
        assert await watch.read() == NOT_SERVING
        assert (await refused(watch.read())).reason == "DRAINING"
        assert (await refused(reflection.read())).reason == "DRAINING"
        await draining


async def test_what_does_not_end_in_time_is_cancelled() -> None:
    held, stream = Held(), Held()
    async with running(behaviours={"GetAccount": held, "StreamChanges": stream}) as server:
        call = server.unary(GET_ACCOUNT)(b"")
        open_stream = server.channel.unary_stream(STREAM)(b"")
        await asyncio.gather(held.began.wait(), stream.began.wait())
        await server.server.drain(grace=0.05)
        assert (await refused(call)).code in {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
        assert await open_stream.code() in {StatusCode.UNAVAILABLE, StatusCode.CANCELLED}
        await asyncio.gather(held.cancelled.wait(), stream.cancelled.wait())


async def test_an_idle_server_stops_at_once_and_draining_twice_is_harmless() -> None:
    async with running() as server:
        await server.unary(GET_ACCOUNT)(b"")
        await server.server.drain(grace=3600)
        await server.server.drain(grace=3600)


async def test_the_last_lines_of_the_log_are_written() -> None:
    async with running() as server:
        await server.unary(GET_ACCOUNT)(b"")
        await server.server.drain(grace=1)
        assert '"code":"OK"' in server.log.getvalue()
