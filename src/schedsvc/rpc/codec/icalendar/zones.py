"""Which IANA zone a TZID means.

The service's own zone data wins over the file's: a VTIMEZONE is only asked where the name alone says nothing, or may be
one by chance, and then only for which known zone it describes.
"""

from __future__ import annotations

import re
from calendar import monthcalendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from schedsvc.domain.time import Piece, local_at, pieces, zone_names
from schedsvc.rpc.codec.icalendar.components import Raw
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties
from schedsvc.rpc.codec.icalendar.values import is_date, read_date, read_moment

_WANTED = frozenset({"TZID", "X-LIC-LOCATION", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"})
_NTH_DAY = re.compile(r"([+-]?[1-5])(MO|TU|WE|TH|FR|SA|SU)")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])?")
_MONTH = re.compile(r"0?[1-9]|1[0-2]")
_UNDERSTOOD = frozenset({"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "UNTIL", "WKST"})
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local times, to count from
_YEARS = range(1900, 2200)
# Looking through all zones takes time; a file needs it for a few zones and years, if at all.
_SEARCHES = 200
_ABBREVIATIONS = frozenset(
    {"CET", "EET", "EST", "HST", "MET", "MST", "WET", "CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT"}
)
# No real zone has as many single changes.
_DATES = 500
# Of zones whose clocks do the same, the one that most people mean.
_PRINCIPAL = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Brisbane",
    "Australia/Sydney",
    "Pacific/Auckland",
)


@dataclass(frozen=True, slots=True)
class Onset:
    """A change of offset: local time before it, and the offsets in seconds."""

    local: datetime
    before: int
    after: int

    @property
    def instant(self) -> int:
        return (self.local - _EPOCH) // timedelta(seconds=1) - self.before


class Zones:
    """The time zones that a file defines; `find` tells what its TZIDs mean."""

    def __init__(self, raws: Iterable[Raw]) -> None:
        self._named: dict[str, str | None] = {}
        self._defined: dict[str, _Definition] = {}
        self._matched: dict[tuple[str, int], str | None] = {}
        self._different: dict[tuple[str, str, int], bool] = {}
        for raw in raws:
            definition = _Definition(raw)
            self._defined.setdefault(definition.tzid, definition)

    def find(self, tzid: str, year: int) -> str | None:
        """The IANA name for times of a year, None if it cannot be told."""
        if tzid not in self._named:
            self._named[tzid] = known_name(tzid)
        definition = self._defined.get(tzid)
        if (name := self._named[tzid]) is not None:
            by_chance = definition is not None and _is_vague(tzid, name) and self.differs(tzid, name, year)
            return (self._match(definition, year) if by_chance and definition else None) or name
        if definition is None:
            return None
        if (name := known_name(definition.location)) is not None:
            return name
        return self._match(definition, year) if year in _YEARS else None

    def differs(self, tzid: str, name: str, year: int) -> bool:
        """Whether the file defines the TZID, and not as the zone of this name is in that year."""
        definition, key = self._defined.get(tzid), (tzid, name, year)
        if definition is None or year not in _YEARS:
            return False
        if key not in self._different and len(self._different) < _SEARCHES:
            described = definition.pieces(year)
            self._different[key] = described is not None and described != pieces(
                name, described[0].start, described[-1].end
            )
        return self._different.get(key, False)

    def instant(self, tzid: str, local: datetime) -> int | None:
        """What a local time comes to by the file's own definition of the zone; None if that cannot be told.

        Of a time that comes twice it is the first, and one that is skipped is read with the offset before the gap.
        """
        definition = self._defined.get(tzid)
        described = definition.pieces(local.year) if definition is not None and local.year in _YEARS else None
        return None if described is None else _first((local - _EPOCH) // timedelta(seconds=1), described)

    def _match(self, definition: _Definition, year: int) -> str | None:
        key = definition.tzid, year
        if key not in self._matched and len(self._matched) < _SEARCHES:
            self._matched[key] = _like(definition, year)
        return self._matched.get(key)


@cache
def _spellings() -> dict[str, str]:
    return {name.lower(): name for name in zone_names()}


def known_name(tzid: str) -> str | None:
    """The zone that a TZID names: as IANA does, as Windows does (CLDR), or behind a vendor's prefix."""
    plain = tzid.strip().strip('"').strip()
    if (windows := WINDOWS_TO_OLSON.get(plain)) is not None:
        return _spellings().get(windows.lower())
    parts = plain.strip("/").split("/")[-8:]
    suffixes = ("/".join(parts[start:]).lower() for start in range(len(parts)))
    return next((_spellings()[suffix] for suffix in suffixes if suffix in _spellings()), None)


def _is_vague(tzid: str, name: str) -> bool:
    """Whether the name is an abbreviation, which means several zones, or only the end of what the TZID says."""
    plain = tzid.strip().strip("/")
    if plain in WINDOWS_TO_OLSON:
        return False
    return plain.lower() != name.lower() or ("/" not in name and name in _ABBREVIATIONS)


def _like(definition: _Definition, year: int) -> str | None:
    """The first well-known zone whose clocks do in that year what the definition says."""
    described = definition.pieces(year)
    if described is None:
        return None
    lo, hi = described[0].start, described[-1].end
    likely = (name for name in _candidates() if _fits(name, described[0]) and _fits(name, described[-1]))
    return next((name for name in likely if pieces(name, lo, hi) == described), None)


def _first(second: int, described: tuple[Piece, ...]) -> int:
    """The first instant at which clocks show the local second."""
    instant, before = second, None
    for piece in described:
        instant = second - piece.offset
        if instant < piece.end:
            return instant if instant >= piece.start or before is None else second - before
        before = piece.offset
    return instant


def _fits(name: str, piece: Piece) -> bool:
    """Whether the zone has the offset of the piece at its start: quickly told, and mostly not so."""
    return local_at(piece.start, name).utcoffset() == timedelta(seconds=piece.offset)


@cache
def _candidates() -> tuple[str, ...]:
    """Zones of one offset first, then the principal ones, then one for each entry of the Windows table."""
    fixed = ["UTC", *(f"Etc/GMT{-hours:+d}" for hours in range(-12, 15) if hours)]
    windows = sorted({known for name in WINDOWS_TO_OLSON if (known := known_name(name))})
    return *fixed, *dict.fromkeys((*_PRINCIPAL, *windows))


class _Definition:
    """A VTIMEZONE. What is not understood of it makes it match no zone."""

    def __init__(self, raw: Raw) -> None:
        whole = Properties(raw.lines, _WANTED, Notes())
        self.tzid = whole.text("TZID")
        self.location = whole.text("X-LIC-LOCATION")
        self._parts = [Properties(part.lines, _WANTED, Notes()) for part in raw.inner]

    def pieces(self, year: int) -> tuple[Piece, ...] | None:
        """The offsets of a year of UTC, None if they cannot be told."""
        if sum(dates.value.count(",") + 1 for part in self._parts for dates in part.all("RDATE")) > _DATES:
            return None
        try:
            onsets = [onset for part in self._parts for onset in _onsets(part, year)]
        except ValueError:
            return None
        return _pieces(sorted(onsets, key=lambda onset: onset.instant), year)


def _pieces(onsets: list[Onset], year: int) -> tuple[Piece, ...] | None:
    """Neighbouring pieces differ in offset, as those of `domain.time.pieces` do."""
    lo, hi = (Onset(datetime(y, 1, 1), 0, 0).instant for y in (year, year + 1))  # noqa: DTZ001 - local
    before = [onset.after for onset in onsets if onset.instant <= lo]
    inside = [onset for onset in onsets if lo < onset.instant < hi]
    if not before and not inside:
        return None
    starts, offsets = [lo], [before[-1] if before else inside[0].before]
    for onset in inside:
        if onset.after != offsets[-1]:
            starts.append(onset.instant)
            offsets.append(onset.after)
    return tuple(map(Piece, starts, [*starts[1:], hi], offsets))


def _onsets(part: Properties, year: int) -> Iterator[Onset]:
    """The part's changes of offset as far as they matter for a year; raises ValueError for what is not understood."""
    start = read_moment(part.text("DTSTART")).local
    before, after = (_offset(part.text(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    yield Onset(start, before, after)
    for dates in part.all("RDATE"):
        for text in dates.value.split(","):
            yield Onset(read_moment(text.strip()).local, before, after)
    if rule := part.word("RRULE"):
        onsets = (Onset(local, before, after) for local in _yearly(rule, start, year))
        yield from (onset for onset in onsets if onset.local > start and not _is_over(rule, onset))


def _offset(text: str) -> int:
    """Seconds, from `+hhmm` or `-hhmmss`; raises ValueError."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    return (-1 if found[1] == "-" else 1) * (3600 * hours + 60 * minutes + seconds)


def _parts(rule: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition("=") for part in rule.split(";"))}


def _yearly(rule: str, start: datetime, year: int) -> Iterator[datetime]:
    """When a rule of the form that zones have applies in a year and in the one before."""
    parts = _parts(rule)
    day, month = _NTH_DAY.fullmatch(parts.get("BYDAY", "")), _MONTH.fullmatch(parts.get("BYMONTH", ""))
    plain = parts.get("FREQ") == "YEARLY" and parts.get("INTERVAL", "1") == "1"
    if day is None or month is None or not plain or not parts.keys() <= _UNDERSTOOD:
        raise ValueError(rule)
    for of in (year - 1, year):
        days = [week[_DAYS.index(day[2])] for week in monthcalendar(of, int(month[0]))]
        days = [number for number in days if number]
        place = int(day[1])
        if abs(place) <= len(days):
            number = days[place - 1 if place > 0 else place]
            yield datetime.combine(date(of, int(month[0]), number), start.time())


def _is_over(rule: str, onset: Onset) -> bool:
    until = _parts(rule).get("UNTIL")
    if until is None:
        return False
    if is_date(until):
        return onset.local.date() > read_date(until)
    end = read_moment(until)
    return onset.instant > (end.local - _EPOCH) // timedelta(seconds=1) if end.utc else onset.local > end.local
