"""Series: what a write to a part of one does to the rest, its feed, its version and the people invited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schedsvc.domain.changes import ChangeKind, Place, TombstoneReason
from schedsvc.domain.errors import IdTaken, InvalidInput, NotAnAttendee, ResourceNotFound
from schedsvc.domain.events import Attendee, AttendeeType, Event, EventDraft, EventStatus, ResponseStatus, Scope
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.names import AccountName, EventName
from schedsvc.domain.particulars import Visibility
from schedsvc.domain.principals import Principal
from schedsvc.domain.principals import Scope as Permission
from schedsvc.domain.ranges import RangeRequest
from schedsvc.domain.roles import Role
from schedsvc.domain.sequences import LAST_SEQUENCE
from schedsvc.domain.time import Zoned, utc
from schedsvc.repositories.base import Page, Write
from schedsvc.usecases.answers import Answer
from schedsvc.usecases.event_lists import EventQuery, InstanceQuery
from schedsvc.usecases.event_writes import Change, Changed, Creation, Deletion
from schedsvc.usecases.events import EventWrite
from schedsvc.usecases.free_busy import FreeBusyQuery, Taken
from schedsvc.usecases.grants import GrantDraft, Grants
from tests.usecases.conftest import ADA, ADMIN, NOW, SIDE, SPARE, Process
from tests.usecases.drafts import DAY, HOUR, MIDNIGHT, account_draft, event_draft

DAILY = ("RRULE:FREQ=DAILY;COUNT=5",)
STANDUP = EventName(SIDE, "standup")
WEEK = RangeRequest(MIDNIGHT, MIDNIGHT + 7 * DAY)
GRACE = Attendee("grace@example.org", "Grace", AttendeeType.REQUIRED, ResponseStatus.NEEDS_ACTION)
OWNER = Attendee("ada@example.org", "Ada", AttendeeType.REQUIRED, ResponseStatus.NEEDS_ACTION)

Patch = Callable[[Event], EventDraft]


def nine(**changes: Any) -> EventDraft:
    return event_draft(9 * HOUR, 10 * HOUR, **{"recurrence": DAILY, **changes})


def on(day: int) -> EventName:
    """The instance of a day, by its original start."""
    return STANDUP.instance(f"{utc(MIDNIGHT + day * DAY + 9 * HOUR):%Y%m%dT%H%M%SZ}")


def moved(hours: int) -> Patch:
    def patch(event: Event) -> EventDraft:
        start, end = (
            Zoned(time.local + timedelta(hours=hours), time.time_zone)
            for time in (event.start, event.end)
            if isinstance(time, Zoned)
        )
        return replace(event, start=start, end=end)

    return patch


def said(**changes: Any) -> Patch:
    return lambda event: replace(event, **changes)


async def make(process: Process, **changes: Any) -> Event:
    return await process.events.create(ADMIN, NOW, SIDE, Creation("standup", nine(**changes)))


async def change(process: Process, name: EventName, patch: Patch, scope: Scope | None = None, **options: Any) -> Event:
    return (await process.events.update(ADMIN, NOW, Change(name, "", patch, scope, **options))).event


async def starts(process: Process) -> list[tuple[int, str]]:
    """Hours since Monday's midnight and ids, without the original starts."""
    found = await process.event_lists.list(ADMIN, SIDE, EventQuery(WEEK, expand=True), Page(100))
    return [((e.extent[0] - MIDNIGHT) // HOUR, e.name.series.event) for e in found.records]


async def taken(process: Process) -> list[int]:
    """The hours since Monday's midnight at which the calendar begins to be busy."""
    answer = await process.free_busy.query(ADMIN, FreeBusyQuery([SIDE], WEEK))
    (found,) = answer.results
    assert isinstance(found, Taken)
    return [(period.start - MIDNIGHT) // HOUR for period in found.periods]


async def outbox(process: Process) -> list[tuple[str, list[str]]]:
    async with process.store.read(ADMIN.tenant) as tx:
        return [(m.body["method"], m.body["recipients"]) for m in await tx.outbox.list(Page(100))]


async def test_a_series_takes_place_on_each_of_its_days(process: Process) -> None:
    await make(process)
    assert [start for start, _ in await starts(process)] == [9, 33, 57, 81, 105]


async def test_an_instance_is_moved_alone_and_keeps_its_name(process: Process) -> None:
    await make(process)
    instance = await change(process, on(1), moved(2))
    assert instance.name == on(1)
    assert [start for start, _ in await starts(process)] == [9, 35, 57, 81, 105]
    again = await change(process, on(1), moved(1))
    assert (again.name, again.extent[0]) == (on(1), MIDNIGHT + DAY + 12 * HOUR)
    assert await process.events.get(ADMIN, on(1)) == again


async def test_a_deleted_instance_is_cancelled_and_its_second_deletion_finds_nothing(process: Process) -> None:
    await make(process)
    await process.events.delete(ADMIN, NOW, Deletion(on(2)))
    assert (await process.events.get(ADMIN, on(2))).status is EventStatus.CANCELLED
    assert [start for start, _ in await starts(process)] == [9, 33, 81, 105]
    with pytest.raises(ResourceNotFound):
        await process.events.delete(ADMIN, NOW, Deletion(on(2)))
    await process.events.delete(ADMIN, NOW, Deletion(on(2), allow_missing=True))


async def test_a_cancelled_instance_that_is_changed_takes_place_again(process: Process) -> None:
    await make(process)
    await process.events.delete(ADMIN, NOW, Deletion(on(2)))
    await change(process, on(2), said(status=EventStatus.CONFIRMED))
    assert len(await starts(process)) == 5


async def test_this_and_following_are_a_new_series_in_one_revision(process: Process) -> None:
    await make(process)
    await change(process, on(3), said(subject="moved along"))
    following = await change(process, on(2), moved(1), Scope.THIS_AND_FOLLOWING)
    assert [start for start, _ in await starts(process)] == [9, 33, 58, 82, 106]
    assert (following.split_from, following.recurrence) == (STANDUP, ("RRULE:FREQ=DAILY;COUNT=3",))
    (override,) = following.overrides
    assert (override.subject, override.previous) == ("moved along", on(3))
    async with process.store.read(ADMIN.tenant) as tx:
        log = await tx.changes.log(calendar_feed(SIDE), Place(2, 0), 10**6, 100)
    assert [(c.place, c.kind) for c in log] == [
        (Place(3, 0), ChangeKind.UPDATED),
        (Place(3, 1), ChangeKind.CREATED),
    ]


async def test_this_and_following_from_the_first_instance_on_are_the_whole_series(process: Process) -> None:
    await make(process)
    changed = await change(process, on(0), moved(1), Scope.THIS_AND_FOLLOWING)
    assert changed.name == STANDUP
    assert [start for start, _ in await starts(process)] == [10, 34, 58, 82, 106]


async def test_this_and_following_are_deleted(process: Process) -> None:
    await make(process)
    await process.events.delete(ADMIN, NOW, Deletion(on(2), scope=Scope.THIS_AND_FOLLOWING))
    assert [start for start, _ in await starts(process)] == [9, 33]
    await process.events.delete(ADMIN, NOW, Deletion(on(0), scope=Scope.THIS_AND_FOLLOWING))
    with pytest.raises(ResourceNotFound):
        await process.events.get(ADMIN, STANDUP)


async def test_all_through_an_instance_leaves_the_times_alone(process: Process) -> None:
    await make(process)
    changed = await change(process, on(2), said(subject="all"), Scope.ALL)
    assert (changed.name, changed.subject) == (STANDUP, "all")
    with pytest.raises(InvalidInput, match="name the series itself"):
        await change(process, on(2), moved(1), Scope.ALL)


@pytest.mark.parametrize("scope", [Scope.THIS_INSTANCE, Scope.THIS_AND_FOLLOWING])
async def test_a_part_of_a_series_needs_the_name_of_an_instance(scope: Scope, process: Process) -> None:
    await make(process)
    with pytest.raises(InvalidInput, match="needs the name of an instance"):
        await change(process, STANDUP, said(subject="s"), scope)


async def test_exceptions_without_a_place_in_the_new_series_are_dropped_and_named(process: Process) -> None:
    await make(process)
    for day in (1, 3):
        await change(process, on(day), said(subject="special"))
    shorter = Change(STANDUP, "", said(recurrence=("RRULE:FREQ=DAILY;COUNT=2",)))
    changed = await process.events.update(ADMIN, NOW, shorter)
    assert [o.subject for o in changed.event.overrides] == ["special"]
    assert changed.dropped == (Zoned(datetime.fromisoformat("2030-01-10T09:00"), "UTC"),)


async def test_a_start_that_the_rule_does_not_give_is_refused(process: Process) -> None:
    with pytest.raises(InvalidInput) as refused:
        await make(process, recurrence=("RRULE:FREQ=WEEKLY;BYDAY=TU",))
    assert [v.reason for v in refused.value.violations] == ["DTSTART_NOT_IN_RULE"]


async def test_moving_an_instance_is_a_new_version_of_it_alone(process: Process) -> None:
    await make(process)
    assert (await change(process, on(1), said(subject="s"))).sequence == 0
    assert (await change(process, on(1), moved(1))).sequence == 1
    assert (await change(process, on(1), moved(1))).sequence == 2
    assert (await process.events.get(ADMIN, STANDUP)).sequence == 0
    back = await change(process, on(1), lambda event: replace(event, start=nine_on(1), end=nine_on(1, 10), subject=""))
    assert back.sequence == 3


def nine_on(day: int, hour: int = 9) -> Zoned:
    return Zoned(utc(MIDNIGHT + day * DAY + hour * HOUR).replace(tzinfo=None), "UTC")


async def test_an_instance_of_a_day_that_the_series_does_not_have_is_not_found(process: Process) -> None:
    await make(process)
    for write in (
        change(process, on(7), said(subject="s")),
        process.events.delete(ADMIN, NOW, Deletion(on(7))),
        process.events.get(ADMIN, on(7)),
    ):
        with pytest.raises(ResourceNotFound):
            await write


async def test_a_series_takes_time_as_its_instances_do(process: Process) -> None:
    await make(process)
    await change(process, on(1), moved(2))
    await process.events.delete(ADMIN, NOW, Deletion(on(2)))
    assert await taken(process) == [9, 35, 81, 105]


async def test_people_are_told_of_a_write_unless_it_says_otherwise(process: Process) -> None:
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, email="ada@example.org"))
    await make(process, attendees=(OWNER, GRACE))
    await change(process, STANDUP, said(location="there"))
    await change(process, STANDUP, said(location="here"), notify=False)
    await change(process, STANDUP, said(attendees=(OWNER,)))
    await process.events.delete(ADMIN, NOW, Deletion(STANDUP))
    assert await outbox(process) == [
        ("REQUEST", ["grace@example.org"]),
        ("REQUEST", ["grace@example.org"]),
        ("CANCEL", ["grace@example.org"]),
    ]


async def test_without_a_message_the_version_still_rises(process: Process) -> None:
    await make(process, attendees=(GRACE,))
    assert (await change(process, STANDUP, said(location="here"), notify=False)).sequence == 1


async def test_an_owner_who_declines_one_instance_has_its_time_back(process: Process) -> None:
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, email="Ada@example.org"))
    await make(process, attendees=(OWNER, GRACE))
    declined = await process.events.respond(ADMIN, NOW, on(1), Answer(ResponseStatus.DECLINED, "away"))
    assert (declined.attendees[0].response, declined.attendees[0].comment) == (ResponseStatus.DECLINED, "away")
    assert await taken(process) == [9, 57, 81, 105]
    await process.events.respond(ADMIN, NOW, STANDUP, Answer(ResponseStatus.DECLINED))
    assert await taken(process) == []


async def test_only_who_is_invited_can_answer(process: Process) -> None:
    await make(process, attendees=(GRACE,))
    with pytest.raises(NotAnAttendee):
        await process.events.respond(ADMIN, NOW, STANDUP, Answer(ResponseStatus.ACCEPTED))
    answered = await process.events.respond(
        ADMIN, NOW, STANDUP, Answer(ResponseStatus.ACCEPTED, attendee="GRACE@example.org")
    )
    assert answered.attendees[0].response is ResponseStatus.ACCEPTED


async def test_a_series_moves_to_another_calendar_with_all_that_belongs_to_it(process: Process) -> None:
    await make(process, uid="u")
    await change(process, on(1), moved(2))
    there = await process.events.move(ADMIN, NOW, STANDUP, SPARE, "")
    assert (there.name, there.uid, len(there.overrides)) == (EventName(SPARE, "standup"), "u", 1)
    assert await starts(process) == []
    async with process.store.read(ADMIN.tenant) as tx:
        gone = (await tx.changes.log(calendar_feed(SIDE), Place(2, 0), 10**6, 100))[-1]
        come = (await tx.changes.log(calendar_feed(SPARE), Place(0, 0), 10**6, 100))[-1]
    assert (gone.reason, gone.moved_to, come.kind) == (TombstoneReason.MOVED, there.name, ChangeKind.CREATED)


async def test_an_event_does_not_move_where_its_uid_is(process: Process) -> None:
    await make(process, uid="u")
    await process.events.create(ADMIN, NOW, SPARE, Creation("", event_draft(uid="u")))
    with pytest.raises(IdTaken):
        await process.events.move(ADMIN, NOW, STANDUP, SPARE, "")


async def test_a_batch_is_one_revision_or_nothing(process: Process) -> None:
    await make(process)
    writes: list[EventWrite] = [
        Creation("a", event_draft()),
        Change(on(1), "", said(subject="s")),
        Deletion(EventName(SIDE, "missing")),
    ]
    with pytest.raises(ResourceNotFound) as refused:
        await process.events.batch(ADMIN, NOW, SIDE, writes, atomic=True)
    assert refused.value.metadata["index"] == "2"
    done = await process.events.batch(ADMIN, NOW, SIDE, writes, atomic=False)
    assert [type(one) for one in done] == [Changed, Changed, ResourceNotFound]
    assert {one.event.revision for one in done if isinstance(one, Changed)} == {2}


async def test_a_batch_names_the_field_of_the_write_that_failed(process: Process) -> None:
    bad = Creation("", replace(nine(), recurrence=("RRULE:FREQ=SECONDLY",)))
    with pytest.raises(InvalidInput) as refused:
        await process.events.batch(ADMIN, NOW, SIDE, [Creation("", event_draft()), bad], atomic=True)
    assert {v.field for v in refused.value.violations} == {"writes[1].create.event.recurrence"}


async def test_a_uid_is_taken_by_an_earlier_write_of_the_batch(process: Process) -> None:
    twins: list[EventWrite] = [Creation("", event_draft(uid="u")), Creation("", event_draft(uid="u"))]
    with pytest.raises(IdTaken):
        await process.events.batch(ADMIN, NOW, SIDE, twins, atomic=True)


async def test_instances_are_listed_in_pages_with_moved_and_cancelled_ones(process: Process) -> None:
    await make(process)
    await change(process, on(0), moved(50))
    await process.events.delete(ADMIN, NOW, Deletion(on(4)))
    everything = InstanceQuery(RangeRequest(None, None), show_cancelled=True)
    names: list[EventName] = []
    after = None
    while True:
        found = await process.event_lists.instances(ADMIN, STANDUP, everything, Page(2, after))
        names += [event.name for event in found.records]
        if (after := found.last) is None:
            break
    assert names == [on(1), on(2), on(0), on(3), on(4)]


async def test_a_series_is_listed_if_an_instance_of_it_is_in_the_range(process: Process) -> None:
    await make(process, recurrence=())
    await process.events.create(
        ADMIN, NOW, SIDE, Creation("weekly", replace(nine(), recurrence=("RRULE:FREQ=WEEKLY",)))
    )

    async def ids(lo: int, hi: int, **query: Any) -> list[str]:
        asked = RangeRequest(MIDNIGHT + lo * DAY, MIDNIGHT + hi * DAY)
        found = await process.event_lists.list(ADMIN, SIDE, EventQuery(asked, **query), Page(10))
        return [event.name.event for event in found.records]

    assert await ids(6, 8) == ["weekly"]
    assert await ids(8, 13) == []
    assert await ids(0, 1) == ["standup", "weekly"]


async def test_too_many_instances_are_refused(process: Process) -> None:
    await process.events.create(
        ADMIN, NOW, SIDE, Creation("", replace(nine(), end=nine().start, recurrence=("RRULE:FREQ=HOURLY",)))
    )
    asked = RangeRequest(MIDNIGHT, MIDNIGHT + 700 * DAY)
    with pytest.raises(InvalidInput) as refused:
        await process.event_lists.list(ADMIN, SIDE, EventQuery(asked, expand=True), Page(10))
    assert [v.reason for v in refused.value.violations] == ["RANGE_TOO_LARGE"]


async def test_a_series_that_no_answer_could_hold_is_refused(process: Process) -> None:
    crowd = tuple(replace(GRACE, email=f"{n}@example.org", comment="é" * 1000) for n in range(400))
    await make(process, attendees=crowd)
    with pytest.raises(InvalidInput, match="split the series"):
        await change(process, on(0), said(subject="one whole crowd more"))


async def test_the_ends_of_a_series_are_told_with_it(process: Process) -> None:
    await make(process)
    found = await process.event_lists.whole(ADMIN, on(2))
    assert found.first is not None
    assert found.last is not None
    assert (found.series.name, found.first.name, found.last.name) == (STANDUP, on(0), on(4))


async def test_the_dates_in_a_rule_move_along_with_its_start(process: Process) -> None:
    """An UNTIL at the last start keeps that instance, and an EXDATE keeps out the one that it names."""
    lines = ("RRULE:FREQ=DAILY;UNTIL=20300111T090000Z", "EXDATE:20300109T090000Z")
    await make(process, recurrence=lines)
    assert [start for start, _ in await starts(process)] == [9, 33, 81, 105]
    later = await change(process, STANDUP, moved(5))
    assert [start for start, _ in await starts(process)] == [14, 38, 86, 110]
    assert later.recurrence == ("RRULE:FREQ=DAILY;UNTIL=20300111T140000Z", "EXDATE:20300109T140000Z")


async def test_the_dates_in_a_rule_move_along_with_the_second_half(process: Process) -> None:
    lines = ("RRULE:FREQ=DAILY;UNTIL=20300111T090000Z", "EXDATE:20300110T090000Z")
    await make(process, recurrence=lines)
    await change(process, on(1), moved(5), Scope.THIS_AND_FOLLOWING)
    assert [start for start, _ in await starts(process)] == [9, 38, 62, 110]


async def test_a_series_goes_to_another_zone_with_the_dates_in_its_rule(process: Process) -> None:
    lines = ("RRULE:FREQ=DAILY;UNTIL=20300111T090000Z", "RDATE:20300112T090000Z")
    await make(process, recurrence=lines)

    def in_tokyo(event: Event) -> EventDraft:
        start, end = (Zoned(t.local, "Asia/Tokyo") for t in (event.start, event.end) if isinstance(t, Zoned))
        return replace(event, start=start, end=end)

    there = await change(process, STANDUP, in_tokyo)
    assert [start for start, _ in await starts(process)] == [0, 24, 48, 72, 96, 120]
    assert there.recurrence == ("RRULE:FREQ=DAILY;UNTIL=20300111T000000Z", "RDATE;TZID=Asia/Tokyo:20300112T090000")


async def test_a_deleted_instance_cannot_be_answered(process: Process) -> None:
    await make(process, attendees=(GRACE,))
    await process.events.delete(ADMIN, NOW, Deletion(on(1)))
    with pytest.raises(ResourceNotFound):
        await process.events.respond(ADMIN, NOW, on(1), Answer(ResponseStatus.ACCEPTED, attendee="grace@example.org"))


async def test_a_reader_does_not_find_a_series_by_the_texts_of_a_private_exception(process: Process) -> None:
    grace = Principal("alpha", "grace", frozenset({Permission.READ}), "grace")
    await process.accounts.create(ADMIN, NOW, "grace", account_draft())
    await Grants(process.store).create(ADMIN, NOW, SIDE, GrantDraft(AccountName("grace"), Role.READER))
    await make(process, subject="Stand-up")
    await change(process, on(1), said(subject="Interview", visibility=Visibility.PRIVATE))

    async def found(who: Principal, text: str, *, expand: bool) -> int:
        query = EventQuery(WEEK, query=text, expand=expand)
        return len((await process.event_lists.list(who, SIDE, query, Page(10))).records)

    assert [await found(ADMIN, "interview", expand=expand) for expand in (False, True)] == [1, 1]
    assert [await found(grace, "interview", expand=expand) for expand in (False, True)] == [0, 0]
    assert [await found(grace, "stand", expand=expand) for expand in (False, True)] == [1, 4]


async def test_a_deleted_instance_comes_back_by_its_status_alone(process: Process) -> None:
    await make(process)
    await process.events.delete(ADMIN, NOW, Deletion(on(1)))
    for patch in (said(), said(subject="s")):
        with pytest.raises(ResourceNotFound):
            await change(process, on(1), patch)
    assert len(await starts(process)) == 4
    await change(process, on(1), said(status=EventStatus.TENTATIVE))
    assert len(await starts(process)) == 5


async def test_the_version_of_an_instance_never_falls(process: Process) -> None:
    await make(process)
    for _ in range(3):
        await change(process, on(1), moved(1))
    await process.events.delete(ADMIN, NOW, Deletion(on(1)))
    gone = await process.events.get(ADMIN, on(1))
    assert gone.sequence == 4
    assert (await change(process, on(1), lambda e: replace(moved(1)(e), status=EventStatus.CONFIRMED))).sequence == 5
    whole = await change(process, STANDUP, moved(1), keep_exceptions=False)
    assert whole.sequence == 6


async def test_this_and_following_hold_for_the_named_instance_too(process: Process) -> None:
    """Whatever was changed about it alone, in the fields that are named, also where they are as the series has them."""
    await make(process, subject="half")
    for day in (0, 2):
        await change(process, on(day), said(subject="own", location="there"))
    following = await change(process, on(2), said(subject="half"), Scope.THIS_AND_FOLLOWING)
    assert [(o.subject, o.location) for o in following.overrides] == [(None, "there")]
    first = await change(process, on(0), lambda e: replace(moved(1)(e), subject="all"), Scope.THIS_AND_FOLLOWING)
    assert [(o.subject, o.location, o.start) for o in first.overrides] == [(None, "there", None)]


async def test_this_and_following_cannot_lose_their_recurrence(process: Process) -> None:
    await make(process)
    with pytest.raises(InvalidInput, match="leave it out of the mask"):
        await change(process, on(2), said(recurrence=()), Scope.THIS_AND_FOLLOWING)


async def test_all_through_an_instance_may_repeat_its_own_times(process: Process) -> None:
    await make(process)
    instance = await process.events.get(ADMIN, on(2))
    changed = await change(
        process, on(2), lambda e: replace(e, start=instance.start, end=instance.end, subject="s"), Scope.ALL
    )
    assert (changed.subject, changed.extent[0]) == ("s", MIDNIGHT + 9 * HOUR)


async def test_a_split_at_a_date_of_its_own_moves_that_date(process: Process) -> None:
    dates = ("RDATE:20300107T090000Z,20300109T090000Z,20300111T090000Z",)
    await make(process, recurrence=dates)
    await change(process, on(2), moved(9), Scope.THIS_AND_FOLLOWING)
    assert [start for start, _ in await starts(process)] == [9, 66, 114]


async def test_deleting_what_is_not_there_is_allowed_where_it_is_said_so(process: Process) -> None:
    await make(process)
    for name, scope in ((on(9), Scope.THIS_INSTANCE), (on(9), Scope.THIS_AND_FOLLOWING)):
        await process.events.delete(ADMIN, NOW, Deletion(name, allow_missing=True, scope=scope))
        with pytest.raises(ResourceNotFound):
            await process.events.delete(ADMIN, NOW, Deletion(name, scope=scope))


async def test_people_are_told_of_a_shortened_series_and_of_every_deletion(process: Process) -> None:
    await make(process, attendees=(GRACE,))
    bob = replace(GRACE, email="bob@example.org")
    await change(process, on(1), said(attendees=(GRACE, bob)), notify=False)
    await process.events.delete(ADMIN, NOW, Deletion(on(3), scope=Scope.THIS_AND_FOLLOWING))
    await process.events.delete(ADMIN, NOW, Deletion(on(1)))
    await process.events.delete(ADMIN, NOW, Deletion(STANDUP))
    async with process.store.read(ADMIN.tenant) as tx:
        told = [m.body for m in await tx.outbox.list(Page(100))][1:]
    assert [(m["method"], m["recurrence_id"] is None, m["status"], m["recipients"]) for m in told] == [
        ("REQUEST", True, "CONFIRMED", ["grace@example.org", "bob@example.org"]),
        ("CANCEL", False, "CANCELLED", ["grace@example.org", "bob@example.org"]),
        ("CANCEL", True, "CANCELLED", ["grace@example.org"]),
    ]
    assert [m["sequence"] for m in told] == [1, 2, 3]


async def test_a_batch_names_what_it_cost(process: Process) -> None:
    await make(process)
    await change(process, on(3), said(subject="special"))
    shorter = Change(STANDUP, "", said(recurrence=("RRULE:FREQ=DAILY;COUNT=2",)))
    (done,) = await process.events.batch(ADMIN, NOW, SIDE, [shorter], atomic=True)
    assert isinstance(done, Changed)
    assert len(done.dropped) == 1


async def test_a_batch_with_too_large_an_answer_writes_nothing(process: Process) -> None:
    crowd = tuple(replace(GRACE, email=f"{n}@example.org", comment="é" * 1000) for n in range(100))
    names = [EventName(SIDE, f"e{n}") for n in range(10)]
    for name in names:
        await process.events.create(ADMIN, NOW, SIDE, Creation(name.event, event_draft(attendees=crowd)))
    writes = [Change(name, "", said(subject="s")) for name in names]
    with pytest.raises(InvalidInput, match="write fewer at once"):
        await process.events.batch(ADMIN, NOW, SIDE, writes, atomic=True)
    assert (await process.events.get(ADMIN, names[0])).subject == ""


async def test_a_filter_and_a_range_are_met_by_one_and_the_same_instance(process: Process) -> None:
    await make(process)
    await change(process, on(3), said(subject="needle"))

    async def found(lo: int, hi: int) -> int:
        asked = RangeRequest(MIDNIGHT + lo * DAY, MIDNIGHT + hi * DAY)
        return len((await process.event_lists.list(ADMIN, SIDE, EventQuery(asked, query="needle"), Page(10))).records)

    assert [await found(0, 2), await found(3, 4)] == [0, 1]


async def test_a_refusal_does_not_tell_a_reader_what_a_private_series_holds(process: Process) -> None:
    grace = Principal("alpha", "grace", frozenset({Permission.READ}), "grace")
    await process.accounts.create(ADMIN, NOW, "grace", account_draft())
    await Grants(process.store).create(ADMIN, NOW, SIDE, GrantDraft(AccountName("grace"), Role.READER))
    hourly = replace(nine(subject="merger"), recurrence=("RRULE:FREQ=HOURLY",), visibility=Visibility.PRIVATE)
    await process.events.create(ADMIN, NOW, SIDE, Creation("", replace(hourly, end=hourly.start)))
    asked = RangeRequest(MIDNIGHT, MIDNIGHT + 700 * DAY)
    for text in ("merger", "anything"):
        found = await process.event_lists.list(grace, SIDE, EventQuery(asked, query=text, expand=True), Page(10))
        assert found.records == []


async def test_the_highest_version_there_is_stays_the_highest(process: Process) -> None:
    made = await make(process)
    async with process.store.read(ADMIN.tenant) as tx:
        kept = await tx.events.get(made.name)
    assert kept is not None

    async def work(tx: Write) -> None:
        tx.events.update(replace(kept, sequence=LAST_SEQUENCE), kept)

    await process.store.write(ADMIN.tenant, [calendar_feed(SIDE)], work)
    assert (await change(process, on(1), moved(1))).sequence == LAST_SEQUENCE
    assert (await change(process, STANDUP, moved(1))).sequence == LAST_SEQUENCE
