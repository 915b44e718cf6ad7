"""Child: a client that keeps a number of calls in flight. It decodes no answers, so that it costs little itself.

Settings: `key` (a credential, "" for none), `loop`. Orders: `drive` and `contend`, see the functions.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from grpc import StatusCode, aio

from benchmarks import loops, messages
from benchmarks.children import Answer, Order, serve_orders, settings, tell

CALL_SECONDS = 30.0
CREATE_BOOKING = "/schedsvc.v1.BookingService/CreateBooking"
# Proxies of the environment are of no use here, and each server has a connection of its own.
OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))


class Ends:
    """How calls ended: how many with which code, and one text for each."""

    def __init__(self) -> None:
        self._codes = Counter[str]()
        self._texts: dict[str, str] = {}

    async def of(self, call: Awaitable[bytes]) -> bool:
        """Waits for the end of a call; whether it was answered."""
        try:
            await call
        except aio.AioRpcError as error:
            code = error.code().name
            self._texts.setdefault(code, error.details() or "")
        else:
            code = StatusCode.OK.name
        self._codes[code] += 1
        return code == StatusCode.OK.name

    def counted(self) -> Answer:
        return {"codes": self._codes, "texts": self._texts}


class Client:
    """Connections are kept between orders."""

    def __init__(self, key: str) -> None:
        self._metadata = (("authorization", f"Bearer {key}"),) if key else ()
        self._channels: dict[str, aio.Channel] = {}
        self._makers: dict[str, messages.Maker] = {}

    async def carry_out(self, order: Order) -> Answer:
        return await (self._drive(order) if order["order"] == "drive" else self._contend(order))

    async def _drive(self, order: Order) -> Answer:
        """Calls `path` of `target` with `messages` for some `seconds`, with `in_flight` calls at any time."""
        call = self._call(order["target"], order["path"])
        make = self._maker(order["messages"])
        loop = asyncio.get_running_loop()
        ends = Ends()
        began = loop.time()
        end = began + order["seconds"]

        async def caller() -> None:
            while loop.time() < end:
                await ends.of(call(make(), metadata=self._metadata, timeout=CALL_SECONDS))

        await asyncio.gather(*(caller() for _ in range(order["in_flight"])))
        return {"seconds": loop.time() - began, **ends.counted()}

    async def _contend(self, order: Order) -> Answer:
        """For each slot from `first` on, `contenders` calls at once, spread over the `targets`, that want it."""
        calls = [self._call(target, CREATE_BOOKING) for target in order["targets"]]
        loop = asyncio.get_running_loop()
        ends, sold = Ends(), Counter[int]()
        winners, losers = list[float](), list[float]()

        async def contender(slot: int, number: int) -> None:
            began = loop.time()
            raw = messages.booking_request(slot, number).SerializeToString()
            won = await ends.of(calls[number % len(calls)](raw, metadata=self._metadata, timeout=CALL_SECONDS))
            (winners if won else losers).append(loop.time() - began)
            sold[slot] += won

        began = loop.time()
        for slot in range(order["first"], order["first"] + order["slots"]):
            await asyncio.gather(*(contender(slot, number) for number in range(order["contenders"])))
        return {
            "seconds": loop.time() - began,
            **ends.counted(),
            "sold_once": sum(times == 1 for times in sold.values()),
            "winners_ms": [1000 * seconds for seconds in winners],
            "losers_ms": [1000 * seconds for seconds in losers],
        }

    def _call(self, target: str, path: str) -> Any:
        if target not in self._channels:
            self._channels[target] = aio.insecure_channel(target, OPTIONS)
        return self._channels[target].unary_unary(path)

    def _maker(self, name: str) -> messages.Maker:
        """One for all orders, so that no message is sent twice that is meant to be sent once."""
        if name not in self._makers:
            self._makers[name] = messages.MAKERS[name]()
        return self._makers[name]

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()


async def work(order: Order) -> None:
    """Answers orders until there are no more."""
    client = Client(order["key"])
    tell({})
    try:
        await serve_orders(client.carry_out)
    finally:
        await client.close()


if __name__ == "__main__":
    given = settings()
    loops.run(work(given), given["loop"])
