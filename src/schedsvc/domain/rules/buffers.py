"""A slot with its buffers misses what every item occupies with its own.

A plain event occupies its own extent, a booking also the buffers it was made with. Two bookings
are therefore at least the first one's buffer after plus the second one's buffer before apart. What
the bare extents alone forbid is left to the rules about those.
"""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.intervals import Interval, merge, subtract
from schedsvc.domain.rules.base import Forbidden, Offer, Question, Rule
from schedsvc.domain.rules.conflicts import by_calendar, meeting, united
from schedsvc.domain.timeline import Aspect, Timeline

REASON = "BUFFER"


def forbids(offer: Offer, question: Question, timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    return Forbidden(united([_margins(offer, question, t, lo, hi) for t in timelines]))


def _margins(offer: Offer, question: Question, timeline: Timeline, lo: int, hi: int) -> list[Interval]:
    """What the buffers add to the starts that one calendar's bare extents forbid."""
    before, after = offer.before, offer.after
    if not (before or after or timeline.padded(lo, hi + question.duration - 1)):
        return []
    buffered = meeting(timeline, Aspect.OCCUPIED, question, lo, hi, before=before, after=after)
    return subtract(merge(buffered), meeting(timeline, Aspect.BARE, question, lo, hi))


RULE = Rule(
    REASON,
    forbids,
    by_calendar(
        REASON,
        "The slot is too close to another event of the calendar; leave room for the buffers.",
        forbids,
    ),
)
