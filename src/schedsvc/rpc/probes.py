"""A second listener that answers health checks alone, in plain text.

The probes of Kubernetes speak gRPC but no TLS. This listener lets them in without opening the services.
"""

from __future__ import annotations

from grpc import aio

from schedsvc.rpc.health import Health
from schedsvc.rpc.registry import Registry
from schedsvc.rpc.server import ServerOptions
from schedsvc.rpc.wrapper import Edge


class ProbeServer:
    """Serves `grpc.health.v1` and nothing else on `address`."""

    def __init__(self, health: Health, edge: Edge, address: str) -> None:
        self._grpc = aio.server(options=ServerOptions().channel_arguments())
        self._grpc.add_generic_rpc_handlers((Registry([health.service()], {}, edge),))
        self._address = address

    async def start(self) -> int:
        """Returns the port; raises RuntimeError if it cannot be had."""
        port = self._grpc.add_insecure_port(self._address)
        await self._grpc.start()
        return port

    async def stop(self) -> None:
        await self._grpc.stop(0)
