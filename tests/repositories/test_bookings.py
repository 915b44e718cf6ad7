"""Bookings are found by profile, account, start, state and booker, and kept when cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from schedsvc.domain.bookings import Booking, BookingState
from schedsvc.domain.changes import ChangeKind, Place
from schedsvc.domain.feeds import account_feed, profile_feed
from schedsvc.domain.names import AccountName, ProfileName
from schedsvc.repositories.base import BookingFilter, Page, Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import (
    DAY,
    HOUR,
    INTRO,
    MONDAY,
    STRANGE,
    TENANT,
    booking,
    profile,
)

FEED = profile_feed(INTRO)
TALK, BOBS = ProfileName("ada", "talk"), ProfileName("bob", "intro")
FEEDS = [FEED, profile_feed(TALK), profile_feed(BOBS)]
ALL = Page(1000)


@pytest.fixture
async def filled(store: SqlStore) -> list[Booking]:
    """Bookings of three profiles of two accounts, by the sort key of lists."""

    async def profiles(tx: Write) -> None:
        tx.profiles.create(profile("talk"))
        tx.profiles.create(profile("intro", owner="bob"))

    owners = [account_feed(AccountName(owner)) for owner in ("ada", "bob")]
    await store.write(TENANT, owners, profiles)

    async def work(tx: Write) -> list[Booking]:
        made = []
        for number in range(12):
            start = MONDAY + (number % 4) * HOUR
            made.append(
                booking(
                    f"b{number:02}",
                    (start, start + HOUR),
                    of=(INTRO, TALK, BOBS)[number % 3],
                    state=list(BookingState)[number % 2],
                    email=f"Guest{number % 2}@Example.org",
                )
            )
        return [tx.bookings.create(b) for b in made]

    return sorted(await store.write(TENANT, FEEDS, work), key=sort_key)


def sort_key(b: Booking) -> tuple[str | int, ...]:
    return b.extent[0], f"{b.name.profile.account}/{b.name.profile.profile}", b.name.booking


async def test_bookings_come_back_exactly_as_they_were_given(store: SqlStore) -> None:
    async def work(tx: Write) -> Booking:
        return tx.bookings.create(booking())

    made = await store.write(TENANT, [FEED], work)
    assert (made.revision, made.index, made.born) == (1, 0, 1)
    async with store.read(TENANT) as tx:
        assert await tx.bookings.get(made.name) == made
        assert await tx.bookings.get(booking("b2").name) is None
        (change,) = await tx.changes.log(FEED, Place(0, 0), 1, 10)
    assert (change.kind, change.record, change.extent) == (ChangeKind.CREATED, made, made.extent)


async def test_a_cancelled_booking_is_kept_and_logged_as_an_update(store: SqlStore, database: Database) -> None:
    async def create(tx: Write) -> Booking:
        return tx.bookings.create(booking())

    made = await store.write(TENANT, [FEED], create)
    database.clock.time += timedelta(hours=1)

    async def cancel(tx: Write) -> Booking:
        off = replace(made, state=BookingState.CANCELLED, cancel_reason=STRANGE)
        return tx.bookings.update(off, made)

    after = await store.write(TENANT, [FEED], cancel)
    assert (after.revision, after.born, after.create_time) == (2, 1, made.create_time)
    assert after.update_time == database.clock.time
    async with store.read(TENANT) as tx:
        assert await tx.bookings.get(made.name) == after
        change = (await tx.changes.log(FEED, Place(1, 0), 2, 10))[0]
        assert await tx.bookings.live(INTRO, None, Place(0, 0), 2, 10) == [after]
        assert await tx.bookings.live(INTRO, None, Place(0, 0), 1, 10) == []
    assert (change.kind, change.previous, change.record) == (
        ChangeKind.UPDATED,
        made.extent,
        after,
    )


@pytest.mark.parametrize("size", [1, 5, 100])
async def test_paging_a_list_gives_every_booking_once_and_in_order(
    store: SqlStore, filled: Sequence[Booking], size: int
) -> None:
    within = BookingFilter(starts=(MONDAY, MONDAY + 3 * HOUR))
    for profile_name, account, wanted in (
        (None, None, BookingFilter()),
        (None, "ada", BookingFilter()),
        (INTRO, None, within),
        (INTRO, "ada", BookingFilter()),
        (None, None, within),
    ):
        found: list[Booking] = []
        while True:
            page = Page(size, sort_key(found[-1]) if found else None)
            async with store.read(TENANT) as tx:
                more = await tx.bookings.list(profile_name, account, wanted, page)
            if not more:
                break
            found += more
        assert found == [
            b
            for b in filled
            if profile_name in (None, b.name.profile)
            and account in (None, b.name.profile.account)
            and (wanted.starts is None or b.extent[0] < wanted.starts[1])
        ]


async def test_filters_narrow_each_other(store: SqlStore, filled: Sequence[Booking]) -> None:
    starts = (MONDAY + HOUR, MONDAY + 3 * HOUR)
    cancelled = (BookingState.CANCELLED,)
    async with store.read(TENANT) as tx:

        async def found(wanted: BookingFilter) -> Sequence[Booking]:
            return await tx.bookings.list(None, None, wanted, ALL)

        assert await found(BookingFilter(starts=starts)) == [b for b in filled if starts[0] <= b.extent[0] < starts[1]]
        assert await found(BookingFilter(states=cancelled)) == [b for b in filled if b.state is BookingState.CANCELLED]
        assert await found(BookingFilter(states=tuple(BookingState))) == filled
        mine = BookingFilter(booker_email="gUEST1@example.ORG")
        assert await found(mine) == [b for b in filled if b.booker.email.startswith("Guest1")]
        assert await found(replace(mine, states=(BookingState.CONFIRMED,))) == []
        assert await found(BookingFilter(booker_email="guest_@example.org")) == []
        assert await found(BookingFilter(booker_email="\x00")) == []


async def test_to_come_are_confirmed_bookings_that_end_after_now(store: SqlStore, filled: Sequence[Booking]) -> None:
    async with store.read(TENANT) as tx:
        for now in (MONDAY - DAY, MONDAY + HOUR - 1, MONDAY + HOUR, MONDAY + DAY):
            assert await tx.bookings.to_come(INTRO, now) == [
                b for b in filled if b.name.profile == INTRO and b.state is BookingState.CONFIRMED and b.extent[1] > now
            ]


async def test_live_bookings_of_a_window_come_by_place(store: SqlStore, filled: Sequence[Booking]) -> None:
    by_place = sorted((b for b in filled if b.name.profile == INTRO), key=lambda b: b.index)
    window = (MONDAY + HOUR, MONDAY + 2 * HOUR)
    async with store.read(TENANT) as tx:
        assert await tx.bookings.live(INTRO, None, Place(0, 0), 1, 100) == by_place
        after = Place(by_place[0].revision, by_place[0].index)
        assert await tx.bookings.live(INTRO, None, after, 1, 2) == by_place[1:3]
        assert await tx.bookings.live(INTRO, window, Place(0, 0), 1, 100) == [
            b for b in by_place if b.extent[0] < window[1] and b.extent[1] > window[0]
        ]
