"""SEQUENCE: which changes of an event are a new version of it (RFC 5546 section 2.1.4)."""

from __future__ import annotations

from dataclasses import replace

from schedsvc.domain.events import Event, EventStatus

LAST_SEQUENCE = 2**31 - 1
"""iCalendar has no higher number; an event that came with it keeps it."""


def next_sequence(before: Event, after: Event) -> int:
    """The number of an event after a change; never a lower one, for no instance of a series either."""
    return min(max(after.sequence, _sequence(before, after), _of_lost_exceptions(before, after)), LAST_SEQUENCE)


def with_next_version(after: Event, old: Event, new: Event) -> Event:
    """The series whose instance became `new`, with the SEQUENCE that this asks for.

    An instance that is again as the series has it can only have the number of the series, which must not be lower.
    """
    if _sequence(old, new) <= new.sequence:
        return after
    kept = new.occurrence.override if new.occurrence else None
    following = min(old.sequence + 1, LAST_SEQUENCE)
    if kept is None:
        return replace(after, sequence=following)
    numbered = replace(kept, sequence=following)
    return replace(after, overrides=tuple(numbered if o is kept else o for o in after.overrides))


def _sequence(before: Event, after: Event) -> int:
    """One more for a new time or place, and for a calling off or its taking back."""
    called_off = EventStatus.CANCELLED in (before.status, after.status) and before.status != after.status
    return before.sequence + 1 if called_off or _whereabouts(before) != _whereabouts(after) else before.sequence


def _of_lost_exceptions(before: Event, after: Event) -> int:
    """The least SEQUENCE of a series that has no longer an exception: the number of no instance may fall."""
    kept = {override.original for override in after.overrides}
    lost = [override.sequence + 1 for override in before.overrides if override.original not in kept]
    return max(lost, default=0)


def _whereabouts(event: Event) -> tuple[object, ...]:
    return event.start, event.end, event.location, event.recurrence, event.cancelled
