"""Every instant of a slot lies within the opening hours, as the wall clock shows them."""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.errors import Refusal
from schedsvc.domain.intervals import complement
from schedsvc.domain.openings import windows
from schedsvc.domain.rules.base import Forbidden, Offer, Question, Rule
from schedsvc.domain.timeline import Timeline

REASON = "OUTSIDE_HOURS"


def forbids(offer: Offer, question: Question, _timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    lead = question.duration - 1
    fits = [(a, b - lead) for a, b in windows(offer.week, lo, hi + lead) if b - a > lead]
    return Forbidden(complement(fits, lo, hi))


def explains(offer: Offer, _question: Question, _timelines: Sequence[Timeline], _start: int) -> list[Refusal]:
    text = f"The whole slot has to lie within the opening hours in {offer.time_zone}."
    return [Refusal(REASON, "", f"{text} Choose one of the listed slots.")]


RULE = Rule(REASON, forbids, explains)
