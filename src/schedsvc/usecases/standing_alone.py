"""Exceptions whose series was not known when they were imported: events of their own, until their series comes.

Such an event has the UID of the series, and after it the start that the exception is for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from schedsvc.domain import series
from schedsvc.domain.events import Event, EventDraft
from schedsvc.domain.interchange import Component
from schedsvc.domain.records import fields_of
from schedsvc.domain.series.naming import original_of
from schedsvc.domain.time import EventTime

NO_LINE = 0
"""Of a component that no line of the file has."""
_LONGEST_UID = 200
_FOLLOWING = "THISANDFUTURE"


def uid_alone(component: Component, original: EventTime) -> str:
    """The UID of the event that stands for an exception."""
    text = f"{_prefix(component.uid)}{series.original_id(original)}"
    return f"{text}/{_FOLLOWING}" if component.following else text


def prefixes_of(group: Iterable[Component]) -> Iterator[str]:
    """What the UIDs of the events begin with that may stand for exceptions of the series among the components."""
    for component in group:
        if component.draft is not None and component.draft.recurrence:
            yield _prefix(component.uid)


def exceptions_alone(master: Component, group: Sequence[Component], events: Iterable[Event]) -> list[Component]:
    """The exceptions of the series that the events stand for, without those that the group has as new a version of."""
    sequences = {uid_alone(one, one.original): one.sequence for one in group if one.original is not None}
    found = (_exception(master, event) for event in events if event.uid.startswith(_prefix(master.uid)))
    return [
        one
        for one in found
        if one is not None and one.original and one.sequence > sequences.get(uid_alone(one, one.original), -1)
    ]


def _prefix(uid: str) -> str:
    """With a digest of a UID that is too long to have something after it."""
    return f"{uid if len(uid) <= _LONGEST_UID else hashlib.sha256(uid.encode()).hexdigest()}/"


def _exception(master: Component, event: Event) -> Component | None:
    """What the event stands for; None if it does not stand for an exception, or no longer."""
    start, _, reach = event.uid.removeprefix(_prefix(master.uid)).partition("/")
    original = original_of(start)
    if original is None or reach not in ("", _FOLLOWING) or event.is_series or event.booking is not None:
        return None
    return Component(
        uid=master.uid,
        recurrence_id=start,
        line=NO_LINE,
        draft=EventDraft(**fields_of(event, EventDraft) | {"uid": master.uid}),
        sequence=event.sequence,
        stamp=None,
        messages=(),
        original=original,
        following=bool(reach),
    )
