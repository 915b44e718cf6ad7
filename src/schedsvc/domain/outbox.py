"""Messages to the outside, kept with the write that they tell of until somebody delivers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """`topic` says what the `body` is, `aggregate` names the record that it is about.

    It is to be delivered from `due_time` on; `attempts` have failed so far.
    """

    id: str
    topic: str
    aggregate: str
    body: Mapping[str, Any]
    create_time: datetime
    due_time: datetime
    attempts: int
