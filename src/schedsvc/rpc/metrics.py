"""Figures about calls for Prometheus, and the endpoint that serves them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from grpc import StatusCode
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from schedsvc.rpc.admission import Load

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meter:
    """The figures of one method, looked up once."""

    __slots__ = ("_by_code", "_handled", "_name", "_seconds", "started")

    def __init__(self, name: str, started: Counter, handled: Counter, seconds: Histogram) -> None:
        self._name = name
        self._handled = handled
        self._seconds = seconds.labels(name)
        self._by_code: dict[StatusCode, Counter] = {}
        self.started = started.labels(name)

    def handled(self, code: StatusCode, seconds: float) -> None:
        """Counts a call that is over."""
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._handled.labels(self._name, code.name)
        counter.inc()
        self._seconds.observe(seconds)


class Metrics:
    """Registers the figures in `registry`, of which a process has one for each server."""

    def __init__(self, registry: CollectorRegistry, load: Load) -> None:
        self._started = Counter("schedsvc_rpc_started", "Calls that began.", ["method"], registry=registry)
        self._handled = Counter("schedsvc_rpc_handled", "Calls that ended.", ["method", "code"], registry=registry)
        self._seconds = Histogram(
            "schedsvc_rpc_seconds",
            "How long calls took, in seconds.",
            ["method"],
            registry=registry,
            buckets=SECONDS,
        )
        unary = Gauge("schedsvc_rpc_unary_active", "Unary calls that run now.", registry=registry)
        unary.set_function(lambda: load.unary.active)
        streams = Gauge("schedsvc_rpc_streams_active", "Streams that are open.", registry=registry)
        streams.set_function(lambda: load.streams.active)

    def of(self, method: str) -> Meter:
        """The figures of a method, named `Service/Method`."""
        return Meter(method, self._started, self._handled, self._seconds)


class MetricsEndpoint:
    """Serves `/metrics`, and nothing else, over HTTP from a thread of its own."""

    def __init__(self, registry: CollectorRegistry, *, host: str = "127.0.0.1", port: int) -> None:
        self._server = make_server(host, port, _page(registry), server_class=_Server, handler_class=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stops listening; waits for the thread."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 10  # a client that sends nothing holds a thread no longer than this

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Scrapes are not worth a line."""


def _page(registry: CollectorRegistry) -> Callable[..., Iterable[bytes]]:
    def serve(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"see /metrics\n"]
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [generate_latest(registry)]

    return serve
