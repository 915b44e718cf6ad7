"""Free starts of a week as a grid: days side by side, hours from top to bottom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time

FREE = "o"
TAKEN = "."
_HOUR_WIDTH = 7
_GAP = 2


def week_grid(days: Sequence[date], free: Collection[datetime], hours: range, step_minutes: int) -> Iterator[str]:
    """A mark for each start of each hour. `free` are naive local starts; `hours` the first ones of the rows."""
    starts = range(0, 60, step_minutes)
    width = max(len(f"{days[0]:%a %d}"), 2 * len(starts) - 1) + _GAP
    yield (" " * _HOUR_WIDTH + "".join(f"{day:%a %d}".ljust(width) for day in days)).rstrip()
    for hour in hours:
        cells = (
            " ".join(FREE if datetime.combine(day, time(hour, minute)) in free else TAKEN for minute in starts)
            for day in days
        )
        yield (f"{hour:02d}:00".ljust(_HOUR_WIDTH) + "".join(cell.ljust(width) for cell in cells)).rstrip()
