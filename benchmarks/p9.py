"""P9, its half about being right: callers of two processes race for the same slots, and each is sold once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import nan
from statistics import quantiles

from benchmarks import world
from benchmarks.bench import IN_FLIGHT, Bench, Served
from benchmarks.children import Answer
from benchmarks.databases import PostgresServer
from benchmarks.report import Line, counted, not_run

EXPECTED = {"OK", "FAILED_PRECONDITION"}
CHUNK = 50
"""Slots for each order; several seconds of work."""
LOSERS_GOAL = 2.0


async def run(bench: Bench) -> Sequence[Line]:
    if isinstance(bench.postgres, str):
        return [not_run("P9", bench.postgres)]
    async with bench.serving(bench.postgres, world.contested_calendar) as served:
        answers = await _race(bench, served)
        stored = await _stored(bench.postgres, served.url)
    return [_sold(bench.slots, answers, stored), _errors(answers), _tails(answers)]


async def _race(bench: Bench, served: Served) -> list[Answer]:
    async with bench.process(served.url) as second, bench.client(served.key) as client:
        order = {
            "order": "contend",
            "targets": [served.target, second.ready["target"]],
            "contenders": IN_FLIGHT,
        }
        return [
            await client.order({**order, "first": first, "slots": min(CHUNK, bench.slots - first)}, 60)
            for first in range(0, bench.slots, CHUNK)
        ]


async def _stored(server: PostgresServer, url: str) -> dict[str, int]:
    """What the database says, whatever the callers were told."""
    feeds = "SELECT count(*) AS all, count(DISTINCT start_s) AS distinct FROM"
    (bookings,) = await server.run(url, f"{feeds} bookings")
    (events,) = await server.run(url, f"{feeds} events")
    return {"bookings": bookings["all"], "starts": bookings["distinct"], "events": events["distinct"]}


def _sold(slots: int, answers: Sequence[Answer], stored: dict[str, int]) -> Line:
    once = sum(answer["sold_once"] for answer in answers)
    seconds = sum(answer["seconds"] for answer in answers)
    return counted(
        "P9",
        f"{IN_FLIGHT} contenders, 2 processes: slots sold once",
        f"{once:,} in {seconds:.0f} s",
        f"{slots:,}",
        reached={once, *stored.values()} == {slots},
    )


def _errors(answers: Sequence[Answer]) -> Line:
    others, texts = Counter[str](), dict[str, str]()
    for answer in answers:
        others.update({code: count for code, count in answer["codes"].items() if code not in EXPECTED})
        texts.update(answer["texts"])
    found = "; ".join(f"{count:,} {code} ({texts[code]})" for code, count in others.items()) or "0"
    return counted("P9", "answers besides sold and not free", found, "0", reached=not others)


def _tails(answers: Sequence[Answer]) -> Line:
    winners = _p99([ms for answer in answers for ms in answer["winners_ms"]])
    losers = _p99([ms for answer in answers for ms in answer["losers_ms"]])
    found = f"{winners:.0f} and {losers:.0f} ms"
    return counted(
        "P9", "p99 of winners and losers", found, f"<= {LOSERS_GOAL:g}x", reached=losers <= LOSERS_GOAL * winners
    )


def _p99(values: Sequence[float]) -> float:
    """Not a number where there are too few."""
    return quantiles(values, n=100)[98] if len(values) > 1 else nan
