"""Content lines (RFC 5545 section 3.1) of a file that may break every rule about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LINE_BYTES = 64 * 1024
FILE_LINES = 1_000_000
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """An unfolded line and the number, from 1, of the one it begins on. `cut` if it was longer than 64 KiB."""

    number: int
    data: bytes
    cut: bool


def count(data: bytes) -> int:
    """How many lines the file has before unfolding, whatever ends them."""
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n") + 1


def unfold(data: bytes) -> Iterator[Line]:
    """The lines that are not empty. They are joined as bytes, since some producers fold inside a character."""
    begun, pieces, size = 0, list[bytes](), 0
    for number, piece in enumerate(data.removeprefix(_BOM).splitlines(), 1):
        if piece[:1] in (b" ", b"\t"):
            piece = piece[1:]  # noqa: PLW2901 - the blank is the mark of the fold
        elif piece:
            if size:
                yield _joined(begun, pieces, size)
            begun, pieces, size = number, [], 0
        pieces.append(piece[: max(LINE_BYTES - size, 0)])
        size += len(piece)
    if size:
        yield _joined(begun, pieces, size)


def _joined(number: int, pieces: list[bytes], size: int) -> Line:
    return Line(number, b"".join(pieces), cut=size > LINE_BYTES)
