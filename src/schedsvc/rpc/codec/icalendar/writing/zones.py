"""VTIMEZONE components, made from the zone data (RFC 5545 section 3.6.5)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

from schedsvc.domain.recurrence.text import WEEKDAYS, format_time
from schedsvc.domain.time import LATEST, Piece, local_at, pieces, seconds, utc
from schedsvc.rpc.codec.icalendar.writing.content import Line, component, plain, text

_FEWEST = 3
_LAST_WEEK = 25
_FIRST_YEAR, _LAST_YEAR = 1900, utc(LATEST).year


@dataclass(frozen=True, slots=True)
class _Onset:
    """A change of offset: `local` is what clocks showed until then, the offsets are seconds."""

    local: datetime
    before: int
    after: int
    name: str
    summer: bool

    @property
    def kind(self) -> tuple[int, int, str, bool]:
        return self.before, self.after, self.name, self.summer

    @property
    def patterns(self) -> frozenset[_Pattern]:
        """All that the day answers to: which one of its weekday, and which seven days it is the weekday of."""
        length = monthrange(self.local.year, self.local.month)[1]
        day, weekday = self.local.day, WEEKDAYS[self.local.weekday()]
        ordinals = ((day - 1) // 7 + 1, -((length - day) // 7 + 1))
        numbered = [f"BYDAY={ordinal}{weekday}" for ordinal in ordinals if ordinal in range(-4, 5)]
        weeks = [range(first, first + 7) for first in range(max(day - 6, 1), min(day, _LAST_WEEK) + 1)]
        among = [f"BYDAY={weekday};BYMONTHDAY={','.join(map(str, week))}" for week in weeks]
        return frozenset(_Pattern(self.local.month, self.local.time(), rule) for rule in (*numbered, *among))


class _Pattern(NamedTuple):
    """A month, a time of day, and the rest of a rule."""

    month: int
    clock: time
    days: str


@lru_cache(maxsize=512)
def vtimezone(zone_name: str, first_year: int) -> tuple[Line, ...]:
    """The component of a zone, good from the begin of a year until nothing can take place any more."""
    year = min(max(first_year, _FIRST_YEAR), _LAST_YEAR - 1)
    lo = seconds(datetime(year, 1, 1, tzinfo=UTC))
    found = pieces(zone_name, lo, LATEST)
    onsets = list(_onsets(zone_name, found))
    parts = [_part([_initial(zone_name, found[0])], "")]
    for _, alike in groupby(sorted(onsets, key=lambda onset: onset.kind), key=lambda onset: onset.kind):
        parts += _parts(list(alike))
    return tuple(component("VTIMEZONE", [text("TZID", zone_name), *(line for part in parts for line in part)]))


def _onsets(zone_name: str, found: Sequence[Piece]) -> Iterator[_Onset]:
    for before, after in pairwise(found):
        name, summer = _name(zone_name, after.start)
        yield _Onset(_shown(after.start, before.offset), before.offset, after.offset, name, summer)


def _initial(zone_name: str, piece: Piece) -> _Onset:
    """What holds before the first change."""
    name, summer = _name(zone_name, piece.start)
    return _Onset(_shown(piece.start, piece.offset), piece.offset, piece.offset, name, summer)


def _name(zone_name: str, instant: int) -> tuple[str, bool]:
    local = local_at(instant, zone_name)
    return local.tzname() or "", bool(local.dst())


def _shown(instant: int, offset: int) -> datetime:
    return utc(instant + offset).replace(tzinfo=None)


def _parts(alike: list[_Onset]) -> list[list[Line]]:
    """Yearly rules as far as there are some, the rest one by one."""
    runs, single = _runs(alike)
    parts = [_part([run[0]], _rule(run, pattern)) for run, pattern in runs]
    return [*parts, _part(single, "")] if single else parts


def _runs(alike: list[_Onset]) -> tuple[list[tuple[list[_Onset], _Pattern]], list[_Onset]]:
    """Onsets of at least three years in a row on the same day by one pattern, and those of no such run."""
    runs, single = [], list[_Onset]()
    at = 0
    while at < len(alike):
        patterns, end = alike[at].patterns, at + 1
        while end < len(alike) and alike[end].local.year == alike[end - 1].local.year + 1:
            if not (common := patterns & alike[end].patterns):
                break
            patterns, end = common, end + 1
        if end - at >= _FEWEST:
            runs.append((alike[at:end], min(patterns, key=lambda pattern: (len(pattern.days), pattern.days))))
        else:
            single += alike[at:end]
        at = end
    return runs, single


def _rule(run: list[_Onset], pattern: _Pattern) -> str:
    """Without an end if it still holds when nothing can take place any more."""
    rule = f"FREQ=YEARLY;BYMONTH={pattern.month};{pattern.days}"
    last = run[-1]
    if last.local.year >= _LAST_YEAR - 1:
        return rule
    until = (last.local - timedelta(seconds=last.before)).replace(tzinfo=UTC)
    return f"{rule};UNTIL={format_time(until)}"


def _part(onsets: list[_Onset], rule: str) -> list[Line]:
    first, *others = onsets
    lines = [
        plain("DTSTART", format_time(first.local)),
        plain("TZOFFSETFROM", _offset(first.before)),
        plain("TZOFFSETTO", _offset(first.after)),
        *([text("TZNAME", first.name)] if first.name else ()),
        *([plain("RRULE", rule)] if rule else ()),
        *([plain("RDATE", ",".join(format_time(other.local) for other in others))] if others else ()),
    ]
    return component("DAYLIGHT" if first.summer else "STANDARD", lines)


def _offset(offset: int) -> str:
    """`+hhmm`, with seconds where the offset has some."""
    minutes, second = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}{minutes % 60:02}{f'{second:02}' if second else ''}"
