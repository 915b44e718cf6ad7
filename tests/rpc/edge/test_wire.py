"""What arrives is bytes: whatever they are, the answer is one of ours."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from grpc import ChannelConnectivity, Compression, StatusCode, aio
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.errors import Violation
from schedsvc.repositories.base import AlreadyAnswered
from schedsvc.rpc.calls import Call, Encoded
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, GetAccountRequest
from schedsvc.v1.changes_pb2 import StreamChangesResponse
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest, ImportCalendarResponse
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import (
    CREATE_ACCOUNT,
    GET_ACCOUNT,
    IMPORT,
    NO_PROXY,
    STREAM,
    Running,
    every_method,
    running,
    texts,
)

MALFORMED = {
    "cut": b"\x0a\x05ab",
    "wire type 7": b"\x0f",
    "field 0": b"\x02\x00",
    "400 levels of groups": b"\x0b" * 400 + b"\x0c" * 400,
    "endless number": b"\x08" + b"\xff" * 11,
}


def nested(levels: int) -> bytes:
    """A field within itself, as deep as asked."""
    message = b""
    for _ in range(levels):
        size = len(message)
        length = bytes([size & 0x7F | 0x80, size >> 7]) if size > 0x7F else bytes([size])
        message = b"\x12" + length + message
    return message


async def echo(request: GetAccountRequest, _call: Call) -> Account:
    return Account(name=request.name)


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    async with running(behaviours={"GetAccount": echo}) as server:
        yield server


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("method", every_method(), ids=lambda method: method.name)
async def test_bytes_that_are_no_message_are_an_invalid_argument(method: Any, raw: bytes, server: Running) -> None:
    async def drain(_requests: AsyncIterator[ImportCalendarRequest], _call: Call) -> ImportCalendarResponse:
        async for _ in _requests:
            pass
        return ImportCalendarResponse()

    if method.client_streaming:
        async with running(behaviours={method.name: drain}) as importing:
            await _is_malformed(importing, method, raw)
    else:
        await _is_malformed(server, method, raw)


@pytest.mark.parametrize("method", every_method(), ids=lambda method: method.name)
async def test_a_text_that_is_no_utf_8_is_an_invalid_argument(method: Any, server: Running) -> None:
    fields = [field for field in method.input_type.fields if field.type == field.TYPE_STRING]
    assert fields
    if not method.client_streaming:
        await _is_malformed(server, method, bytes([fields[0].number << 3 | 2]) + b"\x02\xff\xfe")


async def _is_malformed(server: Running, method: Any, raw: bytes) -> None:
    path = f"/{method.containing_service.full_name}/{method.name}"
    if method.client_streaming:
        call = server.channel.stream_unary(path)(iter([b"", raw]))
        refusal = await refused(call)
    elif method.server_streaming:
        refusal = await refused(server.channel.unary_stream(path)(raw).read())
    else:
        refusal = await refused(server.unary(path)(raw))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "MESSAGE_MALFORMED")


async def test_a_message_nested_400_levels_deep_is_an_invalid_argument_or_ignored(server: Running) -> None:
    """Message fields that the contract does not know are kept as bytes and never entered; known ones end at 100."""
    assert Account.FromString(await server.unary(GET_ACCOUNT)(nested(400))) == Account()
    deep = b"\x0a" + struct.pack("B", 0x80 | 100) + b"\x01" + b"\x0b" * 114 + b"\x0c" * 114
    refusal = await refused(server.unary(CREATE_ACCOUNT)(deep))
    assert refusal.reason == "MESSAGE_MALFORMED"


async def test_unknown_fields_are_ignored(server: Running) -> None:
    raw = GetAccountRequest(name="accounts/a").SerializeToString()
    unknown = b"\xf8\x7f\x01" + b"\xfa\x7f\x02\xff\xfe" + b"\xfd\x7f\x00\x00\x00\x00"
    answer = await server.unary(GET_ACCOUNT)(unknown + raw + unknown)
    assert Account.FromString(answer).name == "accounts/a"


@settings(max_examples=50)
@given(raws=st.lists(st.binary(max_size=60), max_size=20))
async def test_any_bytes_are_answered_with_a_message_or_an_invalid_argument(raws: list[bytes]) -> None:
    async with running(behaviours={"GetAccount": echo}) as server:
        results = await asyncio.gather(*map(server.unary(GET_ACCOUNT), raws), return_exceptions=True)
    for result in results:
        if isinstance(result, aio.AioRpcError):
            assert result.code() is StatusCode.INVALID_ARGUMENT
        else:
            assert isinstance(result, bytes)


async def test_a_message_over_4_mib_is_refused_and_the_connection_stays(server: Running) -> None:
    most = GetAccountRequest(name="x" * (4 * 1024 * 1024 - 5)).SerializeToString()
    assert len(most) == 4 * 1024 * 1024
    with pytest.raises(aio.AioRpcError) as caught:
        await server.unary(GET_ACCOUNT)(most + b"\x0a\x00")
    assert caught.value.code() is StatusCode.RESOURCE_EXHAUSTED
    await _still_connected(server)


async def test_metadata_over_8_kib_are_refused_and_the_connection_stays(server: Running) -> None:
    await server.unary(GET_ACCOUNT)(b"", metadata=(("padding", "x" * 7000),))
    with pytest.raises(aio.AioRpcError) as caught:
        await server.unary(GET_ACCOUNT)(b"", metadata=(("padding", "x" * 8193),))
    assert caught.value.code() is StatusCode.RESOURCE_EXHAUSTED
    await _still_connected(server)


async def _still_connected(server: Running) -> None:
    assert server.channel.get_state() is ChannelConnectivity.READY
    assert await server.unary(GET_ACCOUNT)(b"") == b""


async def test_a_compressed_message_is_refused_before_it_is_unpacked(server: Running) -> None:
    """Its size is known only afterwards: a few KiB on the wire can be GiB in memory."""
    channel: Any = aio.insecure_channel(f"127.0.0.1:{server.port}", NO_PROXY, Compression.Gzip)
    request = GetAccountRequest(name="x" * 10_000).SerializeToString()
    refusal = await refused(channel.unary_unary(GET_ACCOUNT)(request))
    await channel.close()
    assert refusal.code is StatusCode.UNIMPLEMENTED
    assert server.value("schedsvc_rpc_started_total", method="CalendarService/GetAccount") == 0


@pytest.mark.parametrize(
    "path", ["/schedsvc.v1.CalendarService/Nothing", "/no.Service/GetAccount", "/", "/a", "//", "/schedsvc.v1/%00"]
)
async def test_an_unknown_method_is_unimplemented(path: str, server: Running) -> None:
    refusal = await refused(server.unary(path)(b"whatever"))
    assert (refusal.code, refusal.reason) == (StatusCode.UNIMPLEMENTED, "METHOD_UNKNOWN")
    assert server.value("schedsvc_rpc_handled_total", method="unknown", code="UNIMPLEMENTED") == 1


async def test_all_bad_fields_of_a_message_are_told_before_the_method_is_called() -> None:
    bad = [Violation("account.email", "is no address"), Violation("account_id", "is no id")]
    called: list[object] = []

    async def create(request: object, _call: Call) -> Account:
        called.append(request)
        return Account()

    def check(message: object) -> list[Violation]:
        return bad if message == CreateAccountRequest(account_id="?") else []

    async with running(behaviours={"CreateAccount": create}, check=check) as server:
        refusal = await refused(server.unary(CREATE_ACCOUNT)(b"\x12\x01?"))
        assert refusal.fields == ["account.email", "account_id"]
        assert called == []
        await server.unary(CREATE_ACCOUNT)(b"")
        assert called == [CreateAccountRequest()]


async def test_messages_of_a_client_stream_are_checked_one_by_one() -> None:
    seen = []

    async def gather(requests: AsyncIterator[ImportCalendarRequest], _call: Call) -> ImportCalendarResponse:
        async for request in requests:
            seen.append(request.data)  # noqa: PERF401 - keeps what came before the bad one
        return ImportCalendarResponse()

    def check(message: Any) -> list[Violation]:
        return [Violation("data", "is too bad")] if message.data == b"bad" else []

    async with running(behaviours={"ImportCalendar": gather}, check=check) as server:
        pieces = [ImportCalendarRequest(data=data).SerializeToString() for data in (b"1", b"2", b"bad", b"3")]
        refusal = await refused(server.channel.stream_unary(IMPORT)(iter(pieces)))
    assert refusal.fields == ["data"]
    assert seen == [b"1", b"2"]


async def test_encoded_answers_and_stream_messages_are_sent_as_they_are() -> None:
    encoded = Encoded(Account(name="accounts/a").SerializeToString() + b"\xf8\x7f\x01")

    async def answer(_request: object, _call: Call) -> Encoded:
        return encoded

    async def stream(_request: object, call: Call) -> None:
        await call.send(encoded)
        await call.send(StreamChangesResponse(resync_required="x"))

    async with running(behaviours={"GetAccount": answer, "StreamChanges": stream}) as server:
        assert await server.unary(GET_ACCOUNT)(b"") == encoded
        sent = [message async for message in server.channel.unary_stream(STREAM)(b"")]
    assert sent == [encoded, StreamChangesResponse(resync_required="x").SerializeToString()]


async def test_an_answer_given_before_is_given_again_with_a_mark() -> None:
    stored = Account(name="accounts/a").SerializeToString()

    async def replay(_request: object, _call: Call) -> Account:
        raise AlreadyAnswered(stored)

    async with running(behaviours={"CreateAccount": replay}) as server:
        call = server.unary(CREATE_ACCOUNT)(b"")
        assert await call == stored
        assert texts(await call.trailing_metadata())["idempotent-replayed"] == "true"
        call = server.unary(GET_ACCOUNT)(b"")
        await call
        assert "idempotent-replayed" not in texts(await call.trailing_metadata())
        assert server.value("schedsvc_rpc_handled_total", method="CalendarService/CreateAccount", code="OK") == 1


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("mine-1", "mine-1"),
        ("~!" * 64, "~!" * 64),
        ("x" * 129, "made-1"),
        ("with space", "made-1"),
        ("", "made-1"),
        (None, "made-1"),
    ],
)
async def test_a_request_id_is_echoed_if_it_can_be_and_made_otherwise(sent: str | None, echoed: str) -> None:
    seen = []

    async def note(_request: object, call: Call) -> Account:
        seen.append(call.request_id)
        return Account()

    metadata = () if sent is None else (("x-request-id", sent),)
    async with running(behaviours={"GetAccount": note}) as server:
        call = server.unary(GET_ACCOUNT)(b"", metadata=metadata)
        await call
        assert texts(await call.trailing_metadata())["x-request-id"] == echoed
        assert seen == [echoed]
        assert server.lines()[-1]["request_id"] == echoed


async def test_a_stream_tells_its_request_id_when_it_begins() -> None:
    async with running() as server:
        call = server.channel.unary_stream(STREAM)(b"", metadata=(("x-request-id", "mine"),))
        assert texts(await call.initial_metadata())["x-request-id"] == "mine"
