"""A method that does nothing, served with the whole edge beside the product's: what all ratios of calls refer to."""

from __future__ import annotations

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.empty_pb2 import DESCRIPTOR as EMPTY_FILE
from google.protobuf.empty_pb2 import Empty

from schedsvc.domain.principals import Scope
from schedsvc.rpc.calls import Call
from schedsvc.rpc.registry import Service

PACKAGE, NAME, METHOD = "schedsvc.benchmarks", "NoopService", "Nothing"
PATH = f"/{PACKAGE}.{NAME}/{METHOD}"
SCOPES = {f"{NAME}/{METHOD}": frozenset({Scope.READ})}


class NoopServicer:
    async def nothing(self, request: Empty, call: Call) -> Empty:
        return Empty()


def service() -> Service:
    """The service, with a contract made here: the product's has no such method."""
    file = FileDescriptorProto(
        name="schedsvc/benchmarks/noop.proto", package=PACKAGE, syntax="proto3", dependency=[EMPTY_FILE.name]
    )
    empty = f".{Empty.DESCRIPTOR.full_name}"
    file.service.add(name=NAME).method.add(name=METHOD, input_type=empty, output_type=empty)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return Service(pool.FindServiceByName(f"{PACKAGE}.{NAME}"), NoopServicer())
