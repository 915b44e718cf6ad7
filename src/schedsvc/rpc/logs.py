"""Logs as JSON lines.

One line for each call, with nothing in it that a caller wrote but the request id: no names, addresses, texts or tokens.
The cause of a defect is logged beside it as an error with a traceback.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

import structlog

from schedsvc.rpc.calls import Call

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


class CallLog:
    """The line of each call, written directly: it is on the path of every request.

    Probes are logged at DEBUG, other calls at INFO, defects at ERROR.
    """

    def __init__(self, level: int, stream: TextIO) -> None:
        self._level = level
        self._stream = stream
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger("schedsvc.rpc")

    def ended(self, call: Call, code: str, reason: str, seconds: float, level: int) -> None:
        """Writes the line of a call that is over."""
        if level < self._level:
            return
        line = {
            "event": "call",
            "method": call.method,
            "code": code,
            "duration_ms": round(seconds * 1000, 3),
            "request_id": call.request_id,
            "tenant": call.principal.tenant,
            "principal": call.principal.id,
            "level": logging.getLevelName(level).lower(),
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        if reason:
            line["reason"] = reason
        self._stream.write(_encode(line) + "\n")
        self._stream.flush()

    def defect(self, call: Call, error: BaseException) -> None:
        """Writes down why a call ended with INTERNAL."""
        self._log.error("defect", method=call.method, request_id=call.request_id, exc_info=error)
