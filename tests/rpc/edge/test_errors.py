"""How errors look on the wire."""

from __future__ import annotations

import ast
import asyncio
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode

import schedsvc
from schedsvc.domain import errors as domain
from schedsvc.domain.errors import DomainError, InvalidInput, Refusal, ResourceNotFound, SlotUnavailable, Violation
from schedsvc.rpc.calls import Call
from schedsvc.rpc.errors import FIELD_REASONS, TABLE, status_of
from schedsvc.v1.errors_pb2 import Reason
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import GET_ACCOUNT, STREAM, running

SECRET = "password=hunter2 host=10.0.0.5"


def classes(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for child in base.__subclasses__():
        if child.__module__.startswith("schedsvc."):
            yield child
            yield from classes(child)


def made(kind: type[DomainError]) -> DomainError:
    """An error of this class."""
    if issubclass(kind, InvalidInput):
        return kind([Violation("a.b", "must not be empty")])
    if issubclass(kind, SlotUnavailable):
        return kind([Refusal("BUSY", "accounts/a/calendars/a", "is taken"), Refusal("NOTICE", "", "is too soon")])
    if issubclass(kind, ResourceNotFound):
        return kind("account", "accounts/a")
    return kind("what to do", key="value")


def detail(status: Status, kind: type[Message]) -> Any:
    """The one detail of this kind, None without one."""
    found = [packed for packed in status.details if packed.Is(kind.DESCRIPTOR)]
    if not found:
        return None
    (packed,) = found
    message = kind()
    packed.Unpack(message)
    return message


def test_every_error_class_has_a_row_and_every_row_a_class() -> None:
    assert set(classes()) == set(TABLE)


def test_reasons_of_classes_and_fields_are_exactly_those_of_the_contract() -> None:
    contract = {name.removeprefix("REASON_") for name in Reason.DESCRIPTOR.values_by_name} - {"UNSPECIFIED"}
    assert {kind.reason for kind in classes()} | FIELD_REASONS == contract


def test_each_class_has_a_reason_of_its_own() -> None:
    assert len({kind.reason for kind in TABLE}) == len(TABLE)


def test_every_reason_that_is_written_into_a_violation_is_one_of_a_field() -> None:
    written = set()
    for path in Path(schedsvc.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Violation":
                reasons = [*node.args[2:], *(word.value for word in node.keywords if word.arg == "reason")]
                written |= {reason.value for reason in reasons if isinstance(reason, ast.Constant)}
    assert "MESSAGE_MALFORMED" in written
    assert written <= FIELD_REASONS


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
async def test_an_error_of_the_table_arrives_with_code_reason_and_request_id(kind: type[DomainError]) -> None:
    async def fail(_request: Any, _call: Any) -> None:
        raise made(kind)

    async with running(behaviours={"GetAccount": fail}) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b"", metadata=(("x-request-id", "mine"),)))
    row = TABLE[kind]
    assert refusal.code is row.code
    assert (refusal.info.domain, refusal.reason) == ("schedsvc", kind.reason)
    assert refusal.info.metadata["request_id"] == "mine"
    assert refusal.may_be_retried == (row.retry is not None)
    assert refusal.status.message == refusal.text


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_a_retry_is_offered_where_the_same_call_may_succeed_and_nowhere_else(kind: type[DomainError]) -> None:
    transient = {StatusCode.UNAVAILABLE, StatusCode.RESOURCE_EXHAUSTED}
    retry = detail(status_of(made(kind)), RetryInfo)
    assert (retry is not None) == (TABLE[kind].code in transient or kind is domain.Contended)
    if retry is not None:
        assert 0 < retry.retry_delay.ToTimedelta().total_seconds() <= 5


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_every_invalid_argument_names_a_field(kind: type[DomainError]) -> None:
    bad = detail(status_of(made(kind)), BadRequest)
    assert (bad is not None) == (TABLE[kind].code is StatusCode.INVALID_ARGUMENT)
    if bad is not None:
        assert all(violation.field and violation.description and violation.reason for violation in bad.field_violations)


def test_all_bad_fields_are_named_and_a_reason_that_they_share_is_that_of_the_call() -> None:
    one = Violation("time_zone", "is unknown", "BAD_TIME_ZONE")
    other = Violation("name", "must not be empty")
    both = status_of(InvalidInput([one, other]))
    assert detail(both, ErrorInfo).reason == "FIELD_INVALID"
    assert [(bad.field, bad.reason) for bad in detail(both, BadRequest).field_violations] == [
        ("time_zone", "BAD_TIME_ZONE"),
        ("name", "FIELD_INVALID"),
    ]
    assert detail(status_of(InvalidInput([one, one])), ErrorInfo).reason == "BAD_TIME_ZONE"


def test_a_bad_token_names_the_field_it_came_in() -> None:
    fields = {
        detail(status_of(error), BadRequest).field_violations[0].field
        for error in (
            domain.PageTokenInvalid("no"),
            domain.SyncTokenInvalid("no"),
            domain.SyncTokenInvalid("no", field="tokens[3]"),
            domain.RequestIdReused("no"),
        )
    }
    assert fields == {"page_token", "token", "tokens[3]", "request_id"}


def test_a_refused_slot_has_one_violation_for_each_reason() -> None:
    failure = detail(status_of(made(SlotUnavailable)), PreconditionFailure)
    assert [(one.type, one.subject, one.description) for one in failure.violations] == [
        ("BUSY", "accounts/a/calendars/a", "is taken"),
        ("NOTICE", "", "is too soon"),
    ]


def test_what_was_not_found_is_named() -> None:
    resource = detail(status_of(made(ResourceNotFound)), ResourceInfo)
    assert (resource.resource_type, resource.resource_name) == ("account", "accounts/a")


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput([Violation(f"field[{number}]" + "é" * 900, "\U0001f600" * 900) for number in range(2000)]),
        SlotUnavailable([Refusal("BUSY", "x" * 90, "\U0001f600" * 900)] * 2000),
        ResourceNotFound("account", "\U0001f600" * 90_000),
        domain.RoleMissing("\U0001f600" * 9000, role="ä" * 9000, resource="ö" * 9000, cause="ü" * 9000),
        domain.ProfileInUse("lone \ud800 surrogate", bookings="\udfff"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_of_any_size_and_with_any_text_arrives_whole(error: DomainError) -> None:
    async def fail(_request: Any, _call: Any) -> None:
        raise error

    async with running(behaviours={"GetAccount": fail}) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b"", metadata=(("x-request-id", "i" * 128),)))
    assert refusal.code is TABLE[type(error)].code
    assert refusal.reason == error.reason
    assert refusal.text == refusal.status.message
    listed = len(refusal.violations) + len(refusal.verdicts)
    if listed:
        assert listed + int(refusal.metadata["omitted"]) == 2000


class Unheard(DomainError):
    """An error that somebody forgot to put into the table; outside of the package, so that no other test sees it."""

    reason = "UNHEARD"


async def _cancelled_by_nobody() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel(SECRET)
    await future


async def _in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_raise(RuntimeError(SECRET)))


async def _raise(error: Exception) -> None:
    raise error


class Nasty(Exception):
    def __str__(self) -> str:
        raise RuntimeError(SECRET)


DEFECTS: dict[str, Callable[[], Any]] = {
    "exception": lambda: _raise(RuntimeError(SECRET)),
    "key": lambda: _raise(KeyError(SECRET)),
    "value": lambda: _raise(ValueError(SECRET)),
    "timeout": lambda: _raise(TimeoutError(SECRET)),
    "os": lambda: _raise(ConnectionRefusedError(111, SECRET)),
    "stop": lambda: _raise(StopAsyncIteration(SECRET)),
    "unlisted": lambda: _raise(Unheard(SECRET)),
    "unprintable": lambda: _raise(Nasty()),
    "cancelled": _cancelled_by_nobody,
    "group": _in_a_group,
}


@pytest.mark.parametrize("path", [GET_ACCOUNT, STREAM], ids=["unary", "stream"])
@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
async def test_of_a_defect_the_caller_learns_the_request_id_and_nothing_else(
    defect: Callable[[], Any], path: str, log_output: io.StringIO
) -> None:
    async def fail(_request: Any, _call: Any) -> None:
        await defect()

    async with running(behaviours={"GetAccount": fail, "StreamChanges": fail}) as server:
        call = server.channel.unary_stream(path)(b"") if path == STREAM else server.unary(path)(b"")
        refusal = await refused(call.read() if path == STREAM else call)
        trailers = await call.trailing_metadata()
        lines = server.lines()
    assert (refusal.code, refusal.reason) == (StatusCode.INTERNAL, "INTERNAL")
    assert refusal.metadata == {}
    assert "hunter2" not in f"{refusal}{trailers}{lines}"
    assert lines[-1]["level"] == "error"
    (cause,) = [line for line in map(json.loads, log_output.getvalue().splitlines()) if line["event"] == "defect"]
    assert cause["request_id"] == refusal.info.metadata["request_id"]
    assert "Traceback" in cause["exception"]


async def test_an_answer_of_the_wrong_kind_is_a_defect() -> None:
    async def answer_wrongly(_request: Any, _call: Any) -> str:
        return SECRET

    async with running(behaviours={"GetAccount": answer_wrongly}) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b""))
    assert refusal.code is StatusCode.INTERNAL
    assert "hunter2" not in str(refusal)


async def test_a_method_that_misuses_its_stream_is_a_defect() -> None:
    async def begin_twice(_request: Any, call: Call) -> None:
        await call.context.send_initial_metadata(())

    async with running(behaviours={"StreamChanges": begin_twice}) as server:
        refusal = await refused(server.channel.unary_stream(STREAM)(b"").read())
    assert (refusal.code, refusal.reason) == (StatusCode.INTERNAL, "INTERNAL")
