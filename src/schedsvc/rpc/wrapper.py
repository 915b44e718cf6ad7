"""What every call goes through, unary or streaming, on its way to a servicer method and back.

In this order: request id, admission, identity, scope, deadline, decoding, field checks, the method, errors, figures
and the line in the log. Plain functions around the method, so that streams get the same as unary calls.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from logging import DEBUG, ERROR, INFO
from time import perf_counter
from typing import Any, Never, TypeAlias

from google.protobuf.message import DecodeError, Message
from grpc import StatusCode, aio

from schedsvc.domain.errors import DomainError, InvalidInput, Violation
from schedsvc.domain.principals import Scope
from schedsvc.repositories.base import AlreadyAnswered
from schedsvc.rpc import errors
from schedsvc.rpc.admission import Load, Pool
from schedsvc.rpc.calls import Call, Context, Credential
from schedsvc.rpc.errors import DeadlineExceeded, Defect, Told
from schedsvc.rpc.identity import ACT_AS, Identity, acting, demand
from schedsvc.rpc.logs import CallLog
from schedsvc.rpc.metrics import Metrics

Check: TypeAlias = Callable[[Message], Sequence[Violation]]
"""The values of `authorization` and `x-act-as`, None if that is not there."""

Handler: TypeAlias = Callable[[Any, Context], Awaitable[bytes | None]]

ROUNDED = 1.02
"""Deadlines arrive rounded up to few digits: 30 seconds as 30.1."""

METADATA: ContextVar[Iterable[tuple[str, str | bytes]]] = ContextVar("METADATA")
"""The metadata of the call, from where gRPC has it ready: asking the context makes it anew."""

REQUEST_ID = "x-request-id"
REPLAYED = ("idempotent-replayed", "true")
DETAILS = "grpc-status-details-bin"

_ACCEPTED_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_MALFORMED = Violation("", "the bytes are no message of this method's request type", "MESSAGE_MALFORMED")


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC and what serves it. `name` is `Service/Method`; a probe is answered to anyone, at any time."""

    name: str
    request: type[Message]
    serve: Callable[[Any, Call], Awaitable[Any]]
    streams_in: bool
    streams_out: bool
    scopes: frozenset[Scope] = frozenset()
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long calls may take, in seconds: the default and the most. Server streams end by their own age."""

    unary: float = 30.0
    upload: float = 300.0

    def of(self, method: Method) -> float | None:
        """The deadline of the server for a method; None: it has none."""
        if method.streams_out:
            return None
        return self.upload if method.streams_in else self.unary


@dataclass(frozen=True, slots=True)
class Edge:
    """What the wrappers of one server share."""

    identity: Identity
    check: Check
    load: Load
    metrics: Metrics
    log: CallLog
    new_request_id: Callable[[], str]
    deadlines: Deadlines = Deadlines()


def wrap(method: Method, edge: Edge) -> Handler:
    """The method as gRPC calls it: with the bytes of a message, or an iterator over those of many."""
    return _Wrapper(method, edge).handle


class _Wrapper:
    """What is known about a method before it is called is looked up once, here."""

    def __init__(self, method: Method, edge: Edge) -> None:
        self._method = method
        self._edge = edge
        self._load = edge.load
        self._pool = _pool(method, edge.load)
        self._limit = edge.deadlines.of(method)
        self._meter = edge.metrics.of(method.name)
        self._level = DEBUG if method.is_probe else INFO

    async def handle(self, incoming: Any, context: Context) -> bytes | None:
        began = perf_counter()
        self._meter.started += 1
        request_id, credential = self._read()
        call = Call(self._method.name, request_id, context, self._load.closing)
        context.set_trailing_metadata(((REQUEST_ID, request_id),))
        try:
            answer = await self._admitted(incoming, call, credential)
        except BaseException as error:
            if _is_over(error):
                self._finish(call, began, _code_of_end(context))
                raise
            told = self._told(error, call)
            # Whoever else keeps the error, such as the task of a failed write, must not keep the call by its traceback.
            error.__traceback__ = None
        else:
            self._finish(call, began, StatusCode.OK)
            return answer
        self._finish(call, began, told.code, told.reason)
        return await _abort(call, told)

    def _read(self) -> tuple[str, Credential]:
        """The request id and the credential of the call."""
        request_id = authorization = ""
        act_as = None
        for key, value in METADATA.get():
            if key == "authorization":
                authorization = str(value)
            elif key == REQUEST_ID and _ACCEPTED_REQUEST_ID.fullmatch(str(value)):
                request_id = str(value)
            elif key == ACT_AS:
                # Twice is once too often: joined, as HTTP has it, the two are no name.
                act_as = str(value) if act_as is None else f"{act_as},{value!s}"
        return request_id or self._edge.new_request_id(), (authorization, act_as)

    async def _admitted(self, incoming: Any, call: Call, credential: Credential) -> bytes | None:
        self._load.enter(self._pool, probe=self._method.is_probe)
        try:
            if self._limit is None or _ends_by(call.context, self._limit):
                return await self._serve(incoming, call, credential)
            return await self._in_time(self._limit, incoming, call, credential)
        finally:
            self._load.leave(self._pool)

    async def _in_time(self, seconds: float, incoming: Any, call: Call, credential: Credential) -> bytes | None:
        limit = asyncio.timeout(seconds)
        call.ends_at(asyncio.get_running_loop().time() + seconds)
        try:
            async with limit:
                return await self._serve(incoming, call, credential)
        except TimeoutError:
            if not limit.expired():
                raise
            raise DeadlineExceeded(f"the call took longer than {seconds:g} seconds") from None

    async def _serve(self, incoming: Any, call: Call, credential: Credential) -> bytes | None:
        if not self._method.is_probe:
            await self._identify(call, *credential)
        request = self._messages(call) if self._method.streams_in else self._decode(incoming)
        if self._method.streams_out:
            call.renew_by(self._identify, credential)
            await call.context.send_initial_metadata(((REQUEST_ID, call.request_id),))
        try:
            answer = await self._method.serve(request, call)
        except AlreadyAnswered as before:
            call.context.set_trailing_metadata(((REQUEST_ID, call.request_id), REPLAYED))
            return before.answer
        return None if self._method.streams_out else _encoded(answer)

    async def _identify(self, call: Call, authorization: str, act_as: str | None) -> None:
        call.principal = await self._edge.identity.principal(authorization)
        if act_as is not None:
            call.principal = acting(call.principal, act_as)
            call.act_as = act_as
        demand(call.principal, self._method.scopes)

    async def _messages(self, call: Call) -> AsyncIterator[Message]:
        """Not by the iterator that gRPC offers: one that is not read to its end keeps its call (see `_abort`)."""
        while isinstance(raw := await call.context.read(), bytes):
            yield self._decode(raw)

    def _decode(self, raw: bytes) -> Message:
        try:
            message = self._method.request.FromString(raw)
        except DecodeError:
            raise InvalidInput([_MALFORMED]) from None
        violations = self._edge.check(message)
        if violations:
            raise InvalidInput(violations)
        return message

    def _told(self, error: BaseException, call: Call) -> Told:
        """What the caller is told about an error: all of it if it is in the table, else nothing."""
        if isinstance(error, DomainError) and type(error) in errors.TABLE:
            return Told.of(error, call.request_id)
        self._edge.log.defect(call, error)
        defect = Defect("internal error; the request id finds its cause in the log of the server")
        return Told.of(defect, call.request_id)

    def _finish(self, call: Call, began: float, code: StatusCode, reason: str = "") -> None:
        seconds = perf_counter() - began
        self._meter.handled(code, seconds)
        level = ERROR if code is StatusCode.INTERNAL else self._level
        self._edge.log.ended(call, code, reason, seconds, level)


def _pool(method: Method, load: Load) -> Pool:
    is_stream = method.streams_in or method.streams_out
    if method.is_probe:
        return load.probe_streams if is_stream else load.probe_calls
    return load.streams if is_stream else load.unary


def _ends_by(context: Context, seconds: float) -> bool:
    """Whether gRPC will end the call by then, at the deadline of its client."""
    remaining: float | None = context.time_remaining()
    return remaining is not None and remaining <= seconds * ROUNDED


def _encoded(answer: Any) -> bytes:
    encoded: bytes = answer if type(answer) is bytes else answer.SerializeToString()
    return encoded


def _is_over(error: BaseException) -> bool:
    """Whether there is nobody to answer any more: the call was cancelled, or gRPC says so, or the process ends.

    A CancelledError that nobody sent to this task is a defect of the method: re-raised, it would leave the client
    waiting for an answer that never comes.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    if isinstance(error, aio.UsageError):
        return False
    return isinstance(error, aio.BaseError) or not isinstance(error, Exception)


def _code_of_end(context: Context) -> StatusCode:
    return StatusCode.DEADLINE_EXCEEDED if context.time_remaining() == 0 else StatusCode.CANCELLED


async def _abort(call: Call, told: Told) -> Never:
    trailers = ((DETAILS, told.status.SerializeToString()), (REQUEST_ID, call.request_id))
    try:
        await call.context.abort(told.code, told.status.message, trailers)
    except aio.AbortError as end:
        # The call keeps this exception, whose traceback keeps the call: without an end to that, each failed call
        # would count among the streams of its connection until the next garbage collection.
        asyncio.get_running_loop().call_soon(end.with_traceback, None)
        raise
