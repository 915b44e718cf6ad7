"""Server reflection, v1 and v1alpha: how grpcurl and `buf curl` learn the contract from a running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from grpc_reflection.v1alpha import reflection_pb2  # type: ignore[import-untyped] # ships no types
from grpc_reflection.v1alpha.reflection import aio  # type: ignore[import-untyped] # ships no types
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest  # type: ignore[import-untyped] # ships no types

from schedsvc.domain.errors import ServerDraining
from schedsvc.rpc.calls import Call
from schedsvc.rpc.registry import Service

V1 = "grpc.reflection.v1"
ALPHA = "grpc.reflection.v1alpha"
SERVICE = "ServerReflection"


def services(names: Iterable[str]) -> list[Service]:
    """What the registry serves so that clients can look up `names`. The two versions differ in name alone."""
    _describe_v1()
    descriptor = reflection_pb2.DESCRIPTOR.services_by_name[SERVICE]
    versions = [f"{V1}.{SERVICE}", f"{ALPHA}.{SERVICE}"]
    servicer = _Reflection([*names, *versions])
    return [Service(descriptor, servicer, name, is_probe=True) for name in versions]


class _Reflection:
    def __init__(self, names: Iterable[str]) -> None:
        self._servicer = aio.ReflectionServicer(names)

    async def server_reflection_info(self, requests: AsyncIterator[ServerReflectionRequest], call: Call) -> None:
        """Ends when the client does or the server drains: an open stream must not hold that up."""
        answering = asyncio.ensure_future(self._answer(requests, call))
        closing = asyncio.ensure_future(call.closing.wait())
        try:
            await asyncio.wait({answering, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise ServerDraining("the server is shutting down")
            await answering
        finally:
            answering.cancel()
            closing.cancel()

    async def _answer(self, requests: AsyncIterator[ServerReflectionRequest], call: Call) -> None:
        async for answer in self._servicer.ServerReflectionInfo(requests, call.context):
            await call.send(answer)


def _describe_v1() -> None:
    """Puts v1 into the pool of descriptors, where it is looked up; the package ships v1alpha only."""
    pool = descriptor_pool.Default()
    file = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)
    text = text_format.MessageToString(file).replace(ALPHA, V1)
    renamed = text_format.Parse(text, descriptor_pb2.FileDescriptorProto())
    renamed.name = "grpc/reflection/v1/reflection.proto"
    pool.AddSerializedFile(renamed.SerializeToString())
