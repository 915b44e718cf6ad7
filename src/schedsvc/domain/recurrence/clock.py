"""Times of the day: what BYHOUR, BYMINUTE and BYSECOND select, and the steps of HOURLY, MINUTELY and SECONDLY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.time import DAY

HOUR = 3600
MINUTE = 60
FEW = 1440
"""So many times of the day are kept in a list; more are made anew where they are needed."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Periods of `unit` seconds (an hour, a minute or a second), one every `step` seconds, `origin` among them.

    A period counts if its hour and, as far as the unit has them, its minute and second are among those named; where
    none is named, all are. In each that counts, the sorted `offsets` from its beginning are the starts.
    """

    unit: int
    origin: int
    step: int
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    offsets: tuple[int, ...] = (0,)

    def between(self, lo: int, hi: int, budget: Budget) -> list[int]:
        """The starts in `[lo, hi)`, in order; both bounds lie in one day, or `hi` at its end."""
        starts: list[int] = []
        for begin, end in self._windows(lo - lo % self.unit, hi):
            periods = range(begin + (self.origin - begin) % self.step, end, self.step)
            made = [period + offset for period in self._counting(periods) for offset in self.offsets]
            budget.take(1 + max(len(periods), len(made)))
            starts += made
        return [start for start in starts if lo <= start < hi]

    @property
    def repeats_daily(self) -> bool:
        return DAY % self.step == 0

    @property
    def densest(self) -> int:
        """No day has more starts than that."""
        periods = len(self.hours) or 24
        if self.unit < HOUR:
            periods *= len(self.minutes) or 60
        if self.unit < MINUTE:
            periods *= len(self.seconds) or 60
        return min(periods, DAY // self.step + 1) * len(self.offsets)

    def counts(self, period: int) -> bool:
        """Whether the times named admit the period that begins at that second."""
        parts = ((self.hours, HOUR, 24), (self.minutes, MINUTE, 60), (self.seconds, 1, 60))
        return all(not named or period // unit % base in named for named, unit, base in parts)

    def _windows(self, lo: int, hi: int) -> Iterator[tuple[int, int]]:
        """The parts of `[lo, hi)` to look at: whole hours or minutes where those are named."""
        if self.unit == HOUR or not (self.hours or (self.minutes and self.unit < MINUTE)):
            yield lo, hi
            return
        for hour in range(lo - lo % HOUR, hi, HOUR):
            if self.hours and hour // HOUR % 24 not in self.hours:
                continue
            for begin, end in self._minutes_of(hour):
                if max(begin, lo) < min(end, hi):
                    yield max(begin, lo), min(end, hi)

    def _minutes_of(self, hour: int) -> list[tuple[int, int]]:
        if self.unit == MINUTE or not self.minutes:
            return [(hour, hour + HOUR)]
        return [(hour + minute * MINUTE, hour + (minute + 1) * MINUTE) for minute in self.minutes]

    def _counting(self, periods: range) -> Sequence[int]:
        """Those of the periods in a window that count."""
        unit, named, base = self.unit, self.seconds, 60
        if unit == HOUR:
            named, base = self.hours, 24
        elif unit == MINUTE:
            named = self.minutes
        return [period for period in periods if period // unit % base in named] if named else periods


@dataclass(frozen=True, slots=True)
class Times:
    """Every combination of those hours, minutes and seconds, in order."""

    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.hours) * len(self.minutes) * len(self.seconds)

    def __getitem__(self, index: int) -> int:
        """The seconds of the day of one of them, counted from 0."""
        rest, second = divmod(index, len(self.seconds))
        hour, minute = divmod(rest, len(self.minutes))
        return self.hours[hour] * HOUR + self.minutes[minute] * MINUTE + self.seconds[second]

    def __iter__(self) -> Iterator[int]:
        for hour in self.hours:
            for minute in self.minutes:
                for second in self.seconds:
                    yield hour * HOUR + minute * MINUTE + second

    def as_clock(self) -> Clock:
        return Clock(1, 0, 1, self.hours, self.minutes, self.seconds)
