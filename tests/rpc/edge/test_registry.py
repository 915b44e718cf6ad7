"""Servicers that do not fit the contract are a reason not to start."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from schedsvc.domain.principals import Scope
from schedsvc.rpc.admission import Load
from schedsvc.rpc.calls import Call, Encoded
from schedsvc.rpc.identity import SCOPES, Identity
from schedsvc.rpc.logs import CallLog
from schedsvc.rpc.metrics import Metrics
from schedsvc.rpc.registry import ContractError, Registry, Service
from schedsvc.rpc.services import DESCRIPTORS
from schedsvc.rpc.wrapper import Edge
from schedsvc.v1.accounts_pb2 import Account
from schedsvc.v1.changes_pb2 import (
    ListChangesRequest,
    ListChangesResponse,
    ListDeletedRequest,
    ListDeletedResponse,
    ListUpdatedRequest,
    ListUpdatedResponse,
    StartSyncRequest,
    StartSyncResponse,
    StreamChangesRequest,
    StreamChangesResponse,
)
from tests.rpc.edge.edge_server import every_method, servicer

PROTOS = Path(__file__).parents[3] / "protos/schedsvc/v1"
SYNC = DESCRIPTORS["schedsvc.v1.SyncService"]


class Good:
    """A servicer of SyncService as it should be."""

    async def start_sync(self, request: StartSyncRequest, call: Call) -> StartSyncResponse:
        raise NotImplementedError

    async def list_changes(self, request: ListChangesRequest, call: Call) -> ListChangesResponse | Encoded:
        raise NotImplementedError

    async def list_updated(self, request: ListUpdatedRequest, call: Call) -> Encoded:
        raise NotImplementedError

    async def list_deleted(self, request: ListDeletedRequest, call: Call) -> ListDeletedResponse:
        raise NotImplementedError

    async def stream_changes(self, request: StreamChangesRequest, call: Call) -> None:
        raise NotImplementedError


class TakesAnother(Good):
    async def list_deleted(self, request: ListUpdatedRequest, call: Call) -> ListDeletedResponse:  # type: ignore[override]
        raise NotImplementedError


class AnswersWithAnother(Good):
    async def list_deleted(self, request: ListDeletedRequest, call: Call) -> ListUpdatedResponse:  # type: ignore[override]
        raise NotImplementedError


class NotAsync(Good):
    def list_deleted(self, request: ListDeletedRequest, call: Call) -> ListDeletedResponse:  # type: ignore[override]
        raise NotImplementedError


class Unannotated(Good):
    async def list_deleted(self, request, call):  # type: ignore[no-untyped-def]
        raise NotImplementedError


class TakesTheContext(Good):
    async def list_deleted(self, request: ListDeletedRequest, call: Any) -> ListDeletedResponse:
        raise NotImplementedError


class Yields(Good):
    async def stream_changes(  # type: ignore[override]
        self, request: StreamChangesRequest, call: Call
    ) -> AsyncIterator[StreamChangesResponse]:
        yield StreamChangesResponse()


class Lacks:
    start_sync = Good.start_sync
    list_changes = Good.list_changes
    list_updated = Good.list_updated
    list_deleted = Good.list_deleted


class TakesOne:
    """Of CalendarService, whose ImportCalendar takes a stream."""

    async def import_calendar(self, request: Account, call: Call) -> Account:
        raise NotImplementedError


def edge() -> Edge:
    load = Load(unary=1, streams=1)
    metrics = Metrics(CollectorRegistry(), load)
    log = CallLog(logging.INFO, io.StringIO())
    return Edge(Identity(None), lambda _message: [], load, metrics, log, lambda: "id")


def registry(*services: Service, scopes: dict[str, frozenset[Scope]] | None = None) -> Registry:
    return Registry(services, SCOPES if scopes is None else scopes, edge())


async def test_a_servicer_that_fits_is_taken() -> None:
    registry(Service(SYNC, Good()))


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (TakesAnother, "SyncService/ListDeleted: TakesAnother.list_deleted must take schedsvc.v1.ListDeletedRequest"),
        (AnswersWithAnother, "must answer with schedsvc.v1.ListDeletedResponse"),
        (NotAsync, "NotAsync.list_deleted is not an async method"),
        (Unannotated, "must be annotated"),
        (TakesTheContext, "must be annotated"),
        (Yields, "SyncService/StreamChanges: Yields.stream_changes is not an async method"),
        (Lacks, "SyncService/StreamChanges: Lacks.stream_changes is not an async method"),
    ],
)
async def test_a_servicer_that_does_not_fit_is_a_reason_not_to_start(wrong: type, what: str) -> None:
    with pytest.raises(ContractError, match=re.escape(what)):
        registry(Service(SYNC, wrong()))


async def test_a_client_stream_takes_an_iterator_of_its_messages() -> None:
    calendar = DESCRIPTORS["schedsvc.v1.CalendarService"]
    wrong = servicer(calendar, {})
    type(wrong).import_calendar = TakesOne.import_calendar  # type: ignore[attr-defined]
    with pytest.raises(ContractError, match=r"must take schedsvc\.v1\.ImportCalendarRequest"):
        registry(Service(calendar, wrong))


@pytest.mark.parametrize("method", every_method(), ids=lambda method: method.name)
async def test_a_method_without_a_scope_is_a_reason_not_to_start(method: Any) -> None:
    service = method.containing_service
    name = f"{service.name}/{method.name}"
    without = {other: scopes for other, scopes in SCOPES.items() if other != name}
    for scopes in (without, {**without, name: frozenset[Scope]()}):
        with pytest.raises(ContractError, match=f"{name} has no scope"):
            registry(Service(service, servicer(service, {})), scopes=scopes)


def documented() -> Iterable[tuple[str, frozenset[Scope]]]:
    """What the comments of the contract say: `Scope: book or read.` right before each method."""
    for path in PROTOS.glob("*_service.proto"):
        service = ""
        words: list[str] = []
        for line in path.read_text().splitlines():
            if found := re.match(r"service (\w+)", line):
                service = found[1]
            elif found := re.match(r"\s*//.*\bScope: ([a-z ]+)[.;]", line):
                words = found[1].split(" or ")
            elif found := re.match(r"\s*rpc (\w+)", line):
                yield f"{service}/{found[1]}", frozenset(map(Scope, words))
                words = []


def test_every_method_asks_for_the_scope_that_the_contract_says() -> None:
    assert dict(documented()) == dict(SCOPES)


def test_every_method_of_the_contract_is_in_the_table_of_scopes() -> None:
    contract = {f"{method.containing_service.name}/{method.name}" for method in every_method()}
    assert contract == set(SCOPES)
