"""The composition root: the only place that names a backend, reads the clock or asks for randomness."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import gc
import os
import random
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grpc import ServerCredentials
from prometheus_client import CollectorRegistry

from schedsvc.config import TOKEN_KEY_BYTES, Settings, SettingsInvalid
from schedsvc.domain.ids import RANDOM_BITS, uuid7
from schedsvc.domain.tokens import Sealer
from schedsvc.repositories.base import Clock, Store
from schedsvc.repositories.sql import migrate as migration
from schedsvc.repositories.sql.engine import SqlSettings
from schedsvc.repositories.sql.schema import schema_state
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.rpc import checks, logs, reflection
from schedsvc.rpc.admission import Load
from schedsvc.rpc.booking import BookingServicer
from schedsvc.rpc.calendar import CalendarServicer
from schedsvc.rpc.calls import RequestIds
from schedsvc.rpc.codec.paging import Paging
from schedsvc.rpc.health import Health, Readiness
from schedsvc.rpc.identity import SCOPES, Authenticate, Identity
from schedsvc.rpc.logs import CallLog
from schedsvc.rpc.metrics import Metrics, MetricsEndpoint
from schedsvc.rpc.probes import ProbeServer
from schedsvc.rpc.registry import Service
from schedsvc.rpc.server import Server, ServerOptions, tls
from schedsvc.rpc.services import DESCRIPTORS
from schedsvc.rpc.sync import SyncServicer
from schedsvc.rpc.wrapper import Deadlines, Edge
from schedsvc.usecases.accounts import Accounts
from schedsvc.usecases.bookings import Bookings
from schedsvc.usecases.calendars import Calendars
from schedsvc.usecases.credentials import Credentials
from schedsvc.usecases.diaries import Diaries
from schedsvc.usecases.event_lists import EventLists
from schedsvc.usecases.events import Events
from schedsvc.usecases.exports import Exports
from schedsvc.usecases.following import Following, StreamLimits
from schedsvc.usecases.free_busy import FreeBusy
from schedsvc.usecases.grants import Grants
from schedsvc.usecases.imports import Imports
from schedsvc.usecases.offers import Offers
from schedsvc.usecases.profiles import Profiles
from schedsvc.usecases.rezoning import Rezoning
from schedsvc.usecases.slots import Slots
from schedsvc.usecases.suggestions import Suggestions
from schedsvc.usecases.sync import Sync, Tokens
from schedsvc.usecases.timelines import Timelines

HEALTH = "grpc.health.v1.Health"


class SystemClock:
    """The machine's clock; inside a transaction the database's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def at(self, database_now: datetime) -> datetime:
        return database_now


class ShiftedClock:
    """Starts at a chosen instant and runs from there, for demonstrations and tests."""

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def at(self, database_now: datetime) -> datetime:
        return self.now()


class IdSource:
    """Makes ids that rise within a process, even if the clock jumps back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def __call__(self) -> str:
        self._last = max(self._last, int(self._clock.now().timestamp() * 1000))
        return uuid7(self._last, secrets.randbits(RANDOM_BITS))


class ListenerLost(Exception):
    """The process lives but serves nothing any more: it had better end and be started again."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that has begun to serve. `is_open`: there are no API keys, and every caller may do everything."""

    address: str
    health_port: int | None
    metrics_port: int | None
    store: str
    is_open: bool


async def serve(settings: Settings, *, ready: Callable[[Running], None] | None = None, stop: asyncio.Event) -> None:
    """Serves until `stop` is set, then drains.

    Raises SettingsInvalid, SchemaMismatch for a PostgreSQL database that is not migrated, StoreUnavailable.
    """
    logs.configure(settings.log_level, sys.stdout)
    clock: Clock = ShiftedClock(settings.clock) if settings.clock else SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened(settings, clock))
        has_keys = await store.has_keys()
        problems = settings.problems(has_keys)
        if problems:
            raise SettingsInvalid(problems)
        authenticate = _credentials(store, clock).authenticate if has_keys else None
        server, running = await _listen(settings, stack, store, clock, authenticate)
        _calm_collector()
        if ready is not None:
            ready(running)
        await _until(stop, server)


async def _listen(
    settings: Settings, stack: AsyncExitStack, store: Store, clock: Clock, authenticate: Authenticate | None
) -> tuple[Server, Running]:
    """Starts all listeners and leaves their ends with `stack`, to be run in the reverse order."""
    metrics = CollectorRegistry()
    edge = make_edge(settings, authenticate, metrics)
    health = Health(DESCRIPTORS)
    retention = timedelta(days=settings.change_retention_days)
    services = assemble(store, clock, make_sealer(settings), retention=retention)
    probes = reflection.services([*DESCRIPTORS, HEALTH]) if settings.reflection else []
    options = ServerOptions(address=str(settings.listen), credentials=_tls(settings), reuse_port=settings.workers > 1)
    readiness = Readiness(store.ping, health)
    server = Server([*services, health.service(), *probes], SCOPES, edge, health, readiness, options)
    metrics_port = _serve_metrics(settings, stack, metrics)
    health_port = await _serve_health(settings, stack, health, edge)
    port = await server.start()
    stack.push_async_callback(server.drain, settings.drain_seconds)
    running = Running(
        address=str(settings.listen._replace(port=port)),
        health_port=health_port,
        metrics_port=metrics_port,
        store="SQLite" if settings.is_sqlite else "PostgreSQL",
        is_open=authenticate is None,
    )
    return server, running


async def _until(stop: asyncio.Event, server: Server) -> None:
    """Returns when it is time to stop; raises ListenerLost if the server stopped by itself."""
    # Never cancelled: that would break off the stop of the server, with which it ends anyway.
    ended = asyncio.create_task(server.wait())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    if not stop.is_set():
        raise ListenerLost("the gRPC server stopped by itself; the log may say why")


@asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[SqlStore]:
    """The store; an empty or older SQLite file is migrated first, a PostgreSQL database never."""
    if settings.is_sqlite:
        await migration.migrate(settings.database_url)
    store = await SqlStore.create(_sql(settings), clock)
    try:
        yield store
    finally:
        await store.close()


async def migrate(settings: Settings) -> str:
    """Brings the database to the newest schema; says what was done. Raises SchemaMismatch, StoreUnavailable."""
    before = await schema_state(settings.database_url)
    await migration.migrate(settings.database_url)
    if before == "current":
        return "The schema is current; nothing was done."
    return "The schema was created." if before == "empty" else "The schema was brought up to date."


@asynccontextmanager
async def credentials(settings: Settings) -> AsyncIterator[Credentials]:
    """The use cases of API keys, for the command line."""
    clock = SystemClock()
    async with opened(settings, clock) as store:
        yield _credentials(store, clock)


@asynccontextmanager
async def rezoning(settings: Settings) -> AsyncIterator[Rezoning]:
    """The use case of newer zone data, for the command line."""
    clock = SystemClock()
    async with opened(settings, clock) as store:
        yield Rezoning(store, clock)


def make_edge(settings: Settings, authenticate: Authenticate | None, metrics: CollectorRegistry) -> Edge:
    """What all calls of a server go through."""
    checks.warm_up()
    load = Load(unary=settings.max_unary, streams=settings.max_streams)
    return Edge(
        identity=Identity(authenticate),
        check=checks.violations,
        load=load,
        metrics=Metrics(metrics, load),
        log=CallLog(settings.log_level, sys.stdout),
        new_request_id=RequestIds(secrets.token_hex(6)),
        deadlines=Deadlines(unary=settings.default_deadline_seconds),
    )


def assemble(
    store: Store,
    clock: Clock,
    sealer: Sealer,
    *,
    retention: timedelta = timedelta(days=30),
    limits: StreamLimits | None = None,
) -> list[Service]:
    """The three services over a store."""
    new_id = IdSource(clock)
    offers, timelines = Offers(), Timelines()
    diaries = Diaries(timelines)
    free_busy = FreeBusy(store, diaries)
    paging, tokens = Paging(sealer), Tokens(sealer, retention)
    timer = asyncio.get_running_loop().time
    calendar = CalendarServicer(
        accounts=Accounts(store, new_id),
        calendars=Calendars(store, new_id),
        grants=Grants(store),
        events=Events(store, new_id),
        event_lists=EventLists(store),
        free_busy=free_busy,
        suggestions=Suggestions(store, clock, diaries),
        imports=Imports(store, new_id),
        exports=Exports(store, clock, free_busy),
        paging=paging,
    )
    booking = BookingServicer(
        profiles=Profiles(store, new_id),
        slots=Slots(store, clock, offers, timelines),
        bookings=Bookings(store, new_id, offers, timelines),
        paging=paging,
    )
    sync = SyncServicer(
        sync=Sync(store, clock, tokens, new_id),
        following=Following(store, tokens, new_id, timer, _jitter, limits or StreamLimits()),
    )
    servicers: Mapping[str, object] = {"CalendarService": calendar, "BookingService": booking, "SyncService": sync}
    return [Service(descriptor, servicers[descriptor.name]) for descriptor in DESCRIPTORS.values()]


def make_sealer(settings: Settings) -> Sealer:
    """Signs tokens with the keys of the settings, or with the one that lies beside a SQLite database."""
    if settings.token_keys is not None:
        return Sealer(settings.token_keys.keys, settings.token_keys.current)
    file = settings.sqlite_file
    key = secrets.token_bytes(TOKEN_KEY_BYTES) if file is None else _kept_key(file.with_name(f"{file.name}.token-key"))
    return Sealer({0: key}, 0)


def _calm_collector() -> None:
    """Lets the garbage collector look less often, and never at what lives as long as the process.

    Full calendars are many small objects that refer to nothing: looking through them stalls all calls for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _serve_metrics(settings: Settings, stack: AsyncExitStack, metrics: CollectorRegistry) -> int | None:
    where = settings.metrics_listen
    if where is None:
        return None
    endpoint = MetricsEndpoint(metrics, host=where.host, port=where.port)
    stack.callback(endpoint.close)
    return endpoint.port


async def _serve_health(settings: Settings, stack: AsyncExitStack, health: Health, edge: Edge) -> int | None:
    if settings.health_listen is None:
        return None
    probes = ProbeServer(health, edge, str(settings.health_listen))
    port = await probes.start()
    stack.push_async_callback(probes.stop)
    return port


def _tls(settings: Settings) -> ServerCredentials | None:
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    return tls(settings.tls_cert_file.read_bytes(), settings.tls_key_file.read_bytes())


def _kept_key(path: Path) -> bytes:
    """The key in a file that only its owner may read; made at the first start, so that tokens outlive restarts.

    Raises SettingsInvalid for a file that holds no whole key.
    """
    if not path.exists():
        _make_key(path)
    try:
        key = base64.b64decode(path.read_bytes(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < TOKEN_KEY_BYTES:
        raise SettingsInvalid([f"{path} holds no key: delete it, and page and sync tokens begin anew"])
    return key


def _make_key(path: Path) -> None:
    """Writes the file under another name first, so that it is whole or not there; another process may be faster."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(TOKEN_KEY_BYTES)))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()


def _credentials(store: Store, clock: Clock) -> Credentials:
    timer = asyncio.get_running_loop().time
    return Credentials(store, clock, elapsed=timer, random_bytes=secrets.token_bytes)


def _sql(settings: Settings) -> SqlSettings:
    return SqlSettings(
        url=settings.database_url,
        pool_size=settings.pool_size,
        statement_cache_size=settings.statement_cache_size,
    )


def _jitter() -> float:
    return random.uniform(0.9, 1.1)  # noqa: S311 - spreads reconnections, guards nothing
