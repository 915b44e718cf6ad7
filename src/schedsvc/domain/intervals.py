"""Half-open intervals `[start, end)` of integers, and the algebra that availability is made of.

A list of intervals is *ordered* when neither its starts nor its ends ever go down; its members
may then overlap, but none lies strictly inside another. It is *merged* when it is also free of
overlaps, of touching neighbours and of empty members. Every merged list is ordered.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

Interval = tuple[int, int]

_END = itemgetter(1)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The merged list that covers the same integers; the order given does not matter."""
    out: list[Interval] = []
    start = end = None
    for a, b in sorted(intervals):
        if a >= b:
            continue
        if start is None or end is None:
            start, end = a, b
        elif a > end:
            out.append((start, end))
            start, end = a, b
        elif b > end:
            end = b
    if start is not None and end is not None:
        out.append((start, end))
    return out


def overlapping(ordered: Sequence[Interval], lo: int, hi: int) -> Sequence[Interval]:
    """The members that share an integer with `[lo, hi)`, unclipped; O(log n) and the copy."""
    first = bisect_right(ordered, lo, key=_END)
    return ordered[first : bisect_left(ordered, (hi,), first)]


def contains(ordered: Sequence[Interval], x: int) -> bool:
    """Whether some member contains `x`; O(log n)."""
    last = bisect_left(ordered, (x + 1,)) - 1
    return last >= 0 and ordered[last][1] > x


def clip(ordered: Sequence[Interval], lo: int, hi: int) -> list[Interval]:
    """What lies within `[lo, hi)`, member by member."""
    out = list(overlapping(ordered, lo, hi))
    for i, (a, b) in enumerate(out):
        if a >= lo:
            break
        out[i] = (lo, b)
    for i in range(len(out) - 1, -1, -1):
        a, b = out[i]
        if b <= hi:
            break
        out[i] = (a, hi)
    return out


def complement(ordered: Sequence[Interval], lo: int, hi: int) -> list[Interval]:
    """The merged list of what `[lo, hi)` contains and no member does."""
    return subtract([(lo, hi)], ordered)


def subtract(merged: Sequence[Interval], ordered: Sequence[Interval]) -> list[Interval]:
    """The merged list of what `merged` covers and `ordered` does not; linear at worst."""
    out: list[Interval] = []
    i, n = 0, len(ordered)
    for at, hi in merged:
        i = bisect_right(ordered, at, i, key=_END)
        while i < n and (hole := ordered[i])[0] < hi:
            if hole[0] > at:
                out.append((at, hole[0]))
            at = hole[1]  # noqa: PLW2901 - the walk over one interval's holes
            if at >= hi:
                break
            i += 1
        if at < hi:
            out.append((at, hi))
    return out
