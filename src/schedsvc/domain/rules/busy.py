"""A slot misses every tentative or busy item of every calendar, bare extent against bare extent."""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.rules.base import Forbidden, Offer, Question, Rule
from schedsvc.domain.rules.conflicts import by_calendar, meeting, united
from schedsvc.domain.timeline import Aspect, Timeline

REASON = "BUSY"


def forbids(_offer: Offer, question: Question, timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    return Forbidden(united([meeting(t, Aspect.BUSY, question, lo, hi) for t in timelines]))


RULE = Rule(
    REASON,
    forbids,
    by_calendar(REASON, "The calendar is busy at that time; choose another start.", forbids),
)
