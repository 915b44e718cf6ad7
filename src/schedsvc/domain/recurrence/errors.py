"""What can be wrong with a recurrence, always with the name of the part that is wrong."""

from __future__ import annotations


class RecurrenceError(ValueError):
    """Base of the errors of this package; `part` names what the message is about, such as `BYMONTH`."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(f"{part}: {message}")
        self.part = part


class InvalidRecurrence(RecurrenceError):
    """Not a recurrence of RFC 5545."""


class UnsupportedRecurrence(RecurrenceError):
    """Means something, but not to this engine: RSCALE and SKIP (RFC 7529), EXRULE (RFC 2445)."""


class WorkBudgetExceeded(RecurrenceError):
    """An answer would have taken more than `limit` steps."""

    def __init__(self, limit: int) -> None:
        super().__init__("RRULE", f"takes more than {limit} steps to follow")
        self.limit = limit
