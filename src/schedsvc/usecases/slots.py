"""The starts that a profile offers: the list, from the same evaluator that a booking asks."""

from __future__ import annotations

from dataclasses import dataclass

from schedsvc.domain.availability import Offer, Question, free_starts, needed
from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import LIST_SLOTS_DAYS
from schedsvc.domain.names import ProfileName
from schedsvc.domain.periods import end_of_horizon
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import DAY, RangeRequest, resolve_bound, resolve_range
from schedsvc.domain.time import seconds_up
from schedsvc.repositories.base import Clock, Store
from schedsvc.usecases.access import require_account, unreadable
from schedsvc.usecases.offers import Offers
from schedsvc.usecases.timelines import Timelines


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """`as_of` pins the instant that a later page is computed for, `after` the last start of the page before.

    `duration` in seconds, None for the profile's.
    """

    profile: ProfileName
    asked: RangeRequest
    duration: int | None
    size: int
    as_of: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class SlotPage:
    """Starts with their common duration (seconds), and the zone to show them in."""

    starts: list[int]
    duration: int
    time_zone: str
    as_of: int
    valid_until: int | None
    more: bool


class Slots:
    def __init__(self, store: Store, clock: Clock, offers: Offers, timelines: Timelines) -> None:
        self._store = store
        self._clock = clock
        self._offers = offers
        self._timelines = timelines

    async def list(self, principal: Principal, query: SlotQuery) -> SlotPage:
        """Raises ResourceNotFound, InvalidInput for a bad range or a duration that the profile does not offer."""
        require_account(principal, query.profile.account)
        as_of = query.as_of if query.as_of is not None else seconds_up(self._clock.now())
        async with self._store.read(principal.tenant) as tx:
            compiled, heads = await self._offers.current(tx, query.profile)
            offer = compiled.offer
            duration = required_duration(offer, query.duration, "duration")
            question = Question(as_of, duration, unreadable=await unreadable(tx, compiled.profile))
            lo, hi = _window(offer, query, as_of)
            timelines = await self._timelines.load(
                tx, heads, compiled.profile.calendars, needed(offer, question, lo, hi)
            )
        found = free_starts(offer, question, timelines, lo, hi)
        zone = query.asked.time_zone or offer.time_zone
        more = len(found.starts) > query.size
        return SlotPage(found.starts[: query.size], question.duration, zone, as_of, found.valid_until, more)


def required_duration(offer: Offer, asked: int | None, field: str) -> int:
    """The duration in seconds; raises InvalidInput for one that the profile does not offer."""
    if asked is not None and asked != offer.duration:
        minutes = offer.duration // 60
        raise InvalidInput([Violation(field, f"the profile offers {minutes} minutes only")])
    return offer.duration


def _window(offer: Offer, query: SlotQuery, as_of: int) -> Interval:
    """From now to the end of the horizon unless asked otherwise; a later page begins after its predecessor."""
    zone = query.asked.time_zone or offer.time_zone
    low = as_of if query.asked.low is None else resolve_bound(query.asked.low, zone)
    if query.asked.high is None:
        horizon = end_of_horizon(as_of, offer.available_for, offer.time_zone)
        high = max(min(horizon, low + LIST_SLOTS_DAYS * DAY), low + 1)
    else:
        high = resolve_bound(query.asked.high, zone)
    low, high = resolve_range(low, high, query.asked.fields, LIST_SLOTS_DAYS)
    low = max(low, as_of)
    return (low, max(low, high)) if query.after is None else (max(low, query.after + 1), max(low, high))
