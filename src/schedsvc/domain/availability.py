"""The one evaluator: which starts does a profile offer, and why not the others.

A rule is added by a module in `rules` and its line in the table here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schedsvc.domain.errors import Refusal
from schedsvc.domain.hours import WorkHours, default_hours
from schedsvc.domain.intervals import Interval, contains, subtract
from schedsvc.domain.openings import compile_week
from schedsvc.domain.profiles import BookingProfile
from schedsvc.domain.rules import (
    active,
    away,
    buffers,
    busy,
    duration,
    grid,
    horizon,
    hours,
    notice,
    unreadable,
)
from schedsvc.domain.rules.base import Offer, Question
from schedsvc.domain.time import EARLIEST, LATEST, seconds_up
from schedsvc.domain.timeline import Timeline

__all__ = [
    "REASONS",
    "Allowed",
    "Offer",
    "Question",
    "Starts",
    "allowed_starts",
    "compile_offer",
    "free_starts",
    "needed",
    "refusals",
]

# The order in which reasons are given.
_RULES = (
    active.RULE,
    duration.RULE,
    grid.RULE,
    hours.RULE,
    notice.RULE,
    horizon.RULE,
    busy.RULE,
    buffers.RULE,
    away.RULE,
    unreadable.RULE,
)
REASONS = tuple(rule.reason for rule in _RULES)


class Starts(NamedTuple):
    """Free starts, ascending. Time alone changes nothing while `now <= valid_until`.

    `valid_until` of None: it never does.
    """

    starts: list[int]
    valid_until: int | None


class Allowed(NamedTuple):
    """Starts that no rule forbids, on the grid or off it, as a merged list; `valid_until` as in `Starts`."""

    intervals: list[Interval]
    valid_until: int | None


def compile_offer(profile: BookingProfile, account_hours: WorkHours | None, calendar_zone: str) -> Offer:
    """The profile as the evaluator needs it.

    Its hours are its own, else those of the account, else the default in the zone of the calendar.
    Raises UnknownZone once it is evaluated in a zone that does not exist.
    """
    effective = profile.work_hours or account_hours or default_hours(calendar_zone)
    return Offer(
        hours=effective,
        week=compile_week(effective),
        duration=profile.duration_minutes * 60,
        step=profile.step_minutes * 60,
        before=profile.buffer_before_minutes * 60,
        after=profile.buffer_after_minutes * 60,
        notice=profile.start_after_minutes * 60,
        available_for=profile.available_for,
        active=(_bound(profile.active_from, EARLIEST), _bound(profile.active_until, LATEST)),
    )


def needed(offer: Offer, question: Question, lo: int, hi: int) -> Interval:
    """The range whose items the timelines must hold to answer for starts in `[lo, hi)`."""
    return lo - offer.before, hi + question.duration + offer.after - 1


def free_starts(offer: Offer, question: Question, timelines: Sequence[Timeline], lo: int, hi: int) -> Starts:
    """Every start in `[lo, hi)` that can be booked: the candidates that no rule forbids."""
    allowed = allowed_starts(offer, question, timelines, [(lo, hi)] if lo < hi else [])
    return Starts(grid.candidates(offer, allowed.intervals), allowed.valid_until)


def allowed_starts(offer: Offer, question: Question, timelines: Sequence[Timeline], allowed: list[Interval]) -> Allowed:
    """What the rules leave of a merged list of starts, before the grid picks the candidates among them."""
    valid_until: int | None = None
    for rule in _RULES:
        if not allowed:
            break
        if rule.generates:
            continue
        window = allowed[0][0], allowed[-1][1]
        forbidden = rule.forbids(offer, question, timelines, *window)
        allowed = subtract(allowed, forbidden.intervals)
        valid_until = _earlier(valid_until, forbidden.valid_until)
    return Allowed(allowed, valid_until)


def refusals(offer: Offer, question: Question, timelines: Sequence[Timeline], start: int) -> list[Refusal]:
    """Why a start cannot be booked, in the order of REASONS; empty if it can."""
    return [
        refusal
        for rule in _RULES
        if contains(rule.forbids(offer, question, timelines, start, start + 1).intervals, start)
        for refusal in rule.explains(offer, question, timelines, start)
    ]


def _bound(time: datetime | None, otherwise: int) -> int:
    """Starts are whole seconds, so that either bound of a half-open period rounds up."""
    return otherwise if time is None else seconds_up(time)


def _earlier(a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return a if b is None else b
    return min(a, b)
