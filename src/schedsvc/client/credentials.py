"""Sends the API key with every call, whatever the transport. gRPC's own call credentials insist on TLS."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from grpc import aio

Q = TypeVar("Q")
A = TypeVar("A")
Requests: TypeAlias = AsyncIterable[Q] | Iterable[Q]


def bearer(key: str) -> Sequence[aio.ClientInterceptor]:
    """Interceptors for the kinds of methods that the service has."""
    return [_Unary(key), _ServerStream(key), _ClientStream(key)]


class _Keyed:
    def __init__(self, key: str) -> None:
        self._value = f"Bearer {key}"

    def _with_key(self, details: aio.ClientCallDetails) -> aio.ClientCallDetails:
        metadata = aio.Metadata(*(details.metadata or ()))
        metadata["authorization"] = self._value
        return aio.ClientCallDetails(
            details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
        )


class _Unary(_Keyed, aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self,
        continuation: Callable[[aio.ClientCallDetails, Q], Awaitable[aio.UnaryUnaryCall[Q, A]]],
        client_call_details: aio.ClientCallDetails,
        request: Q,
    ) -> A | aio.UnaryUnaryCall[Q, A]:
        return await continuation(self._with_key(client_call_details), request)


class _ServerStream(_Keyed, aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self,
        continuation: Callable[[aio.ClientCallDetails, Q], Awaitable[aio.UnaryStreamCall[Q, A]]],
        client_call_details: aio.ClientCallDetails,
        request: Q,
    ) -> AsyncIterator[A] | aio.UnaryStreamCall[Q, A]:
        return await continuation(self._with_key(client_call_details), request)


class _ClientStream(_Keyed, aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(
        self,
        continuation: Callable[[aio.ClientCallDetails, Requests[Q]], Awaitable[aio.StreamUnaryCall[Q, A]]],
        client_call_details: aio.ClientCallDetails,
        request_iterator: Requests[Q],
    ) -> A | aio.StreamUnaryCall[Q, A]:
        return await continuation(self._with_key(client_call_details), request_iterator)
