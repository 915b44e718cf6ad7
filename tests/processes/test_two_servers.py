"""Two servers on one PostgreSQL database."""

from __future__ import annotations

import asyncio
from collections import Counter

from grpc import aio

from schedsvc.v1.bookings_pb2 import ListBookingsRequest, ListSlotsRequest
from schedsvc.v1.changes_pb2 import StreamChangesRequest
from tests.processes import worlds
from tests.processes.conftest import Client, Connect, Start
from tests.rpc.callers import refusal_of
from tests.rpc.consumers import next_message


async def test_one_of_100_bookings_of_one_slot_over_two_processes_wins(
    start_on_postgresql: Start, connect: Connect
) -> None:
    clients = [connect(start_on_postgresql()), connect(start_on_postgresql())]
    await worlds.build(clients[0])
    (slot,) = await worlds.slots(clients[1], 1)

    async def book(number: int) -> str:
        request = worlds.booking(slot, f"b{number}")
        try:
            await clients[number % 2].bookings.CreateBooking(request)
        except aio.AioRpcError as error:
            return f"{error.code().name} {refusal_of(error).reason}"
        return "OK"

    answers = Counter(await asyncio.gather(*map(book, range(100))))
    assert answers == {"OK": 1, "FAILED_PRECONDITION SLOT_UNAVAILABLE": 99}
    listed = await clients[0].bookings.ListBookings(ListBookingsRequest(parent=worlds.PROFILE))
    assert len(listed.bookings) == 1


async def test_32_contenders_for_40_slots_over_two_processes_sell_each_once(
    start_on_postgresql: Start, connect: Connect
) -> None:
    clients = [connect(start_on_postgresql()), connect(start_on_postgresql())]
    await worlds.build(clients[0])
    wanted = await worlds.slots(clients[0], 40)
    codes: Counter[str] = Counter()

    async def contend(number: int) -> None:
        for slot in wanted[number:] + wanted[:number]:
            try:
                await clients[number % 2].bookings.CreateBooking(worlds.booking(slot, f"b{number}"))
                codes["OK"] += 1
            except aio.AioRpcError as error:
                codes[f"{error.code().name} {refusal_of(error).reason}"] += 1

    await asyncio.gather(*map(contend, range(32)))
    assert codes == {"OK": 40, "FAILED_PRECONDITION SLOT_UNAVAILABLE": 32 * 40 - 40}
    listed = await clients[1].bookings.ListBookings(ListBookingsRequest(parent=worlds.PROFILE))
    assert sorted(b.start.seconds for b in listed.bookings) == sorted(slot.seconds for slot in wanted)
    assert sorted(b.revision for b in listed.bookings) == list(range(1, 41))


async def test_what_one_process_books_the_other_no_longer_lists(start_on_postgresql: Start, connect: Connect) -> None:
    one, other = connect(start_on_postgresql()), connect(start_on_postgresql())
    await worlds.build(one)
    for slot in await worlds.slots(other, 5):
        assert slot in await worlds.slots(other, 10)
        await one.bookings.CreateBooking(worlds.booking(slot))
        listed = await other.bookings.ListSlots(ListSlotsRequest(parent=worlds.PROFILE, page_size=10))
        assert slot not in [found.start for found in listed.slots]


async def test_a_change_made_through_one_process_arrives_on_a_stream_of_the_other(
    start_on_postgresql: Start, connect: Connect
) -> None:
    one, other = connect(start_on_postgresql()), connect(start_on_postgresql())
    await worlds.build(one)
    token = await worlds.change_token(one, worlds.PROFILE, worlds.CALENDAR)
    (slot,) = await worlds.slots(one, 1)
    stream = other.sync.StreamChanges(StreamChangesRequest(tokens=[token]))
    assert (await next_message(stream)).WhichOneof("message") == "bookmark"  # a token for each of the two feeds
    for _ in range(2):
        assert (await next_message(stream)).batch.complete
    made = await one.bookings.CreateBooking(worlds.booking(slot))
    arrived = {(await next_message(stream)).batch.changes.feed for _ in range(2)}
    assert arrived == {worlds.PROFILE, worlds.CALENDAR}
    assert made.revision == 1
    stream.cancel()


async def test_the_same_request_id_at_once_through_two_processes_has_one_effect(
    start_on_postgresql: Start, connect: Connect
) -> None:
    clients = [connect(start_on_postgresql()), connect(start_on_postgresql())]
    await worlds.build(clients[0])
    (slot,) = await worlds.slots(clients[0], 1)
    request = worlds.booking(slot, request_id="only-once")

    async def book(client: Client) -> str:
        return (await client.bookings.CreateBooking(request)).name

    names = await asyncio.gather(*(book(clients[number % 2]) for number in range(20)))
    assert len(set(names)) == 1
