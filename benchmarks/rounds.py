"""Measuring in turns: A B C, A B C, … so that what the machine does meanwhile meets all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from benchmarks.children import Answer

WARM_UP = 0.5
"""The share of a round that each side runs before the first one counts."""


OVERLOADED = "RESOURCE_EXHAUSTED"
"""How a server turns calls away that it has no room for."""


class WrongAnswers(Exception):
    """Calls failed that must not; the text says how many ended how."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn: answered calls a second.

    `cpu_us` is the processor time of the measured process for each of them, None if it is not known. `refused` calls
    were turned away under load.
    """

    rate: float
    cpu_us: float | None
    refused: int = 0


class Measured(Protocol):
    """A process whose processor time can be looked at; see `Child.cpu_seconds`."""

    def cpu_seconds(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things that are compared. `run` works for about some seconds; `measured` is where its time goes.

    None: the seconds that `run` answers with are processor time already.
    """

    name: str
    run: Callable[[float], Awaitable[Answer]]
    measured: Measured | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median over the rounds, and the least and the greatest of them."""

    middle: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The samples of all sides, in the order of the rounds."""

    samples: Mapping[str, Sequence[Sample]]

    def rate(self, name: str) -> float:
        """Calls a second, median."""
        return median(sample.rate for sample in self.samples[name])

    def cpu_us(self, name: str) -> float | None:
        """Processor time for each call in microseconds, median."""
        known = [sample.cpu_us for sample in self.samples[name] if sample.cpu_us is not None]
        return median(known) if known else None

    def refused(self, name: str) -> int:
        """Calls that were turned away, all rounds together."""
        return sum(sample.refused for sample in self.samples[name])

    def ratio(self, name: str, baseline: str) -> Ratio:
        """The rate of one side to that of another in the same round."""
        return _ratio([one.rate / other.rate for one, other in self._pairs(name, baseline)])

    def cpu_ratio(self, name: str, baseline: str) -> Ratio | None:
        """The same for calls for each second of the measured processes' time; None if that is not known."""
        ratios = [
            other.cpu_us / one.cpu_us for one, other in self._pairs(name, baseline) if one.cpu_us and other.cpu_us
        ]
        return _ratio(ratios) if ratios else None

    def _pairs(self, name: str, baseline: str) -> Iterator[tuple[Sample, Sample]]:
        return zip(self.samples[name], self.samples[baseline], strict=True)


def _ratio(ratios: Sequence[float]) -> Ratio:
    return Ratio(median(ratios), min(ratios), max(ratios))


async def in_turns(sides: Sequence[Side], rounds: int, seconds: float) -> Figures:
    """Every side in every round, after a warm-up that does not count. Raises WrongAnswers, ChildFailed."""
    for side in sides:
        await _sample(side, seconds * WARM_UP)
    samples: dict[str, list[Sample]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            samples[side.name].append(await _sample(side, seconds))
    return Figures(samples)


async def _sample(side: Side, seconds: float) -> Sample:
    before = _cpu_seconds(side)
    answer = await side.run(seconds)
    after = _cpu_seconds(side)
    codes = dict(answer["codes"])
    calls, refused = codes.pop("OK", 0), codes.pop(OVERLOADED, 0)
    if codes or refused > calls:
        raise WrongAnswers(f"{side.name}: {answer['codes']} {answer.get('texts', '')}")
    used = None if before is None or after is None else 1e6 * (after - before) / calls
    return Sample(calls / answer["seconds"], used, refused)


def _cpu_seconds(side: Side) -> float | None:
    return side.measured.cpu_seconds() if side.measured is not None else None
