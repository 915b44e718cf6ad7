"""A real gRPC server with all of the edge, in front of servicers whose methods do what a test says."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from logging import DEBUG
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc import aio
from prometheus_client import CollectorRegistry

from schedsvc.domain.errors import Violation
from schedsvc.rpc import reflection
from schedsvc.rpc.admission import Load
from schedsvc.rpc.calls import Call, RequestIds
from schedsvc.rpc.health import Health, Readiness
from schedsvc.rpc.identity import SCOPES, Authenticate, Identity
from schedsvc.rpc.logs import CallLog
from schedsvc.rpc.metrics import Metrics
from schedsvc.rpc.registry import Service
from schedsvc.rpc.server import Server, ServerOptions
from schedsvc.rpc.services import DESCRIPTORS
from schedsvc.rpc.wrapper import Deadlines, Edge

Behaviour = Callable[[Any, Call], Awaitable[Any]]

GET_ACCOUNT = "/schedsvc.v1.CalendarService/GetAccount"
CREATE_ACCOUNT = "/schedsvc.v1.CalendarService/CreateAccount"
IMPORT = "/schedsvc.v1.CalendarService/ImportCalendar"
STREAM = "/schedsvc.v1.SyncService/StreamChanges"

NO_PROXY: list[tuple[str, Any]] = [("grpc.enable_http_proxy", 0)]


def every_method() -> list[MethodDescriptor]:
    return [method for service in DESCRIPTORS.values() for method in service.methods]


def servicer(descriptor: ServiceDescriptor, behaviours: Mapping[str, Behaviour]) -> object:
    """An object with a method for each RPC; those without a behaviour answer with an empty message."""
    methods = {snake(method.name): _method(method, behaviours.get(method.name)) for method in descriptor.methods}
    made: object = type(f"Fake{descriptor.name}", (), methods)()
    return made


def _method(method: MethodDescriptor, behaviour: Behaviour | None) -> Any:
    request, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)

    async def serve(_self: object, request: Any, call: Call) -> Any:
        if behaviour is not None:
            return await behaviour(request, call)
        return None if method.server_streaming else answer()

    serve.__annotations__ = {
        "request": AsyncIterator[request] if method.client_streaming else request,  # type: ignore[valid-type]
        "call": Call,
        "return": type(None) if method.server_streaming else answer,
    }
    return serve


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


async def _alive() -> None:
    pass


@dataclass
class Setting:
    """What a test may choose; by default everybody may do everything and nothing is checked."""

    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    authenticate: Authenticate | None = None
    check: Callable[[Message], list[Violation]] = lambda _message: []
    unary: int = 100
    streams: int = 100
    deadlines: Deadlines = field(default_factory=Deadlines)
    ping: Callable[[], Awaitable[None]] = _alive
    ping_interval: float = 2.0
    ping_patience: float = 2.0
    with_reflection: bool = True
    options: ServerOptions = field(default_factory=ServerOptions)


@dataclass
class Running:
    """A server that runs, and a channel to it."""

    server: Server
    port: int
    channel: Any
    load: Load
    registry: CollectorRegistry
    log: io.StringIO

    def unary(self, path: str) -> Any:
        """A call of bytes to bytes."""
        return self.channel.unary_unary(path)

    def lines(self) -> list[dict[str, Any]]:
        """The log so far."""
        self.server._log.flush()
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def value(self, name: str, **labels: str) -> float:
        """A figure, 0 if there is none yet."""
        return self.registry.get_sample_value(name, labels) or 0.0


@contextlib.asynccontextmanager
async def running(setting: Setting | None = None, **choices: Any) -> AsyncIterator[Running]:
    """Starts a server on a free port and stops it at the end, if the test has not."""
    chosen = setting or Setting(**choices)
    load = Load(unary=chosen.unary, streams=chosen.streams)
    registry, log = CollectorRegistry(), io.StringIO()
    edge = Edge(
        identity=Identity(chosen.authenticate),
        check=chosen.check,
        load=load,
        metrics=Metrics(registry, load),
        log=CallLog(DEBUG, log),
        new_request_id=RequestIds("made"),
        deadlines=chosen.deadlines,
    )
    health = Health(DESCRIPTORS)
    services = [
        *(Service(one, servicer(one, chosen.behaviours)) for one in DESCRIPTORS.values()),
        health.service(),
        *(reflection.services([*DESCRIPTORS, "grpc.health.v1.Health"]) if chosen.with_reflection else ()),
    ]
    readiness = Readiness(chosen.ping, health, interval=chosen.ping_interval, patience=chosen.ping_patience)
    server = Server(services, SCOPES, edge, health, readiness, chosen.options)
    port = await server.start()
    channel = aio.insecure_channel(f"127.0.0.1:{port}", NO_PROXY)
    try:
        yield Running(server, port, channel, load, registry, log)
    finally:
        await channel.close()
        await server.drain(grace=0)


def texts(metadata: aio.Metadata) -> dict[str, str]:
    """Metadata by their keys."""
    return {key: str(value) for key, value in metadata}


async def until(happened: Callable[[], bool]) -> None:
    """Returns once it has happened; the time limit of the test is the patience."""
    while not happened():  # noqa: ASYNC110 - figures and counts tell nobody when they change
        await asyncio.sleep(0.005)


class Held:
    """A behaviour that waits until it is let go, and tells when it began."""

    def __init__(self, answer: Any = None) -> None:
        self.began = asyncio.Event()
        self.release = asyncio.Event()
        self.cancelled = asyncio.Event()
        self._answer = answer

    async def __call__(self, _request: Any, _call: Call) -> Any:
        self.began.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return self._answer
