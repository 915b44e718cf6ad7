"""The arithmetic of the benchmarks: nothing here measures time."""

from __future__ import annotations

from typing import Any, cast

import pytest

from benchmarks.children import Answer, Child
from benchmarks.report import compared, counted, not_run, table
from benchmarks.rounds import Figures, Ratio, Sample, Side, WrongAnswers, in_turns


class Clockwork:
    """A child whose processor time grows by a millisecond each time somebody looks."""

    def __init__(self) -> None:
        self.looks = 0

    def cpu_seconds(self) -> float:
        self.looks += 1
        return self.looks / 1000


def side(name: str, turns: list[str], **codes: int) -> Side:
    async def run(seconds: float) -> Answer:
        turns.append(f"{name} {seconds:g}")
        return {"seconds": 2.0, "codes": codes}

    return Side(name, run, cast("Child", Clockwork()))


def figures(**samples: list[tuple[float, float | None]]) -> Figures:
    return Figures({name: [Sample(*values) for values in of_side] for name, of_side in samples.items()})


async def test_sides_take_turns_after_a_shorter_warm_up() -> None:
    turns: list[str] = []
    await in_turns([side("a", turns, OK=1), side("b", turns, OK=1)], rounds=2, seconds=4)
    assert turns == ["a 2", "b 2", "a 4", "b 4", "a 4", "b 4"]


async def test_a_rate_counts_answered_calls_and_shares_out_the_processor_time() -> None:
    measured = await in_turns([side("a", [], OK=100)], rounds=5, seconds=1)
    assert measured.rate("a") == 50
    assert measured.cpu_us("a") == pytest.approx(10)


async def test_calls_turned_away_are_told_and_do_not_count_as_answered() -> None:
    measured = await in_turns([side("a", [], OK=100, RESOURCE_EXHAUSTED=3)], rounds=5, seconds=1)
    assert (measured.rate("a"), measured.refused("a")) == (50, 15)


@pytest.mark.parametrize("codes", [{"OK": 99, "INTERNAL": 1}, {"OK": 1, "RESOURCE_EXHAUSTED": 2}])
async def test_failed_calls_are_no_measurement(codes: dict[str, Any]) -> None:
    with pytest.raises(WrongAnswers, match="a: "):
        await in_turns([side("a", [], **codes)], rounds=5, seconds=1)


def test_a_ratio_is_taken_within_each_round() -> None:
    drifting = figures(a=[(10, None), (40, None), (90, None)], b=[(20, None), (50, None), (100, None)])
    assert drifting.ratio("a", "b") == Ratio(middle=0.8, least=0.5, most=0.9)


def test_half_the_processor_time_for_a_call_is_twice_the_calls() -> None:
    ratio = figures(a=[(1, 50.0)] * 5, b=[(1, 100.0)] * 5).cpu_ratio("a", "b")
    assert ratio == Ratio(2, 2, 2)


def test_without_a_figure_for_processor_time_there_is_no_ratio_of_it() -> None:
    assert figures(a=[(1, None)], b=[(1, 100.0)]).cpu_ratio("a", "b") is None


def test_a_client_that_is_the_bottleneck_does_not_reach_a_goal_for_the_server() -> None:
    same_rate = figures(a=[(100, 180.0)] * 5, b=[(100, 100.0)] * 5)
    assert compared("P1", "", same_rate, "a", "b", 0.85).cells[-1] == "reached"
    assert compared("P1", "", same_rate, "a", "b", 0.85, by_cpu=True).cells[-1] == "not yet"


def test_a_slow_rate_keeps_a_decimal() -> None:
    slow = figures(a=[(9000.4, None)] * 5, b=[(4.26, None)] * 5)
    assert [compared("P5", "", slow, "a", "b", 400).cells[column] for column in (2, 5)] == ["9,000", "4.3"]


def test_what_is_counted_is_written_across_the_columns_of_rates() -> None:
    ratio = compared("P1", "no-op", figures(a=[(1, 1.0)] * 5, b=[(1, 1.0)] * 5), "a", "b", 0.85)
    heads, *lines = table([ratio, counted("H2", "a bomb", "x" * 70, "< 100 ms", reached=True)])
    assert {line.index("reached") for line in lines} == {heads.index("verdict")}
    assert lines[1].index("x") == heads.index("rate/s")
    assert lines[1].index("< 100 ms") == heads.index("goal")


def test_a_row_whose_rounds_disagree_says_so() -> None:
    torn = figures(a=[(50, None), (90, None), (100, None)], b=[(100, None)] * 3)
    assert compared("P7", "", torn, "a", "b", 0.80).cells[-1] == "reached, noisy"


def test_a_row_that_could_not_run_says_why_and_leaves_the_columns_alone() -> None:
    lines = list(table([not_run("P9", "there is no PostgreSQL"), counted("P9", "sold", "5", "5", reached=True)]))
    assert lines[1] == "P9   NOT RUN: there is no PostgreSQL"
    assert lines[0].index("verdict") == lines[2].index("reached")
