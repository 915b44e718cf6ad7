"""The write protocol, in one place: lock, replay, work, write, commit, wake.

The store owns the transaction, not the caller: a caller that leaves before it began is forgotten,
one that leaves later loses only the answer.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from schedsvc.domain.errors import Contended, DomainError, StoreUnavailable
from schedsvc.domain.feeds import FeedKey
from schedsvc.repositories.base import AlreadyAnswered, ChangeSignal, Clock, Once
from schedsvc.repositories.sql import requests
from schedsvc.repositories.sql.engine import Database, Transaction
from schedsvc.repositories.sql.errors import Conflict, no_second_try
from schedsvc.repositories.sql.feeds import FeedLocks
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.views import SqlWrite

T = TypeVar("T")

TRIES = 3
_FIRST_PAUSE = 0.01

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Job(Generic[T]):
    """One caller's write. `left`: its caller no longer waits."""

    tenant: str
    feeds: Collection[FeedKey]
    work: Callable[[SqlWrite], Awaitable[T]]
    once: Once | None
    dry_run: bool
    left: bool = False


class Committer:
    """Runs jobs, each in a transaction and a task of its own."""

    def __init__(self, database: Database, clock: Clock, signal: ChangeSignal) -> None:
        self._database = database
        self._clock = clock
        self._signal = signal
        self._locks = FeedLocks(database.dialect)
        self._running: set[asyncio.Task[object]] = set()
        self._closed = False

    async def submit(self, job: Job[T]) -> T:
        """Raises what the work raises, Contended, Overloaded or StoreUnavailable."""
        if self._closed:
            raise StoreUnavailable("The service is shutting down; another process will answer.")
        task = asyncio.create_task(self._run(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            job.left = True
            task.add_done_callback(_report)
            raise
        finally:
            # A failed task holds its error, whose traceback holds this frame: without this they would hold each other.
            del task

    async def close(self) -> None:
        """Takes no more jobs and waits for those that run."""
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self, job: Job[T]) -> T:
        pause = _FIRST_PAUSE
        for _ in range(TRIES - 1):
            try:
                return await self._attempt(job)
            except Conflict:
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - no secret
                pause *= 4
        with no_second_try():
            return await self._attempt(job)

    async def _attempt(self, job: Job[T]) -> T:
        async with self._database.writing() as transaction:
            if job.left:
                raise Contended("The caller left before the write began.")
            result, ledger = await self._carry_out(job, transaction)
            if not job.dry_run:
                await transaction.commit()
                self._signal.notify(job.tenant, ledger.moved)
            return result

    async def _carry_out(self, job: Job[T], transaction: Transaction) -> tuple[T, Ledger]:
        """Everything between begin and commit."""
        session = Session(transaction.connection, job.tenant)
        heads, database_now = await self._locks.take(session, set(job.feeds))
        now = self._clock.now() if database_now is None else self._clock.at(database_now)
        act = Act.INSERT
        if job.once is not None:
            act = await requests.replay(session, job.once, now)
        ledger = Ledger(heads, now)
        try:
            result = await job.work(SqlWrite(session, ledger, heads))
        except DomainError:
            if job.once is not None:
                # A twin without a lock in common may have come in between, and be what the work stumbled over.
                await requests.replay(session, job.once, now)
            raise
        if job.once is not None:
            requests.remember(ledger, act, job.once, job.once.encode(result))
        for batch in ledger.batches():
            await session.write(batch)
        return result, ledger


def _report(task: asyncio.Task[object]) -> None:
    """Nobody waits for this answer any more; only a failure that means a defect is of interest."""
    if task.cancelled():
        return
    error = task.exception()
    if error is not None and not isinstance(error, DomainError | AlreadyAnswered):
        _log.error("a write failed after its caller had left", exc_info=error)
