"""Settings, read once from an environment, and the rules that hold between them.

Every setting is one line of `VARIABLES`: the command line and the documentation's table are made from it too. A bad
value never stops the reading, so that whoever starts the server hears of all of them at once.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

PREFIX = "SCHEDSVC_"
DEFAULT_DATABASE_URL = "sqlite+aiosqlite:///schedsvc.db"
TOKEN_KEY_BYTES = 32
_SCHEMES = ("sqlite+aiosqlite:", "postgresql+asyncpg:")
_TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_LEVELS = ("debug", "info", "warning", "error")


class SettingsInvalid(Exception):
    """The settings cannot be used; `problems` has a sentence for each reason, naming its variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Address(NamedTuple):
    """Where to listen. Port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class TokenKeys(NamedTuple):
    """Keys that sign page and sync tokens, by id (0 to 255); `current` signs new ones."""

    keys: Mapping[int, bytes]
    current: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set, under the names of the variables without prefix and in lower case.

    `token_keys` of None: a server on SQLite keeps a key of its own beside the database.
    """

    database_url: str = field(repr=False)
    listen: Address
    health_listen: Address | None
    metrics_listen: Address | None
    tls_cert_file: Path | None
    tls_key_file: Path | None
    insecure: bool
    reflection: bool
    token_keys: TokenKeys | None = field(repr=False)
    drain_seconds: float
    workers: int
    pool_size: int
    statement_cache_size: int
    log_level: int
    change_retention_days: int
    default_deadline_seconds: float
    max_unary: int
    max_streams: int
    clock: datetime | None

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises SettingsInvalid with every bad value."""
        values: dict[str, Any] = {}
        problems: list[str] = []
        for variable in VARIABLES:
            try:
                values[variable.field] = variable.parse(_text(variable, environ))
            except ValueError as error:
                problems.append(f"{PREFIX}{variable.name} {error}")
        if problems:
            raise SettingsInvalid(problems)
        if values["reflection"] is None:
            values["reflection"] = values["listen"].is_loopback
        return cls(**values)

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_file(self) -> Path | None:
        """The file of the database, or None on PostgreSQL."""
        _, _, path = self.database_url.partition(":///")
        return Path(path.partition("?")[0]) if self.is_sqlite else None

    @property
    def has_tls(self) -> bool:
        return self.tls_cert_file is not None and self.tls_key_file is not None

    def problems(self, has_keys: bool) -> list[str]:
        """Why a server must not start with these settings; `has_keys`: whether its database holds API keys."""
        return [*self._exposure(has_keys), *self._transport(), *self._storage(), *self._many_workers()]

    def _exposure(self, has_keys: bool) -> Iterator[str]:
        inside = self.listen.is_loopback
        if not inside and not has_keys:
            yield (
                f"SCHEDSVC_LISTEN is {self.listen}, but there are no API keys, and without them anybody may do "
                "everything: make one with `schedsvc keys create`, or listen on 127.0.0.1"
            )
        if not inside and not self.has_tls and not self.insecure:
            yield (
                f"SCHEDSVC_LISTEN is {self.listen}, and keys would travel in plain text: set SCHEDSVC_TLS_CERT_FILE "
                "and SCHEDSVC_TLS_KEY_FILE, or SCHEDSVC_INSECURE=true where something else encrypts"
            )
        if self.clock is not None and (has_keys or not inside):
            yield "SCHEDSVC_CLOCK is for demonstrations: it wants a loopback address and a database without API keys"

    def _transport(self) -> Iterator[str]:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            yield "SCHEDSVC_TLS_CERT_FILE and SCHEDSVC_TLS_KEY_FILE go together: set both or none"
        elif self.has_tls and self.insecure:
            yield "SCHEDSVC_INSECURE contradicts SCHEDSVC_TLS_CERT_FILE: set one of them"

    def _storage(self) -> Iterator[str]:
        if not self.is_sqlite and self.token_keys is None:
            yield "SCHEDSVC_TOKEN_KEYS is needed on PostgreSQL: all servers of one database must share it"

    def _many_workers(self) -> Iterator[str]:
        if self.workers == 1:
            return
        if self.is_sqlite:
            yield "SCHEDSVC_WORKERS above 1 needs PostgreSQL: a SQLite file has one writer anyway"
        if self.listen.port == 0:
            yield "SCHEDSVC_WORKERS above 1 needs a port in SCHEDSVC_LISTEN: the processes share it"


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting. `parse` raises ValueError with the rest of a sentence that begins with the name.

    `from_file`: the value may also lie in the file that `{name}_FILE` names, as secrets do.
    """

    name: str
    shape: str
    parse: Callable[[str], Any]
    default: str
    help: str
    from_file: bool = False

    @property
    def field(self) -> str:
        return self.name.lower()

    @property
    def is_flag(self) -> bool:
        return self.shape == "true|false"


def _text(variable: Variable, environ: Mapping[str, str]) -> str:
    """The value as written, from the variable, its file, or the default; empty counts as not set."""
    value = environ.get(PREFIX + variable.name, "")
    path = environ.get(f"{PREFIX}{variable.name}_FILE", "") if variable.from_file else ""
    if value and path:
        raise ValueError(f"and {PREFIX}{variable.name}_FILE are both set: unset one")
    if not path:
        return value or variable.default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ValueError(f"cannot be read from {path}: {reason}") from error


def _database_url(text: str) -> str:
    if not text.startswith(_SCHEMES):
        raise ValueError("must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    if text.startswith("sqlite"):
        _require_place(text.partition(":///")[2].partition("?")[0])
    return text


def _require_place(path: str) -> None:
    """A SQLite database needs a file, which may be made, in a folder, which is not."""
    if path in ("", ":memory:"):
        raise ValueError("must name a file on SQLite: several connections share it")
    if not Path(path).parent.is_dir():
        raise ValueError(f"is in the folder {Path(path).parent}, which does not exist: make it")


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"is {text!r}, and must be HOST:PORT with a port up to 65535")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def _optional_address(text: str) -> Address | None:
    return _address(text) if text else None


def _existing_file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"is {text}, which is no file")
    return path


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError(f"is {text!r}, and must be true or false")
    return _TRUTH[text.lower()]


def _optional_truth(text: str) -> bool | None:
    return _truth(text) if text else None


def _token_keys(text: str) -> TokenKeys | None:
    """Lines of `id:base64`; blank ones are skipped. No value is repeated in an error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    keys: dict[int, bytes] = {}
    current = 0
    for number, line in enumerate(lines, 1):
        current, key = _token_key(line, number)
        if current in keys:
            raise ValueError(f"has the id {current} twice (line {number})")
        keys[current] = key
    return TokenKeys(keys, current)


def _token_key(line: str, number: int) -> tuple[int, bytes]:
    name, _, encoded = line.partition(":")
    if not name.isdecimal() or int(name) > 255:
        raise ValueError(f"must have lines of id:base64 with ids from 0 to 255 (line {number})")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError(f"has a key that is no base64 (line {number})") from error
    if len(key) < TOKEN_KEY_BYTES:
        raise ValueError(f"has a key of {len(key)} bytes, less than {TOKEN_KEY_BYTES} (line {number})")
    return int(name), key


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"is {text!r}, and must be a whole number from {low} to {high}")
        return int(text)

    return parse


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not low <= value <= high:
            raise ValueError(f"is {text!r}, and must be seconds from {low:g} to {high:g}")
        return value

    return parse


def _level(text: str) -> int:
    if text.lower() not in _LEVELS:
        raise ValueError(f"is {text!r}, and must be one of {', '.join(_LEVELS)}")
    return logging.getLevelNamesMapping()[text.upper()]


def _clock(text: str) -> datetime | None:
    if not text:
        return None
    message = f"is {text!r}, and must be an instant like 2027-05-10T08:00:00Z"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(message) from error
    if instant.tzinfo is None:
        raise ValueError(message)
    return instant.astimezone(UTC)


VARIABLES = (
    Variable(
        "DATABASE_URL",
        "URL",
        _database_url,
        DEFAULT_DATABASE_URL,
        "Where the data lives: sqlite+aiosqlite:///file.db or postgresql+asyncpg://user:password@host/name.",
        from_file=True,
    ),
    Variable(
        "LISTEN", "HOST:PORT", _address, "127.0.0.1:50051", "Address of the gRPC server; port 0 takes any free one."
    ),
    Variable(
        "HEALTH_LISTEN",
        "HOST:PORT",
        _optional_address,
        "",
        "Second address that answers health checks alone, in plain text, for probes that cannot speak TLS.",
    ),
    Variable(
        "METRICS_LISTEN",
        "HOST:PORT",
        _optional_address,
        "",
        "Address of /metrics for Prometheus; off if empty. Each further worker is one port up.",
    ),
    Variable("TLS_CERT_FILE", "FILE", _existing_file, "", "Certificate chain (PEM)."),
    Variable("TLS_KEY_FILE", "FILE", _existing_file, "", "Private key of the certificate (PEM)."),
    Variable(
        "INSECURE",
        "true|false",
        _truth,
        "false",
        "Serve plain text beyond loopback, for networks where something else encrypts.",
    ),
    Variable(
        "REFLECTION",
        "true|false",
        _optional_truth,
        "",
        "Server reflection for grpcurl and buf; on for loopback addresses unless set.",
    ),
    Variable(
        "TOKEN_KEYS",
        "LINES",
        _token_keys,
        "",
        "Keys that sign page and sync tokens: lines of id:base64 (ids 0 to 255, 32 bytes or more), the last one "
        "signs. Needed on PostgreSQL; on SQLite made beside the database.",
        from_file=True,
    ),
    Variable("DRAIN_SECONDS", "SECONDS", _seconds(0, 3600), "20", "How long running calls may go on after SIGTERM."),
    Variable("WORKERS", "N", _whole(1, 64), "1", "Processes that share the address; more than one needs PostgreSQL."),
    Variable(
        "POOL_SIZE", "N", _whole(1, 1000), "10", "Connections of a process to PostgreSQL for writes; as many for reads."
    ),
    Variable(
        "STATEMENT_CACHE_SIZE",
        "N",
        _whole(0, 10_000),
        "100",
        "Prepared statements kept for each connection; 0 behind a proxy that pools transactions.",
    ),
    Variable("LOG_LEVEL", "LEVEL", _level, "info", "Least weight of a log line: debug, info, warning or error."),
    Variable(
        "CHANGE_RETENTION_DAYS",
        "DAYS",
        _whole(1, 3660),
        "30",
        "How long answers promise that their sync tokens can be used.",
    ),
    Variable(
        "DEFAULT_DEADLINE_SECONDS",
        "SECONDS",
        _seconds(0.1, 3600),
        "30",
        "How long a unary call may take; a shorter deadline of the client counts.",
    ),
    Variable("MAX_UNARY", "N", _whole(1, 100_000), "200", "Unary calls of a process at once; more are turned away."),
    Variable("MAX_STREAMS", "N", _whole(1, 100_000), "1000", "Streams of a process at once; more are turned away."),
    Variable(
        "CLOCK",
        "INSTANT",
        _clock,
        "",
        "Instant at which the server believes to start, such as 2027-05-10T08:00:00Z, for demonstrations; only on "
        "loopback and without API keys.",
    ),
)
