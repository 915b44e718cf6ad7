"""The rules of P6."""

from __future__ import annotations

import pytest

from benchmarks import expander
from benchmarks.rules import BATCHES, DATEUTIL, NEW, OLD, ONE_BY_ONE, PLAIN, STARTS, run_name
from schedsvc.domain.recurrence.rule import Freq


@pytest.mark.parametrize("what", [NEW, OLD])
def test_all_ways_find_the_same_number_of_starts(what: str) -> None:
    runs = expander.runs()
    (found,) = {runs[run_name(what, how)]() for how in (BATCHES, ONE_BY_ONE, DATEUTIL)}
    assert found == pytest.approx(expander.SERIES * STARTS, rel=0.01)


def test_every_frequency_is_compared_by_plain_rules() -> None:
    assert {text.split(";")[0].removeprefix("FREQ=") for text in PLAIN} == {freq.name for freq in Freq}
    assert not any(part in text for text in PLAIN for part in ("BYSETPOS", "BYWEEKNO", "BYYEARDAY"))


@pytest.mark.parametrize("text", PLAIN)
def test_about_as_many_starts_of_each_plain_rule_are_found(text: str) -> None:
    runs = expander.runs()
    found = runs[run_name(text, BATCHES)]()
    assert found == runs[run_name(text, ONE_BY_ONE)]()
    assert found / expander.REPEATED == pytest.approx(STARTS, rel=0.1)
