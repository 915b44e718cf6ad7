"""The few requests of CalDAV (RFC 4791) that filling a calendar and asking when it is taken need."""

from __future__ import annotations

import http.client
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Self

from benchmarks import ics

USER, PASSWORD = "bench", "bench"  # where somebody has to be named
CALL_SECONDS = 60.0
_PERIOD = re.compile(r"(\d{8}T\d{6})Z/(?:(\d{8}T\d{6})Z|P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)")


class Refused(Exception):
    """A request was answered with something else than success."""


class Caldav:
    """Requests to a server on this machine about one collection, each on a connection of its own.

    Some servers end each connection anyway; on one that is kept, others wait for acknowledgements between the parts of
    an answer.
    """

    def __init__(self, port: int, collection: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS)
        self._collection = collection
        credentials = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}", "Connection": "close"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def is_there(self) -> bool:
        """Whether the server answers at all."""
        try:
            self._request("OPTIONS", "/")
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        return True

    def make(self) -> None:
        """Makes the collection, a calendar. Raises Refused."""
        self._succeed("MKCALENDAR", self._collection)

    def put(self, name: str, text: bytes) -> None:
        """An event as a resource of the collection; with an empty name, the whole collection. Raises Refused."""
        self._succeed("PUT", self._collection + name, text, {"Content-Type": "text/calendar; charset=utf-8"})

    def free_busy(self, lo: int, hi: int) -> bytes:
        """When the collection is taken in `[lo, hi)`, in seconds since 1970: the answer as it came. Raises Refused."""
        headers = {"Content-Type": "application/xml; charset=utf-8", "Depth": "1"}
        return self._succeed("REPORT", self._collection, question(lo, hi), headers)

    def _succeed(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
        status, answer = self._request(method, path, body, headers)
        if status // 100 != 2:
            raise Refused(f"{method} {path}: {status} {answer[:200].decode(errors='replace')}")
        return answer

    def _request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        self._connection.request(method, path, body, {**self._headers, **(headers or {})})
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def question(lo: int, hi: int) -> bytes:
    """The body of a free-busy-query (section 7.10)."""
    bounds = f'<C:time-range start="{ics.utc(lo)}" end="{ics.utc(hi)}"/>'
    query = f'<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">{bounds}</C:free-busy-query>'
    return f'<?xml version="1.0" encoding="utf-8"?>{query}'.encode()


def periods(answer: bytes) -> Iterator[tuple[int, int]]:
    """The periods of a VFREEBUSY that are not FREE, in seconds since 1970, as they stand there."""
    for line in answer.decode().replace("\r\n", "\n").replace("\n ", "").splitlines():
        name, _, value = line.partition(":")
        if name.split(";")[0] == "FREEBUSY" and "FBTYPE=FREE" not in name.split(";"):
            yield from map(_period, _PERIOD.findall(value))


def _period(found: tuple[str, ...]) -> tuple[int, int]:
    start, end, *length = found
    if end:
        return _instant(start), _instant(end)
    days, hours, minutes, seconds = (int(number or 0) for number in length)
    return _instant(start), _instant(start) + ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _instant(text: str) -> int:
    return int(datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp())
