"""The engine against a filter over every candidate, on random rules."""

from __future__ import annotations

import sys
from random import SystemRandom

import pytest

from tests.domain.recurrence.conformance import run

RULES = 2000
SEED = SystemRandom().randrange(2**32)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_random_rules_have_the_starts_that_a_filter_leaves(part: int) -> None:
    """Also: a window has what lies in it, the first start is the first, and a series can begin at any of its own."""
    sys.stdout.write(f"--seed {SEED + part} --rules {RULES // 10}\n")
    tally = run(RULES // 10, SEED + part)
    assert tally["with starts"] > RULES // 20
