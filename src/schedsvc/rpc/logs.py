"""Logs as JSON lines.

One line for each call, with nothing in it that a caller wrote but the request id: no names, addresses, texts or tokens.
The cause of a defect is logged beside it as an error with a traceback.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from time import gmtime, strftime, time
from typing import TextIO, TypeAlias

import structlog
from grpc import StatusCode

from schedsvc.rpc.calls import Call

DELAY = 0.05
"""Seconds for which the line of a call may be held back."""

_SHARED: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_Ended: TypeAlias = tuple[float, str, StatusCode, str, float, str, str, str, str, int]
"""Not the call itself: as long as that is held, gRPC counts its stream among those of the connection."""
_LEVELS = {logging.DEBUG: "debug", logging.INFO: "info", logging.ERROR: "error"}


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
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every start that there is nothing to do
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


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

    def ended(self, call: Call, code: StatusCode, reason: str, seconds: float, level: int) -> None:
        """Notes a call that is over."""
        if level < self._level:
            return
        if not self._ended:
            asyncio.get_running_loop().call_later(DELAY, self.flush)
        caller = call.principal
        who = caller.tenant, caller.id, call.act_as
        self._ended.append((time(), call.method, code, reason, seconds, call.request_id, *who, level))

    def flush(self) -> None:
        """Writes what was noted."""
        ended, self._ended = self._ended, []
        self._stream.write("".join([_line(one) for one in ended]))
        self._stream.flush()

    def defect(self, call: Call, error: BaseException) -> None:
        """Writes down why a call ended with INTERNAL."""
        self._log.error("defect", method=call.method, request_id=call.request_id, exc_info=error)


def _line(ended: _Ended) -> str:
    """By hand, at a third of the cost of a JSON encoder; all but the request id is made of plain words."""
    at, method, code, reason, seconds, request_id, tenant, principal, act_as, level = ended
    acting = f',"act_as":"{act_as}"' if act_as else ""
    return (
        f'{{"event":"call","level":"{_LEVELS[level]}","timestamp":"{_stamp(at)}","method":"{method}","code":"{code.name}"'
        f',"reason":"{reason}","duration_ms":{seconds * 1000:.3f},"request_id":{_quoted(request_id)}'
        f',"tenant":"{tenant}","principal":"{principal}"{acting}}}\n'
    )


def _stamp(at: float) -> str:
    whole = int(at)
    return f"{_second(whole)}.{int((at - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(whole: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(whole))
