"""The event loops that a process of the benchmarks can run on."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

ASYNCIO, UVLOOP = "asyncio", "uvloop"


def installed() -> list[str]:
    """The loops to choose from, that of a served program first."""
    return [ASYNCIO] if importlib.util.find_spec(UVLOOP) is None else [UVLOOP, ASYNCIO]


def run(main: Coroutine[Any, Any, T], loop: str) -> T:
    """As `asyncio.run`, on the loop of that name."""
    factory = asyncio.new_event_loop if loop == ASYNCIO else importlib.import_module(UVLOOP).new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
