"""Compares the engine with the filter of `brute` over random rules.

`python -m tests.domain.recurrence.conformance --rules 100000` tries that many; `--seed` repeats a run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random, SystemRandom

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.expand import contains, expand, first
from schedsvc.domain.recurrence.parse import parse_rule
from tests.domain.recurrence.brute import starts
from tests.domain.recurrence.moments import midnight
from tests.domain.recurrence.random_rules import Case, random_case

STEPS = 2_000_000


class Mismatch(AssertionError):
    """The two differ; the message says how to see it again."""


def compare(case: Case, random: Random) -> int:
    """How many starts the case has. Raises Mismatch."""
    expected = starts(case.rule, case.dtstart, case.before)
    got = _expanded(case, midnight(case.dtstart), case.before)
    _same("all starts", case, got, expected)
    text = str(case.rule)
    if parse_rule(text, dtstart=case.dtstart, lenient=True) != case.rule:
        raise Mismatch(f"{text} is read back as another rule")
    for _ in range(2):
        lo, hi = sorted(_moment(case, random, expected) for _ in range(2))
        inside = [start for start in expected if lo <= start < hi]
        _same(f"starts in [{lo}, {hi})", case, _expanded(case, lo, hi), inside)
    _compare_points(case, expected, _moment(case, random, expected))
    _compare_moved(case, expected, random)
    return len(expected)


def _compare_points(case: Case, expected: list[datetime], moment: datetime) -> None:
    if expected:
        own = first(case.rule, case.dtstart, Budget(STEPS))
        _same("the first start", case, [own], [_like(case.dtstart, expected[0])])
    is_start = contains(case.rule, case.dtstart, _like(case.dtstart, moment), Budget(STEPS))
    asked = moment if isinstance(case.dtstart, datetime) else midnight(moment)
    _same(f"whether {asked} is a start", case, [is_start], [asked in expected])


def _compare_moved(case: Case, expected: list[datetime], random: Random) -> None:
    """A series that begins at one of its own starts goes on in the same way."""
    if not expected:
        return
    index = random.randrange(len(expected))
    rule = replace(case.rule, count=case.rule.count and case.rule.count - index)
    moved = Case(rule, _like(case.dtstart, expected[index]), case.before)
    _same(
        f"starts from number {index} on",
        moved,
        _expanded(moved, midnight(moved.dtstart), case.before),
        expected[index:],
    )


def _expanded(case: Case, lo: datetime, hi: datetime) -> list[datetime]:
    if isinstance(case.dtstart, datetime):
        return list(expand(case.rule, case.dtstart, lo, hi, Budget(STEPS)))
    days = expand(case.rule, case.dtstart, _day_from(lo), _day_from(hi), Budget(STEPS))
    return list(map(midnight, days))


def _day_from(moment: datetime) -> date:
    """The first day whose midnight is not before the moment."""
    return (moment + timedelta(days=1, microseconds=-1)).date()


def _like(dtstart: date, moment: datetime) -> date:
    return moment if isinstance(dtstart, datetime) else moment.date()


def _moment(case: Case, random: Random, expected: list[datetime]) -> datetime:
    """Some moment of the span, a start or near to one as a rule."""
    if expected and random.random() < 0.7:
        moment = random.choice(expected) + timedelta(seconds=random.choice((-1, 0, 0, 0, 1)))
        return min(moment, case.before - timedelta(seconds=1))
    span = max(int((case.before - midnight(case.dtstart)).total_seconds()), 1)
    return midnight(case.dtstart) + timedelta(seconds=random.randrange(span))


def _same(what: str, case: Case, got: object, expected: object) -> None:
    if got != expected:
        raise Mismatch(f"{what} of {case.rule} from {case.dtstart!r} before {case.before}: {got} but not {expected}")


def run(rules: int, seed: int) -> Counter[str]:
    """How many rules of each FREQ were compared, and how many of all had starts. Raises Mismatch."""
    tally: Counter[str] = Counter()
    for number in range(rules):
        random = Random(f"{seed}/{number}")
        case = random_case(random)
        try:
            found = compare(case, random)
        except Mismatch as mismatch:
            raise Mismatch(f"--seed {seed}, rule number {number}: {mismatch}") from None
        tally[case.rule.freq] += 1
        tally["with starts"] += found > 0
        tally["starts"] += found
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    arguments = parser.parse_args()
    sys.stdout.write(f"{arguments.rules} rules, --seed {arguments.seed}\n")
    sys.stdout.flush()
    began = time.monotonic()
    tally = run(arguments.rules, arguments.seed)
    sys.stdout.write(f"all equal in {time.monotonic() - began:.0f} s: {dict(tally)}\n")


if __name__ == "__main__":
    main()
