"""Calls as lines for grpcurl."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

WIDTH = 110


def line(address: str, method: str, request: Message) -> str:
    """The call with its request as JSON, ready for a shell, on as many lines as it takes."""
    body = MessageToDict(request, preserving_proto_field_name=True)
    text = shlex.quote("\n".join(_filled(json.dumps(body, ensure_ascii=False, indent=0).splitlines())))
    return f"grpcurl -plaintext -d {text} \\\n{address} schedsvc.v1.{method}"


def _filled(tokens: Iterable[str]) -> Iterator[str]:
    """Joins the tokens of a JSON text to lines of a readable width. Texts inside have no line breaks."""
    current = ""
    for unit in _units(tokens):
        if current and len(current) + len(unit) > WIDTH:
            yield current
            current = unit
        else:
            current = f"{current} {unit}" if current else unit
    yield current


def _units(tokens: Iterable[str]) -> Iterator[str]:
    """Pieces that stay together: an opening bracket goes with what follows, a closing one with what comes before."""
    current = ""
    for token in tokens:
        if current and not current.endswith(("{", "[")) and not token.startswith(("}", "]")):
            yield current
            current = token
        else:
            current += token
    yield current


def upload_line(address: str, calendar: str, file: str) -> str:
    """The import of a file that fits into one message."""
    head = shlex.quote(f'{{"parent": "{calendar}", "data": "')
    return (
        f"(printf {head}; base64 -w0 {shlex.quote(file)}; printf '\"}}') |\n"
        f"grpcurl -plaintext -d @ {address} schedsvc.v1.CalendarService/ImportCalendar"
    )
