"""The active period of a profile bounds the starts, half-open."""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.errors import Refusal
from schedsvc.domain.rules.base import Forbidden, Offer, Question, Rule
from schedsvc.domain.time import utc
from schedsvc.domain.timeline import Timeline

REASON = "PROFILE_INACTIVE"


def forbids(offer: Offer, _question: Question, _timelines: Sequence[Timeline], lo: int, hi: int) -> Forbidden:
    opens, closes = offer.active
    outside = (lo, min(hi, opens)), (max(lo, closes), hi)
    return Forbidden([part for part in outside if part[0] < part[1]])


def explains(offer: Offer, _question: Question, _timelines: Sequence[Timeline], start: int) -> list[Refusal]:
    opens, closes = offer.active
    if start < opens:
        text = f"The profile opens at {utc(opens):%Y-%m-%d %H:%M:%S} UTC; choose a later start."
    else:
        text = f"The profile closes at {utc(closes):%Y-%m-%d %H:%M:%S} UTC; choose an earlier start."
    return [Refusal(REASON, "", text)]


RULE = Rule(REASON, forbids, explains)
