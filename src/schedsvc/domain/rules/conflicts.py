"""What the rules about other events share: where a slot would meet what calendars have taken."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from schedsvc.domain.errors import Refusal
from schedsvc.domain.intervals import Interval, contains, merge
from schedsvc.domain.rules.base import Explains, Forbids, Offer, Question
from schedsvc.domain.timeline import Aspect, Timeline


def meeting(
    timeline: Timeline,
    aspect: Aspect,
    question: Question,
    lo: int,
    hi: int,
    *,
    before: int = 0,
    after: int = 0,
) -> list[Interval]:
    """The starts at which `[start - before, start + duration + after)` meets what is taken.

    Ordered, complete for starts in `[lo, hi)`, and perhaps reaching beyond.
    """
    lead = question.duration + after - 1
    taken = timeline.taken(aspect, lo - before, hi + lead, question.exclude_booking)
    return [(a - lead, b + before) for a, b in taken]


def united(parts: Sequence[list[Interval]]) -> list[Interval]:
    """The ordered union of ordered lists."""
    return parts[0] if len(parts) == 1 else merge(chain.from_iterable(parts))


def by_calendar(reason: str, text: str, forbids: Forbids) -> Explains:
    """Asks the rule of each calendar alone; those that forbid the start are the subjects."""

    def explains(offer: Offer, question: Question, timelines: Sequence[Timeline], start: int) -> list[Refusal]:
        return [
            Refusal(reason, str(timeline.source), text)
            for timeline in timelines
            if contains(forbids(offer, question, (timeline,), start, start + 1).intervals, start)
        ]

    return explains
