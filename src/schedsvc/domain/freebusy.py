"""Free/busy: how strongly each moment of a window is taken."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Protocol

from schedsvc.domain.events import Level

_STRONGEST_FIRST = sorted(Level, reverse=True)
_START, _END, _LEVEL = attrgetter("start"), attrgetter("end"), attrgetter("level")
_DIGITS = bytes.maketrans(bytes(Level), b"04123")
"""From levels to the digits of a view, which are those of Microsoft Graph's availabilityView."""


class Spanned(Protocol):
    """Anything with a bare extent and a level: items, and the periods of an answer."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def level(self) -> Level: ...


@dataclass(frozen=True, slots=True)
class Period:
    """`[start, end)` in instants, taken at `level` throughout."""

    start: int
    end: int
    level: Level


def busy_periods(items: Iterable[Spanned], lo: int, hi: int) -> list[Period]:
    """The strongest level of each moment of `[lo, hi)`, in order and as few periods as possible.

    Extents are bare: buffers belong to bookings, not to their owner's free/busy. Moments that
    nothing takes are left out; WORKING_ELSEWHERE is a level like the others.
    """
    depth = [0] * len(Level)
    out: list[Period] = []
    at, level = lo, Level.NONE
    for edge in _edges(items, lo, hi):
        begins, of = edge & 1, edge >> 1 & 7
        depth[of] += 1 if begins else -1
        if depth[of] != begins:
            continue
        instant = edge >> 4
        strongest = next(lv for lv in _STRONGEST_FIRST if lv is Level.NONE or depth[lv])
        if strongest is level:
            continue
        if level and at < instant:
            _append(out, Period(at, instant, level))
        at, level = instant, strongest
    return out


def cut(periods: Sequence[Period], lo: int, hi: int) -> list[Period]:
    """What lies within `[lo, hi)`, `lo < hi`, of periods that are in order and do not overlap."""
    first = bisect_right(periods, lo, key=_END)
    out = list(periods[first : bisect_left(periods, hi, first, key=_START)])
    if out and out[0].start < lo:
        out[0] = replace(out[0], start=lo)
    if out and out[-1].end > hi:
        out[-1] = replace(out[-1], end=hi)
    return out


def strung(parts: Iterable[Sequence[Period]]) -> list[Period]:
    """The periods of consecutive windows as those of one: what a border has cut is one again."""
    out: list[Period] = []
    for part in parts:
        if part:
            _append(out, part[0])
            out += part[1:]
    return out


def view(periods: Iterable[Period], lo: int, hi: int, step: int) -> str:
    """The strongest level in each `step` seconds from `lo` on, a digit each; `hi` may end the last one early.

    0 free, 1 tentative, 2 busy, 3 out of office, 4 working elsewhere. The periods lie within the window; their order
    does not matter, and they may overlap.
    """
    steps = bytearray(-((lo - hi) // step))
    for period in sorted(periods, key=_LEVEL):
        first, after = (period.start - lo) // step, -((lo - period.end) // step)
        steps[first:after] = bytes((period.level,)) * (after - first)
    return steps.translate(_DIGITS).decode()


def _edges(items: Iterable[Spanned], lo: int, hi: int) -> list[int]:
    """Where levels begin and end within the window, in order of time.

    Each is one number, which is sorted fastest: the instant, then three bits of the level, then 1 where it begins.
    """
    begins, ends = [], []
    for item in items:
        a, b, level = max(item.start, lo), min(item.end, hi), item.level
        if a < b and level:
            begins.append(a << 4 | level << 1 | 1)
            ends.append(b << 4 | level << 1)
    return sorted(begins + ends)


def _append(out: list[Period], period: Period) -> None:
    """Adds a period, as a part of the last one if it goes on at the same level."""
    if out and out[-1].end == period.start and out[-1].level is period.level:
        period = Period(out.pop().start, period.end, period.level)
    out.append(period)
