"""What a servicer method is given beside its request."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, NewType, Protocol, TypeAlias

from google.protobuf.message import Message
from grpc import aio

from schedsvc.domain.principals import Principal
from schedsvc.repositories.base import Once
from schedsvc.usecases.requests import WriteOptions

Context: TypeAlias = "aio.ServicerContext[bytes, bytes]"

Encoded = NewType("Encoded", bytes)
"""A serialised message, sent as it is. Exactly `bytes`: gRPC refuses subclasses."""

NOBODY = Principal(tenant="", id="", scopes=frozenset())
"""The caller of a call whose credential is not known (yet)."""


class RequestIds:
    """Makes the ids of calls that bring none: the prefix of the process and a number, which costs next to nothing."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)

    def __call__(self) -> str:
        return f"{self._prefix}-{next(self._numbers):x}"


class WriteRequest(Protocol):
    """Any request of a write."""

    @property
    def request_id(self) -> str: ...
    @property
    def validate_only(self) -> bool: ...
    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...


Credential: TypeAlias = tuple[str, str | None]
"""The values of the metadata `authorization` and `x-act-as`."""
Identify: TypeAlias = "Callable[[Call, str, str | None], Awaitable[None]]"


class Call:
    """One call: who asks, under which id, and how to answer piece by piece.

    `act_as` is the account whose place an administrator takes, empty without one. `method` is `Service/Method`.
    `closing` is set once the process shuts down: a stream then sends what it has and ends itself with ServerDraining.
    """

    __slots__ = (
        "_credential",
        "_ends",
        "_identify",
        "act_as",
        "closing",
        "context",
        "method",
        "principal",
        "request_id",
    )

    def __init__(self, method: str, request_id: str, context: Context, closing: asyncio.Event) -> None:
        self.method = method
        self.request_id = request_id
        self.context = context
        self.closing = closing
        self.principal = NOBODY
        self.act_as = ""
        self._identify: Identify | None = None
        self._credential: Credential = ("", None)
        self._ends: float | None = None

    @property
    def audience(self) -> str:
        """Whose page tokens the call takes and gives: those of a tenant, or of one of its accounts."""
        return f"{self.principal.tenant}/{self.principal.account or ''}"

    def options(self, request: WriteRequest, encode: Callable[[Any], Message]) -> WriteOptions:
        """What the use case is told about a write; `encode` makes its answer from its result."""
        if not request.request_id:
            return WriteOptions(validate_only=request.validate_only)
        body = request.SerializeToString(deterministic=True)
        return self.write_options(request.request_id, request.validate_only, body, encode)

    def write_options(
        self, request_id: str, validate_only: bool, body: bytes, encode: Callable[[Any], Message]
    ) -> WriteOptions:
        """As `options`, for a request that is more than one message; `body` or a digest of it tells two apart."""
        if not request_id:
            return WriteOptions(validate_only=validate_only)
        account = self.principal.account or ""
        fingerprint = hashlib.sha256(b"%d:%b" % (len(account), account.encode()))
        fingerprint.update(body)
        once = Once(
            self.method,
            request_id,
            fingerprint.digest(),
            lambda result: encode(result).SerializeToString(),
            account,
        )
        return WriteOptions(once, validate_only)

    def renew_by(self, identify: Identify, credential: Credential) -> None:
        """Says how `renew` is done. Kept apart, not bound: a call that held itself would outlive its end."""
        self._identify, self._credential = identify, credential

    async def renew(self) -> None:
        """Looks at the credential again, and raises if it no longer opens the method."""
        if self._identify is not None:
            await self._identify(self, *self._credential)

    async def send(self, message: Message | Encoded) -> None:
        """Sends a message of a stream; waits while the reader is slow."""
        raw = message if isinstance(message, bytes) else message.SerializeToString()
        await self.context.write(raw)

    def time_remaining(self) -> float | None:
        """Seconds until the call is given up, at least 0; None for a stream without a deadline."""
        if self._ends is not None:
            return max(0.0, self._ends - asyncio.get_running_loop().time())
        return self.context.time_remaining()

    def ends_at(self, instant: float) -> None:
        """Sets the deadline of the server, on the clock of the event loop; it lies before the client's."""
        self._ends = instant
