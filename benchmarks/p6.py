"""P6: recurrence beside python-dateutil, and each FREQ beside weekly, by processor time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.bench import Bench
from benchmarks.children import Answer, Child, child
from benchmarks.report import Line, compared
from benchmarks.rounds import Figures, Side, WrongAnswers, in_turns
from benchmarks.rules import BATCHES, DATEUTIL, NEW, OLD, ONE_BY_ONE, PLAIN, WEEKLY, run_name

NEW_GOAL, OLD_GOAL = 15.0, 150.0
AGE_GOAL = 1 / 1.1
"""Ten years may cost a tenth more."""
PLAIN_GOAL = 1 / 2
SHORTER, MORE = 40, 3
"""Turns are so many times shorter than those of servers, and there are so many times more of them."""


async def run(bench: Bench) -> Sequence[Line]:
    async with child("expander", bench.folder) as expander:
        _require_the_same(expander)
        sides = [_side(expander, name) for name in expander.ready]
        figures = await in_turns(sides, bench.rounds * MORE, bench.seconds / SHORTER)
    return [*_beside_dateutil(figures), *_beside_weekly(figures)]


def _require_the_same(expander: Child) -> None:
    """Raises WrongAnswers if the two do not find as many starts."""
    for what in (NEW, OLD):
        found = {expander.ready[run_name(what, how)] for how in (BATCHES, ONE_BY_ONE, DATEUTIL)}
        if len(found) > 1:
            raise WrongAnswers(f"{what}: {found} starts")


def _side(expander: Child, name: str) -> Side:
    async def run_for(seconds: float) -> Answer:
        return await expander.order({"run": name, "seconds": seconds}, seconds)

    return Side(name, run_for, None)


def _beside_dateutil(figures: Figures) -> Iterator[Line]:
    for what, goal in ((NEW, NEW_GOAL), (OLD, OLD_GOAL)):
        theirs = run_name(what, DATEUTIL)
        for how, asked in ((BATCHES, goal), (ONE_BY_ONE, None)):
            yield compared("P6", run_name(what, how), figures, run_name(what, how), theirs, asked)
    old = run_name(OLD, BATCHES)
    yield compared("P6", old, figures, old, run_name(NEW, BATCHES), AGE_GOAL)


def _beside_weekly(figures: Figures) -> Iterator[Line]:
    """The rules in batches, and the slowest of them one by one."""
    others = [text for text in PLAIN if text != WEEKLY]
    for text in others:
        name = run_name(text, BATCHES)
        yield compared("P6", name, figures, name, run_name(WEEKLY, BATCHES), PLAIN_GOAL)
    slowest = run_name(min(others, key=lambda text: figures.rate(run_name(text, ONE_BY_ONE))), ONE_BY_ONE)
    yield compared("P6", f"slowest: {slowest}", figures, slowest, run_name(WEEKLY, ONE_BY_ONE), None)
