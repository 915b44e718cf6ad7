"""What is printed: the table, and what one has to know about the machine to read it."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from benchmarks.rounds import Figures, Ratio

PACKAGES = ("grpcio", "protobuf", "sqlalchemy", "asyncpg", "aiosqlite", "uvloop")
HEADS = (
    "row",
    "what",
    "rate/s",
    "CPU us",
    "against",
    "rate/s",
    "CPU us",
    "ratio",
    "from-to",
    "by CPU",
    "goal",
    "verdict",
)
NOISY = 1.5
"""How far apart the least and the greatest ratio of a row may lie before it says so."""
LONGEST = 80
SYNCS = 50


FOUND = slice(HEADS.index("rate/s"), HEADS.index("goal"))
"""The columns that something counted is written across."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a cell for each head, one across the columns `FOUND`, or two with all there is to say."""

    cells: Sequence[str]


def compared(
    row: str, what: str, figures: Figures, name: str, baseline: str, goal: float | None, *, by_cpu: bool = False
) -> Line:
    """The line about the rate of one side to that of another; `goal` of None: it is there to be compared with.

    `by_cpu`: both sides are bounded by the processor time of the measured process, so that the goal is asked of calls
    for each second of it too. A client that is the slower of the two cannot hide then what a server costs.
    """
    ratio = figures.ratio(name, baseline)
    cpu = figures.cpu_ratio(name, baseline) if by_cpu else None
    middle = ratio.middle if cpu is None else min(ratio.middle, cpu.middle)
    return Line(
        (
            row,
            what,
            *_side(figures, name),
            baseline,
            *_side(figures, baseline),
            f"{ratio.middle:.2f}",
            f"{ratio.least:.2f}-{ratio.most:.2f}",
            "" if cpu is None else f"{cpu.middle:.2f}",
            "" if goal is None else f">= {goal:.2f}",
            "" if goal is None else verdict(round(middle, 2) >= goal, _is_noisy(ratio), figures.refused(name)),
        )
    )


def counted(row: str, what: str, found: str, goal: str, *, reached: bool) -> Line:
    """The line about something that is counted instead."""
    return Line((row, what, found[:LONGEST], goal, verdict(reached)))


def not_run(row: str, why: str) -> Line:
    """The line of a row that something is missing for."""
    return Line((row, f"NOT RUN: {why}"))


def verdict(reached: bool, noisy: bool = False, refused: int = 0) -> str:
    words = ["reached" if reached else "not yet"]
    words += ["noisy"] if noisy else []
    words += [f"{refused} refused"] if refused else []
    return ", ".join(words)


def _is_noisy(ratio: Ratio) -> bool:
    return ratio.most > NOISY * ratio.least


def _side(figures: Figures, name: str) -> tuple[str, str]:
    rate, used = figures.rate(name), figures.cpu_us(name)
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}", "" if used is None else f"{used:,.0f}"


def table(lines: Iterable[Line]) -> Iterator[str]:
    """The lines below their heads, in columns."""
    rows = [HEADS, *(line.cells for line in lines)]
    widths = _widths(rows)
    across = [*widths[: FOUND.start], _across(widths), *widths[FOUND.stop :]]
    for row in rows:
        columns = widths if len(row) == len(HEADS) else across
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, columns, strict=False)).rstrip()


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Of all columns; the one of texts among those of `FOUND` is as wide as what is written across them needs."""
    full = [row for row in rows if len(row) == len(HEADS)]
    counted = [row for row in rows if len(row) == len(HEADS) - len(HEADS[FOUND]) + 1]
    widths = [max(len(row[column]) for row in full) for column in range(len(HEADS))]
    for row in counted:
        widths[1] = max(widths[1], len(row[1]))
        widths[HEADS.index("against")] += max(0, len(row[FOUND.start]) - _across(widths))
        widths[FOUND.stop] = max(widths[FOUND.stop], len(row[FOUND.start + 1]))
    return widths


def _across(widths: Sequence[int]) -> int:
    """The width of the columns `FOUND`, with the blanks between them."""
    return sum(widths[FOUND]) + 2 * (len(widths[FOUND]) - 1)


def machine(folder: Path, loop: str, postgres: str) -> Iterator[str]:
    """Two lines about the machine, and what runs on it."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    yield f"machine: {os.cpu_count()} x {_processor()}, {platform.system()}, load before {load}"
    yield f"disk: {1000 * _sync_seconds(folder):.2f} ms to sync 8 KiB"
    packages = [f"{name} {_version(name)}" for name in PACKAGES]
    databases = [f"SQLite {sqlite3.sqlite_version}", postgres]
    yield ", ".join([f"versions: Python {platform.python_version()}", *packages, *databases])
    yield f"loop: {loop}"


def _processor() -> str:
    """As the kernel names it; the architecture where it does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _sync_seconds(folder: Path) -> float:
    """How long the disk takes to keep a page, median: it bounds every durable write."""
    taken = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(8192))
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return median(taken)
