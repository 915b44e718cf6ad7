"""Splits a calendar by the places of its events: each place becomes an account of its own."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from schedsvc.cli.icalendar import CalendarFile, Component, Part

ID_LENGTH = 64
_DIGEST_LENGTH = 8
_NOT_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Room:
    """A place as it is written in LOCATION, the id of its account, and its events."""

    location: str
    account: str
    events: tuple[Component, ...]
    part: Part


@dataclass(frozen=True, slots=True)
class Split:
    """Rooms by id; `rest` has what names no place, or None if everything does."""

    rooms: tuple[Room, ...]
    rest: Part | None


def split(calendar: CalendarFile) -> Split:
    """The same file gives the same ids, whatever the order of its events; exceptions stay with their series."""
    places: dict[str, list[Component]] = {}
    rest: list[Component] = []
    series = {event.value("UID"): _place(event) for event in calendar.events if not event.value("RECURRENCE-ID")}
    for component in calendar.components:
        uid = component.value("UID")
        is_exception = uid in series and component.value("RECURRENCE-ID")
        place = series[uid] if is_exception else _place(component)
        if place:
            places.setdefault(place, []).append(component)
        elif component.kind != "VTIMEZONE":
            rest.append(component)
    ids = account_ids(places)
    rooms = [Room(place, ids[place], tuple(events), calendar.part(events)) for place, events in places.items()]
    rooms.sort(key=lambda room: room.account)
    return Split(tuple(rooms), calendar.part(rest) if rest else None)


def _place(component: Component) -> str:
    return component.value("LOCATION") if component.kind == "VEVENT" else ""


def account_ids(places: Iterable[str]) -> dict[str, str]:
    """An id for each text; texts that would share one, and those that leave none, get a digest of theirs behind it."""
    texts = list(places)
    slugs = {text: slug(text) for text in texts}
    taken = [slugs[text] for text in texts]
    return {
        text: found if found and len(found) <= ID_LENGTH and taken.count(found) == 1 else _unmistakable(found, text)
        for text, found in slugs.items()
    }


def slug(text: str) -> str:
    """Letters without their accents and digits, in lower case, the rest as single hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_ID.sub("-", plain.lower()).strip("-")


def _unmistakable(found: str, text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST_LENGTH]
    head = (found or "room")[: ID_LENGTH - _DIGEST_LENGTH - 1].rstrip("-")
    return f"{head}-{digest}"
