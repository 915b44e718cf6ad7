"""A booking is as long as its profile says; any other length forbids every start."""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.errors import Refusal
from schedsvc.domain.rules.base import NOTHING, Forbidden, Offer, Question, Rule
from schedsvc.domain.timeline import Timeline

REASON = "BAD_DURATION"


def forbids(offer: Offer, question: Question, _timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    return NOTHING if question.duration == offer.duration else Forbidden([(lo, hi)])


def explains(offer: Offer, _question: Question, _timelines: Sequence[Timeline], _start: int) -> list[Refusal]:
    minutes = offer.duration // 60
    return [Refusal(REASON, "", f"Bookings of the profile last {minutes} minutes; ask for those.")]


RULE = Rule(REASON, forbids, explains)
