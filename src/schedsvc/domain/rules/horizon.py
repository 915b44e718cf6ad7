"""A booking is made not too far ahead: up to the end of the profile's last bookable local day.

`now` is a whole second rounded up, so that the next day may open by less than a second early.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from schedsvc.domain.errors import Refusal
from schedsvc.domain.periods import end_of_horizon, format_period
from schedsvc.domain.rules.base import NOTHING, Forbidden, Offer, Question, Rule
from schedsvc.domain.time import day_of, day_start
from schedsvc.domain.timeline import Timeline

REASON = "HORIZON"


def forbids(offer: Offer, question: Question, _timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    end = end_of_horizon(question.now, offer.available_for, offer.time_zone)
    if end >= hi:
        return NOTHING
    tomorrow = day_of(question.now, offer.time_zone) + timedelta(days=1)
    return Forbidden([(max(lo, end), hi)], day_start(tomorrow, offer.time_zone) - 1)


def explains(offer: Offer, _question: Question, _timelines: Sequence[Timeline], _start: int) -> list[Refusal]:
    period = format_period(offer.available_for)
    text = f"Bookings are made at most {period} ahead; choose an earlier start."
    return [Refusal(REASON, "", text)]


RULE = Rule(REASON, forbids, explains)
