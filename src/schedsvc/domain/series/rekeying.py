"""Exceptions of a series whose starts changed: which start each of them belongs to now (RFC 5545 section 3.8.4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from schedsvc.domain.events import Override
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import date_of, second_of
from schedsvc.domain.series.differences import in_order
from schedsvc.domain.series.prepared import Prepared
from schedsvc.domain.time import DAY, EventTime, day_start, local_at


class Rekeyed(NamedTuple):
    """The exceptions with their new originals, in order, and the old originals of those that have none."""

    overrides: tuple[Override, ...]
    cancelled: tuple[EventTime, ...]
    dropped: tuple[EventTime, ...]


def rekeyed(
    overrides: Iterable[Override],
    cancelled: Iterable[EventTime],
    before: Prepared,
    now: Prepared,
    known: Mapping[int, int] | None = None,
) -> Rekeyed:
    """Gives each exception the same start if there still is one, else one on the same local date.

    Of several on that date it is the one as far from the start of the series as the old one in time of day; if there is
    no such, and not just one on that date, the exception is dropped. No start gets two. `known` has new keys by old.
    """
    keyed = [(before.key(override.original), override) for override in overrides]
    off = list(map(before.key, cancelled))
    single = {key for key, override in keyed if not override.following}.union(off)
    leading = {key for key, override in keyed if override.following}
    table = _table(single, before, now, known or {})
    led = _table(leading, before, now, known or {})
    kept = [
        replace(override, original=now.original(new))
        for key, override in keyed
        if (new := (led if override.following else table).get(key)) is not None
    ]
    return Rekeyed(
        in_order(kept, now),
        tuple(now.original(key) for key in sorted({table[key] for key in off if key in table})),
        tuple(before.original(key) for key in sorted((single - table.keys()) | (leading - led.keys()))),
    )


def _table(keys: set[int], before: Prepared, now: Prepared, known: Mapping[int, int]) -> dict[int, int]:
    """New keys by old ones."""
    table = {key: new for key, new in known.items() if key in keys}
    taken = set(table.values())
    for choose in (_same, _on_same_date):
        for key in sorted(keys - table.keys()):
            new = choose(key, before, now)
            if new is not None and new not in taken:
                table[key] = new
                taken.add(new)
    return table


def _same(key: int, before: Prepared, now: Prepared) -> int | None:
    if before.dated is not now.dated:
        return None
    found = now.starts.find(before.original(key), Budget())
    return None if found is None else now.key_of(found)


def _on_same_date(key: int, before: Prepared, now: Prepared) -> int | None:
    """Local seconds tell apart the starts of one date, also where a clock moves."""
    local = key if before.dated else second_of(local_at(key, before.zone_name).replace(tzinfo=None))
    day = local // DAY
    begin = day_start(date_of(local), now.zone_name)
    given = now.starts.between(begin - DAY, begin + 2 * DAY, Budget())
    on_date = {second: now.key_of((instant, second)) for instant, second in given if second // DAY == day}
    shift = now.starts.start.second - before.starts.start.second
    shifted = day * DAY + (local + shift) % DAY
    if shifted in on_date:
        return on_date[shifted]
    return next(iter(on_date.values())) if len(on_date) == 1 else None
