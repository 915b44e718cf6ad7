"""A slot misses every out-of-office item of every calendar."""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.rules.base import Forbidden, Offer, Question, Rule
from schedsvc.domain.rules.conflicts import by_calendar, meeting, united
from schedsvc.domain.timeline import Aspect, Timeline

REASON = "OUT_OF_OFFICE"


def forbids(_offer: Offer, question: Question, timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    return Forbidden(united([meeting(t, Aspect.AWAY, question, lo, hi) for t in timelines]))


RULE = Rule(
    REASON,
    forbids,
    by_calendar(REASON, "Its owner is out of office at that time; choose another start.", forbids),
)
