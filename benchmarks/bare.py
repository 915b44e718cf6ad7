"""Child: a grpc.aio server with nothing but a method that does nothing, registered as generated code does it.

Settings: `loop`. Answers with its `target`.
"""

from __future__ import annotations

import asyncio
import sys

import grpc
from google.protobuf.empty_pb2 import Empty
from grpc import aio

from benchmarks import loops, noop
from benchmarks.children import settings, tell


async def nothing(_request: Empty, _context: aio.ServicerContext[Empty, Empty]) -> Empty:
    return Empty()


async def serve() -> None:
    """Serves until the standard input ends."""
    server = aio.server()
    method = grpc.unary_unary_rpc_method_handler(
        nothing, request_deserializer=Empty.FromString, response_serializer=Empty.SerializeToString
    )
    handler = grpc.method_handlers_generic_handler(f"{noop.PACKAGE}.{noop.NAME}", {noop.METHOD: method})
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    tell({"target": f"127.0.0.1:{port}"})
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    loops.run(serve(), settings()["loop"])
