"""Callers: a credential on a channel, every RPC by its name or by its stub, and refusals decoded."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode, aio

from schedsvc.v1 import booking_service_pb2, calendar_service_pb2, sync_service_pb2
from schedsvc.v1.booking_service_pb2_grpc import BookingServiceStub
from schedsvc.v1.calendar_service_pb2_grpc import CalendarServiceStub
from schedsvc.v1.sync_service_pb2_grpc import SyncServiceStub

if TYPE_CHECKING:
    from schedsvc.v1.booking_service_pb2_grpc import BookingServiceAsyncStub
    from schedsvc.v1.calendar_service_pb2_grpc import CalendarServiceAsyncStub
    from schedsvc.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

PLAIN = (("grpc.enable_http_proxy", 0),)
DETAILS = "grpc-status-details-bin"
REPLAYED = "idempotent-replayed"

_FILES = (calendar_service_pb2, booking_service_pb2, sync_service_pb2)
METHODS: Mapping[str, MethodDescriptor] = {
    f"{service.name}/{method.name}": method
    for file in _FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
"""Every RPC of the contract by `Service/Method`."""


def is_write(method: MethodDescriptor) -> bool:
    """Whether the RPC changes anything: all but those that ask."""
    return not method.name.startswith(("Get", "List", "Query", "Suggest", "Start", "Stream", "Export"))


WRITES = [name for name, method in METHODS.items() if is_write(method)]


@dataclass(frozen=True, slots=True)
class Answer:
    """A message and the trailers that came with it; of a server stream its first message."""

    message: Any
    trailers: Mapping[str, str]

    @property
    def replayed(self) -> bool:
        return self.trailers.get(REPLAYED) == "true"


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls with one credential; "" for none. `authorization` and `act_as` are values of the metadata."""

    channel: aio.Channel
    authorization: str = ""
    act_as: str = ""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        values = {"authorization": self.authorization, "x-act-as": self.act_as}
        return tuple((key, value) for key, value in values.items() if value)

    @property
    def calendar(self) -> CalendarServiceAsyncStub:
        return CalendarServiceStub(self._keyed)

    @property
    def booking(self) -> BookingServiceAsyncStub:
        return BookingServiceStub(self._keyed)

    @property
    def sync(self) -> SyncServiceAsyncStub:
        return SyncServiceStub(self._keyed)

    @property
    def _keyed(self) -> aio.Channel:
        return cast("aio.Channel", _Keyed(self.channel, self.metadata))

    async def send(self, name: str, request: Message | Sequence[Message]) -> Answer:
        """Calls the RPC `Service/Method`; a sequence is the messages of a client stream."""
        messages = [request] if isinstance(request, Message) else request
        return await self.send_bytes(name, [message.SerializeToString() for message in messages])

    async def send_bytes(self, name: str, messages: Sequence[bytes], *, timeout: float = 30) -> Answer:
        """As `send`, with whatever bytes."""
        method = METHODS[name]
        assert method.containing_service is not None
        path = f"/{method.containing_service.full_name}/{method.name}"
        decode = GetMessageClass(method.output_type).FromString
        options: dict[str, Any] = {"metadata": self.metadata, "timeout": timeout}
        channel: Any = self.channel
        if method.server_streaming:
            return await _first(channel.unary_stream(path, None, decode)(messages[0], **options))
        if method.client_streaming:
            call = channel.stream_unary(path, None, decode)(iter(messages), **options)
        else:
            call = channel.unary_unary(path, None, decode)(messages[0], **options)
        return Answer(await call, _texts(await call.trailing_metadata()))


class _Keyed:
    """A channel whose calls all carry the same metadata."""

    def __init__(self, channel: aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._channel = channel
        self._metadata = metadata

    def __getattr__(self, kind: str) -> Any:
        make = getattr(self._channel, kind)
        return lambda *args, **kwargs: partial(make(*args, **kwargs), metadata=self._metadata)


async def _first(call: Any) -> Answer:
    message = await call.read()
    if message is aio.EOF:
        raise AssertionError("the stream ended without a message")
    call.cancel()
    return Answer(message, {})


def _texts(metadata: Any) -> dict[str, str]:
    return {key: value for key, value in metadata or () if isinstance(value, str)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a client sees it."""

    code: StatusCode
    text: str
    status: Status

    @property
    def info(self) -> ErrorInfo:
        (info,) = self._details(ErrorInfo)
        return info

    @property
    def reason(self) -> str:
        return str(self.info.reason)

    @property
    def metadata(self) -> dict[str, str]:
        """What the error says for programs, without the id of the request."""
        return {key: value for key, value in self.info.metadata.items() if key != "request_id"}

    @property
    def fields(self) -> list[str]:
        """The bad fields, in the order of the answer."""
        return [violation.field for violation in self.violations]

    @property
    def violations(self) -> list[Any]:
        return [violation for detail in self._details(BadRequest) for violation in detail.field_violations]

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        """Why a slot was refused: reason and what stands in the way."""
        found = [violation for detail in self._details(PreconditionFailure) for violation in detail.violations]
        return [(violation.type, violation.subject) for violation in found]

    @property
    def resource(self) -> str:
        """The name of what was not found."""
        (detail,) = self._details(ResourceInfo)
        return str(detail.resource_name)

    @property
    def may_be_retried(self) -> bool:
        return any(True for _ in self._details(RetryInfo))

    def _details(self, kind: Any) -> Iterator[Any]:
        for packed in self.status.details:
            if packed.Is(kind.DESCRIPTOR):
                detail = kind()
                packed.Unpack(detail)
                yield detail


def refusal_of(error: aio.AioRpcError) -> Refusal:
    """The error with its details, which every error of the service carries."""
    packed = [value for key, value in error.trailing_metadata() if key == DETAILS]
    status = Status.FromString(cast("bytes", packed[0])) if packed else Status()
    return Refusal(error.code(), error.details() or "", status)


def told(status: Status) -> Refusal:
    """An error inside an answer."""
    code = next(code for code in StatusCode if code.value[0] == status.code)
    return Refusal(code, status.message, status)


async def attempt(call: Awaitable[Any]) -> tuple[Any, Refusal | None]:
    """The answer of a call, or how it failed."""
    try:
        return await call, None
    except aio.AioRpcError as error:
        return None, refusal_of(error)


async def refused(call: Awaitable[Any]) -> Refusal:
    """How the call fails; an assertion fails if it does not."""
    answer, refusal = await attempt(call)
    assert refusal is not None, f"the call was answered: {answer}"
    return refusal
