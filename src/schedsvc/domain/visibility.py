"""What a role shows of an event.

A reader sees of a private event when it is, what it does to its owner's time, and nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from schedsvc.domain.events import Event, EventType, Occurrence, Override
from schedsvc.domain.particulars import Visibility
from schedsvc.domain.roles import Role
from schedsvc.domain.series.differences import NO_CONFERENCE

PRIVATE = frozenset({Visibility.PRIVATE, Visibility.CONFIDENTIAL})
_OVERRIDABLE = (
    "subject",
    "description",
    "location",
    "attendees",
    "metadata",
    "reminders",
    "conference",
    "attachments",
    "categories",
    "color",
)


def as_seen(event: Event, role: Role) -> Event:
    """The event as somebody with that role sees it: unchanged for a WRITER and an OWNER.

    For a READER a private event keeps its times, `show_as`, `status`, recurrence and ids; texts, people and all else
    are empty. In a series every override counts by its own visibility or the one it inherits; one that is public in a
    private series shows what it says itself. Mask a series before its instances are made: what an instance inherited
    can no longer be told from what its override says, so one with a visibility of its own keeps its override's alone.
    """
    if role >= Role.WRITER:
        return event
    if event.occurrence is not None:
        return _instance(event, event.occurrence, role)
    shown = _masked(event) if is_hidden(event, role) else event
    return replace(shown, overrides=_overrides(event, role)) if event.overrides else shown


def is_hidden(event: Event, role: Role) -> bool:
    """Whether the role sees no more of the event than its time.

    Filters by texts, people and metadata must not find such events: finding tells what they hold.
    """
    return _is_hidden(event.visibility, role)


def _is_hidden(visibility: Visibility, role: Role) -> bool:
    return role < Role.READER or (role < Role.WRITER and visibility in PRIVATE)


def _masked(event: Event) -> Event:
    return replace(
        event,
        subject="",
        description="",
        location="",
        event_type=EventType.DEFAULT,
        attendees=(),
        metadata={},
        external_ref=None,
        organizer=None,
        reminders=None,
        conference=None,
        attachments=(),
        categories=(),
        color="",
        booking=None,
        owner="",
    )


def _overrides(event: Event, role: Role) -> tuple[Override, ...]:
    """In the order of their originals, as they are kept: one for all later instances passes its visibility on."""
    inherited, shown = event.visibility, []
    for override in event.overrides:
        base = event.visibility if override.following else inherited
        visibility = base if override.visibility is None else override.visibility
        shown.append(_masked_override(override) if _is_hidden(visibility, role) else override)
        inherited = visibility if override.following else inherited
    return tuple(shown)


def _masked_override(override: Override) -> Override:
    """Empty rather than inherited: what it inherits may be public."""
    return replace(
        override,
        subject="",
        description="",
        location="",
        attendees=(),
        metadata={},
        reminders=None,
        conference=NO_CONFERENCE,
        attachments=(),
        categories=(),
        color="",
    )


def _instance(event: Event, occurrence: Occurrence, role: Role) -> Event:
    override = occurrence.override
    if is_hidden(event, role):
        seen = None if override is None else _masked_override(override)
        return replace(_masked(event), occurrence=replace(occurrence, override=seen))
    return event if override is None or override.visibility is None else _own(event, override)


def _own(event: Event, override: Override) -> Event:
    """The instance with what its override says, and without what the series may have hidden."""
    given = {name: value for name in _OVERRIDABLE if (value := getattr(override, name)) is not None}
    return replace(_masked(event), **given)
