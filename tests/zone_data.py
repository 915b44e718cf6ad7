"""Zone data of the future, as a new release of the database would bring it."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import pytest

from schedsvc.domain import time, zone_rules
from schedsvc.domain.time import UnknownZone

_READ = time.zone_data


def tzif(tail: str, first: int = 0, changes: Mapping[str, int] | None = None) -> bytes:
    """The TZif file (RFC 9636) of a zone at the offset `first`, then at those of the changes, each from an instant on.

    Offsets are in hours, instants as in ISO 8601. `tail` holds after the last change: a TZ string such as `CET-1`.
    """
    instants = [int(datetime.fromisoformat(at).timestamp()) for at in changes or {}]
    offsets = [first, *(changes or {}).values()]
    types = b"".join(struct.pack(">lbB", hours * 3600, 0, 0) for hours in offsets)
    head = struct.pack(">4sc15x6L", b"TZif", b"2", 0, 0, 0, len(instants), len(offsets), 4)
    empty = struct.pack(">4sc15x6L", b"TZif", b"2", 0, 0, 0, 0, 1, 4) + bytes(6) + b"ABC\0"
    body = struct.pack(f">{len(instants)}q", *instants) + bytes(range(1, len(offsets)))
    return empty + head + body + types + b"ABC\0" + f"\n{tail}\n".encode()


@contextmanager
def release(**zones: bytes | None) -> Iterator[None]:
    """Meanwhile the process has other data about these zones, or none (None), as if it had been started with it.

    Names have `__` for a slash.
    """
    changed = {name.replace("__", "/"): data for name, data in zones.items()}

    def zone_data(name: str) -> bytes:
        data = changed[name] if name in changed else _READ(name)
        if data is None:
            raise UnknownZone(name)
        return data

    with pytest.MonkeyPatch.context() as patch:
        for module in (time, zone_rules):
            patch.setattr(module, "zone_data", zone_data)
        forget()
        yield
    forget()


def forget() -> None:
    """Drops what the process remembers of zones, which is spread over many modules, with all else that it remembers."""
    for name, module in list(sys.modules.items()):
        if name.startswith("schedsvc."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear") and value.__module__ == name:
                    value.cache_clear()
