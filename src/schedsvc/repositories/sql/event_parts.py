"""What events and overrides carry where it is not the default: a writer and a reader for each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from schedsvc.domain.events import Attendee, AttendeeType, Event, EventStatus, Override, ResponseStatus, ShowAs
from schedsvc.domain.particulars import (
    Attachment,
    Conference,
    Organizer,
    Reminder,
    ReminderMethod,
    Reminders,
    Visibility,
)
from schedsvc.repositories.sql.bodies import Document, dump_event_name, dump_time, load_event_name, load_time, texts

Step = Callable[[Any], Any]


def dump_attendee(attendee: Attendee) -> Any:
    """The comment, which few have, is left out where it is empty."""
    known = [attendee.email, attendee.display_name, int(attendee.type), int(attendee.response)]
    return [*known, attendee.comment] if attendee.comment else known


def _load_attendee(value: Any) -> Attendee:
    email, shown, kind, response, *comment = value
    return Attendee(email, shown, AttendeeType(kind), ResponseStatus(response), *comment)


def _dump_reminders(reminders: Reminders) -> Any:
    return [reminders.use_default, [[int(reminder.method), reminder.minutes] for reminder in reminders.overrides]]


def _load_reminders(value: Any) -> Reminders:
    use_default, overrides = value
    return Reminders(use_default, tuple(Reminder(ReminderMethod(method), minutes) for method, minutes in overrides))


def _dump_organizer(organizer: Organizer) -> Any:
    return [organizer.email, organizer.display_name]


def _dump_conference(conference: Conference) -> Any:
    return [conference.uri, conference.phone, conference.pin, conference.provider]


def _dump_attachment(attachment: Attachment) -> Any:
    return [attachment.uri, attachment.title, attachment.mime_type]


def _dump_override(override: Override) -> Document:
    return _dump_fields(override, _OVERRIDE, _OVERRIDE_DEFAULTS)


def _load_override(value: Document) -> Override:
    return Override(**_load_fields(value, _OVERRIDE))


def _same(value: Any) -> Any:
    return value


def _tuple(dump: Step, load: Step) -> tuple[Step, Step]:
    """The steps for a tuple, made of those for its elements."""
    return (lambda values: [dump(value) for value in values]), (lambda values: tuple([load(value) for value in values]))


_AS_IT_IS = (_same, _same)
_TEXTS = (list, tuple)
_TIME = (dump_time, load_time)
_NAME = (dump_event_name, load_event_name)
_SHARED: dict[str, tuple[Step, Step]] = {
    "visibility": (int, Visibility),
    "reminders": (_dump_reminders, _load_reminders),
    "conference": (_dump_conference, lambda value: Conference(*value)),
    "attachments": _tuple(_dump_attachment, lambda value: Attachment(*value)),
    "categories": _TEXTS,
    "color": _AS_IT_IS,
}
_EVENT = _SHARED | {
    "organizer": (_dump_organizer, lambda value: Organizer(*value)),
    "floating": _AS_IT_IS,
    "recurrence": _TEXTS,
    "from_pattern": _AS_IT_IS,
    "overrides": _tuple(_dump_override, _load_override),
    "cancelled": _tuple(*_TIME),
    "split_from": _NAME,
    "rules": _AS_IT_IS,
}
_OVERRIDE = _SHARED | {
    "original": _TIME,
    "following": _AS_IT_IS,
    "previous": _NAME,
    "sequence": _AS_IT_IS,
    "start": _TIME,
    "end": _TIME,
    "subject": _AS_IT_IS,
    "description": _AS_IT_IS,
    "location": _AS_IT_IS,
    "show_as": (int, ShowAs),
    "status": (int, EventStatus),
    "attendees": _tuple(dump_attendee, _load_attendee),
    "metadata": (texts, _same),
}
_EVENT_DEFAULTS = {field.name: field.default for field in fields(Event) if field.name in _EVENT}
_OVERRIDE_DEFAULTS = {field.name: field.default for field in fields(Override)}


def dump_more(event: Event) -> Document:
    """The event's fields that are not as most events have them."""
    return _dump_fields(event, _EVENT, _EVENT_DEFAULTS)


def load_more(more: Document) -> dict[str, Any]:
    """The fields that `dump_more` was given."""
    return _load_fields(more, _EVENT)


def _dump_fields(record: Any, steps: Mapping[str, tuple[Step, Step]], defaults: Mapping[str, Any]) -> Document:
    return {
        name: dump(value)
        for name, (dump, _) in steps.items()
        if (value := getattr(record, name)) is not (default := defaults[name]) and value != default
    }


def _load_fields(document: Document, steps: Mapping[str, tuple[Step, Step]]) -> dict[str, Any]:
    return {name: steps[name][1](value) for name, value in document.items()}
