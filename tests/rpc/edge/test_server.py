"""What the listener is set to, in the clear and with TLS."""

from __future__ import annotations

import struct
from asyncio import StreamReader, open_connection, timeout
from contextlib import suppress
from typing import Any

import grpc
import pytest
import trustme
from grpc import StatusCode, aio

from schedsvc.rpc.server import ServerOptions, tls
from tests.rpc.edge.edge_server import GET_ACCOUNT, NO_PROXY, running

_AUTHORITY = trustme.CA()
_ISSUED = _AUTHORITY.issue_cert("localhost")
AUTHORITY = _AUTHORITY.cert_pem.bytes()
CERTIFICATE, KEY = b"".join(blob.bytes() for blob in _ISSUED.cert_chain_pems), _ISSUED.private_key_pem.bytes()
HAS_PATH_DEFECT = tuple(map(int, grpc.__version__.split(".")[:2])) >= (1, 84)


def test_options_reach_grpc_in_its_own_words() -> None:
    arguments = dict(ServerOptions(connection_age=1900, reuse_port=True).channel_arguments())
    assert arguments["grpc.max_connection_age_ms"] == 1_900_000
    assert arguments["grpc.so_reuseport"] == 1
    assert arguments["grpc.max_concurrent_streams"] == 100
    assert arguments["grpc.absolute_max_metadata_size"] == 8192


@pytest.mark.parametrize(("age", "grace", "stream"), [(1800, 30, 1501), (1800, 29, 1500), (1200, 30, 1500)])
def test_streams_may_not_outlive_their_connection(age: float, grace: float, stream: float) -> None:
    with pytest.raises(ValueError, match="cut by the age"):
        ServerOptions(connection_age=age, connection_grace=grace, stream_age=stream)


async def test_a_port_in_use_is_an_error() -> None:
    async with running() as server:
        with pytest.raises(RuntimeError, match="bind"):
            async with running(options=ServerOptions(address=f"127.0.0.1:{server.port}")):
                pass


async def test_with_tls_the_server_shows_its_certificate_and_hears_nothing_else() -> None:
    async with running(options=ServerOptions(credentials=tls(CERTIFICATE, KEY))) as server:
        target = f"localhost:{server.port}"
        trusting = grpc.ssl_channel_credentials(AUTHORITY)
        assert await _call(aio.secure_channel(target, trusting, NO_PROXY)) is StatusCode.OK
        assert (
            await _call(aio.secure_channel(target, grpc.ssl_channel_credentials(), NO_PROXY)) is StatusCode.UNAVAILABLE
        )
        assert await _call(server.channel) is StatusCode.UNAVAILABLE


async def _call(channel: Any) -> StatusCode:
    code: StatusCode = await channel.unary_unary(GET_ACCOUNT)(b"", timeout=10).code()
    await channel.close()
    return code


@pytest.mark.xfail(HAS_PATH_DEFECT, reason="grpcio 1.84 and later stop the server over such a path", strict=True)
async def test_a_path_that_is_no_text_ends_its_own_call_only() -> None:
    async with running() as server:
        reader, writer = await open_connection("127.0.0.1", server.port)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b""))
        headers = {b":method": b"POST", b":scheme": b"http", b":path": b"/a.B/\xff\xfe", b"te": b"trailers"}
        headers[b"content-type"] = b"application/grpc"
        block = b"".join(b"\0" + _sized(name) + _sized(value) for name, value in headers.items())
        try:
            writer.write(_frame(1, 4, 1, block) + _frame(0, 1, 1, bytes(5)))
            await _until_trailers(reader)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        assert await server.unary(GET_ACCOUNT)(b"", timeout=5) == b""


def _sized(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """An HTTP/2 frame (RFC 9113 section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


async def _until_trailers(reader: StreamReader) -> None:
    """Reads until stream 1 has ended (HEADERS with END_STREAM)."""
    async with timeout(10):
        while True:
            head = await reader.readexactly(9)
            await reader.readexactly(int.from_bytes(head[:3]))
            if head[3] == 1 and head[4] & 1:
                return
