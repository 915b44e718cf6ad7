"""What an account may do with a calendar."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Each role includes those below it. Values are stored and are those of the proto enum.

    FREE_BUSY_READER learns when time is taken, READER sees the events that are not private, WRITER sees and changes
    all of them, OWNER also changes the calendar itself and who shares it.
    """

    FREE_BUSY_READER = 1
    READER = 2
    WRITER = 3
    OWNER = 4
