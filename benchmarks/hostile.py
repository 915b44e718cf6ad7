"""Child: asks the recurrence engine about bombs, without the service around it.

Settings: none. Orders: the name of a `bomb`; each is answered with how it ended, the steps that were counted and the
processor time of the process, in milliseconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.bombs import BOMBS, DTSTART, WINDOW, ZONE
from benchmarks.children import Answer, Order, serve_orders, settings, tell
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import RecurrenceError
from schedsvc.domain.recurrence.parse import parse_rule
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.recurrence.starts import Starts, starts_of
from schedsvc.domain.time import EARLIEST, LATEST, Zoned, instant_of

Question = Callable[[Starts, Budget], str]


class Asked(NamedTuple):
    """How a question ended."""

    outcome: str
    steps: int
    cpu_ms: float


def _in_window(starts: Starts, budget: Budget) -> str:
    lo, hi = (instant_of(local, ZONE) for local in WINDOW)
    return f"{sum(1 for _ in starts.between(lo, hi, budget)):,} starts"


def _first(starts: Starts, budget: Budget) -> str:
    return "takes place" if next(starts.between(EARLIEST, LATEST, budget), None) else "never takes place"


QUESTIONS: tuple[Question, ...] = (_in_window, _first)


async def carry_out(order: Order) -> Answer:
    """Each question from the text of the rule on; their outcomes, and the most that one of them took."""
    asked = [_ask(order["bomb"], question) for question in QUESTIONS]
    return {
        "outcome": "; ".join(dict.fromkeys(each.outcome for each in asked)),
        "steps": max(each.steps for each in asked),
        "cpu_ms": max(each.cpu_ms for each in asked),
    }


def _ask(name: str, question: Question) -> Asked:
    budget, began = Budget(), time.process_time()
    try:
        rule = parse_rule(BOMBS[name].rule, dtstart=DTSTART)
        outcome = question(starts_of(RecurrenceSet(Zoned(DTSTART, ZONE), rule), ZONE), budget)
    except RecurrenceError as refusal:
        outcome = type(refusal).__name__
    return Asked(outcome, budget.spent, 1000 * (time.process_time() - began))


async def work() -> None:
    """Answers orders until there are no more."""
    tell({})
    await serve_orders(carry_out)


if __name__ == "__main__":
    settings()
    asyncio.run(work())
