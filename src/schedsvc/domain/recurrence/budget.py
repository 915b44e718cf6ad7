"""The bound on the work that one question about a recurrence may cause."""

from __future__ import annotations

from schedsvc.domain.recurrence.errors import WorkBudgetExceeded

STEPS = 100_000
"""What a question may cost unless the caller says otherwise: some tens of milliseconds."""


class Budget:
    """Counts steps; a step is one period looked at or one candidate made.

    The count depends on the question alone, never on what was asked before, so that the same question is either
    always answered or always refused.
    """

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int = STEPS) -> None:
        self.limit = limit
        self.spent = 0

    def take(self, steps: int) -> None:
        """Raises WorkBudgetExceeded once more than `limit` steps are taken in all."""
        self.spent += steps
        if self.spent > self.limit:
            raise WorkBudgetExceeded(self.limit)
