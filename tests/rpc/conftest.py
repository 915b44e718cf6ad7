"""A whole server in the test's own process, over a database of its own, under a clock that stands still."""

from __future__ import annotations

import asyncio
import io
import itertools
import logging
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from grpc import aio
from prometheus_client import CollectorRegistry

from schedsvc.bootstrap import assemble
from schedsvc.domain.names import AccountName
from schedsvc.domain.principals import Scope
from schedsvc.domain.tokens import Sealer
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.rpc import checks
from schedsvc.rpc.admission import Load
from schedsvc.rpc.health import Health, Readiness
from schedsvc.rpc.identity import SCOPES, Identity
from schedsvc.rpc.logs import CallLog
from schedsvc.rpc.metrics import Metrics
from schedsvc.rpc.server import Server, ServerOptions
from schedsvc.rpc.services import DESCRIPTORS
from schedsvc.rpc.wrapper import Edge
from schedsvc.usecases.credentials import Credentials
from schedsvc.usecases.following import StreamLimits
from tests.repositories.conftest import POSTGRESQL, SQLITE, Database, database, migrated_file, server
from tests.rpc.callers import PLAIN, Caller
from tests.rpc.requests import World, prepare

__all__ = ["database", "migrated_file", "server"]

MONDAY = datetime(2030, 1, 7, 8, 0, tzinfo=UTC)
"""A Monday, an hour before anybody works."""
ALPHA, BETA = "alpha", "beta"
POLL = 0.2
KEYS = Sealer({1: bytes(range(32))}, current=1)
on_both_stores = pytest.mark.parametrize("kind", [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
"""For what the database could get wrong; everything else is shown on SQLite alone."""


@dataclass(slots=True)
class ManualClock:
    """Stands still until it is set."""

    time: datetime = MONDAY

    def now(self) -> datetime:
        return self.time

    def at(self, database_now: datetime) -> datetime:
        assert database_now.tzinfo is not None
        return self.time

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass(slots=True)
class Deployment:
    """A server that runs, and keys for it."""

    store: SqlStore
    clock: ManualClock
    server: Server
    load: Load
    channel: aio.Channel
    credentials: Credentials
    keys: dict[tuple[str, frozenset[Scope], str], str] = field(default_factory=dict)

    @property
    def nobody(self) -> Caller:
        return Caller(self.channel)

    async def caller(self, tenant: str, *scopes: Scope, account: str = "") -> Caller:
        """Somebody with a key for these scopes, ADMIN if none is given."""
        which = tenant, frozenset(scopes or (Scope.ADMIN,)), account
        if which not in self.keys:
            self.keys[which] = await self.issue(*which)
        return Caller(self.channel, f"Bearer {self.keys[which]}")

    async def issue(
        self, tenant: str, scopes: Collection[Scope], account: str = "", expire_time: datetime | None = None
    ) -> str:
        owner = AccountName(account) if account else None
        issued = await self.credentials.create(tenant, scopes, account=owner, expire_time=expire_time)
        return issued.text


@asynccontextmanager
async def deployed(database: Database, clock: ManualClock, limits: StreamLimits) -> AsyncIterator[Deployment]:
    """A server over the database, for the length of a block; two of them are like two processes."""
    store = await database.open(clock=clock)  # type: ignore[arg-type]
    load = Load(unary=400, streams=100)
    registry, health = CollectorRegistry(), Health(DESCRIPTORS)
    credentials = Credentials(store, clock, elapsed=asyncio.get_running_loop().time, random_bytes=secrets.token_bytes)
    numbers = itertools.count(1)
    edge = Edge(
        identity=Identity(credentials.authenticate),
        check=checks.violations,
        load=load,
        metrics=Metrics(registry, load),
        log=CallLog(logging.INFO, io.StringIO()),
        new_request_id=lambda: f"call-{next(numbers)}",
    )
    services = [*assemble(store, clock, KEYS, limits=limits), health.service()]
    running = Server(services, SCOPES, edge, health, Readiness(store.ping, health), ServerOptions())
    port = await running.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}", options=PLAIN) as channel:
        yield Deployment(store, clock, running, load, channel, credentials)
    await running.drain(0)


@pytest.fixture
def kind() -> str:
    return SQLITE


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def limits() -> StreamLimits:
    return StreamLimits(poll=POLL)


@pytest.fixture
async def deployment(database: Database, clock: ManualClock, limits: StreamLimits) -> AsyncIterator[Deployment]:
    async with deployed(database, clock, limits) as running:
        yield running


@pytest.fixture
async def another(database: Database, clock: ManualClock, limits: StreamLimits) -> AsyncIterator[Deployment]:
    """A second process on the same database."""
    async with deployed(database, clock, limits) as running:
        yield running


@pytest.fixture
async def alpha(deployment: Deployment) -> Caller:
    """The administrator of a tenant."""
    return await deployment.caller(ALPHA)


@pytest.fixture
async def beta(deployment: Deployment) -> Caller:
    """The administrator of another tenant."""
    return await deployment.caller(BETA)


@pytest.fixture
async def world(alpha: Caller) -> World:
    """A little of everything, owned by the tenant alpha."""
    return await prepare(alpha)
