"""What the server says about a call that failed, read out of the details of its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Violation:
    """One bad field, or one reason against a slot. `subject` is the field, or the calendar that stands in the way."""

    subject: str
    reason: str
    description: str


@dataclass(frozen=True, slots=True)
class Failure:
    """`reason` is a name of the enum `Reason` without prefix; empty if the error did not come from the service."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()


def failure_of(error: grpc.aio.AioRpcError) -> Failure:
    """The failure behind an error of a call."""
    status = _status(error)
    info = error_details_pb2.ErrorInfo()
    violations: list[Violation] = []
    for detail in status.details:
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            fields = error_details_pb2.BadRequest.FromString(detail.value).field_violations
            violations += [Violation(v.field, v.reason, v.description) for v in fields]
        elif detail.Is(error_details_pb2.PreconditionFailure.DESCRIPTOR):
            reasons = error_details_pb2.PreconditionFailure.FromString(detail.value).violations
            violations += [Violation(v.subject, v.type, v.description) for v in reasons]
    return Failure(error.code(), error.details() or "", info.reason, dict(info.metadata), tuple(violations))


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    """What came from something else than the service, such as a proxy, may have no details or others."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status()
