"""Against small servers that do one thing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Detail
from google.rpc import error_details_pb2, status_pb2

from schedsvc.client import Failure, Violation, connect, failure_of, messages

Context = grpc.aio.ServicerContext[Any, Any]
LIST = messages.ListAccountsRequest()


@asynccontextmanager
async def serving(**methods: grpc.RpcMethodHandler[Any, Any]) -> AsyncIterator[str]:
    server = grpc.aio.server()
    for service in ("CalendarService", "SyncService"):
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(f"schedsvc.v1.{service}", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


def unary(answer: Callable[[bytes, Context], Awaitable[bytes]]) -> grpc.RpcMethodHandler[Any, Any]:
    return grpc.unary_unary_rpc_method_handler(answer)


async def test_the_key_goes_with_every_kind_of_call() -> None:
    seen: list[Any] = []

    async def note(request: Any, context: Context) -> bytes:
        seen.append(dict(context.invocation_metadata() or ()).get("authorization"))
        return b""

    async def note_stream(_request: bytes, context: Context) -> AsyncIterator[bytes]:
        yield await note(b"", context)

    handlers = {
        "ListAccounts": unary(note),
        "ImportCalendar": grpc.stream_unary_rpc_method_handler(note),
        "StreamChanges": grpc.unary_stream_rpc_method_handler(note_stream),
    }
    async with serving(**handlers) as target, connect(target, key="the-key") as services:
        await services.calendars.ListAccounts(LIST)
        await services.calendars.ImportCalendar(iter([messages.ImportCalendarRequest()]))
        async for _ in services.sync.StreamChanges(messages.StreamChangesRequest()):
            pass
    assert seen == ["Bearer the-key"] * 3


async def test_a_read_is_tried_again_while_the_server_is_away_and_a_write_is_not() -> None:
    calls: list[str] = []

    def failing(name: str) -> grpc.RpcMethodHandler[Any, Any]:
        async def answer(_request: bytes, context: Context) -> bytes:
            calls.append(name)
            if calls.count(name) < 3:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
            return b""

        return unary(answer)

    handlers = {"ListAccounts": failing("read"), "CreateAccount": failing("write")}
    async with serving(**handlers) as target, connect(target) as services:
        await services.calendars.ListAccounts(LIST)
        with pytest.raises(grpc.aio.AioRpcError, match="away"):
            await services.calendars.CreateAccount(messages.CreateAccountRequest())
    assert calls == ["read"] * 3 + ["write"]


async def failure(*details: Any, trailer: bytes | None = None) -> Failure:
    """What a client makes of an error with these details, or with a broken trailer."""
    status = status_pb2.Status(code=9, message="no")
    for detail in details:
        packed = Detail()
        packed.Pack(detail)
        status.details.append(packed)
    raw = status.SerializeToString() if trailer is None else trailer

    async def refuse(_request: bytes, context: Context) -> bytes:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no", (("grpc-status-details-bin", raw),))

    async with serving(ListAccounts=unary(refuse)) as target, connect(target) as services:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await services.calendars.ListAccounts(LIST)
    return failure_of(caught.value)


async def test_a_failure_names_its_reason_and_every_violation() -> None:
    found = await failure(
        error_details_pb2.ErrorInfo(reason="SLOT_UNAVAILABLE", domain="schedsvc", metadata={"a": "b"}),
        error_details_pb2.PreconditionFailure(
            violations=[
                error_details_pb2.PreconditionFailure.Violation(type="BUSY", subject="accounts/x", description="taken")
            ]
        ),
        error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field="name", reason="FIELD_INVALID", description="bad")
            ]
        ),
    )
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SLOT_UNAVAILABLE")
    assert found.metadata == {"a": "b"}
    assert found.violations == (
        Violation("accounts/x", "BUSY", "taken"),
        Violation("name", "FIELD_INVALID", "bad"),
    )


async def test_an_error_from_something_else_has_a_code_and_no_reason() -> None:
    found = await failure(trailer=b"\xff\xff")
    assert (found.code, found.message, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "no", "")
