"""What zones say about some span of time, as a short text that outlives the zone data it was made from.

A series keeps such a text beside what was derived by it. Once there is newer zone data the two can be compared, and
only what really takes place at another time has to be written.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from operator import attrgetter
from struct import calcsize, pack, unpack_from
from zoneinfo import ZoneInfo

from schedsvc.domain.intervals import Interval, merge
from schedsvc.domain.time import DAY, Piece, pieces, pieces_in, seconds, utc, zone_data

# Header and type of a TZif file (RFC 9636 section 3): six counts of what is in the block behind it.
_HEADER = ">4sc15x6L"
_TYPE = ">lbB"


@dataclass(frozen=True, slots=True)
class _Rules:
    """`offsets[0]` holds before the first of `changes`, `offsets[n]` from the n-th on; `tail` is for ever after.

    The tail is a TZ string of POSIX (RFC 9636 section 3.3), empty if the last offset stays.
    """

    changes: tuple[int, ...]
    offsets: tuple[int, ...]
    tail: str


def rules_of(zone_names: Iterable[str], extent: Interval) -> str:
    """What today's zone data says of these zones from two days before the extent to two days after it, and a bit more.

    One line for each zone but UTC: its name, the tail, and unless that is all, the offset in seconds at first and each
    change as `instant:offset`. Raises UnknownZone.
    """
    first, last = utc(extent[0] - 2 * DAY).year, utc(extent[1] + 2 * DAY).year
    return "\n".join(_line(name, first, last) for name in sorted(set(zone_names)) if name != "UTC")


@lru_cache(maxsize=4096)
def zones_by(rules: str) -> Mapping[str, ZoneInfo]:
    """The zones as they were when `rules_of` made the text. They are of no use before the extent it was made for."""
    return {name: _zone(name, text) for name, _, text in (line.partition(" ") for line in rules.splitlines())}


@lru_cache(maxsize=1024)
def differences(rules: str, zone_name: str, first: int, last: int) -> tuple[Interval, ...]:
    """When, from the first year to the last, a zone that the rules name is at another offset today than they have it.

    In order, and no two touch.
    """
    lo, hi = (seconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (first, last + 1))
    was, now = pieces_in(zones_by(rules)[zone_name], lo, hi), pieces(zone_name, lo, hi)
    cuts = sorted({hi, *(piece.start for piece in was), *(piece.start for piece in now)})
    return tuple(merge((a, b) for a, b in pairwise(cuts) if _offset(was, a) != _offset(now, a)))


def _offset(found: Sequence[Piece], instant: int) -> int:
    return found[bisect_right(found, instant, key=attrgetter("start")) - 1].offset


@lru_cache(maxsize=4096)
def _line(name: str, first: int, last: int) -> str:
    """From the beginning of one year to the end of another, and up to the next change if the tail does not hold yet."""
    rules = _read(name)
    lo, hi = bisect_left(rules.changes, first, key=_year), bisect_left(rules.changes, last + 1, key=_year) + 1
    changes = [f"{t}:{o}" for t, o in zip(rules.changes[lo:hi], rules.offsets[lo + 1 : hi + 1], strict=True)]
    needed = changes or not rules.tail
    return " ".join([name, rules.tail, *([str(rules.offsets[lo])] if needed else []), *changes])


def _year(instant: int) -> int:
    return utc(instant).year


def _zone(name: str, text: str) -> ZoneInfo:
    tail, *explicit = text.split(" ")
    first, changes = explicit[:1] or ["0"], [entry.split(":") for entry in explicit[1:]]
    offsets = [int(first[0]), *(int(offset) for _, offset in changes)]
    return ZoneInfo.from_file(BytesIO(_file([int(at) for at, _ in changes], offsets, tail)), key=name)


def _read(name: str) -> _Rules:
    data = zone_data(name)
    # The first block is for readers of 32 bits.
    at = calcsize(_HEADER) + _length(data, 0, 4)
    *_, count, types, _ = unpack_from(_HEADER, data, at)
    end, at = at + calcsize(_HEADER) + _length(data, at, 8), at + calcsize(_HEADER)
    changes = unpack_from(f">{count}q", data, at)
    indices = unpack_from(f">{count}B", data, at + 8 * count)
    offsets = [unpack_from(_TYPE, data, at + 9 * count + calcsize(_TYPE) * n)[0] for n in range(types)]
    tail = data[end:].decode("ascii").strip("\n")
    return _Rules(changes, (offsets[0], *(offsets[index] for index in indices)), tail)


def _length(data: bytes, at: int, width: int) -> int:
    """Of the block behind the header at `at`; its instants have so many bytes."""
    _, _, in_utc, standard, leaps, count, types, letters = unpack_from(_HEADER, data, at)
    return int(count * (width + 1) + types * calcsize(_TYPE) + letters + leaps * (width + 4) + standard + in_utc)


def _file(changes: list[int], offsets: list[int], tail: str) -> bytes:
    """A TZif file with an empty first block, in which each offset is a type of the same made-up name."""
    types = list(dict.fromkeys(offsets))
    return b"".join(
        [
            pack(_HEADER, b"TZif", b"2", 0, 0, 0, 0, 0, 0),
            pack(_HEADER, b"TZif", b"2", 0, 0, 0, len(changes), len(types), 4),
            pack(f">{len(changes)}q", *changes),
            bytes(types.index(offset) for offset in offsets[1:]),
            *(pack(_TYPE, offset, 0, 0) for offset in types),
            b"ZZZ\0",
            f"\n{tail}\n".encode("ascii"),
        ]
    )
