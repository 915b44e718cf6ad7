"""Plain tables for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "") -> Iterator[str]:
    """Lines of a table whose columns are as wide as they need to be; whole numbers go to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(header), *texts]) for column in range(len(header))]
    numeric = [bool(rows) and all(isinstance(row[column], int) for row in rows) for column in range(len(header))]
    for line in [list(header), *texts]:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        yield f"{indent}{GAP.join(cells)}".rstrip()
