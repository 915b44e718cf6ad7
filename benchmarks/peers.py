"""Other calendar servers that a free/busy question is put to, all of them over CalDAV (RFC 4791)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import cyrus
from benchmarks.children import ROOT

ENVIRONMENT = ROOT / ".venv-peers" / "bin"
"""What `make bench-peers` installs them in."""


def _nothing(*_: object) -> None:
    """What most servers need."""


class Peer(NamedTuple):
    """A server, how it is started for a folder and a port, and what is asked of us beside it.

    `collection` is the path of the calendar. `takes_files`: a whole calendar can be put there at once. `prepare` is
    done before it is started and `welcome` before it is asked for anything. It is there if `program` is, and what is
    needed `besides`; `source` is where it comes from.
    """

    name: str
    program: Path
    arguments: Callable[[Path, int], Sequence[str]]
    collection: str
    goal: float
    source: str = "`make bench-peers` installs it"
    besides: Path | None = None
    takes_files: bool = False
    prepare: Callable[[Path, int], None] = _nothing
    welcome: Callable[[Path], None] = _nothing


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
    Peer("Radicale", ENVIRONMENT / "radicale", _radicale, "/bench/shared/", 400.0, takes_files=True),
    Peer("Xandikos", ENVIRONMENT / "xandikos", _xandikos, "/bench/calendars/shared/", 1000.0),
    Peer(
        "Cyrus",
        cyrus.PROGRAMS / "master",
        cyrus.arguments,
        "/dav/calendars/user/bench/shared/",
        10.0,
        source="the Debian package cyrus-caldav has it",
        besides=cyrus.PROGRAMS / "httpd",
        prepare=cyrus.prepare,
        welcome=cyrus.welcome,
    ),
)


def missing(peer: Peer) -> str | None:
    """Why it cannot be asked; None if it can."""
    is_there = all(path.exists() for path in (peer.program, peer.besides) if path is not None)
    return None if is_there else f"{peer.name} is not installed; {peer.source}"
