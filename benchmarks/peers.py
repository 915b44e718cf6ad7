"""Other calendar servers that a free/busy question is put to, all of them over CalDAV (RFC 4791)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.children import ROOT

ENVIRONMENT = ROOT / ".venv-peers" / "bin"
"""What `make bench-peers` installs them in."""


class Peer(NamedTuple):
    """A server, how it is started for a folder and a port, and what is asked of us beside it.

    `collection` is the path of the calendar. `takes_files`: a whole calendar can be put there at once.
    """

    name: str
    program: Path
    arguments: Callable[[Path, int], Sequence[str]]
    collection: str
    takes_files: bool
    goal: float


def _radicale(folder: Path, port: int) -> Sequence[str]:
    """Without a configuration file, without passwords, without pages for browsers."""
    given = {
        "--config": "",
        "--server-hosts": f"127.0.0.1:{port}",
        "--storage-filesystem-folder": f"{folder}/collections",
        "--auth-type": "none",
        "--web-type": "none",
        "--logging-level": "warning",
    }
    return [text for pair in given.items() for text in pair]


def _xandikos(folder: Path, port: int) -> Sequence[str]:
    given = {
        "--directory": f"{folder}/collections",
        "--state-dir": f"{folder}/state",
        "--current-user-principal": "/bench/",
        "--listen-address": "127.0.0.1",
        "--port": str(port),
    }
    return ["serve", "--defaults", "--no-detect-systemd", *(text for pair in given.items() for text in pair)]


PEERS = (
    Peer("Radicale", ENVIRONMENT / "radicale", _radicale, "/bench/shared/", True, 400.0),
    Peer("Xandikos", ENVIRONMENT / "xandikos", _xandikos, "/bench/calendars/shared/", False, 1000.0),
)


def missing(peer: Peer) -> str | None:
    """Why it cannot be asked; None if it can."""
    return None if peer.program.exists() else f"{peer.name} is not installed; `make bench-peers` installs it"
