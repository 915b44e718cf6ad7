"""Ids that the server makes: UUIDv7 (RFC 9562 section 5.7), which sort by the time they were made."""

from __future__ import annotations

import uuid

RANDOM_BITS = 74


def uuid7(milliseconds: int, random: int) -> str:
    """The id for a time (epoch milliseconds, 48 bits) and 74 random bits, as lower-case text."""
    high, low = random >> 62, random & (2**62 - 1)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))
