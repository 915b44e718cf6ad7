"""Figures about calls for Prometheus, and the endpoint that serves them."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from grpc import StatusCode
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from schedsvc.rpc.admission import Load

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meter:
    """The figures of one method: plain numbers, changed by the event loop alone and read by whoever scrapes."""

    __slots__ = ("buckets", "by_code", "seconds", "started")

    def __init__(self) -> None:
        self.started = 0
        self.by_code: dict[StatusCode, int] = {}
        self.buckets = [0] * (len(SECONDS) + 1)
        self.seconds = 0.0

    def handled(self, code: StatusCode, seconds: float) -> None:
        """Counts a call that is over."""
        self.by_code[code] = self.by_code.get(code, 0) + 1
        self.buckets[bisect_left(SECONDS, seconds)] += 1
        self.seconds += seconds

    def cumulative(self) -> list[tuple[str, int]]:
        """How many calls took at most so many seconds, as Prometheus wants it."""
        bounds = [*map(str, SECONDS), "+Inf"]
        return list(zip(bounds, accumulate(self.buckets), strict=True))


class Metrics(Collector):
    """The figures of one server, registered in `registry`.

    Collected when they are asked for. The counters of prometheus_client take a lock for each step, on the path of
    every request.
    """

    def __init__(self, registry: CollectorRegistry, load: Load) -> None:
        self._load = load
        self._meters: dict[str, Meter] = {}
        registry.register(self)

    def of(self, method: str) -> Meter:
        """The figures of a method, named `Service/Method`."""
        return self._meters.setdefault(method, Meter())

    def collect(self) -> Iterator[Metric]:
        """What a scrape shows."""
        started = CounterMetricFamily("schedsvc_rpc_started", "Calls that began.", labels=["method"])
        handled = CounterMetricFamily("schedsvc_rpc_handled", "Calls that ended.", labels=["method", "code"])
        seconds = HistogramMetricFamily("schedsvc_rpc_seconds", "How long calls took.", labels=["method"])
        for method, meter in self._meters.items():
            started.add_metric([method], meter.started)
            seconds.add_metric([method], meter.cumulative(), meter.seconds)
            for code, count in list(meter.by_code.items()):
                handled.add_metric([method, code.name], count)
        yield from (started, handled, seconds)
        yield GaugeMetricFamily("schedsvc_rpc_unary_active", "Unary calls that run now.", self._load.unary.active)
        yield GaugeMetricFamily("schedsvc_rpc_streams_active", "Streams that are open.", self._load.streams.active)


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

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the overridden one
        """Scrapes are not worth a line."""


def _page(registry: CollectorRegistry) -> Callable[..., Iterable[bytes]]:
    def serve(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"see /metrics\n"]
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [generate_latest(registry)]

    return serve
