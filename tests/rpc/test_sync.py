"""Deltas by token: nothing lost, nothing twice, whatever is written meanwhile (traps 16 and 17, row 14)."""

from __future__ import annotations

import base64
import itertools
import random
from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.v1.bookings_pb2 import CancelBookingRequest, CreateBookingRequest
from schedsvc.v1.calendars_pb2 import Calendar, CreateCalendarRequest, DeleteCalendarRequest, UpdateCalendarRequest
from schedsvc.v1.changes_pb2 import (
    CHANGE_KIND_CREATED,
    CHANGE_KIND_DELETED,
    CHANGE_KIND_ENTERED,
    CHANGE_KIND_LEFT,
    CHANGE_KIND_UPDATED,
    ListChangesRequest,
    ListDeletedRequest,
    ListUpdatedRequest,
    StartSyncRequest,
    StartSyncResponse,
    StreamChangesRequest,
    Tombstone,
)
from schedsvc.v1.events_pb2 import CreateEventRequest, DeleteEventRequest, Event, UpdateEventRequest
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import KEYS, ManualClock, on_both_stores
from tests.rpc.consumers import Copy, truth, walk
from tests.rpc.requests import DAY, HOUR, World, all_day, booking_at, bound, timed

MINUTE = 60


async def _start(
    caller: Caller, *targets: str, window: tuple[int, int] | None = None, **fields: Any
) -> StartSyncResponse:
    request = StartSyncRequest(targets=targets, **fields)
    if window is not None:
        request.time_min.CopyFrom(bound(window[0]))
        request.time_max.CopyFrom(bound(window[1]))
    return await caller.sync.StartSync(request)


async def _create(caller: Caller, parent: str, id_: str, start: int = 0, end: int = HOUR) -> str:
    request = CreateEventRequest(parent=parent, event_id=id_, event=timed(start, end, subject=id_))
    return (await caller.calendar.CreateEvent(request)).name


async def _move(caller: Caller, name: str, start: int, end: int) -> None:
    event = timed(start, end)
    event.name = name
    await caller.calendar.UpdateEvent(UpdateEventRequest(event=event))


async def _rename(caller: Caller, name: str, subject: str) -> None:
    await caller.calendar.UpdateEvent(UpdateEventRequest(event=Event(name=name, subject=subject)))


async def _delete(caller: Caller, name: str) -> None:
    await caller.calendar.DeleteEvent(DeleteEventRequest(name=name))


async def test_a_full_load_brings_all_there_is_and_a_delta_what_came_after(alpha: Caller, world: World) -> None:
    started = await _start(alpha, world.calendar, world.profile)
    assert started.ready
    full = await walk(alpha, started.change_token)
    assert (full.names, full.complete) == ([world.event, world.booking], True)
    assert {change.kind for change in full.changes} == {CHANGE_KIND_CREATED}
    assert full.generations != {""}
    nothing = await walk(alpha, full.token)
    assert (nothing.changes, nothing.complete, nothing.generations) == ([], False, {""})
    await _rename(alpha, world.event, "new")
    await alpha.booking.CancelBooking(CancelBookingRequest(name=world.booking))
    made = await _create(alpha, world.calendar, "made")
    delta = await walk(alpha, nothing.token)
    assert delta.names == [world.event, made, world.booking]
    assert [change.kind for change in delta.changes] == [CHANGE_KIND_UPDATED, CHANGE_KIND_CREATED, CHANGE_KIND_UPDATED]


async def test_the_pair_of_updates_and_tombstones_tells_the_same_as_the_one_feed(alpha: Caller, world: World) -> None:
    gone = await _create(alpha, world.calendar, "gone")
    started = await _start(alpha, world.calendar)
    made = await _create(alpha, world.calendar, "made")
    await _delete(alpha, gone)
    updated = await walk(alpha, started.updated_token, method="updated")
    deleted = await walk(alpha, started.deleted_token, method="deleted")
    assert updated.names == [world.event, made]
    assert updated.complete
    assert [(change.kind, change.tombstone.name) for change in deleted.changes] == [(CHANGE_KIND_DELETED, gone)]
    await _delete(alpha, made)
    await _rename(alpha, world.event, "new")
    both = await walk(alpha, (await walk(alpha, started.change_token)).token)
    updated = await walk(alpha, updated.token, method="updated")
    deleted = await walk(alpha, deleted.token, method="deleted")
    assert updated.names == [world.event]
    assert deleted.names == [made]
    assert both.changes == []


async def test_starting_twice_stores_nothing_and_gives_tokens_that_tell_the_same(alpha: Caller, world: World) -> None:
    first, second = [await _start(alpha, world.calendar) for _ in range(2)]
    assert first == second


async def test_skip_initial_begins_with_the_next_change(alpha: Caller, world: World) -> None:
    started = await _start(alpha, world.calendar, skip_initial=True)
    made = await _create(alpha, world.calendar, "made")
    done = await walk(alpha, started.change_token)
    assert (done.names, done.complete, done.generations) == ([made], False, {""})


async def test_a_token_may_be_used_again_and_tells_the_same_and_more(alpha: Caller, world: World) -> None:
    started = await _start(alpha, world.calendar)
    token = (await walk(alpha, started.change_token)).token
    await _rename(alpha, world.event, "one")
    first = await walk(alpha, token)
    second = await walk(alpha, token)
    assert first.changes == second.changes
    await _rename(alpha, world.event, "two")
    third = await walk(alpha, token)
    assert [change.event.subject for change in third.changes] == ["two"]


async def test_changes_while_paging_wait_for_the_next_walk(alpha: Caller, world: World) -> None:
    """Trap 16: the first page pins the mark."""
    names = [await _create(alpha, world.calendar, f"e{number}") for number in range(3)]
    started = await _start(alpha, world.calendar)
    first = await alpha.sync.ListChanges(ListChangesRequest(token=started.change_token, page_size=1))
    late = await _create(alpha, world.calendar, "late")
    await _rename(alpha, names[0], "changed")
    await _delete(alpha, names[1])
    rest = await walk(alpha, first.next_page_token, size=1)
    # What changed after the mark is left to the next walk, where it is told as it is by then.
    assert rest.names == [names[2]]
    delta = await walk(alpha, rest.token)
    assert delta.names == [late, names[0], names[1]]
    assert delta.changes[2].kind == CHANGE_KIND_DELETED


@on_both_stores
@pytest.mark.parametrize("method", ["", "updated"])
async def test_with_pages_of_one_and_a_write_between_every_two_nothing_is_lost(
    method: str, alpha: Caller, world: World
) -> None:
    names = [await _create(alpha, world.calendar, f"e{number}") for number in range(8)]
    started = await _start(alpha, world.calendar)
    copy, numbers = Copy(), itertools.count()

    async def mutate() -> None:
        number = next(numbers)
        victim = names[number % len(names)]
        match number % 4:
            case 0:
                names.append(await _create(alpha, world.calendar, f"n{number}"))
            case 1:
                await _rename(alpha, victim, f"renamed {number}")
            case 2:
                await _move(alpha, victim, number * MINUTE, HOUR + number * MINUTE)
            case _:
                await _delete(alpha, names.pop(number % len(names)))

    token = started.updated_token if method else started.change_token
    for _ in range(3):
        done = await walk(alpha, token, size=1, method=method, between=mutate)
        copy.take(done.feeds)
        token = done.token
    last = await walk(alpha, token, size=1, method=method)
    copy.take(last.feeds)
    if method:
        copy.take((await walk(alpha, started.deleted_token, method="deleted")).feeds)
    assert next(numbers) > 10
    assert copy.held == await truth(alpha, [world.calendar])


@pytest.mark.parametrize("window", [None, (0, DAY)])
async def test_what_one_of_the_pair_told_the_other_takes_back(
    window: tuple[int, int] | None, alpha: Caller, world: World
) -> None:
    """Trap 16: told by ListUpdated, then deleted or moved out, all after the token of ListDeleted."""
    started = await _start(alpha, world.calendar, window=window)
    deleted, moved = [await _create(alpha, world.calendar, id_, HOUR, 2 * HOUR) for id_ in ("deleted", "moved")]
    copy = Copy()
    updated = await walk(alpha, started.updated_token, method="updated")
    copy.take(updated.feeds)
    assert {deleted, moved} <= set(copy.held)
    await _move(alpha, moved, 2 * DAY, 3 * DAY)
    await _delete(alpha, deleted)
    await _delete(alpha, moved)
    copy.take((await walk(alpha, started.deleted_token, method="deleted")).feeds)
    copy.take((await walk(alpha, updated.token, method="updated")).feeds)
    assert set(copy.held) == {world.event}


WINDOW = (DAY, 2 * DAY)
BEFORE, WITHIN, AFTER = (0, HOUR), (DAY + HOUR, DAY + 2 * HOUR), (3 * DAY, 3 * DAY + HOUR)


async def _seen(alpha: Caller, world: World, first: tuple[int, int], then: tuple[int, int]) -> list[Any]:
    """What a window is told of an event that moves."""
    name = await _create(alpha, world.calendar, "moving", *first)
    started = await _start(alpha, world.calendar, window=WINDOW, skip_initial=True)
    await _move(alpha, name, *then)
    done = await walk(alpha, started.change_token)
    again = await walk(alpha, done.token)
    assert again.changes == []
    return done.changes


async def test_an_event_moving_within_the_window_is_an_update(alpha: Caller, world: World) -> None:
    (change,) = await _seen(alpha, world, WITHIN, (DAY - HOUR, DAY + 1))
    assert (change.kind, change.WhichOneof("record")) == (CHANGE_KIND_UPDATED, "event")


@pytest.mark.parametrize("outside", [BEFORE, AFTER, (DAY - HOUR, DAY)])
async def test_an_event_moving_into_the_window_enters(outside: tuple[int, int], alpha: Caller, world: World) -> None:
    (change,) = await _seen(alpha, world, outside, WITHIN)
    assert (change.kind, change.WhichOneof("record")) == (CHANGE_KIND_ENTERED, "event")


@pytest.mark.parametrize("outside", [BEFORE, AFTER, (2 * DAY, 2 * DAY + HOUR)])
async def test_an_event_moving_out_of_the_window_is_a_tombstone_once(
    outside: tuple[int, int], alpha: Caller, world: World
) -> None:
    (change,) = await _seen(alpha, world, WITHIN, outside)
    assert (change.kind, change.tombstone.reason) == (CHANGE_KIND_LEFT, Tombstone.REASON_OUT_OF_WINDOW)


async def test_an_event_moving_outside_the_window_is_nothing(alpha: Caller, world: World) -> None:
    assert await _seen(alpha, world, BEFORE, AFTER) == []


async def test_an_event_that_never_was_in_the_window_is_deleted_without_a_word(alpha: Caller, world: World) -> None:
    """Row 19."""
    started = await _start(alpha, world.calendar, window=WINDOW)
    name = await _create(alpha, world.calendar, "far", *AFTER)
    full = await walk(alpha, started.change_token)
    assert full.changes == []
    await _delete(alpha, name)
    assert (await walk(alpha, full.token)).changes == []


async def test_the_window_of_a_full_load_holds_what_overlaps_it(alpha: Caller, world: World) -> None:
    places = {
        "ends-at-start": (DAY - HOUR, DAY),
        "crosses-start": (DAY - HOUR, DAY + 1),
        "no-length-at-start": (DAY, DAY),
        "over-all": (0, 5 * DAY),
        "crosses-end": (2 * DAY - 1, 3 * DAY),
        "no-length-at-end": (2 * DAY, 2 * DAY),
        "starts-at-end": (2 * DAY, 2 * DAY + 1),
    }
    for id_, (start, end) in places.items():
        await _create(alpha, world.calendar, id_, start, end)
    started = await _start(alpha, world.calendar, window=WINDOW)
    full = await walk(alpha, started.change_token)
    assert [name.rpartition("/")[2] for name in full.names] == [
        "crosses-start",
        "no-length-at-start",
        "over-all",
        "crosses-end",
    ]


async def test_several_moves_between_two_tokens_come_to_what_they_come_to(alpha: Caller, world: World) -> None:
    """Out and in again is an update; in and out again of what was outside is nothing."""
    stays = await _create(alpha, world.calendar, "stays", *WITHIN)
    visits = await _create(alpha, world.calendar, "visits", *AFTER)
    started = await _start(alpha, world.calendar, window=WINDOW, skip_initial=True)
    await _move(alpha, stays, *AFTER)
    await _move(alpha, stays, DAY, DAY + MINUTE)
    await _move(alpha, visits, *WITHIN)
    await _move(alpha, visits, *BEFORE)
    done = await walk(alpha, started.change_token)
    assert [(change.kind, change.event.name) for change in done.changes] == [(CHANGE_KIND_UPDATED, stays)]


async def test_bookings_are_seen_through_a_window_too(alpha: Caller, world: World) -> None:
    started = await _start(alpha, world.profile, window=WINDOW)
    for id_, start in (("monday", 15 * HOUR), ("tuesday", DAY + 15 * HOUR), ("friday", 4 * DAY + 15 * HOUR)):
        await alpha.booking.CreateBooking(
            CreateBookingRequest(parent=world.profile, booking_id=id_, booking=booking_at(start))
        )
    full = await walk(alpha, started.change_token)
    assert [name.rpartition("/")[2] for name in full.names] == ["tuesday"]


async def test_created_and_deleted_between_two_tokens_is_nothing(alpha: Caller, world: World) -> None:
    started = await _start(alpha, world.calendar, skip_initial=True)
    await _delete(alpha, await _create(alpha, world.calendar, "brief"))
    assert (await walk(alpha, started.change_token)).changes == []
    assert (await walk(alpha, started.updated_token, method="updated")).changes == []


async def test_deleted_and_created_again_with_the_same_id_is_one_update_with_a_higher_revision(
    alpha: Caller, world: World
) -> None:
    """Row 18."""
    started = await _start(alpha, world.calendar, skip_initial=True)
    await _delete(alpha, world.event)
    again = await _create(alpha, world.calendar, "standup")
    assert again == world.event
    (change,) = (await walk(alpha, started.change_token)).changes
    assert (change.kind, change.event.name, change.revision) == (CHANGE_KIND_UPDATED, again, 3)
    assert (await walk(alpha, started.deleted_token, method="deleted")).changes == []


async def test_an_id_that_is_created_again_while_paging_is_told_in_the_end_as_it_is(
    alpha: Caller, world: World
) -> None:
    names = [await _create(alpha, world.calendar, f"e{number}") for number in range(3)]
    started = await _start(alpha, world.calendar)
    copy = Copy()

    async def again() -> None:
        await _delete(alpha, names[1])
        await _create(alpha, world.calendar, "e1")

    full = await walk(alpha, started.change_token, size=1, between=again)
    copy.take(full.feeds)
    copy.take((await walk(alpha, full.token, size=1)).feeds)
    assert copy.held == await truth(alpha, [world.calendar])


async def test_a_deleted_calendar_ends_in_one_marker(alpha: Caller, world: World) -> None:
    for number in range(3):
        await _create(alpha, world.spare_calendar, f"e{number}")
    loaded = await _start(alpha, world.spare_calendar)
    token = (await walk(alpha, loaded.change_token)).token
    await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar))
    for walked in (
        await walk(alpha, token),
        await walk(alpha, token, size=1),
        await walk(alpha, loaded.deleted_token, method="deleted"),
    ):
        (change,) = walked.changes
        assert change.kind == CHANGE_KIND_DELETED
        assert change.tombstone.reason == Tombstone.REASON_CALENDAR_DELETED
        assert change.tombstone.name == world.spare_calendar
    ended = await walk(alpha, token)
    assert (await walk(alpha, ended.token)).changes == []
    refusal = await refused(_start(alpha, world.spare_calendar))
    assert refusal.code is StatusCode.NOT_FOUND


async def test_a_calendar_deleted_during_a_full_load_leaves_an_empty_copy(alpha: Caller, world: World) -> None:
    for number in range(4):
        await _create(alpha, world.spare_calendar, f"e{number}")
    started = await _start(alpha, world.spare_calendar)
    copy = Copy()

    async def delete() -> None:
        await alpha.calendar.DeleteCalendar(DeleteCalendarRequest(name=world.spare_calendar, allow_missing=True))

    full = await walk(alpha, started.change_token, size=1, between=delete)
    copy.take(full.feeds)
    copy.take((await walk(alpha, full.token)).feeds)
    assert copy.held == {}


async def test_a_changed_zone_puts_every_all_day_event_into_the_feed_in_one_revision(
    alpha: Caller, world: World
) -> None:
    for number in range(3):
        event = all_day("2030-01-08", "2030-01-09")
        request = CreateEventRequest(parent=world.calendar, event_id=f"d{number}", event=event)
        await alpha.calendar.CreateEvent(request)
    started = await _start(alpha, world.calendar, skip_initial=True)
    calendar = Calendar(name=world.calendar, time_zone="Asia/Tokyo")
    await alpha.calendar.UpdateCalendar(UpdateCalendarRequest(calendar=calendar))
    done = await walk(alpha, started.change_token)
    assert [(change.revision, change.index) for change in done.changes] == [(5, 0), (5, 1), (5, 2)]
    resolved = {change.event.start.resolved.ToJsonString() for change in done.changes}
    assert resolved == {"2030-01-07T15:00:00Z"}
    small = await walk(alpha, started.change_token, size=1)
    assert small.changes == done.changes


def _flipped(token: str) -> list[str]:
    """The token with each of its bits flipped, one at a time."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    found = []
    for bit in range(len(raw) * 8):
        other = bytearray(raw)
        other[bit // 8] ^= 1 << bit % 8
        found.append(base64.urlsafe_b64encode(bytes(other)).rstrip(b"=").decode())
    return found


async def test_a_token_that_is_not_exactly_one_of_ours_is_refused_with_one_text(
    alpha: Caller, beta: Caller, world: World
) -> None:
    """Row 14: each bit flipped, cut, lengthened, another family, another purpose, another tenant."""
    started = await _start(alpha, world.calendar)
    windowed = await _start(alpha, world.calendar, world.profile, window=(0, DAY))
    page = await alpha.sync.ListChanges(ListChangesRequest(token=windowed.change_token, page_size=1))
    tokens = [started.change_token, windowed.change_token, page.next_page_token]
    assert all(tokens)
    bad = [flipped for token in tokens for flipped in _flipped(token)]
    token = started.change_token
    bad += [token[:-1], token[1:], token + "A", token + "==", token.swapcase(), " " + token, token + "\n", "x", "é" * 9]
    bad += [started.updated_token, started.deleted_token, KEYS.seal(b"{}", "page", "alpha", ""), "A" * 4096]
    texts = set()
    for one in bad:
        refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=one)))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SYNC_TOKEN_INVALID"), one
        texts.add(refusal.text)
    for call in (
        beta.sync.ListChanges(ListChangesRequest(token=token)),
        alpha.sync.ListUpdated(ListUpdatedRequest(token=token)),
        alpha.sync.ListDeleted(ListDeletedRequest(token=token)),
        alpha.sync.ListUpdated(ListUpdatedRequest(token=started.deleted_token)),
        alpha.sync.ListDeleted(ListDeletedRequest(token=started.updated_token)),
    ):
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SYNC_TOKEN_INVALID")
        texts.add(refusal.text)
    assert len(texts) == 1


async def test_a_stream_refuses_bad_tokens_and_feeds_that_are_named_twice(alpha: Caller, world: World) -> None:
    """Row 14."""
    started = await _start(alpha, world.calendar)
    for bad in (_flipped(started.change_token)[77], started.updated_token, "x"):
        call = alpha.sync.StreamChanges(StreamChangesRequest(tokens=[started.change_token, bad]))
        refusal = await refused(call.read())
        assert refusal.reason == "SYNC_TOKEN_INVALID"
    call = alpha.sync.StreamChanges(StreamChangesRequest(tokens=[started.change_token] * 2))
    refusal = await refused(call.read())
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["tokens[1]"])


async def test_every_answer_says_how_long_its_token_lasts(alpha: Caller, world: World, clock: ManualClock) -> None:
    started = await _start(alpha, world.calendar)
    assert started.token_valid_until.ToDatetime() == clock.time.replace(tzinfo=None, day=6, month=2)
    clock.pass_by(days=1)
    page = await alpha.sync.ListChanges(ListChangesRequest(token=started.change_token))
    assert page.token_valid_until.seconds == started.token_valid_until.seconds + DAY


@on_both_stores
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_consumers_copies_equal_the_database_after_random_writes_and_walks(
    seed: int, alpha: Caller, world: World
) -> None:
    """Several feeds, with and without a window, random page sizes, writes between pages."""
    choice = random.Random(seed)
    calendars = [world.calendar, world.primary_calendar.replace("primary", "ada")]
    for number in range(2):
        request = CreateCalendarRequest(parent=world.account, calendar_id=f"r{number}", calendar=Calendar())
        calendars.append((await alpha.calendar.CreateCalendar(request)).name)
    targets = [*calendars, world.profile]
    events: list[str] = [world.event]
    ids = itertools.count()

    async def create() -> None:
        parent = choice.choice(calendars[:1] + calendars[2:])
        start = choice.randrange(0, 4 * DAY, MINUTE)
        events.append(await _create(alpha, parent, f"e{next(ids)}", start, start + choice.choice((0, MINUTE, DAY))))

    async def change() -> None:
        if events:
            await _rename(alpha, choice.choice(events), f"s{next(ids)}")

    async def move() -> None:
        start = choice.randrange(0, 4 * DAY, MINUTE)
        if events:
            await _move(alpha, choice.choice(events), start, start + choice.choice((0, HOUR)))

    async def delete() -> None:
        if events:
            await _delete(alpha, events.pop(choice.randrange(len(events))))

    async def again() -> None:
        if events:
            name = choice.choice(events)
            await _delete(alpha, name)
            parent, _, id_ = name.partition("/events/")
            await _create(alpha, parent, id_, choice.randrange(0, 4 * DAY, MINUTE), 5 * DAY)

    async def book() -> None:
        booking = booking_at(choice.randrange(DAY + 9 * HOUR, DAY + 17 * HOUR, 1800))
        request = CreateBookingRequest(parent=world.profile, booking_id=f"b{next(ids)}", booking=booking)
        try:
            made = await alpha.booking.CreateBooking(request)
        except Exception as error:
            assert (await refused(_raise(error))).reason == "SLOT_UNAVAILABLE"
            return
        if choice.random() < 0.5:
            await alpha.booking.CancelBooking(CancelBookingRequest(name=made.name))

    async def write() -> None:
        for _ in range(choice.randrange(4)):
            await choice.choice((create, create, change, move, delete, again, book))()

    class Consumer:
        def __init__(self, token: str, window: tuple[int, int] | None) -> None:
            self.token, self.window, self.copy = token, window, Copy()

        async def catch_up(self, *, quietly: bool = False) -> None:
            between = None if quietly else write
            done = await walk(alpha, self.token, size=choice.choice((1, 2, 7, 500)), between=between)
            self.copy.take(done.feeds)
            if done.complete:
                self.copy.drop_all_but(done.names)
            self.token = done.token

    consumers = []
    for window in (None, WINDOW):
        started = await _start(alpha, *targets, window=window)
        consumers.append(Consumer(started.change_token, window))
    for _ in range(6):
        await write()
        await choice.choice(consumers).catch_up()
    for consumer in consumers:
        await consumer.catch_up(quietly=True)
        await consumer.catch_up(quietly=True)
        shift = None if consumer.window is None else tuple(edge + bound(0).instant.seconds for edge in consumer.window)
        assert consumer.copy.held == await truth(alpha, targets, shift)  # type: ignore[arg-type]


async def _raise(error: Exception) -> None:
    raise error
