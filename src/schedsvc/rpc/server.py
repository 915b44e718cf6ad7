"""The server process' gRPC side: limits, start, drain, stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import grpc
from grpc import aio

from schedsvc.domain.principals import Scope
from schedsvc.rpc.health import Health, Readiness
from schedsvc.rpc.registry import Registry, Service
from schedsvc.rpc.wrapper import Edge

RECEIVED_BYTES = 4 * 1024 * 1024
METADATA_BYTES = 8 * 1024
STREAMS_A_CONNECTION = 100
JITTER = 0.1
"""By how much gRPC varies the age of a connection, and streams theirs, up and down."""

_IDENTITY_ONLY = 1  # the bit of GRPC_COMPRESS_NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Times in seconds. Port 0 lets the system choose one. `credentials` of None: no TLS.

    `reuse_port` lets several processes listen on one port; otherwise a port in use is an error. A connection is kept
    for `connection_age` ± 10 % and `connection_grace` more for what runs on it, which must outlast `stream_age` ± 10 %.
    """

    address: str = "127.0.0.1:0"
    credentials: grpc.ServerCredentials | None = None
    reuse_port: bool = False
    connection_age: float = 30 * 60
    connection_grace: float = 30
    connection_idle: float = 15 * 60
    keepalive_interval: float = 60
    keepalive_timeout: float = 20
    ping_interval: float = 20
    stream_age: float = 25 * 60

    def __post_init__(self) -> None:
        earliest_cut = self.connection_age * (1 - JITTER) + self.connection_grace
        if _ms(self.stream_age * (1 + JITTER)) > _ms(earliest_cut):
            raise ValueError("streams would be cut by the age of their connection")

    def channel_arguments(self) -> list[tuple[str, int]]:
        """The same in the words of gRPC.

        Compressed requests are refused (UNIMPLEMENTED): gRPC unpacks a message before it looks at its size, so that
        4 MiB on the wire could become 4 GiB in memory, before any credential is asked for.
        """
        return [
            ("grpc.so_reuseport", int(self.reuse_port)),
            ("grpc.max_concurrent_streams", STREAMS_A_CONNECTION),
            ("grpc.max_receive_message_length", RECEIVED_BYTES),
            ("grpc.max_metadata_size", METADATA_BYTES),
            ("grpc.absolute_max_metadata_size", METADATA_BYTES),
            ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_ONLY),
            ("grpc.max_connection_age_ms", _ms(self.connection_age)),
            ("grpc.max_connection_age_grace_ms", _ms(self.connection_grace)),
            ("grpc.max_connection_idle_ms", _ms(self.connection_idle)),
            ("grpc.keepalive_time_ms", _ms(self.keepalive_interval)),
            ("grpc.keepalive_timeout_ms", _ms(self.keepalive_timeout)),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_ping_strikes", 2),
            ("grpc.http2.min_ping_interval_without_data_ms", _ms(self.ping_interval)),
        ]


class Server:
    """One listener with all its services. `health` must be among `services`."""

    def __init__(
        self,
        services: Iterable[Service],
        scopes: Mapping[str, frozenset[Scope]],
        edge: Edge,
        health: Health,
        readiness: Readiness,
        options: ServerOptions,
    ) -> None:
        """Raises ContractError if a service does not fit the contract."""
        self._load = edge.load
        self._log = edge.log
        self._health = health
        self._readiness = readiness
        self._options = options
        self._registry = Registry(services, scopes, edge)
        self._watching: asyncio.Task[None] | None = None
        self._grpc = aio.server(options=options.channel_arguments())

    async def start(self) -> int:
        """Listens and serves. Returns the port; raises RuntimeError if it cannot be had."""
        self._grpc.add_generic_rpc_handlers((self._registry,))
        port = self._listen()
        await self._grpc.start()
        self._watching = asyncio.create_task(self._readiness.run())
        self._health.started()
        return port

    async def drain(self, grace: float) -> None:
        """Stops within about `grace` seconds, without breaking off what runs.

        Health says NOT_SERVING, new calls are UNAVAILABLE / DRAINING, streams end themselves with a token, other calls
        finish. What is left after the grace is cancelled.
        """
        self._health.drain()
        self._load.close()
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        try:
            async with asyncio.timeout(grace):
                await self._load.idle()
        except TimeoutError:
            pass
        await self._stop(max(0.0, end - loop.time()))

    async def wait(self) -> None:
        """Returns when the server has stopped."""
        await self._grpc.wait_for_termination()

    async def _stop(self, grace: float) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        await self._grpc.stop(grace)
        self._log.flush()

    def _listen(self) -> int:
        if self._options.credentials is None:
            return self._grpc.add_insecure_port(self._options.address)
        return self._grpc.add_secure_port(self._options.address, self._options.credentials)


def tls(certificate: bytes, key: bytes) -> grpc.ServerCredentials:
    """TLS from PEM texts."""
    return grpc.ssl_server_credentials([(key, certificate)])


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
