"""What an event carries along: visibility, categories, colour, links, alarms and what this program wrote itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from schedsvc.domain.events import EventType
from schedsvc.domain.particulars import Attachment, Conference, Reminder, ReminderMethod, Reminders, Visibility
from schedsvc.rpc.checks.report import shown
from schedsvc.rpc.codec.icalendar.components import Inner
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties, Property, split_list
from schedsvc.rpc.codec.icalendar.values import read_offset

EVENT_TYPE, METADATA, METADATA_KEY = "X-SCHEDSVC-EVENT-TYPE", "X-SCHEDSVC-METADATA", "X-KEY"
PIN = "X-PIN"
LINKS = ("CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGCONFLINK")

_VISIBILITIES = {
    "": Visibility.DEFAULT,
    "PUBLIC": Visibility.PUBLIC,
    "PRIVATE": Visibility.PRIVATE,
    "CONFIDENTIAL": Visibility.CONFIDENTIAL,
}
_TYPES = {kind.name: kind for kind in EventType if kind is not EventType.BOOKING}
_COLOR = re.compile(r"#[0-9a-f]{6}")
_CATEGORIES, _CATEGORY_LENGTH = 20, 64
_ATTACHMENTS = 25
_URI_LENGTH, _TITLE_LENGTH, _SHORT_LENGTH, _MIME_LENGTH = 2048, 256, 64, 128
_PAIRS, _KEY_LENGTH, _VALUE_LENGTH = 50, 40, 500
_ALARM = frozenset({"ACTION", "TRIGGER", "DESCRIPTION", "SUMMARY", "ATTENDEE", "REPEAT", "DURATION", "UID", "ATTACH"})
_METHODS = {"DISPLAY": ReminderMethod.POPUP, "EMAIL": ReminderMethod.EMAIL}
_REMINDERS, _MINUTES = 5, 40_320


def visibility(properties: Properties, notes: Notes) -> Visibility:
    """CLASS; one that is unknown is PRIVATE (RFC 5545 section 3.8.1.3)."""
    word = properties.word("CLASS")
    if word not in _VISIBILITIES:
        notes.add(f"CLASS {shown(word)} was read as PRIVATE")
    return _VISIBILITIES.get(word, Visibility.PRIVATE)


def event_type(properties: Properties) -> EventType:
    return _TYPES.get(properties.word(EVENT_TYPE), EventType.DEFAULT)


def categories(properties: Properties, notes: Notes) -> tuple[str, ...]:
    """Each once, in the order of the file."""
    texts = (text.strip() for found in properties.all("CATEGORIES") for text in split_list(found.value))
    found = tuple(dict.fromkeys(notes.cut(text, _CATEGORY_LENGTH, "CATEGORIES") for text in texts if text))
    if len(found) > _CATEGORIES:
        notes.add(f"only the first {_CATEGORIES} of {len(found)} CATEGORIES were read")
    return found[:_CATEGORIES]


def color(properties: Properties, notes: Notes) -> str:
    """`#rrggbb`; names are told and not kept."""
    text = properties.text("COLOR").lower()
    if text and _COLOR.fullmatch(text) is None:
        notes.add(f"COLOR {shown(text)} is not kept: it is not written #rrggbb")
        return ""
    return text


def attachments(properties: Properties, notes: Notes) -> tuple[Attachment, ...]:
    """References by https; URL is one of them."""
    found = [*_attached(properties.all("ATTACH"), notes), *_attached(properties.all("URL"), notes)]
    if len(found) > _ATTACHMENTS:
        notes.add(f"only the first {_ATTACHMENTS} of {len(found)} ATTACHs were read")
    return tuple(dict.fromkeys(found[:_ATTACHMENTS]))


def _attached(all_found: Iterable[Property], notes: Notes) -> Iterator[Attachment]:
    for found in all_found:
        uri = found.value.strip()
        if not _is_link(uri):
            notes.add(f"{found.name} is not kept: it is no https address of up to {_URI_LENGTH} characters")
            continue
        if found.name == "URL":
            notes.add("URL is kept as an attachment")
        title = found.params.get("FILENAME", "") or found.params.get("X-FILENAME", "")
        mime_type = notes.cut(found.params.get("FMTTYPE", ""), _MIME_LENGTH, "FMTTYPE")
        yield Attachment(uri, notes.cut(title, _TITLE_LENGTH, "FILENAME"), mime_type)


def _is_link(uri: str) -> bool:
    return uri[:8].lower() == "https://" and uri.startswith("https://") and 8 < len(uri) <= _URI_LENGTH


def conference(properties: Properties, notes: Notes) -> Conference | None:
    """The first web address and the first telephone number (RFC 7986 section 5.11), and what vendors write instead."""
    links: list[Property] = []
    phones: list[Property] = []
    for found in (found for name in LINKS for found in properties.all(name)):
        kind = phones if found.value.strip()[:4].lower() == "tel:" else links
        if kind or (kind is links and not _is_link(found.value.strip())):
            notes.add(f"{found.name} {shown(found.value.strip())} is not kept")
        else:
            kind.append(found)
    if not links and not phones:
        return None
    return Conference(
        uri=links[0].value.strip() if links else "",
        phone=notes.cut(unquote(phones[0].value.strip()[4:]), _SHORT_LENGTH, "CONFERENCE") if phones else "",
        pin=notes.cut(_parameter([*phones, *links], PIN), _SHORT_LENGTH, PIN),
        provider=notes.cut(_parameter([*links, *phones], "LABEL"), _SHORT_LENGTH, "LABEL"),
    )


def _parameter(found: Iterable[Property], name: str) -> str:
    return next((one.params[name] for one in found if name in one.params), "")


def metadata(properties: Properties, notes: Notes) -> dict[str, str]:
    """What an export of this program has written."""
    pairs = {
        found.params.get(METADATA_KEY, ""): found.text
        for found in properties.all(METADATA)
        if 0 < len(found.params.get(METADATA_KEY, "")) <= _KEY_LENGTH and len(found.text) <= _VALUE_LENGTH
    }
    if len(properties.all(METADATA)) > min(len(pairs), _PAIRS):
        notes.add(f"of {METADATA} only {min(len(pairs), _PAIRS)} were read")
    return dict(list(pairs.items())[:_PAIRS])


def reminders(inner: Iterable[Inner], notes: Notes) -> Reminders | None:
    """Alarms that can be kept: shown or mailed, some whole minutes before the start; None if there is none."""
    found: list[Reminder] = []
    for part in inner:
        if part.kind != "VALARM":
            notes.add(f"{part.kind[:64]} is not kept")
        elif (reminder := _reminder(Properties(part.lines, _ALARM, notes), notes)) is not None:
            found.append(reminder)
    kept = tuple(dict.fromkeys(found))
    if len(kept) > _REMINDERS:
        notes.add(f"only the first {_REMINDERS} of {len(kept)} VALARMs were read")
    return Reminders(use_default=False, overrides=kept[:_REMINDERS]) if kept else None


def _reminder(alarm: Properties, notes: Notes) -> Reminder | None:
    action = alarm.word("ACTION")
    if action not in _METHODS:
        notes.add(f"VALARM with ACTION {shown(action)} is not kept")
        return None
    minutes = _minutes(alarm.one("TRIGGER"), notes)
    if minutes is None:
        return None
    if "REPEAT" in alarm:
        notes.add("REPEAT of a VALARM is not kept")
    return Reminder(_METHODS[action], minutes)


def _minutes(trigger: Property | None, notes: Notes) -> int | None:
    """How long before the start; None for any other time."""
    text = trigger.value.strip() if trigger else ""
    try:
        seconds = -read_offset(text)
    except ValueError:
        seconds = -1
    at_end = trigger is not None and trigger.params.get("RELATED", "").upper() == "END"
    if at_end or not 0 <= seconds <= _MINUTES * 60:
        notes.add(f"VALARM with TRIGGER {shown(text)} is not kept: it is not up to 28 days before the start")
        return None
    if seconds % 60:
        notes.add(f"TRIGGER {shown(text)} was cut to whole minutes")
    return seconds // 60
