"""What one work has decided to write: rows, and the numbers that its changes get.

Nothing here talks to the database. A work has a ledger of its own, so that a refused one leaves no
trace: no row, no revision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.changes import Change, Place
from schedsvc.domain.feeds import FeedHead, FeedKey
from schedsvc.repositories.sql import tables
from schedsvc.repositories.sql.bodies import dump, dump_event_name, escaped, micros

Row = dict[str, Any]

FIRST_EPOCH = 1
_ORDER = tables.metadata.sorted_tables
"""Parents before children."""
_KEYS = {table: tuple(c.name for c in table.primary_key if c.name != tables.TENANT) for table in _ORDER}


class Act(Enum):
    INSERT = 1
    UPDATE = 2
    DELETE = 3


# What two acts on one record come to; the later row is always complete.
_MERGED = {
    (Act.INSERT, Act.UPDATE): Act.INSERT,
    (Act.UPDATE, Act.UPDATE): Act.UPDATE,
    (Act.INSERT, Act.DELETE): None,
    (Act.UPDATE, Act.DELETE): Act.DELETE,
    (Act.DELETE, Act.INSERT): Act.UPDATE,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that one statement writes. A row of a deletion has the columns to look for."""

    table: sa.Table
    act: Act
    rows: list[Row]


class Rows:
    """The rows to be written, at most one for each record: only its last state reaches the table."""

    def __init__(self) -> None:
        self._records: dict[sa.Table, dict[tuple[Any, ...], tuple[Act, Row]]] = {}
        self._purges: list[Batch] = []

    def put(self, table: sa.Table, act: Act, row: Row) -> None:
        """Inserts or updates a complete row, or deletes the one of that key."""
        records = self._records.setdefault(table, {})
        key = tuple(row[name] for name in _KEYS[table])
        earlier = records.pop(key, None)
        merged = act if earlier is None else _merged(earlier[0], act)
        if merged is not None:
            records[key] = merged, row

    def purge(self, table: sa.Table, **where: str) -> None:
        """Deletes every row with these values, before anything else is written."""
        records = self._records.get(table, {})
        doomed = [k for k, (_, row) in records.items() if where.items() <= row.items()]
        for key in doomed:
            del records[key]
        self._purges.append(Batch(table, Act.DELETE, [dict(where)]))

    def batches(self) -> Iterator[Batch]:
        """In an order that every key allows: deletions, children first; updates; insertions."""
        yield from self._purges
        for act, order in (
            (Act.DELETE, _ORDER[::-1]),
            (Act.UPDATE, _ORDER),
            (Act.INSERT, _ORDER),
        ):
            for table in order:
                records = self._records.get(table, {})
                rows = [row for made, row in records.values() if made is act]
                if rows:
                    yield Batch(table, act, _keys_only(table, rows) if act is Act.DELETE else rows)


def _merged(earlier: Act, act: Act) -> Act | None:
    if (earlier, act) not in _MERGED:
        raise RuntimeError(f"{act.name} after {earlier.name} of one record in one work")
    return _MERGED[earlier, act]


def _keys_only(table: sa.Table, rows: list[Row]) -> list[Row]:
    return [{name: row[name] for name in _KEYS[table]} for row in rows]


class Ledger:
    """The books of one work. `heads` are the locked feeds, as the lock found them."""

    def __init__(self, heads: Mapping[FeedKey, FeedHead], now: datetime) -> None:
        self.now = now
        self.rows = Rows()
        self._heads = dict(heads)
        self._new: set[FeedKey] = set()
        self._after: dict[FeedKey, FeedHead] = {}
        self._published: dict[FeedKey, int] = {}
        self._messages: list[Row] = []

    @property
    def moved(self) -> frozenset[FeedKey]:
        """The feeds whose version this work moves."""
        return frozenset(self._after)

    def open_feed(self, key: FeedKey) -> int:
        """Makes the feed row of a new record. Returns the feed's version."""
        self._heads[key] = FeedHead(key, revision=0, version=0, epoch=FIRST_EPOCH)
        self._new.add(key)
        return self.touch(key)

    def touch(self, key: FeedKey) -> int:
        """Moves a feed's version, once however often it is asked for. Returns it."""
        if key not in self._after:
            head = self.require(key)
            self._after[key] = replace(head, version=head.version + 1)
        return self._after[key].version

    def require(self, key: FeedKey) -> FeedHead:
        """Raises RuntimeError unless this work holds the feed's lock: a defect of the work."""
        if key not in self._heads:
            raise RuntimeError(f"feed {key.id!r} of kind {key.kind.name} is not locked")
        return self._heads[key]

    def next_place(self, key: FeedKey) -> Place:
        """The place of the next change of this feed; it must then be published."""
        self.touch(key)
        revision = self._heads[key].revision + 1
        self._after[key] = replace(self._after[key], revision=revision)
        index = self._published.get(key, 0)
        self._published[key] = index + 1
        return Place(revision, index)

    def publish(self, change: Change, body: str | None) -> None:
        """Appends to the log; `body` is the stored version of `change.record`."""
        start, end = change.extent or (None, None)
        previous_start, previous_end = change.previous or (None, None)
        row: Row = {
            "kind": int(change.feed.kind),
            "feed_id": change.feed.id,
            "revision": change.place.revision,
            "idx": change.place.index,
            "change": int(change.kind),
            "reason": None if change.reason is None else int(change.reason),
            "resource_id": change.resource_id,
            "uid": escaped(change.uid),
            "start_s": start,
            "end_s": end,
            "previous_start_s": previous_start,
            "previous_end_s": previous_end,
            "born": change.born,
            "time_us": micros(change.time),
            "body": body,
            "cause": None if change.cause is None else int(change.cause),
            "moved_to": dump_event_name(change.moved_to),
        }
        self.rows.put(tables.changes, Act.INSERT, row)

    def tell(self, topic: str, aggregate: str, body: Mapping[str, Any]) -> None:
        """Adds a message to the outbox, due at once."""
        now = micros(self.now)
        row = {"topic": topic, "aggregate": aggregate, "body": dump({"message": dict(body)})}
        self._messages.append({**row, "create_us": now, "due_us": now, "attempts": 0})

    def batches(self) -> Iterator[Batch]:
        """All there is to write, the feeds' new heads included."""
        for number, message in enumerate(self._messages):
            self.rows.put(tables.outbox, Act.INSERT, {"outbox_id": self._message_id(number), **message})
        for key, head in self._after.items():
            row: Row = {
                "kind": int(key.kind),
                "feed_id": key.id,
                "revision": head.revision,
                "version": head.version,
                "epoch": head.epoch,
                "trimmed": head.trimmed,
            }
            self.rows.put(tables.feeds, Act.INSERT if key in self._new else Act.UPDATE, row)
        return self.rows.batches()

    def _message_id(self, number: int) -> str:
        """No version of a feed is given twice, so a message is named by one that this work made and its own number.

        Raises RuntimeError if the work changes nothing: a defect, for then there is nothing to tell.
        """
        if not self._after:
            raise RuntimeError("a message of a work that changes nothing")
        key, head = min(self._after.items())
        return f"{int(key.kind)}/{key.id}/{head.version:015}/{number:06}"
