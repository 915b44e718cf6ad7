"""What the checks say of a request, by field."""

from __future__ import annotations

from google.protobuf.message import Message

from schedsvc.rpc import checks


def reasons(request: Message) -> dict[str, str]:
    """The reason of each bad field."""
    return {violation.field: violation.reason for violation in checks.violations(request)}


def texts(request: Message) -> dict[str, str]:
    """The sentence for each bad field."""
    return {violation.field: violation.description for violation in checks.violations(request)}
