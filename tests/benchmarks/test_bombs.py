"""What is sent as bombs, and what is made of how they went."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import bombs, h2
from benchmarks.blasts import Blast
from schedsvc.domain.recurrence.budget import STEPS
from schedsvc.rpc import checks


def engine(**figures: Any) -> dict[str, Any]:
    return {"outcome": "0 starts", "steps": 1, "cpu_ms": 1.0, **figures}


def blast(cpu_ms: float, stall_ms: float, method: str = "CreateEvent") -> Blast:
    return Blast(method, "accepted", cpu_ms, stall_ms)


@pytest.mark.parametrize(
    ("worst", "verdict"),
    [
        (engine(), "reached"),
        (engine(cpu_ms=100.0), "not yet"),
        (engine(steps=STEPS + 1), "reached"),
        (engine(steps=2 * STEPS), "not yet"),
    ],
)
def test_one_round_too_long_or_too_far_over_the_budget_fails_the_engine(worst: dict[str, Any], verdict: str) -> None:
    assert h2.engine_line("a bomb", [engine(), worst, engine()]).cells[-1] == verdict


def test_processor_time_counts_at_its_worst_and_a_stall_at_its_median() -> None:
    (calm,) = h2.wire_lines("a bomb", [[blast(1, 1)], [blast(99, 400)], [blast(1, 49)]])
    (slow,) = h2.wire_lines("a bomb", [[blast(1, 1)], [blast(100, 1)], [blast(1, 1)]])
    (stalling,) = h2.wire_lines("a bomb", [[blast(1, 50)], [blast(1, 400)], [blast(1, 1)]])
    assert [line.cells[-1] for line in (calm, slow, stalling)] == ["reached", "not yet", "not yet"]


def test_each_call_has_a_line_of_its_own() -> None:
    rounds = [[blast(1, 1), blast(2, 2, "ListInstances")]] * 3
    assert [line.cells[1] for line in h2.wire_lines("it", rounds)] == ["it, CreateEvent", "it, ListInstances"]


def test_bombs_get_through_the_field_rules() -> None:
    requests = [bombs.instances(f"{bombs.CALENDAR}/events/bomb"), bombs.free_busy()]
    for request in (*map(bombs.creation, bombs.BOMBS.values()), *requests):
        assert checks.violations(request) == []


@pytest.mark.parametrize("kind", bombs.NESTED.values())
def test_what_is_nested_is_closed_again(kind: str) -> None:
    lines = bombs.nested(kind).decode().split("\r\n")
    begun = [line.removeprefix("BEGIN:") for line in lines if line.startswith("BEGIN:")]
    ended = [line.removeprefix("END:") for line in lines if line.startswith("END:")]
    assert begun == ended[::-1]
    assert len(begun) == bombs.DEPTH + 2
