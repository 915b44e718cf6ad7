"""The grid: candidates are the start of a work interval plus a multiple of the step.

Both are wall-clock minutes. Nothing else ever moves a candidate, and one that clocks skip vanishes
while one that they repeat is offered twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schedsvc.domain.errors import Refusal
from schedsvc.domain.intervals import Interval, complement
from schedsvc.domain.openings import openings
from schedsvc.domain.rules.base import Forbidden, Offer, Question, Rule
from schedsvc.domain.timeline import Timeline

REASON = "OFF_GRID"


def candidates(offer: Offer, allowed: Sequence[Interval]) -> list[int]:
    """The candidates that lie in the merged intervals `allowed`, ascending; linear."""
    out: list[int] = []
    for progression in _progressions(offer, allowed):
        out += progression
    return out


def first_candidate(offer: Offer, lo: int, hi: int) -> int | None:
    """The earliest candidate in `[lo, hi)`."""
    return next((p[0] for p in _progressions(offer, [(lo, hi)]) if p), None)


def forbids(offer: Offer, _question: Question, _timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    points = ((start, start + 1) for start in candidates(offer, [(lo, hi)]))
    return Forbidden(complement(list(points), lo, hi))


def explains(offer: Offer, _question: Question, _timelines: Sequence[Timeline], _start: int) -> list[Refusal]:
    text = (
        f"Starts are {offer.step // 60} minutes apart, counted from the beginning of the opening "
        f"hours in {offer.time_zone}; choose one of the listed slots."
    )
    return [Refusal(REASON, "", text)]


def _progressions(offer: Offer, allowed: Sequence[Interval]) -> Iterator[range]:
    """The candidates of each stretch that is open and allowed, in order; some may be empty."""
    if not allowed:
        return
    opens = openings(offer.week, allowed[0][0], allowed[-1][1])
    i, n = 0, len(opens)
    for lo, hi in allowed:
        while i < n and opens[i].end <= lo:
            i += 1
        j = i
        while j < n and (opening := opens[j]).start < hi:
            first = max(lo, opening.start)
            first += (opening.anchor - first) % offer.step
            yield range(first, min(hi, opening.end), offer.step)
            j += 1
        i = max(i, j - 1)


RULE = Rule(REASON, forbids, explains, generates=True)
