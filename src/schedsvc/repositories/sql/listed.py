"""Lists of texts in one column, in which an exact entry is found as a part of the text.

Every entry stands between separators, and none has one in it. An index could not help more: what is looked for is
narrowed by calendar and window first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from schedsvc.domain.events import Event
from schedsvc.repositories.sql.bodies import escaped

SEPARATOR = "\x1f"


def listed(values: Iterable[str]) -> str:
    """The text of a list, each value once; empty for none."""
    plain = dict.fromkeys(map(_plain, values))
    return SEPARATOR + SEPARATOR.join(plain) + SEPARATOR if plain else ""


def lists(column: sa.ColumnElement[str], value: str) -> sa.ColumnElement[bool]:
    """Whether the list in the column has the value.

    Not LIKE: SQLite's takes A for a. Taking the entry out and looking whether anything went is the same everywhere.
    """
    entry = sa.literal(SEPARATOR + _plain(value) + SEPARATOR, column.type)
    return sa.func.replace(column, entry, "", type_=column.type) != column


def addresses(event: Event) -> Iterable[str]:
    """The folded addresses of those invited to the event or to an instance of it."""
    yield from (attendee.email.casefold() for attendee in event.attendees)
    for override in event.overrides:
        yield from (attendee.email.casefold() for attendee in override.attendees or ())


def pairs(metadata: Mapping[str, str]) -> Iterable[str]:
    """Keys with their values, each as one text; the length tells where the key ends."""
    return (f"{len(key)}:{key}{value}" for key, value in metadata.items())


def all_pairs(event: Event) -> Iterable[str]:
    """Those of the event and of its overrides."""
    yield from pairs(event.metadata)
    for override in event.overrides:
        yield from pairs(override.metadata or {})


def _plain(value: str) -> str:
    return escaped(value).replace(SEPARATOR, "\\s")
