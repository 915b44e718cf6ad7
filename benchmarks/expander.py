"""Child: expands recurrence rules over and over, those of P6, by the service and by python-dateutil.

Ours are instants with their local seconds, in a zone whose clocks change: in batches, as timelines take them, or one by
one. python-dateutil makes naive datetimes of the same rules, without any zone. Rules are read and prepared beforehand.

Settings: none. Answers with the number of starts that each run finds, by its name. Orders: a `run` and for how many
`seconds`; each is answered with the processor time that it took.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import TypeVar

from dateutil.rrule import rrule, rrulestr

from benchmarks.children import Answer, Order, serve_orders, settings, tell
from benchmarks.rules import BATCHES, DATEUTIL, NEW, OLD, ONE_BY_ONE, PLAIN, STARTS, run_name
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.parse import parse_rule
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.recurrence.starts import Starts, starts_of
from schedsvc.domain.time import DAY, Zoned, instant_of

T = TypeVar("T")
Run = Callable[[], int]
"""Finds starts once; how many."""

ZONE = "Europe/Berlin"
LO, HI = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-01-01")
SERIES = 100
PLAIN_START = datetime.fromisoformat("2020-01-06T09:00")
REPEATED = 100
"""Times that one plain rule is expanded in a row."""


def runs() -> Mapping[str, Run]:
    """Everything that can be ordered, by name."""
    plain = (_plain(text, days) for text, days in PLAIN.items())
    return dict(chain(_weekly(NEW, LO.year), _weekly(OLD, LO.year - 10), *plain))


def _weekly(what: str, year: int) -> Iterable[tuple[str, Run]]:
    """A hundred weekly series that began in a year, over the year that is asked for."""
    ours, theirs = list(map(_ours, _hundred(year))), list(map(_dateutil, _hundred(year)))
    lo, hi = instant_of(LO, ZONE), instant_of(HI, ZONE)
    yield run_name(what, BATCHES), lambda: sum(_batches(ready, lo, hi) for ready in ours)
    yield run_name(what, ONE_BY_ONE), lambda: sum(_pairs(ready, lo, hi) for ready in ours)
    yield run_name(what, DATEUTIL), lambda: sum(len(rule.between(LO, HI, inc=True)) for rule in theirs)


def _hundred(year: int) -> Iterable[datetime]:
    """Their first starts: in the first week of the year, on every weekday."""
    first = datetime.fromisoformat(f"{year}-01-01T08:00")
    return (first + timedelta(days=number % 7, minutes=5 * number) for number in range(SERIES))


def _plain(text: str, days: float) -> Iterable[tuple[str, Run]]:
    """One rule, over a window that holds about `STARTS` of its starts, which lie `days` apart."""
    ready, lo = _ours(PLAIN_START, text), instant_of(LO, ZONE)
    hi = lo + int(days * STARTS * DAY)
    yield run_name(text, BATCHES), partial(_repeated, _batches, ready, lo, hi)
    yield run_name(text, ONE_BY_ONE), partial(_repeated, _pairs, ready, lo, hi)


def _repeated(take: Callable[[Starts, int, int], int], ready: Starts, lo: int, hi: int) -> int:
    return sum(take(ready, lo, hi) for _ in range(REPEATED))


def _batches(ready: Starts, lo: int, hi: int) -> int:
    return sum(len(instants) for instants, _ in list(ready.batches(lo, hi, Budget())))


def _pairs(ready: Starts, lo: int, hi: int) -> int:
    return len(list(ready.between(lo, hi, Budget())))


def _ours(dtstart: datetime, text: str = "FREQ=WEEKLY") -> Starts:
    return starts_of(RecurrenceSet(Zoned(dtstart, ZONE), parse_rule(text, dtstart=dtstart)), ZONE)


def _dateutil(dtstart: datetime) -> rrule:
    return rrulestr("FREQ=WEEKLY", dtstart=dtstart)


class Expander:
    def __init__(self, known: Mapping[str, Run]) -> None:
        self._known = known

    async def carry_out(self, order: Order) -> Answer:
        """Does a run again and again until it has taken the time; the starts it found count as calls."""
        run, found = self._known[order["run"]], 0
        began = time.process_time()
        while (taken := time.process_time() - began) < order["seconds"]:
            found += run()
        return {"seconds": taken, "codes": {"OK": found}}


async def work() -> None:
    """Answers orders until there are no more."""
    known = runs()
    tell({name: run() for name, run in known.items()})
    await serve_orders(Expander(known).carry_out)


if __name__ == "__main__":
    settings()
    asyncio.run(work())
