"""Where a consumer stands in its feeds: the content of sync tokens.

A token holds everything that is needed to go on, so the service stores nothing about its consumers.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from enum import StrEnum

from schedsvc.domain.changes import Place
from schedsvc.domain.feeds import FeedKey, FeedKind
from schedsvc.domain.intervals import Interval


class Family(StrEnum):
    """Which changes a walk tells. A token of one family is not one of another."""

    UPDATED = "U"
    DELETED = "D"
    CHANGES = "C"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a consumer stands in one feed.

    While `loading`, the live records are walked by the place of their last change and `at` is the last one taken;
    after that `at` is the last change taken from the log. A walk pins `mark`, the revision it goes up to, and keeps
    in `since` the revision at which it began; both are None between walks. `access` is the edition of the grant by
    which the consumer reads a calendar of another account; None where it reads by right.
    """

    feed: FeedKey
    epoch: int
    at: Place
    loading: bool
    since: int | None = None
    mark: int | None = None
    access: int | None = None

    def pinned(self, mark: int) -> Position:
        """The position at the beginning of a walk up to `mark`."""
        return replace(self, since=self.at.revision, mark=mark)

    def moved(self, at: Place) -> Position:
        return replace(self, at=at)

    def caught_up(self) -> Position:
        """The position after a walk: behind everything up to the mark."""
        revision = self.mark if self.mark is not None else self.at.revision
        return Position(self.feed, self.epoch, end_of(revision), loading=False, access=self.access)


LAST_INDEX = 2**31 - 1


def end_of(revision: int) -> Place:
    """The place behind all changes of a revision."""
    return Place(revision, LAST_INDEX)


BEGINNING = end_of(0)


@dataclass(frozen=True, slots=True)
class SyncState:
    """What a sync token says: family, window (None: all of time), and a position in each feed.

    `generation` names the full load that the walk is part of, empty in a delta.
    """

    family: Family
    window: Interval | None
    positions: tuple[Position, ...]
    generation: str = ""

    def pack(self) -> bytes:
        """The state as bytes that `unpack` reads."""
        rows = [_row(position) for position in self.positions]
        text = json.dumps([self.family, self.window, self.generation, rows], separators=(",", ":"))
        return zlib.compress(text.encode(), level=9, wbits=-15)


def _row(p: Position) -> list[int | str | None]:
    row: list[int | str | None] = [p.feed.kind, p.feed.id, p.epoch, p.at.revision, p.at.index, int(p.loading)]
    row += [p.since, p.mark]
    return row if p.access is None else [*row, p.access]


def unpack(payload: bytes) -> SyncState:
    """The state out of the bytes of a token that verified."""
    family, window, generation, rows = json.loads(zlib.decompress(payload, wbits=-15))
    positions = tuple(
        Position(FeedKey(FeedKind(kind), id_), epoch, Place(revision, index), bool(loading), since, mark, *access)
        for kind, id_, epoch, revision, index, loading, since, mark, *access in rows
    )
    return SyncState(Family(family), None if window is None else (window[0], window[1]), positions, generation)
