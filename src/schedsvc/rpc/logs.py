"""Logs as JSON lines.

One line for each call, with nothing in it that a caller wrote but the request id: no names, addresses, texts or tokens.
The cause of a defect is logged beside it as an error with a traceback.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from time import time
from typing import NamedTuple, TextIO

import structlog

from schedsvc.rpc.calls import Call

DELAY = 0.05
"""Seconds for which the line of a call may be held back."""

_SHARED: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_encode = json.JSONEncoder(separators=(",", ":")).encode


def configure(level: int, stream: TextIO) -> None:
    """Sends what this program and its libraries log to `stream`. For the whole process; called once at its start."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


class _Ended(NamedTuple):
    """Not the call itself: as long as that is held, gRPC counts its stream among those of the connection."""

    at: float
    method: str
    code: str
    reason: str
    seconds: float
    request_id: str
    tenant: str
    principal: str
    level: int


class CallLog:
    """The line of each call. Probes are logged at DEBUG, other calls at INFO, defects at ERROR.

    Every call comes by here, so it only notes what happened; lines are made and written `DELAY` later, many at a time.
    What fails then, fails no call.
    """

    def __init__(self, level: int, stream: TextIO) -> None:
        self._level = level
        self._stream = stream
        self._ended: list[_Ended] = []
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("schedsvc.rpc")

    def ended(self, call: Call, code: str, reason: str, seconds: float, level: int) -> None:
        """Notes a call that is over."""
        if level < self._level:
            return
        if not self._ended:
            asyncio.get_running_loop().call_later(DELAY, self.flush)
        caller = call.principal
        self._ended.append(
            _Ended(time(), call.method, code, reason, seconds, call.request_id, caller.tenant, caller.id, level)
        )

    def flush(self) -> None:
        """Writes what was noted."""
        ended, self._ended = self._ended, []
        self._stream.write("".join([_line(one) for one in ended]))
        self._stream.flush()

    def defect(self, call: Call, error: BaseException) -> None:
        """Writes down why a call ended with INTERNAL."""
        self._log.error("defect", method=call.method, request_id=call.request_id, exc_info=error)


def _line(ended: _Ended) -> str:
    line = {
        "event": "call",
        "method": ended.method,
        "code": ended.code,
        "duration_ms": round(ended.seconds * 1000, 3),
        "request_id": ended.request_id,
        "tenant": ended.tenant,
        "principal": ended.principal,
        "level": logging.getLevelName(ended.level).lower(),
        "timestamp": datetime.fromtimestamp(ended.at, UTC).isoformat(timespec="milliseconds"),
    }
    if ended.reason:
        line["reason"] = ended.reason
    return _encode(line) + "\n"
