"""A person with `buf curl` and no proto file at hand."""

from __future__ import annotations

import asyncio
import json
import os
import sysconfig
from pathlib import Path

import pytest
from grpc import StatusCode
from grpc_reflection.v1alpha.reflection_pb2 import (  # type: ignore[import-untyped]
    ServerReflectionRequest,
    ServerReflectionResponse,
)

from schedsvc.rpc import reflection
from schedsvc.rpc.calls import Call
from schedsvc.v1.accounts_pb2 import Account, GetAccountRequest
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import Running, every_method, running

BUF = Path(sysconfig.get_path("scripts"), "buf")
VERSIONS = ["grpc-v1", "grpc-v1alpha"]
PATHS = [f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in ("v1", "v1alpha")]


async def echo(request: GetAccountRequest, _call: Call) -> Account:
    return Account(name=request.name)


async def buf_curl(server: Running, *arguments: str, path: str = "") -> str:
    """Standard output of buf curl, which must succeed."""
    url = f"http://127.0.0.1:{server.port}{path}"
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        *(str(BUF), "curl", "--http2-prior-knowledge", "--protocol", "grpc", *arguments, url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.parametrize("version", VERSIONS)
async def test_buf_curl_lists_every_method(version: str) -> None:
    async with running() as server:
        listed = await buf_curl(server, "--reflect-protocol", version, "--list-methods")
    ours = {f"{method.containing_service.full_name}/{method.name}" for method in every_method()}
    assert ours <= set(listed.split())
    assert "grpc.health.v1.Health/Check" in listed


@pytest.mark.parametrize("version", VERSIONS)
async def test_buf_curl_calls_a_method(version: str) -> None:
    async with running(behaviours={"GetAccount": echo}) as server:
        options = ("--reflect-protocol", version, "-d", '{"name": "accounts/a"}')
        answer = await buf_curl(server, *options, path="/schedsvc.v1.CalendarService/GetAccount")
    assert json.loads(answer) == {"name": "accounts/a"}


@pytest.mark.parametrize("path", PATHS)
async def test_bad_bytes_are_an_invalid_argument_here_too(path: str) -> None:
    async with running() as server:
        call = server.channel.stream_stream(path)(iter([b"\x0a\x02\xff\xfe"]))
        refusal = await refused(call.read())
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "MESSAGE_MALFORMED")


@pytest.mark.parametrize("path", PATHS)
async def test_what_cannot_be_found_is_answered_and_the_stream_goes_on(path: str) -> None:
    asked = [
        ServerReflectionRequest(file_containing_symbol="no.Such"),
        ServerReflectionRequest(file_by_filename="../../etc/passwd"),
        ServerReflectionRequest(file_containing_symbol=""),
        ServerReflectionRequest(file_containing_symbol="\0"),
        ServerReflectionRequest(all_extension_numbers_of_type="no.Such"),
        ServerReflectionRequest(file_containing_extension={"containing_type": "", "extension_number": -1}),
        ServerReflectionRequest(),
        ServerReflectionRequest(list_services=""),
    ]
    async with running() as server:
        call = server.channel.stream_stream(path)(iter([one.SerializeToString() for one in asked]))
        answers = [ServerReflectionResponse.FromString(raw) async for raw in call]
    assert [answer.WhichOneof("message_response") for answer in answers] == [
        *["error_response"] * 7,
        "list_services_response",
    ]


async def test_without_reflection_its_methods_are_unknown() -> None:
    async with running(with_reflection=False) as server:
        for path in PATHS:
            call = server.channel.stream_stream(path)(iter([]))
            assert (await refused(call.read())).reason == "METHOD_UNKNOWN"


def test_describing_it_twice_is_harmless() -> None:
    assert reflection.services(["a.B"])
    assert reflection.services(["a.B"])
