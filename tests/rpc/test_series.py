"""Series on the wire: names, exceptions, feeds, slots, and what a client sees of a change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.dayofweek_pb2 import MONDAY as ON_MONDAY
from google.type.dayofweek_pb2 import WEDNESDAY
from grpc import StatusCode

from schedsvc.domain.names import parse_event
from schedsvc.repositories.base import Page
from schedsvc.v1.bookings_pb2 import Booker, Booking, CreateBookingRequest, ListSlotsRequest
from schedsvc.v1.changes_pb2 import ListChangesRequest, StartSyncRequest, Tombstone
from schedsvc.v1.events_pb2 import (
    SCOPE_THIS_AND_FOLLOWING,
    Attendee,
    BatchWriteEventsRequest,
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    EventWrite,
    GetEventRequest,
    GetSeriesRequest,
    ListEventsRequest,
    ListInstancesRequest,
    MoveEventRequest,
    RecurrencePattern,
    RespondToEventRequest,
    UpdateEventRequest,
)
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import Deployment
from tests.rpc.requests import DAY, HOUR, MIDNIGHT, World, at, bound, instant, timed

DAILY = "RRULE:FREQ=DAILY;COUNT=5"


def stamp(seconds: int) -> str:
    return f"{datetime.fromtimestamp(MIDNIGHT + seconds, UTC):%Y%m%dT%H%M%SZ}"


async def create(caller: Caller, parent: str, event: Event, event_id: str = "") -> Event:
    return await caller.calendar.CreateEvent(CreateEventRequest(parent=parent, event=event, event_id=event_id))


async def standup(caller: Caller, world: World, **fields: object) -> Event:
    """Every day from Monday at nine, five times, on a calendar with nothing else."""
    return await create(caller, world.spare_calendar, timed(9 * HOUR, 10 * HOUR, recurrence=[DAILY], **fields), "daily")


def on(series: Event, day: int) -> str:
    return f"{series.name}~{stamp(day * DAY + 9 * HOUR)}"


async def move_to(caller: Caller, name: str, start: int, **options: object) -> Event:
    event = Event(name=name, start=instant(start), end=instant(start + HOUR))
    return await caller.calendar.UpdateEvent(UpdateEventRequest(event=event, **options))  # type: ignore[arg-type]


async def week(caller: Caller, parent: str, **fields: object) -> list[Event]:
    request = ListEventsRequest(parent=parent, time_min=bound(0), time_max=bound(7 * DAY), **fields)  # type: ignore[arg-type]
    return list((await caller.calendar.ListEvents(request)).events)


async def test_a_series_is_told_with_its_instances_and_exceptions(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world, subject="Stand-up")
    assert (series.kind, list(series.recurrence)) == (Event.KIND_SERIES, [DAILY])
    assert (series.pattern.type, series.pattern.count) == (RecurrencePattern.TYPE_DAILY, 5)
    moved = await move_to(alpha, on(series, 1), DAY + 15 * HOUR)
    assert (moved.kind, moved.series, moved.subject) == (Event.KIND_EXCEPTION, series.name, "Stand-up")
    assert moved.original_start.resolved == at(DAY + 9 * HOUR)
    await alpha.calendar.DeleteEvent(DeleteEventRequest(name=on(series, 2)))
    now = await alpha.calendar.GetEvent(GetEventRequest(name=series.name))
    assert [exception.name for exception in now.exceptions] == [on(series, 1)]
    assert [start.resolved for start in now.cancelled_starts] == [at(2 * DAY + 9 * HOUR)]
    cancelled = await alpha.calendar.GetEvent(GetEventRequest(name=on(series, 2)))
    assert cancelled.status == Event.STATUS_CANCELLED
    assert [e.name for e in await week(alpha, world.spare_calendar, expand=True)] == [
        on(series, day) for day in (0, 1, 3, 4)
    ]


async def test_a_moved_instance_is_where_it_is_and_not_where_it_was(alpha: Caller, world: World) -> None:
    """A weekly series whose second instance is moved into its fifth week."""
    weekly = await create(
        alpha, world.spare_calendar, timed(9 * HOUR, 10 * HOUR, recurrence=["RRULE:FREQ=WEEKLY;COUNT=6"])
    )
    second = f"{weekly.name}~{stamp(7 * DAY + 9 * HOUR)}"
    await move_to(alpha, second, 29 * DAY)

    async def names(lo: int, hi: int) -> list[str]:
        request = ListInstancesRequest(name=weekly.name, time_min=bound(lo * DAY), time_max=bound(hi * DAY))
        return [instance.name for instance in (await alpha.calendar.ListInstances(request)).instances]

    assert await names(7, 14) == []
    assert await names(28, 35) == [f"{weekly.name}~{stamp(28 * DAY + 9 * HOUR)}", second]
    assert await names(0, 14) == [f"{weekly.name}~{stamp(9 * HOUR)}"]
    assert len(await names(21, 35)) == 3


async def test_a_consumer_is_told_a_series_as_one_record(alpha: Caller, world: World) -> None:
    started = await alpha.sync.StartSync(StartSyncRequest(targets=[world.spare_calendar], skip_initial=True))
    series = await standup(alpha, world)
    await move_to(alpha, on(series, 1), DAY + 15 * HOUR)
    following = await move_to(alpha, on(series, 3), 3 * DAY + 8 * HOUR, scope=SCOPE_THIS_AND_FOLLOWING)
    walk = await alpha.sync.ListChanges(ListChangesRequest(token=started.change_token))
    (feed,) = walk.feeds
    first, second = feed.changes
    assert (first.event.name, first.revision, first.index) == (series.name, 3, 0)
    assert [exception.name for exception in first.event.exceptions] == [on(series, 1)]
    assert (second.event, second.revision, second.index) == (following, 3, 1)
    assert (second.event.split_from, list(second.event.recurrence)) == (series.name, ["RRULE:FREQ=DAILY;COUNT=2"])


async def test_a_moved_event_leaves_a_tombstone_that_says_where_it_is(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world)
    started = await alpha.sync.StartSync(
        StartSyncRequest(targets=[world.spare_calendar, world.calendar], skip_initial=True)
    )
    there = await alpha.calendar.MoveEvent(MoveEventRequest(name=series.name, destination=world.calendar))
    assert (there.uid, parse_event(there.name).event) == (series.uid, "daily")
    walk = await alpha.sync.ListChanges(ListChangesRequest(token=started.change_token))
    changes = {feed.feed: feed.changes[0] for feed in walk.feeds}
    gone = changes[world.spare_calendar].tombstone
    assert (gone.name, gone.reason, gone.moved_to) == (series.name, Tombstone.REASON_MOVED, there.name)
    assert changes[world.calendar].event == there


async def test_slots_are_not_offered_where_an_instance_is(alpha: Caller, world: World) -> None:
    """And are again where one was deleted."""
    event = timed(9 * HOUR, 10 * HOUR, recurrence=[DAILY])
    series = await create(alpha, world.primary_calendar, event)

    async def slots(day: int) -> list[int]:
        request = ListSlotsRequest(
            parent=world.profile, time_min=bound(day * DAY), time_max=bound(day * DAY + 11 * HOUR)
        )
        found = (await alpha.booking.ListSlots(request)).slots
        return [(slot.start.seconds - MIDNIGHT - day * DAY) // 60 for slot in found]

    assert await slots(2) == [600, 630]
    await alpha.calendar.DeleteEvent(DeleteEventRequest(name=on(series, 2)))
    assert await slots(2) == [540, 570, 600, 630]


async def test_a_slot_in_the_time_of_an_instance_cannot_be_booked(alpha: Caller, world: World) -> None:
    await create(alpha, world.primary_calendar, timed(DAY + 10 * HOUR, DAY + 11 * HOUR, recurrence=[DAILY]))
    booking = Booking(start=at(3 * DAY + 10 * HOUR), booker=Booker(email="grace@example.org"))
    refusal = await refused(alpha.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking)))
    assert refusal.reason == "SLOT_UNAVAILABLE"
    assert "BUSY" in [reason for reason, _ in refusal.verdicts]


async def test_a_pattern_and_its_rule_are_one(alpha: Caller, world: World) -> None:
    pattern = RecurrencePattern(
        type=RecurrencePattern.TYPE_WEEKLY, interval=2, days_of_week=[ON_MONDAY, WEDNESDAY], count=4
    )
    made = await create(alpha, world.spare_calendar, timed(9 * HOUR, 10 * HOUR, pattern=pattern))
    assert list(made.recurrence) == ["RRULE:FREQ=WEEKLY;COUNT=4;INTERVAL=2;BYDAY=MO,WE"]
    assert made.recurrence_from_pattern
    event = Event(name=made.name, recurrence=["RRULE:FREQ=DAILY"])
    changed = await alpha.calendar.UpdateEvent(
        UpdateEventRequest(event=event, update_mask=FieldMask(paths=["recurrence"]))
    )
    assert changed.pattern.type == RecurrencePattern.TYPE_DAILY
    assert not changed.recurrence_from_pattern
    event = Event(name=made.name)
    single = await alpha.calendar.UpdateEvent(UpdateEventRequest(event=event, update_mask=FieldMask(paths=["pattern"])))
    assert (single.kind, list(single.recurrence)) == (Event.KIND_SINGLE, [])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["RRULE:FREQ=SECONDLY"], "UNSUPPORTED_RRULE"),
        (["RRULE:FREQ=MINUTELY;COUNT=3"], "UNSUPPORTED_RRULE"),
        (["RRULE:FREQ=DAILY;RSCALE=GREGORIAN"], "UNSUPPORTED_RRULE"),
        (["RRULE:FREQ=DAILY;SKIP=OMIT"], "UNSUPPORTED_RRULE"),
        (["RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"], "UNSUPPORTED_RRULE"),
        (["RRULE:FREQ=DAILY;INTERVAL=0"], "FIELD_INVALID"),
        (["RRULE:FREQ=DAILY;COUNT=0"], "FIELD_INVALID"),
        (["RRULE:FREQ=DAILY;BYMONTH=13"], "FIELD_INVALID"),
        (["RRULE:FREQ=MONTHLY;BYDAY=0MO"], "FIELD_INVALID"),
        (["RRULE:FREQ=DAILY;BYDAY=MO;BYSETPOS=0"], "FIELD_INVALID"),
        (["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20300201T000000Z"], "FIELD_INVALID"),
        (["RRULE:FREQ=DAILY;BYFOO=1"], "FIELD_INVALID"),
        (["RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20300108"], "FIELD_INVALID"),
        (["RRULE:FREQ=DAILY", "RDATE;TZID=Mars/Olympus:20300108T090000"], "BAD_TIME_ZONE"),
        (["RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], "EMPTY_RECURRENCE"),
        (["RRULE:FREQ=WEEKLY;BYDAY=TU"], "DTSTART_NOT_IN_RULE"),
    ],
)
async def test_a_bad_recurrence_is_refused_by_name(lines: list[str], reason: str, alpha: Caller, world: World) -> None:
    refusal = await refused(create(alpha, world.calendar, timed(9 * HOUR, 10 * HOUR, recurrence=lines)))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, reason)
    assert all(field.startswith("event.recurrence") for field in refusal.fields)


async def test_a_rule_with_a_thousand_million_instances_is_served_by_the_window(alpha: Caller, world: World) -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=1000000000"
    made = await create(alpha, world.spare_calendar, timed(9 * HOUR, 10 * HOUR, recurrence=[rule]))
    request = ListInstancesRequest(name=made.name, time_min=bound(36500 * DAY), time_max=bound(36502 * DAY))
    assert len((await alpha.calendar.ListInstances(request)).instances) == 2


async def test_the_same_change_twice_under_a_request_id_is_one(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world)
    request = UpdateEventRequest(
        event=Event(name=on(series, 3), subject="later"), scope=SCOPE_THIS_AND_FOLLOWING, request_id="r"
    )
    first, second = [await alpha.calendar.UpdateEvent(request) for _ in range(2)]
    assert first == second
    assert len({event.name for event in await week(alpha, world.spare_calendar)}) == 2


async def test_two_who_change_two_instances_at_once_both_succeed(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world)
    await asyncio.gather(
        *(
            alpha.calendar.UpdateEvent(UpdateEventRequest(event=Event(name=on(series, day), subject=str(day))))
            for day in range(5)
        )
    )
    found = await alpha.calendar.GetSeries(GetSeriesRequest(name=on(series, 2)))
    assert [exception.subject for exception in found.series.exceptions] == list("01234")
    assert (found.first_start.resolved, found.last_start.resolved) == (at(9 * HOUR), at(4 * DAY + 9 * HOUR))
    refusal = await refused(alpha.calendar.GetSeries(GetSeriesRequest(name=on(series, 9))))
    assert refusal.code is StatusCode.NOT_FOUND


async def test_what_is_dropped_by_a_change_is_named(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world)
    for day in (1, 3):
        await alpha.calendar.UpdateEvent(UpdateEventRequest(event=Event(name=on(series, day), subject="special")))
    event = Event(name=series.name, recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    changed = await alpha.calendar.UpdateEvent(
        UpdateEventRequest(event=event, update_mask=FieldMask(paths=["recurrence"]))
    )
    assert [start.resolved for start in changed.dropped_exceptions] == [at(3 * DAY + 9 * HOUR)]
    assert len(changed.exceptions) == 1


async def test_an_answer_for_one_instance_is_an_exception(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world, attendees=[Attendee(email="grace@example.org")])
    request = RespondToEventRequest(
        name=on(series, 1), response=Attendee.RESPONSE_DECLINED, attendee="Grace@Example.org", comment="away"
    )
    answered = await alpha.calendar.RespondToEvent(request)
    assert [(a.response, a.comment) for a in answered.attendees] == [(Attendee.RESPONSE_DECLINED, "away")]
    other = await alpha.calendar.GetEvent(GetEventRequest(name=on(series, 2)))
    assert other.attendees[0].response == Attendee.RESPONSE_NEEDS_ACTION
    refusal = await refused(
        alpha.calendar.RespondToEvent(RespondToEventRequest(name=on(series, 1), response=Attendee.RESPONSE_ACCEPTED))
    )
    assert refusal.reason == "NOT_AN_ATTENDEE"


async def test_filters_look_at_instances_one_by_one(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world, subject="Stand-up")
    special = Event(
        name=on(series, 1),
        subject="Retrospective",
        attendees=[Attendee(email="grace@example.org")],
        metadata={"room": "1"},
    )
    await alpha.calendar.UpdateEvent(UpdateEventRequest(event=special))
    parent = world.spare_calendar
    for filters in ({"query": "retro"}, {"attendee": "GRACE@example.org"}, {"metadata": {"room": "1"}}):
        assert [e.name for e in await week(alpha, parent, expand=True, **filters)] == [on(series, 1)], filters
        assert [e.name for e in await week(alpha, parent, **filters)] == [series.name], filters
    assert len(await week(alpha, parent, expand=True, query="stand")) == 4


async def test_a_batch_is_written_as_one_and_its_error_says_which_write(alpha: Caller, world: World) -> None:
    series = await standup(alpha, world)
    writes = [
        EventWrite(create=CreateEventRequest(event=timed(0, HOUR), event_id="a")),
        EventWrite(update=UpdateEventRequest(event=Event(name=on(series, 1), subject="s"))),
        EventWrite(delete=DeleteEventRequest(name=f"{world.spare_calendar}/events/missing")),
    ]
    batch = BatchWriteEventsRequest(parent=world.spare_calendar, writes=writes)
    refusal = await refused(alpha.calendar.BatchWriteEvents(batch))
    assert (refusal.code, refusal.metadata["index"]) == (StatusCode.NOT_FOUND, "2")
    batch.atomic = False
    done = await alpha.calendar.BatchWriteEvents(batch)
    assert [result.WhichOneof("result") for result in done.results] == ["event", "event", "error"]
    assert {result.event.revision for result in done.results[:2]} == {2}


async def test_parity_07_create_an_event_with_zone_and_attendee_and_update_it_with_notice(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    """The outbox has one REQUEST each time."""
    event = timed(9 * HOUR, 10 * HOUR, attendees=[Attendee(email="grace@example.org", type=Attendee.TYPE_REQUIRED)])
    event.start.time_zone = event.end.time_zone = "Europe/Berlin"
    made = await create(alpha, world.spare_calendar, event)
    assert (made.start.date_time, made.start.time_zone) == ("2030-01-07T10:00:00", "Europe/Berlin")

    async def methods() -> list[str]:
        async with deployment.store.read("alpha") as tx:
            return [m.body["method"] for m in await tx.outbox.list(Page(100)) if m.aggregate == made.name]

    assert await methods() == ["REQUEST"]
    update = UpdateEventRequest(event=Event(name=made.name, location="Room 1"), notify_attendees=True)
    changed = await alpha.calendar.UpdateEvent(update)
    assert await methods() == ["REQUEST", "REQUEST"]
    assert changed.sequence == 1
    update.notify_attendees = False
    update.event.location = "Room 2"
    assert (await alpha.calendar.UpdateEvent(update)).sequence == 2
    assert await methods() == ["REQUEST", "REQUEST"]
