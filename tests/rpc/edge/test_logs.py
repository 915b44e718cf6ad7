"""The log: a line of JSON for each call, and nothing in it that a caller wrote."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from datetime import datetime
from typing import Any, cast

import structlog
from grpc import StatusCode

from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.rpc.calls import Call
from schedsvc.rpc.logs import CallLog
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import CREATE_ACCOUNT, GET_ACCOUNT, running

PRIVATE = "mallory@example.org"


async def test_a_call_has_one_line() -> None:
    async with running() as server:
        await server.unary(GET_ACCOUNT)(b"", metadata=(("x-request-id", 'a"b\\c'),))
        (line,) = server.lines()
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert 0 < line.pop("duration_ms") < 60_000
    assert line == {
        "event": "call",
        "level": "info",
        "method": "CalendarService/GetAccount",
        "code": "OK",
        "reason": "",
        "request_id": 'a"b\\c',
        "tenant": "default",
        "principal": "anonymous",
    }


async def test_nothing_that_a_caller_wrote_is_in_the_line() -> None:
    async def refuse(_request: object, _call: Call) -> Account:
        raise InvalidInput([Violation("account.email", f"{PRIVATE} is no address")])

    request = CreateAccountRequest(account=Account(email=PRIVATE)).SerializeToString()
    metadata = (("authorization", f"Bearer {PRIVATE}"), ("user-agent", PRIVATE), ("x-request-id", f"<{PRIVATE} >"))
    async with running(behaviours={"CreateAccount": refuse}) as server:
        await refused(server.unary(CREATE_ACCOUNT)(request, metadata=metadata))
        await refused(server.unary(f"/{PRIVATE}/{PRIVATE}")(request))
        lines = server.lines()
    assert [(line["code"], line["reason"]) for line in lines] == [
        ("INVALID_ARGUMENT", "FIELD_INVALID"),
        ("UNIMPLEMENTED", "METHOD_UNKNOWN"),
    ]
    assert PRIVATE not in str(lines)


async def test_probes_are_quiet_and_other_calls_are_not() -> None:
    async with running() as server:
        await server.unary("/grpc.health.v1.Health/Check")(b"")
        await server.unary(GET_ACCOUNT)(b"")
        assert [line["level"] for line in server.lines()] == ["debug", "info"]


async def test_lines_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    log = CallLog(logging.ERROR, stream)
    call = Call("CalendarService/GetAccount", "id", cast("Any", None), asyncio.Event())
    log.ended(call, StatusCode.OK, "", 0.001, logging.INFO)
    log.ended(call, StatusCode.INTERNAL, "INTERNAL", 0.001, logging.ERROR)
    log.flush()
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["code"] == "INTERNAL"


async def test_a_log_that_cannot_be_written_fails_no_call() -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    try:
        async with running() as server:
            server.server._log._stream = Full()
            assert await server.unary(GET_ACCOUNT)(b"") == b""
            while not failures:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.01)
            server.server._log._stream = io.StringIO()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert isinstance(failures[0]["exception"], OSError)


def test_libraries_and_our_own_lines_come_out_as_json(log_output: io.StringIO) -> None:
    logging.getLogger("some.library").warning("careful: %s", "x")
    structlog.get_logger("schedsvc").info("readiness", ready=True)
    structlog.get_logger("schedsvc").debug("not now")
    library, own = map(json.loads, log_output.getvalue().splitlines())
    assert (library["event"], library["level"]) == ("careful: x", "warning")
    assert (own["event"], own["level"], own["ready"]) == ("readiness", "info", True)


async def test_the_cause_of_a_defect_is_in_the_log_with_its_traceback(log_output: io.StringIO) -> None:
    async def fail(_request: object, _call: Call) -> Account:
        raise RuntimeError("the cause")

    async with running(behaviours={"GetAccount": fail}) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b""))
    lines = [json.loads(line) for line in log_output.getvalue().splitlines()]
    (defect,) = [line for line in lines if line["event"] == "defect"]
    assert defect["request_id"] == refusal.info.metadata["request_id"]
    assert defect["level"] == "error"
    assert "RuntimeError: the cause" in defect["exception"]
    assert "in fail" in defect["exception"]
