"""The one table from errors to gRPC codes, and how an error looks on the wire.

Every error is a `google.rpc.Status` with an `ErrorInfo`. What is not in the table is a defect: it is INTERNAL with a
fixed text, and its cause stays in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    ResourceInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from schedsvc.domain import errors as domain
from schedsvc.domain.errors import DomainError, InvalidInput, Violation

M = TypeVar("M", bound=Message)

DOMAIN = "schedsvc"

FIELD_REASONS = frozenset(
    {
        "FIELD_INVALID",
        "MESSAGE_MALFORMED",
        "BAD_TIME_ZONE",
        "BAD_TIME_RANGE",
        "RANGE_TOO_LARGE",
        "MIXED_TIME_KINDS",
        "UNSUPPORTED_RRULE",
        "SUBSTITUTION_MISSING",
        "DTSTART_NOT_IN_RULE",
        "EMPTY_RECURRENCE",
    }
)
"""The reasons of single fields; those of whole calls are the `reason` of their class."""

# A client refuses trailers above 8 KiB, and with them the whole error. The status travels in base64, and its text a
# second time with three characters for each byte that is not ASCII.
LISTED_BYTES = 3072
TEXT_BYTES = 256
VALUE_BYTES = 512


class MethodUnknown(DomainError):
    """The server has no such method."""

    reason = "METHOD_UNKNOWN"


class DeadlineExceeded(DomainError):
    """The call took longer than the server allows."""

    reason = "DEADLINE_EXCEEDED"


class Defect(DomainError):
    """Something that must not happen did; the text says nothing about it."""

    reason = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Row:
    """`retry` is the number of seconds after which the same call may be tried again; None: it will not help.

    `field` is the request field to blame, unless the error names another one (metadata `field`).
    """

    code: StatusCode
    retry: float | None = None
    field: str = ""


TABLE: dict[type[DomainError], Row] = {
    InvalidInput: Row(StatusCode.INVALID_ARGUMENT),
    domain.RequestIdReused: Row(StatusCode.INVALID_ARGUMENT, field="request_id"),
    domain.PageTokenInvalid: Row(StatusCode.INVALID_ARGUMENT, field="page_token"),
    domain.SyncTokenInvalid: Row(StatusCode.INVALID_ARGUMENT, field="token"),
    domain.Unauthenticated: Row(StatusCode.UNAUTHENTICATED),
    domain.ScopeMissing: Row(StatusCode.PERMISSION_DENIED),
    domain.RoleMissing: Row(StatusCode.PERMISSION_DENIED),
    domain.ResourceNotFound: Row(StatusCode.NOT_FOUND),
    domain.IdTaken: Row(StatusCode.ALREADY_EXISTS),
    domain.DuplicateSlug: Row(StatusCode.ALREADY_EXISTS),
    domain.EtagMismatch: Row(StatusCode.ABORTED),
    domain.Contended: Row(StatusCode.ABORTED, retry=0.1),
    domain.SlotUnavailable: Row(StatusCode.FAILED_PRECONDITION),
    domain.PrimaryCalendar: Row(StatusCode.FAILED_PRECONDITION),
    domain.LastOwner: Row(StatusCode.FAILED_PRECONDITION),
    domain.CalendarInUse: Row(StatusCode.FAILED_PRECONDITION),
    domain.NotEmpty: Row(StatusCode.FAILED_PRECONDITION),
    domain.ProfileInUse: Row(StatusCode.FAILED_PRECONDITION),
    domain.CalendarTooDense: Row(StatusCode.FAILED_PRECONDITION),
    domain.OwnedByBooking: Row(StatusCode.FAILED_PRECONDITION),
    domain.NotAnAttendee: Row(StatusCode.FAILED_PRECONDITION),
    domain.SyncTokenExpired: Row(StatusCode.FAILED_PRECONDITION),
    domain.SlowConsumer: Row(StatusCode.RESOURCE_EXHAUSTED, retry=1.0),
    domain.Overloaded: Row(StatusCode.RESOURCE_EXHAUSTED, retry=1.0),
    domain.StoreUnavailable: Row(StatusCode.UNAVAILABLE, retry=2.0),
    domain.ServerDraining: Row(StatusCode.UNAVAILABLE, retry=0.5),
    domain.StreamExpired: Row(StatusCode.UNAVAILABLE, retry=0.1),
    MethodUnknown: Row(StatusCode.UNIMPLEMENTED),
    DeadlineExceeded: Row(StatusCode.DEADLINE_EXCEEDED),
    Defect: Row(StatusCode.INTERNAL),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What goes to the caller, the log and the figures in place of an error."""

    code: StatusCode
    reason: str
    status: Status

    @classmethod
    def of(cls, error: DomainError, request_id: str) -> Told:
        """Of an error in the table."""
        return cls(TABLE[type(error)].code, reason_of(error), status_of(error, request_id))


def reason_of(error: DomainError) -> str:
    """The `ErrorInfo.reason`: that of the bad fields if they share one, else that of the class."""
    if isinstance(error, InvalidInput):
        reasons = {violation.reason for violation in error.violations}
        return reasons.pop() if len(reasons) == 1 else error.reason
    return error.reason


def status_of(error: DomainError, request_id: str = "") -> Status:
    """How the error looks on the wire, kept so short that it always arrives.

    Bad fields and refusals that no longer fit are counted in the metadata as `omitted`.
    """
    row = TABLE[type(error)]
    listed, omitted = _listed(error, row)
    details: list[Message] = [_info(error, request_id, omitted), *listed]
    if isinstance(error, domain.ResourceNotFound):
        details.append(_resource(error))
    if row.retry is not None:
        details.append(RetryInfo(retry_delay=_duration(row.retry)))
    text = _cut(error.message, TEXT_BYTES)
    return Status(code=row.code.value[0], message=text, details=[_packed(one) for one in details])


def _info(error: DomainError, request_id: str, omitted: int) -> ErrorInfo:
    metadata = {name: _cut(value, VALUE_BYTES) for name, value in error.metadata.items()}
    if request_id:
        metadata["request_id"] = request_id
    if omitted:
        metadata["omitted"] = str(omitted)
    return ErrorInfo(reason=reason_of(error), domain=DOMAIN, metadata=metadata)


def _listed(error: DomainError, row: Row) -> tuple[list[Message], int]:
    """The detail that lists what is wrong, if there is one, and how many entries it leaves out."""
    if isinstance(error, domain.SlotUnavailable):
        refusals = [_refusal(refusal) for refusal in error.refusals]
        told = _fitting(refusals)
        return [PreconditionFailure(violations=told)], len(refusals) - len(told)
    fields = [_bad_field(violation) for violation in _violations(error, row)]
    fitting = _fitting(fields)
    return [BadRequest(field_violations=fitting)] if fields else [], len(fields) - len(fitting)


def _violations(error: DomainError, row: Row) -> tuple[Violation, ...]:
    if isinstance(error, InvalidInput):
        return error.violations
    if row.field:
        field = error.metadata.get("field", row.field)
        return (Violation(field, error.message, error.reason),)
    return ()


def _bad_field(violation: Violation) -> BadRequest.FieldViolation:
    return BadRequest.FieldViolation(
        field=_cut(violation.field, VALUE_BYTES),
        description=_cut(violation.description, VALUE_BYTES),
        reason=violation.reason,
    )


def _refusal(refusal: domain.Refusal) -> PreconditionFailure.Violation:
    return PreconditionFailure.Violation(
        type=refusal.reason,
        subject=_cut(refusal.subject, VALUE_BYTES),
        description=_cut(refusal.description, VALUE_BYTES),
    )


def _resource(error: domain.ResourceNotFound) -> ResourceInfo:
    return ResourceInfo(
        resource_type=error.resource_type,
        resource_name=_cut(error.name, VALUE_BYTES),
        description=_cut(error.message, TEXT_BYTES),
    )


def _fitting(entries: list[M]) -> list[M]:
    """As many of the first entries as fit into a detail."""
    room = LISTED_BYTES
    for place, entry in enumerate(entries):
        room -= entry.ByteSize() + 4
        if room < 0:
            return entries[:place]
    return entries


def _cut(text: str, limit: int) -> str:
    """The text as valid UTF-8 of at most `limit` bytes and the mark of the cut."""
    raw = text.encode(errors="replace")
    if len(raw) <= limit:
        return raw.decode()
    return raw[:limit].decode(errors="ignore") + "…"


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed


def _duration(seconds: float) -> Duration:
    whole = int(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))
