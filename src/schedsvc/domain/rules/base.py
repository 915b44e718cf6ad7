"""What every rule works on and answers.

A rule is a set of *forbidden starts*: whole seconds at which a booking may not begin. Listing takes
the candidates that no rule forbids; booking and explaining ask the same rules for the one second
`[start, start + 1)`. So they cannot disagree.

The answer for a window must be that of any larger window, cut to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from schedsvc.domain.errors import Refusal
from schedsvc.domain.hours import WorkHours
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, CalendarName
from schedsvc.domain.openings import Week
from schedsvc.domain.profiles import DatePeriod
from schedsvc.domain.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Question:
    """What a caller wants to know about starts.

    `now` is rounded up to a whole second, so that a notice is never cut short. `duration` is in
    seconds, at least 1. `exclude_booking` does not stand in its own way (it is to be moved). `unreadable` are calendars
    that may not be looked at (any more): what is not known to be free counts as taken.
    """

    now: int
    duration: int
    exclude_booking: BookingName | None = None
    unreadable: tuple[CalendarName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A booking profile compiled for evaluation; spans are in seconds.

    `active` bounds the starts, half-open. `hours` are the effective ones, and their zone is the
    zone of every local day of the profile.
    """

    hours: WorkHours
    week: Week
    duration: int
    step: int
    before: int
    after: int
    notice: int
    available_for: DatePeriod
    active: Interval

    @property
    def time_zone(self) -> str:
        return self.hours.time_zone


class Forbidden(NamedTuple):
    """Ordered intervals of starts, which may reach beyond the window asked for.

    `valid_until` is the last `now` (inclusive) up to which time alone changes the answer for no
    candidate of the window; None means that it never will.
    """

    intervals: Sequence[Interval]
    valid_until: int | None = None


NOTHING = Forbidden(())


class Forbids(Protocol):
    """Which starts in `[lo, hi)` a rule forbids."""

    def __call__(
        self, offer: Offer, question: Question, timelines: Sequence[Timeline], lo: int, hi: int, /
    ) -> Forbidden: ...


class Explains(Protocol):
    """Why a start that the rule forbids is forbidden: at least one refusal."""

    def __call__(
        self, offer: Offer, question: Question, timelines: Sequence[Timeline], start: int, /
    ) -> list[Refusal]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """`generates` marks the rule whose allowed starts are the candidates of a listing."""

    reason: str
    forbids: Forbids
    explains: Explains
    generates: bool = False
