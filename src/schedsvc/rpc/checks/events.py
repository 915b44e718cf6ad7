"""Checks of events, of what they repeat by, and of the requests about them that no annotation can express.

Whether a recurrence means anything is for the use cases to say; here is only what can be told at a glance.
"""

from __future__ import annotations

from schedsvc.domain.names import CalendarName, EventName, is_id, parse_calendar, parse_event
from schedsvc.domain.recurrence.patterns import Pattern, PatternKind, agree, contradictions, lines_of
from schedsvc.domain.time import AllDay, EventTime
from schedsvc.rpc.checks import times
from schedsvc.rpc.checks.report import Report, join
from schedsvc.rpc.codec.recurrence import decode_pattern
from schedsvc.rpc.codec.time import parse_date
from schedsvc.v1 import events_pb2 as pb

_KINDS = frozenset(map(int, PatternKind))
RECURRENCE_CHARACTERS = 65_536
"""The longest recurrence, all lines together: more than the longest rule and the most dates need."""


def event(report: Report, path: str, message: pb.Event) -> None:
    start = times.read_event_time(message.start) if message.HasField("start") else None
    end = times.read_event_time(message.end) if message.HasField("end") else None
    if start is not None and end is not None and (problem := times.span_problem(start, end)):
        reason, description = problem
        report.add(join(path, "end"), description, reason)
    _attendees(report, path, message)
    _recurrence(report, path, message, start)


def _attendees(report: Report, path: str, message: pb.Event) -> None:
    seen = set[str]()
    for index, attendee in enumerate(message.attendees):
        if (email := attendee.email.casefold()) in seen:
            report.add(f"{path}.attendees[{index}].email", "invites somebody for the second time")
        seen.add(email)


def _recurrence(report: Report, path: str, message: pb.Event, start: EventTime | None) -> None:
    if sum(map(len, message.recurrence)) > RECURRENCE_CHARACTERS:
        text = f"must be at most {RECURRENCE_CHARACTERS:,} characters in all"
        report.add(join(path, "recurrence"), text)
        return
    if start is None or not message.HasField("pattern"):
        return
    if _exclusions(report, join(path, "pattern"), message.pattern, start) and message.recurrence:
        pattern = _read_pattern(message.pattern, start)
        if pattern is not None and not agree(pattern, message.recurrence, start):
            report.add(join(path, "pattern"), "says something else than recurrence: set one of them")


def _exclusions(report: Report, path: str, message: pb.RecurrencePattern, start: EventTime) -> bool:
    """Whether all are good and of the kind of the start."""
    read = [times.read_event_time(exclusion) for exclusion in message.exclusions]
    for index, time in enumerate(read):
        if time is not None and type(time) is not type(start):
            kind = "date" if isinstance(start, AllDay) else "time"
            report.add(f"{path}.exclusions[{index}]", f"must be a {kind}, as the start is", "MIXED_TIME_KINDS")
    return all(type(time) is type(start) for time in read)


def _read_pattern(message: pb.RecurrencePattern, start: EventTime) -> Pattern | None:
    """None if anything is wrong with it, which is told elsewhere."""
    if message.HasField("end_date") and _date_problem(message.end_date):
        return None
    try:
        found = decode_pattern(message)
        lines_of(found, start)
    except ValueError:
        return None
    return found


def pattern(report: Report, path: str, message: pb.RecurrencePattern) -> None:
    given = {field.name for field, _ in message.ListFields()}
    if message.type in _KINDS:
        for name, description in contradictions(PatternKind(message.type), given):
            report.add(join(path, name), description)
    if message.HasField("end_date") and (problem := _date_problem(message.end_date)):
        report.add(join(path, "end_date"), problem)


def _date_problem(text: str) -> str:
    """What is wrong with a date; "" for nothing."""
    try:
        return times.era_problem(AllDay(parse_date(text)))
    except ValueError as error:
        return str(error)


def reminders(report: Report, path: str, message: pb.Reminders) -> None:
    if message.use_default and message.overrides:
        report.add(join(path, "overrides"), "must be empty where the default is used")


def creation(report: Report, path: str, request: pb.CreateEventRequest) -> None:
    if request.event.event_type == pb.Event.TYPE_BOOKING:
        report.add(join(path, "event.event_type"), "BOOKING is set by CreateBooking alone")


def listing(report: Report, path: str, request: pb.ListEventsRequest) -> None:
    if not request.expand:
        return
    for name in ("time_min", "time_max"):
        if not request.HasField(name):
            report.add(join(path, name), "is required to list instances")
    if request.order_by == pb.ListEventsRequest.ORDER_UPDATED:
        report.add(join(path, "order_by"), "must not be UPDATED where instances are listed")


def move(report: Report, path: str, request: pb.MoveEventRequest) -> None:
    calendar, source = _calendar(request.destination), _event(request.name)
    if calendar is not None and source is not None and source.calendar == calendar:
        report.add(join(path, "destination"), "is the calendar that the event is in")


def batch(report: Report, path: str, request: pb.BatchWriteEventsRequest) -> None:
    """That all writes are for the calendar of the batch, each for another event, and leave the rest to the batch."""
    parent, seen = _calendar(request.parent), set[EventName]()
    for index, write in enumerate(request.writes):
        at, which = f"{join(path, 'writes')}[{index}]", write.WhichOneof("write")
        if which is None:
            report.add(at, "must be one of create, update and delete")
            continue
        _options(report, join(at, which), getattr(write, which))
        field, name = _written(write, parent)
        if parent is not None and name is not None and name.calendar != parent:
            report.add(join(at, field), "must be of the calendar of the batch")
        elif name is not None and name.event:
            if name.series in seen:
                report.add(join(at, field), "is written for the second time")
            seen.add(name.series)


def _options(
    report: Report, path: str, request: pb.CreateEventRequest | pb.UpdateEventRequest | pb.DeleteEventRequest
) -> None:
    for name in ("request_id", "validate_only"):
        if getattr(request, name):
            report.add(join(path, name), "must not be set: that of the batch counts for all writes")


def _written(write: pb.EventWrite, parent: CalendarName | None) -> tuple[str, EventName | None]:
    """The field that says what is written, and what it says if it can be read; a new event may have no id yet."""
    match write.WhichOneof("write"):
        case "update":
            return "update.event.name", _event(write.update.event.name)
        case "delete":
            return "delete.name", _event(write.delete.name)
        case _:
            calendar = _calendar(write.create.parent) if write.create.parent else parent
            id_ = write.create.event_id
            field = "create.event_id" if calendar == parent else "create.parent"
            return field, None if calendar is None else EventName(calendar, id_ if is_id(id_) else "")


def _calendar(name: str) -> CalendarName | None:
    try:
        return parse_calendar(name)
    except ValueError:
        return None


def _event(name: str) -> EventName | None:
    try:
        return parse_event(name)
    except ValueError:
        return None
