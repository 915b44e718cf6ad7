"""`grpc.health.v1` and what its answers are made of.

| name | SERVING |
|---|---|
| `startup` | from when the server listens |
| `liveness` | from when the server listens; a database that is away does not end it |
| `readiness`, ``, each service | while the database answers, until the server drains |
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped] # ships no types
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse  # type: ignore[import-untyped] # ships no types

from schedsvc.domain.errors import Overloaded, ResourceNotFound, ServerDraining, StoreUnavailable
from schedsvc.rpc.calls import Call
from schedsvc.rpc.registry import Service

STARTUP = "startup"
LIVENESS = "liveness"
READINESS = "readiness"

_SERVED = frozenset({"Check", "Watch"})
_SERVING = HealthCheckResponse.SERVING
_NOT_SERVING = HealthCheckResponse.NOT_SERVING
_UNKNOWN = HealthCheckResponse.SERVICE_UNKNOWN
_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Health:
    """Serves Check and Watch. (List is in newer versions of the health protocol only.)

    Not the servicer of grpcio-health-checking: there the first of two watchers to leave takes the wake-ups of the other
    with it, one that does not read stops every change of status, and draining ends liveness too.
    """

    def __init__(self, services: Iterable[str]) -> None:
        self._following = ("", READINESS, *services)
        self._statuses = dict.fromkeys((STARTUP, LIVENESS, *self._following), _NOT_SERVING)
        self._changed = asyncio.Event()
        self._draining = False

    def service(self) -> Service:
        """What the registry serves."""
        descriptor = health_pb2.DESCRIPTOR.services_by_name["Health"]
        return Service(descriptor, self, is_probe=True, only=_SERVED)

    def started(self) -> None:
        """The server listens."""
        self._set((STARTUP, LIVENESS), _SERVING)

    def ready(self, is_ready: bool) -> None:
        """Calls can be served, or not for now. Changes nothing once the server drains."""
        if not self._draining:
            self._set(self._following, _SERVING if is_ready else _NOT_SERVING)

    def drain(self) -> None:
        """No more calls, for good."""
        self._draining = True
        self._set(self._following, _NOT_SERVING)

    async def check(self, request: HealthCheckRequest, _call: Call) -> HealthCheckResponse:
        status = self._statuses.get(request.service)
        if status is None:
            raise ResourceNotFound("service", request.service)
        return HealthCheckResponse(status=status)

    async def watch(self, request: HealthCheckRequest, call: Call) -> None:
        """Sends the status now and after every change; one that is overtaken by the next may be left out."""
        last = None
        while True:
            changed = self._changed
            status = self._statuses.get(request.service, _UNKNOWN)
            if status != last:
                await call.send(HealthCheckResponse(status=status))
                last = status
            if call.closing.is_set():
                raise ServerDraining("the server is shutting down")
            await changed.wait()

    def _set(self, names: Iterable[str], status: HealthCheckResponse.ServingStatus) -> None:
        self._statuses.update(dict.fromkeys(names, status))
        self._changed.set()
        self._changed = asyncio.Event()


class Readiness:
    """Asks the database every `interval` seconds whether it can be written to, and tells `health`.

    One that does not answer within `patience` seconds is away; one that is busy is not, which is why that is longer
    than a writer of SQLite waits for the one before it.
    """

    def __init__(
        self,
        ping: Callable[[], Awaitable[None]],
        health: Health,
        *,
        interval: float = 2.0,
        patience: float = 6.0,
    ) -> None:
        self._ping = ping
        self._health = health
        self._interval = interval
        self._patience = patience
        self._was_ready: bool | None = None

    async def run(self) -> None:
        """Asks until it is cancelled."""
        while True:
            self._tell(await self._is_ready())
            await asyncio.sleep(self._interval)

    def _tell(self, is_ready: bool) -> None:
        if is_ready is not self._was_ready:
            _log.info("readiness", ready=is_ready)
        self._was_ready = is_ready
        self._health.ready(is_ready)

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                await self._ping()
        except Overloaded:
            return True
        except (StoreUnavailable, TimeoutError):
            return False
        except Exception as error:  # noqa: BLE001 - a defect must not end the loop unseen
            _log.error("defect in the readiness check", exc_info=error)
            return False
        return True
