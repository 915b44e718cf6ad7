"""A booking is made some time ahead: a start is allowed from `now + notice` on, inclusive."""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.errors import Refusal
from schedsvc.domain.rules.base import Forbidden, Offer, Question, Rule
from schedsvc.domain.rules.grid import first_candidate
from schedsvc.domain.timeline import Timeline

REASON = "NOTICE"


def forbids(offer: Offer, question: Question, _timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    earliest = question.now + offer.notice
    crosses_next = first_candidate(offer, max(lo, earliest), hi)
    return Forbidden(
        [(lo, min(hi, earliest))] if lo < earliest else [],
        None if crosses_next is None else crosses_next - offer.notice,
    )


def explains(offer: Offer, _question: Question, _timelines: Sequence[Timeline], _start: int) -> list[Refusal]:
    if offer.notice == 0:
        text = "The start has passed; choose a later one."
    else:
        minutes = offer.notice // 60
        text = f"Bookings are made at least {minutes} minutes ahead; choose a later start."
    return [Refusal(REASON, "", text)]


RULE = Rule(REASON, forbids, explains)
