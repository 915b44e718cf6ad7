"""Free/busy: how strongly each moment of a window is taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from schedsvc.domain.events import Level

_STRONGEST_FIRST = sorted(Level, reverse=True)


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
    for instant, of, step in _edges(items, lo, hi):
        depth[of] += step
        strongest = next(lv for lv in _STRONGEST_FIRST if lv is Level.NONE or depth[lv])
        if strongest is level:
            continue
        if level and at < instant:
            _append(out, Period(at, instant, level))
        at, level = instant, strongest
    return out


def _edges(items: Iterable[Spanned], lo: int, hi: int) -> list[tuple[int, Level, int]]:
    """Where levels begin (+1) and end (-1) within the window, in order of time."""
    edges = []
    for item in items:
        a, b = max(item.start, lo), min(item.end, hi)
        if a < b and item.level:
            edges += [(a, item.level, 1), (b, item.level, -1)]
    return sorted(edges)


def _append(out: list[Period], period: Period) -> None:
    """Adds a period, as a part of the last one if it goes on at the same level."""
    if out and out[-1].end == period.start and out[-1].level is period.level:
        period = Period(out.pop().start, period.end, period.level)
    out.append(period)
