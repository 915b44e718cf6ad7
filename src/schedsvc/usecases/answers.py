"""Answers to invitations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schedsvc.domain.errors import NotAnAttendee
from schedsvc.domain.events import Attendee, Event, Override, ResponseStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """An attendee's answer to an invitation; `attendee` empty is the calendar's owner."""

    response: ResponseStatus
    comment: str = ""
    attendee: str = ""
    etag: str = ""
    notify: bool = True


def answered(event: Event, email: str, answer: Answer) -> Event:
    """The event with the answer; raises NotAnAttendee."""
    attendees = _with_answer(event.attendees, email, answer)
    if attendees is None:
        text = f"{email or 'the owner of the calendar'} is not invited to {event.name}"
        raise NotAnAttendee(text, attendee=email)
    return replace(event, attendees=attendees)


def answered_overrides(event: Event, email: str, answer: Answer) -> tuple[Override, ...]:
    """The overrides, those that invite people of their own with the answer too."""
    return tuple(
        override
        if override.attendees is None
        else replace(override, attendees=_with_answer(override.attendees, email, answer) or override.attendees)
        for override in event.overrides
    )


def _with_answer(attendees: tuple[Attendee, ...], email: str, answer: Answer) -> tuple[Attendee, ...] | None:
    """None if nobody of that address is among them."""
    if email.casefold() not in {attendee.email.casefold() for attendee in attendees}:
        return None
    return tuple(
        replace(a, response=answer.response, comment=answer.comment) if a.email.casefold() == email.casefold() else a
        for a in attendees
    )
