"""The ways to list the starts of a rule. Each jumps to where it is asked to begin.

A plan knows nothing of DTSTART, COUNT and UNTIL; it is an endless pattern in local seconds (see `civil`), of which
`expand` cuts out the part that is wanted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import gcd
from operator import add
from typing import Protocol

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.clock import FEW, HOUR, Clock
from schedsvc.domain.recurrence.years import Blocks, Rows
from schedsvc.domain.time import DAY

Chunk = Sequence[int]
_FIRST_CHUNK = 128
_LARGEST_CHUNK = 8192
_FIRST_BLOCKS = 64
_GROWTH = 4


class Plan(Protocol):
    def chunks(self, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
        """What starts in `[lo, hi)`, in order and without doubles, in chunks that are not empty."""

    def end_of(self, count: int, lo: int, hi: int, budget: Budget) -> int:
        """The second after the `count`-th start from `lo` on; `hi` if that is not before `hi`."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """What repeats itself every `step` seconds: `origin + offset`, with sorted offsets in `[0, step)`."""

    origin: int
    step: int
    offsets: tuple[int, ...]

    def chunks(self, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
        start, end = self._index(lo), self._index(hi)
        size = _FIRST_CHUNK
        while start < end:
            stop = min(start + size, end)
            budget.take(stop - start)
            yield self._between(start, stop)
            start, size = stop, min(size * _GROWTH, _LARGEST_CHUNK)

    def end_of(self, count: int, lo: int, hi: int, budget: Budget) -> int:
        budget.take(1)
        if not self.offsets:
            return hi
        last = self._index(lo) + count - 1
        return min(self._between(last, last + 1)[0] + 1, hi)

    def _index(self, second: int) -> int:
        """How many starts lie between the origin and the second."""
        cycles, rest = divmod(second - self.origin, self.step)
        return cycles * len(self.offsets) + bisect_left(self.offsets, rest)

    def _between(self, start: int, stop: int) -> Chunk:
        """The starts number `start` to `stop - 1`."""
        size, step = len(self.offsets), self.step
        if size == 1:
            first = self.origin + self.offsets[0]
            return range(first + start * step, first + stop * step, step)
        first, last = start // size, -(-stop // size)
        bases = range(self.origin + first * step, self.origin + last * step, step)
        return [base + offset for base in bases for offset in self.offsets][start - first * size : stop - first * size]


class Patterns(dict[int, tuple[int, ...]]):
    """The pattern of each kind of block, made when it is first needed."""

    def __init__(self, make: Callable[[int], tuple[int, ...]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, kind: int) -> tuple[int, ...]:
        pattern = self[kind] = self._make(kind)
        return pattern


class Singles(dict[int, int]):
    """The one start of each kind of block. Raises ValueError for a kind that has none or several."""

    def __init__(self, patterns: Patterns) -> None:
        super().__init__()
        self._patterns = patterns

    def __missing__(self, kind: int) -> int:
        (offset,) = self._patterns[kind]
        self[kind] = offset
        return offset


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every `step`-th year, month or week from `first` on, each with the pattern of its kind.

    Patterns are in seconds from the start of the block. They may reach beyond it by up to `reach` seconds, but never
    into the pattern of the next one. None is longer than `widest`.
    """

    blocks: Blocks
    first: int
    step: int
    patterns: Patterns
    widest: int
    reach: int = 0
    singles: Singles = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "singles", Singles(self.patterns))

    def chunks(self, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
        empty = 0
        for rows in self._rows(lo, hi, budget):
            starts = self._starts(rows)
            if not starts:
                empty += len(rows[1])
                if empty >= self._cycle:
                    return
                continue
            empty = 0
            budget.take(len(starts))
            if starts[0] < lo or starts[-1] >= hi:
                starts = starts[bisect_left(starts, lo) : bisect_left(starts, hi)]
            if starts:
                yield starts

    def end_of(self, count: int, lo: int, hi: int, budget: Budget) -> int:
        left, empty = count, 0
        for rows in self._rows(lo, hi, budget):
            base, firsts, kinds = rows
            total = sum(map(len, map(self.patterns.__getitem__, kinds)))
            empty = 0 if total else empty + len(kinds)
            if empty >= self._cycle:
                break
            if total < left and base + firsts[0] - self.reach >= lo:
                left -= total
                continue
            starts = self._starts(rows)
            starts = starts[bisect_left(starts, lo) :]
            if left <= len(starts):
                return min(starts[left - 1] + 1, hi)
            left -= len(starts)
        return hi

    @property
    def _cycle(self) -> int:
        """After so many blocks they come again in the same order; if none of them has a start, no block ever has."""
        return self.blocks.size // gcd(self.step, self.blocks.size)

    def _rows(self, lo: int, hi: int, budget: Budget) -> Iterator[Rows]:
        """The blocks that may hold something of `[lo, hi)`, in batches."""
        number = self._from(self.blocks.number(lo - self.reach))
        stop = self.blocks.number(hi - 1 + self.reach) + 1
        size, largest = _FIRST_BLOCKS, max(_LARGEST_CHUNK // self.widest, 1)
        while number < stop:
            rows = self.blocks.rows(number, self.step, min(size, largest, -(-(stop - number) // self.step)))
            blocks = len(rows[1])
            budget.take(blocks)
            yield rows
            number, size = number + blocks * self.step, size * _GROWTH

    def _from(self, number: int) -> int:
        """The first block of the plan that is not before the block of that number."""
        return self.first + max(-(-(number - self.first) // self.step), 0) * self.step

    def _starts(self, rows: Rows) -> list[int]:
        """Everything in the blocks."""
        base, firsts, kinds = rows
        starts = self._one_each(firsts, kinds) if self.widest == 1 else None
        if starts is None:
            patterns = map(self.patterns.__getitem__, kinds)
            starts = [first + offset for first, pattern in zip(firsts, patterns, strict=True) for offset in pattern]
        return [base + start for start in starts] if base else starts

    def _one_each(self, firsts: Sequence[int], kinds: Sequence[int]) -> list[int] | None:
        """The one start of each block, from its base; None if some have none."""
        try:
            return list(map(add, firsts, map(self.singles.__getitem__, kinds)))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class EveryNthDay:
    """Of the midnights of `days`, those that are a multiple of `step` seconds away from `origin`."""

    days: Plan
    origin: int
    step: int

    def chunks(self, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
        for days in self.days.chunks(lo, hi, budget):
            if chosen := [day for day in days if not (day - self.origin) % self.step]:
                yield chosen

    def end_of(self, count: int, lo: int, hi: int, budget: Budget) -> int:
        return _walk(self, count, lo, hi, budget)


@dataclass(frozen=True, slots=True)
class Timed:
    """The same times, sorted seconds of the day and at least one, on each of the midnights of `days`."""

    days: Plan
    times: tuple[int, ...]

    def chunks(self, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
        size = max(_LARGEST_CHUNK // len(self.times), 1)
        for days in self.days.chunks(lo - lo % DAY, hi, budget):
            for start in range(0, len(days), size):
                starts = [day + time for day in days[start : start + size] for time in self.times]
                starts = starts[bisect_left(starts, lo) : bisect_left(starts, hi)]
                budget.take(len(starts))
                if starts:
                    yield starts

    def end_of(self, count: int, lo: int, hi: int, budget: Budget) -> int:
        midnight = lo - lo % DAY
        if any(self.days.chunks(midnight, midnight + 1, budget)):
            count += bisect_left(self.times, lo - midnight)
        days, last = divmod(count - 1, len(self.times))
        end = self.days.end_of(days + 1, midnight, hi, budget)
        return min(end - 1 + self.times[last] + 1, hi)


@dataclass(frozen=True, slots=True)
class Clocked:
    """Where the times differ from day to day, or are too many to be kept: what `clock` shows on each of the days."""

    days: Plan
    clock: Clock

    def chunks(self, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
        length = HOUR if self.clock.densest > FEW else DAY
        for days in self.days.chunks(lo - lo % DAY, hi, budget):
            for day in days:
                for begin in range(max(day, lo), min(day + DAY, hi), length):
                    if starts := self.clock.between(begin, min(begin + length, day + DAY, hi), budget):
                        yield starts

    def end_of(self, count: int, lo: int, hi: int, budget: Budget) -> int:
        return _walk(self, count, lo, hi, budget)


@dataclass(frozen=True, slots=True)
class Steps:
    """Where periods are few and far between: each is looked at, and if `admits` says so has starts at its `offsets`."""

    origin: int
    step: int
    offsets: tuple[int, ...]
    admits: Callable[[int], bool]

    def chunks(self, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
        first = lo - self.offsets[-1]
        for period in range(first + (self.origin - first) % self.step, hi, self.step):
            budget.take(1)
            if not self.admits(period):
                continue
            starts = [period + offset for offset in self.offsets if lo <= period + offset < hi]
            budget.take(len(starts))
            if starts:
                yield starts

    def end_of(self, count: int, lo: int, hi: int, budget: Budget) -> int:
        return _walk(self, count, lo, hi, budget)


def _walk(plan: Plan, count: int, lo: int, hi: int, budget: Budget) -> int:
    """`end_of` by listing them all."""
    for chunk in plan.chunks(lo, hi, budget):
        if count <= len(chunk):
            return chunk[count - 1] + 1
        count -= len(chunk)
    return hi
