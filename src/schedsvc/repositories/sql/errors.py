"""Where driver errors die: each becomes a word of the domain, or a conflict that is tried again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy import exc

from schedsvc.domain.errors import Contended, DomainError, Overloaded, StoreUnavailable


class Conflict(Exception):
    """Another writer was in the way. Nothing was done, and the same work may succeed next time."""


class StoreFault(Exception):
    """The database refused a statement or a record cannot be read: a defect no caller can mend."""


# A duplicate key means that somebody made the record since it was looked for: the next run sees it.
_CONFLICTS = frozenset({"23505", "40001", "40P01", "55P03"})
_OVERLOADED = frozenset({"53300", "57014"})
# Connection, authorisation, resources, shutdown, input and output; no such database; read-only.
_UNAVAILABLE = ("08", "28", "53", "57P", "58", "3D000", "25006")

_LITE_CONFLICTS = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_LITE_DUPLICATES = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_LITE_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    }
)

_DRIVER_ERRORS = (
    exc.SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    sqlite3.Error,
    OSError,
)


@contextmanager
def driver_errors() -> Iterator[None]:
    """Raises Conflict, Overloaded, StoreUnavailable or StoreFault in place of a driver's error."""
    try:
        yield
    except _DRIVER_ERRORS as error:
        raise _meaning(error) from error


@contextmanager
def no_second_try() -> Iterator[None]:
    """Raises Contended in place of a conflict, where nothing is run again."""
    try:
        yield
    except Conflict as conflict:
        raise Contended("Other work was in the way; try again.") from conflict


@contextmanager
def connecting() -> Iterator[None]:
    """Raises StoreUnavailable for whatever keeps a connection from being made: no statement was at fault."""
    try:
        yield
    except StoreFault as fault:
        raise _unavailable() from fault


def _meaning(error: Exception) -> Exception:
    if isinstance(error, exc.TimeoutError):
        return _overloaded()
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    state, code = getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorcode", None)
    if state is not None:
        return _of_state(state)
    if code is not None:
        return _of_code(code)
    if isinstance(cause, OSError) or _is_disconnect(error):
        return _unavailable()
    return StoreFault("the database refused a statement")


def _of_state(state: str) -> Exception:
    """The meaning of an SQLSTATE of PostgreSQL."""
    if state in _CONFLICTS:
        return Conflict(state)
    if state in _OVERLOADED:
        return _overloaded()
    return _unavailable() if state.startswith(_UNAVAILABLE) else StoreFault(f"SQLSTATE {state}")


def _of_code(code: int) -> Exception:
    """The meaning of an extended result code of SQLite; its low byte is the primary code."""
    if code & 0xFF in _LITE_CONFLICTS or code in _LITE_DUPLICATES:
        return Conflict(str(code))
    return _unavailable() if code & 0xFF in _LITE_UNAVAILABLE else StoreFault(f"result code {code}")


def _is_disconnect(error: Exception) -> bool:
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated
    return isinstance(error, asyncpg.InterfaceError)


def _overloaded() -> DomainError:
    return Overloaded("The service is busy; try again in a moment.")


def _unavailable() -> DomainError:
    return StoreUnavailable("The database does not answer or cannot be written; try again later.")
