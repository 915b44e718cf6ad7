"""How instances differ from their series: overrides and cancelled starts, by key."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from schedsvc.domain.events import Event, EventDraft, Override
from schedsvc.domain.particulars import Conference, Reminders
from schedsvc.domain.series.prepared import Prepared

INHERITED = tuple(
    field.name for field in fields(Override) if field.name in {f.name for f in fields(EventDraft)} - {"start", "end"}
)
"""What an instance has from its series unless its override says otherwise, besides its times."""
NO_CONFERENCE = Conference("", "", "", "")
"""In an override: the series has a conference, the instance none."""
_NO_REMINDERS = Reminders(use_default=True, overrides=())


class Exceptions(NamedTuple):
    """The overrides of single instances, those that hold for all later ones too in order, and what is cancelled."""

    own: Mapping[int, Override]
    following: tuple[tuple[int, Override], ...]
    cancelled: frozenset[int]

    def leading(self, key: int) -> Override | None:
        """The override for all later instances that holds for this one."""
        place = bisect_right(self.following, key, key=lambda entry: entry[0])
        return self.following[place - 1][1] if place else None

    def moved(self) -> Iterator[tuple[int, Override]]:
        """The overrides of single instances that are not cancelled."""
        return ((key, override) for key, override in self.own.items() if key not in self.cancelled)


def exceptions_of(series: Event, prepared: Prepared) -> Exceptions:
    keyed = [(prepared.key(override.original), override) for override in series.overrides]
    return Exceptions(
        {key: override for key, override in keyed if not override.following},
        tuple(sorted((pair for pair in keyed if pair[1].following), key=lambda pair: pair[0])),
        frozenset(map(prepared.key, series.cancelled)),
    )


def values_of(override: Override) -> dict[str, Any]:
    """What an override sets, its times left out."""
    found = {name: value for name in INHERITED if (value := getattr(override, name)) is not None}
    if found.get("conference") == NO_CONFERENCE:
        found["conference"] = None
    return found


def is_empty(override: Override) -> bool:
    """Whether it makes no difference."""
    return override.start is None and override.end is None and all(getattr(override, n) is None for n in INHERITED)


def difference(draft: EventDraft, inherited: EventDraft) -> dict[str, Any]:
    """What an override has to set for a draft, its times left out."""
    return {name: _set(name, getattr(draft, name)) for name in changed(draft, inherited)}


def changed(draft: EventDraft, inherited: EventDraft) -> list[str]:
    """The fields, times left out, that a draft has other values in."""
    return [name for name in INHERITED if getattr(draft, name) != getattr(inherited, name)]


def without(override: Override, names: Sequence[str]) -> Override:
    """The override with some of its fields inherited again."""
    nothing: dict[str, Any] = dict.fromkeys(names)
    return replace(override, **nothing)


def in_order(overrides: list[Override], prepared: Prepared) -> tuple[Override, ...]:
    return tuple(sorted(overrides, key=lambda o: (prepared.key(o.original), not o.following)))


def _set(name: str, value: Any) -> Any:
    """The value, or what stands for none of it where an override of None would mean that it is inherited."""
    if value is not None:
        return value
    return NO_CONFERENCE if name == "conference" else _NO_REMINDERS
