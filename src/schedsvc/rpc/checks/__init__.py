"""What is wrong with a request: every bad field at once, before anything is decoded.

Three sources, of which each field is named once: what the protos declare with `google.api` annotations (required,
references) and what their comments say (the semantic checks), then the declared `buf.validate` rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from schedsvc.domain.errors import Violation
from schedsvc.rpc.checks import declared
from schedsvc.rpc.checks.crowds import thinned
from schedsvc.rpc.checks.report import Report
from schedsvc.rpc.checks.walk import walk
from schedsvc.v1 import booking_service_pb2, calendar_service_pb2, sync_service_pb2

_SERVICES = (booking_service_pb2, calendar_service_pb2, sync_service_pb2)


def _methods() -> Iterator[MethodDescriptor]:
    for module in _SERVICES:
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


_STREAMED = frozenset(method.input_type.full_name for method in _methods() if method.client_streaming)


def violations(request: Message) -> list[Violation]:
    """Every bad field of a request; empty if it can be decoded.

    Messages of a client stream are seen one by one, and only the first has what is required: whoever puts them together
    has to look whether it is there.
    """
    report = Report()
    request = thinned(report, request)
    walk(report, "", request, required=request.DESCRIPTOR.full_name not in _STREAMED)
    declared.collect(report, request)
    return report.violations


def merged_violations(resource: Message, path: str) -> list[Violation]:
    """Every field of a resource that is bad after an update; `path` is that of the resource in the request."""
    report = Report()
    walk(report, path, resource)
    return report.violations


def request_types() -> Iterable[type[Message]]:
    """The request of every method of every service."""
    return (GetMessageClass(method.input_type) for method in _methods())


def warm_up() -> None:
    """Compiles the rules of all requests, which the first callers would wait for otherwise."""
    for request_type in request_types():
        violations(request_type())
