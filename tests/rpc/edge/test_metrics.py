"""Figures about calls, and where they are read."""

from __future__ import annotations

import asyncio
import http.client

import pytest
from prometheus_client import CollectorRegistry, Counter

from schedsvc.domain.errors import ResourceNotFound
from schedsvc.rpc.metrics import MetricsEndpoint
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import GET_ACCOUNT, STREAM, Held, running

METHOD = "CalendarService/GetAccount"


async def test_calls_are_counted_by_method_and_code_and_timed() -> None:
    async def fail(request: object, _call: object) -> object:
        raise ResourceNotFound("account", "accounts/a")

    async with running(behaviours={"GetAccount": fail}) as server:
        for _ in range(3):
            await refused(server.unary(GET_ACCOUNT)(b""))
        assert server.value("schedsvc_rpc_started_total", method=METHOD) == 3
        assert server.value("schedsvc_rpc_handled_total", method=METHOD, code="NOT_FOUND") == 3
        assert server.value("schedsvc_rpc_handled_total", method=METHOD, code="OK") == 0
        assert server.value("schedsvc_rpc_seconds_count", method=METHOD) == 3


async def test_what_runs_now_is_shown_streams_apart() -> None:
    held = Held()
    async with running(behaviours={"GetAccount": held, "StreamChanges": held}) as server:
        unary = server.unary(GET_ACCOUNT)(b"")
        await held.began.wait()
        assert server.value("schedsvc_rpc_unary_active") == 1
        assert server.value("schedsvc_rpc_streams_active") == 0
        stream = server.channel.unary_stream(STREAM)(b"")
        await stream.initial_metadata()
        assert server.value("schedsvc_rpc_streams_active") == 1
        unary.cancel()
        stream.cancel()


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


async def test_metrics_and_nothing_else_are_served_over_http() -> None:
    registry = CollectorRegistry()
    Counter("schedsvc_things", "Things.", registry=registry).inc(2)
    endpoint = MetricsEndpoint(registry, port=0)
    try:
        status, text = await asyncio.to_thread(get, endpoint.port, "/metrics")
        assert status == 200
        assert "schedsvc_things_total 2.0" in text
        for path in ("/", "/metrics/x", "/favicon.ico", "/debug"):
            assert (await asyncio.to_thread(get, endpoint.port, path))[0] == 404
    finally:
        endpoint.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(get, endpoint.port, "/metrics")
