"""No slot is offered beside a calendar that cannot be read: it may be taken at any time."""

from __future__ import annotations

from collections.abc import Sequence

from schedsvc.domain.errors import Refusal
from schedsvc.domain.rules.base import NOTHING, Forbidden, Offer, Question, Rule
from schedsvc.domain.time import EARLIEST, LATEST
from schedsvc.domain.timeline import Timeline

REASON = "SOURCE_UNREADABLE"
_TEXT = "The calendar can no longer be read; ask its owner to share it again, or take it out of the profile."


def forbids(_offer: Offer, question: Question, _timelines: Sequence[Timeline], _lo: int, _hi: int) -> Forbidden:
    return Forbidden(((EARLIEST, LATEST),)) if question.unreadable else NOTHING


def explains(_offer: Offer, question: Question, _timelines: Sequence[Timeline], _start: int) -> list[Refusal]:
    return [Refusal(REASON, str(calendar), _TEXT) for calendar in question.unreadable]


RULE = Rule(REASON, forbids, explains)
