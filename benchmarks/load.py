"""Child: a client that keeps a number of calls in flight. It decodes no answers, so that it costs little itself.

Settings: `key` (a credential, "" for none), `loop`. Orders: `drive` and `contend`, see the functions.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from grpc import StatusCode, aio

from benchmarks import loops, messages
from benchmarks.children import Answer, Order, serve_orders, settings, tell

CALL_SECONDS = 30.0
CREATE_BOOKING = "/schedsvc.v1.BookingService/CreateBooking"
# Proxies of the environment are of no use here, and each server has a connection of its own.
OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))


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
        codes = Counter[str]()
        began = loop.time()
        end = began + order["seconds"]

        async def caller() -> None:
            while loop.time() < end:
                codes[await _code(call, make(), self._metadata)] += 1

        await asyncio.gather(*(caller() for _ in range(order["in_flight"])))
        return {"seconds": loop.time() - began, "codes": codes}

    async def _contend(self, order: Order) -> Answer:
        """For each slot from `first` on, `contenders` calls at once, spread over the `targets`, that want it."""
        calls = [self._call(target, CREATE_BOOKING) for target in order["targets"]]
        loop = asyncio.get_running_loop()
        codes, sold = Counter[str](), Counter[int]()
        winners, losers = list[float](), list[float]()

        async def contender(slot: int, number: int) -> None:
            began = loop.time()
            raw = messages.booking_request(slot, number).SerializeToString()
            code = await _code(calls[number % len(calls)], raw, self._metadata)
            won = code == StatusCode.OK.name
            (winners if won else losers).append(loop.time() - began)
            codes[code] += 1
            sold[slot] += won

        began = loop.time()
        for slot in range(order["first"], order["first"] + order["slots"]):
            await asyncio.gather(*(contender(slot, number) for number in range(order["contenders"])))
        return {
            "seconds": loop.time() - began,
            "codes": codes,
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


async def _code(call: Any, message: bytes, metadata: Any) -> str:
    """How a call ends."""
    try:
        await call(message, metadata=metadata, timeout=CALL_SECONDS)
    except aio.AioRpcError as error:
        return error.code().name
    return StatusCode.OK.name


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
