"""When several people can meet: the same evaluation as that of slots, over profiles that nobody saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from schedsvc.domain.errors import DomainError, InvalidInput, Violation
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import MESSAGE_BYTES, SUGGEST_DAYS
from schedsvc.domain.names import CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest, resolve
from schedsvc.domain.suggestions import Emptiness, Member, Search, Suggestion, Wish
from schedsvc.domain.time import seconds_up
from schedsvc.repositories.base import Clock, Store
from schedsvc.usecases.diaries import Diaries, Diary


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionQuery:
    """`members` in the order of the bits of `wish`. Without `work_hours` any time of theirs will do.

    `weight` is what one suggestion takes in an answer, in bytes. `as_of` pins the instant that a later page is computed
    for, `after` the last start of the page before.
    """

    members: Sequence[CalendarName]
    wish: Wish
    asked: RangeRequest
    work_hours: bool
    size: int
    weight: int
    as_of: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class SuggestionPage:
    """`errors` by the place of the member."""

    suggestions: list[Suggestion]
    errors: Mapping[int, DomainError]
    emptiness: Emptiness | None
    as_of: int
    more: bool


class Suggestions:
    def __init__(self, store: Store, clock: Clock, diaries: Diaries) -> None:
        self._store = store
        self._clock = clock
        self._diaries = diaries

    async def suggest(self, principal: Principal, query: SuggestionQuery) -> SuggestionPage:
        """Looks at 92 days at most; raises InvalidInput for a bad range."""
        window = _window(query)
        as_of = query.as_of if query.as_of is not None else seconds_up(self._clock.now())
        around = query.wish.around(*window)
        async with self._store.read(principal.tenant) as tx:
            read = await self._diaries.read(tx, principal, query.members, around, hours=query.work_hours)
        found = [read[name] for name in query.members]
        search = Search(query.wish, [_member(one) for one in found], as_of, window)
        size = min(query.size, max(1, MESSAGE_BYTES // query.weight))
        page = list(islice(search.suggestions(query.after), size + 1))
        return SuggestionPage(
            page[:size],
            {place: one for place, one in enumerate(found) if isinstance(one, DomainError)},
            search.emptiness() if not page and query.after is None else None,
            as_of,
            more=len(page) > size,
        )


def _window(query: SuggestionQuery) -> Interval:
    window = resolve(query.asked, "UTC", SUGGEST_DAYS)
    if window is None:
        raise InvalidInput([Violation(field, "is required") for field in query.asked.fields])
    return window


def _member(found: Diary | DomainError) -> Member | None:
    return None if isinstance(found, DomainError) else Member(found.timeline, found.hours)
