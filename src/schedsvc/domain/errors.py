"""What can be wrong with a request, in the words of the domain.

Every class here has exactly one row in the error table of the gRPC edge; `reason` values are the closed enum of
`errors.proto`. `metadata` is for programs, the message for people: it says what to do, never how the server works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One bad field: its path in the request, a stable reason and a sentence for a person."""

    field: str
    description: str
    reason: str = "FIELD_INVALID"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a start cannot be booked, in the order of `availability.REASONS`.

    `subject` names what stands in the way (a calendar, a period), empty when nothing does.
    """

    reason: str
    subject: str
    description: str


class DomainError(Exception):
    """Base of every error that a caller is meant to see."""

    reason: ClassVar[str]

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = metadata


class InvalidInput(DomainError):
    """The request can never succeed as it is; `violations` names every bad field."""

    reason = "FIELD_INVALID"

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = tuple(violations)


class RequestIdReused(DomainError):
    """The `request_id` was used before with another body."""

    reason = "REQUEST_ID_REUSED"


class PageTokenInvalid(DomainError):
    """The page token is malformed, foreign, or its query changed. One text for all, so that it tells nothing."""

    reason = "PAGE_TOKEN_INVALID"


class SyncTokenInvalid(DomainError):
    """The sync token is malformed or foreign. One text for all, so that it tells nothing."""

    reason = "SYNC_TOKEN_INVALID"


class Unauthenticated(DomainError):
    """No credential, or one that is unknown, expired or revoked."""

    reason = "CREDENTIAL_INVALID"


class ScopeMissing(DomainError):
    """The credential lacks the scope that the method asks for (metadata `scope`)."""

    reason = "SCOPE_MISSING"


class RoleMissing(DomainError):
    """The caller's account lacks the role that the resource asks for (metadata `role`)."""

    reason = "ROLE_MISSING"


class ResourceNotFound(DomainError):
    """Unknown, deleted, or of another tenant: one answer for the three."""

    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, resource_type: str, name: str) -> None:
        super().__init__(f"{resource_type} {name!r} does not exist", resource=name)
        self.resource_type = resource_type
        self.name = name


class IdTaken(DomainError):
    """The chosen id is in use, or was: ids of accounts, calendars and profiles are never given out twice."""

    reason = "ID_EXISTS"


class DuplicateSlug(DomainError):
    """Another booking profile of the account has this slug."""

    reason = "DUPLICATE_SLUG"


class EtagMismatch(DomainError):
    """The resource changed since it was read (metadata `etag` is the current one)."""

    reason = "ETAG_MISMATCH"


class Contended(DomainError):
    """Other writers kept winning for the whole retry budget; nothing was done."""

    reason = "SERIALIZATION_RETRY"


class SlotUnavailable(DomainError):
    """The evaluator's verdict on a start, with every reason."""

    reason = "SLOT_UNAVAILABLE"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(r.description for r in refusals))
        self.refusals = tuple(refusals)


class PrimaryCalendar(DomainError):
    """An account's primary calendar goes with its account only."""

    reason = "PRIMARY_CALENDAR"


class LastOwner(DomainError):
    """The account that a calendar belongs to never loses its role on it."""

    reason = "LAST_OWNER"


class CalendarInUse(DomainError):
    """Booking profiles use the calendar (metadata `profiles`)."""

    reason = "CALENDAR_IN_USE"


class NotEmpty(DomainError):
    """The resource has children (metadata `children`); `force` deletes them too."""

    reason = "NOT_EMPTY"


class ProfileInUse(DomainError):
    """The profile has bookings to come (metadata `bookings`); `force` cancels them."""

    reason = "PROFILE_IN_USE"


class CalendarTooDense(DomainError):
    """The calendar holds more than can be looked at for one question (metadata `calendar`)."""

    reason = "CALENDAR_TOO_DENSE"


class OwnedByBooking(DomainError):
    """The event belongs to a booking (metadata `booking`), which must be changed instead."""

    reason = "OWNED_BY_BOOKING"


class NotAnAttendee(DomainError):
    """Whoever answers was not invited (metadata `attendee`)."""

    reason = "NOT_AN_ATTENDEE"


class SyncTokenExpired(DomainError):
    """The changes after the token are no longer all there (metadata `oldest_available` or `cause`): sync anew."""

    reason = "SYNC_TOKEN_EXPIRED"


class SlowConsumer(DomainError):
    """The stream's reader took nothing for too long; the last token it got is valid."""

    reason = "SLOW_CONSUMER"


class Overloaded(DomainError):
    """No capacity left to run the request; nothing was done."""

    reason = "OVERLOADED"


class StoreUnavailable(DomainError):
    """The database cannot be reached or written; nothing was acknowledged."""

    reason = "STORE_UNAVAILABLE"


class ServerDraining(DomainError):
    """The process is shutting down; another one will answer."""

    reason = "DRAINING"


class StreamExpired(DomainError):
    """The stream reached its greatest age; resume it with the last token."""

    reason = "STREAM_EXPIRED"
