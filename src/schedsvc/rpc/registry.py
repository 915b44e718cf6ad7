"""Finds the servicer method behind every RPC of the contract, once, when the server is built.

The descriptors say what must be there. A method without a servicer method, with one of another type, or without a scope
is a reason not to start.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from schedsvc.domain.principals import Scope
from schedsvc.rpc.calls import Call, Encoded
from schedsvc.rpc.errors import MethodUnknown
from schedsvc.rpc.wrapper import METADATA, Edge, Handler, Method, wrap


class ContractError(Exception):
    """The servicers do not fit the contract."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service and the object with its methods: `CreateEvent` is served by `create_event(request, call)`.

    `name` is the full name on the wire, if it is not the descriptor's. `only` names the methods that are served where
    that is not all of them. Probes (health, reflection) need no credential
    and are answered at any time.
    """

    descriptor: ServiceDescriptor
    servicer: object
    name: str = ""
    is_probe: bool = False
    only: frozenset[str] | None = None

    @property
    def methods(self) -> list[MethodDescriptor]:
        """Those that are served."""
        return [method for method in self.descriptor.methods if self.only is None or method.name in self.only]

    @property
    def wire_name(self) -> str:
        return self.name or self.descriptor.full_name


class Registry(grpc.GenericRpcHandler):
    """All methods of a server behind one look-up. Raises ContractError."""

    def __init__(self, services: Iterable[Service], scopes: Mapping[str, frozenset[Scope]], edge: Edge) -> None:
        self._handlers = {
            f"/{service.wire_name}/{descriptor.name}": _handler(method, wrap(method, edge))
            for service in services
            for descriptor, method in _methods(service, scopes)
        }
        self._unknown = _handler(_UNKNOWN, wrap(_UNKNOWN, edge))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        """The handler of a path; there is one for unknown paths too, so that they answer like all others."""
        METADATA.set(handler_call_details.invocation_metadata)
        return self._handlers.get(handler_call_details.method, self._unknown)


def _methods(service: Service, scopes: Mapping[str, frozenset[Scope]]) -> Iterator[tuple[MethodDescriptor, Method]]:
    for descriptor in service.methods:
        name = f"{service.descriptor.name}/{descriptor.name}"
        if not service.is_probe and not scopes.get(name):
            raise ContractError(f"{name} has no scope")
        method = Method(
            name,
            _request(descriptor),
            _found(service.servicer, descriptor, name),
            descriptor.client_streaming,
            descriptor.server_streaming,
            scopes.get(name, frozenset()),
            service.is_probe,
        )
        yield descriptor, method


def _request(descriptor: MethodDescriptor) -> type[Message]:
    return GetMessageClass(descriptor.input_type)


def _found(servicer: object, descriptor: MethodDescriptor, name: str) -> Any:
    """The servicer's method for an RPC, with its annotations checked against the contract."""
    wanted = re.sub(r"(?<!^)(?=[A-Z])", "_", descriptor.name).lower()
    found = getattr(servicer, wanted, None)
    where = f"{name}: {type(servicer).__name__}.{wanted}"
    if not inspect.iscoroutinefunction(found):
        raise ContractError(f"{where} is not an async method")
    hints = get_type_hints(found)
    answer = hints.pop("return", None)
    if len(hints) != 2 or list(hints.values())[1] is not Call:
        raise ContractError(f"{where} must be annotated as taking a request and a call")
    if _message_of(next(iter(hints.values())), descriptor) is not descriptor.input_type:
        raise ContractError(f"{where} must take {descriptor.input_type.full_name}")
    if not _answers(answer, descriptor):
        raise ContractError(f"{where} must answer with {descriptor.output_type.full_name}")
    return found


def _message_of(annotation: Any, descriptor: MethodDescriptor) -> object:
    """The descriptor of the message that a parameter takes, one or a stream of them."""
    if descriptor.client_streaming:
        if get_origin(annotation) is not AsyncIterator:
            return None
        (annotation,) = get_args(annotation)
    return getattr(annotation, "DESCRIPTOR", None)


def _answers(annotation: Any, descriptor: MethodDescriptor) -> bool:
    """Server streams send and return nothing; the others return the message, encoded or not."""
    if descriptor.server_streaming:
        return annotation is type(None)
    kinds = get_args(annotation) or (annotation,)
    return all(kind is Encoded or getattr(kind, "DESCRIPTOR", None) is descriptor.output_type for kind in kinds)


def _handler(method: Method, handler: Handler) -> grpc.RpcMethodHandler[bytes, bytes]:
    """Without (de)serialisers: decoding is the wrapper's, which can answer what fails."""
    make: Any = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.streams_in, method.streams_out]
    made: grpc.RpcMethodHandler[bytes, bytes] = make(handler)
    return made


async def _refuse(_requests: AsyncIterator[Message], _call: Call) -> None:
    raise MethodUnknown("this server has no such method")


# Reads nothing, whatever kind of call it is, and is named without the path that the client made up.
_UNKNOWN = Method("unknown", Empty, _refuse, streams_in=True, streams_out=True, is_probe=True)
