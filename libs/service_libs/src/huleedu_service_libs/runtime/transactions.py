"""Commands from outside (HTTP): those of the same tick share a transaction, each with its own outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import asyncpg

from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.answers import AnswerSink, Claim, StoredAnswer, current_claim
from huleedu_service_libs.runtime.blame import blames_data, comes_with_the_connection
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.unit_of_work import Cause, Table, UnitOfWork

T = TypeVar("T")

MAX_SHARED = 200  # commands in one transaction


class Transactions(Protocol):
    """Runs a command's action, everything it reads, changes and says, as one unit of work."""

    async def run(self, action: Callable[[], Awaitable[T]], cause: Cause, keys: Sequence[str] = ()) -> T:
        """Durable when it returns. Raises what the action raises, or Unavailable when the database is away.

        `keys` are the states that the action will ask for.
        """


@dataclass
class _Job:
    action: Callable[[], Awaitable[Any]]
    cause: Cause
    keys: Sequence[str]
    claim: Claim | None
    done: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = field(default=None)

    def settle(self) -> None:
        if self.done.done():
            return  # the client has gone away
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)


class GroupCommit:
    """Transactions on PostgreSQL: what waits is committed together; if that is refused, each is tried alone.

    Not if the connection was lost: the commit may have happened, and nothing may be done twice. Then all are told that
    the database is away; a client's Idempotency-Key finds the answer that it missed.
    """

    def __init__(
        self,
        database: Database,
        group: str,
        said: Callable[[set[str]], None],
        states: Table[Any] | None = None,
    ) -> None:
        self._database, self._group, self._said, self._states = database, group, said, states
        self._waiting: list[_Job] = []
        self._running: asyncio.Task[None] | None = None

    async def run(self, action: Callable[[], Awaitable[T]], cause: Cause, keys: Sequence[str] = ()) -> T:
        """See `Transactions.run`."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Job(action, cause, keys, current_claim(), done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work_off())
        return await done

    async def _work_off(self) -> None:
        while self._waiting:
            jobs, self._waiting = self._waiting[:MAX_SHARED], self._waiting[MAX_SHARED:]
            await self._commit_or_split(jobs)
            for job in jobs:
                job.settle()

    async def _commit_or_split(self, jobs: Sequence[_Job]) -> None:
        try:
            await self._commit(jobs)
        except Exception as error:
            if len(jobs) > 1 and not comes_with_the_connection(error):
                for job in jobs:
                    await self._commit_or_split([job])
                return
            for job in jobs:
                job.error = _for_client(error)

    async def _commit(self, jobs: Sequence[_Job]) -> None:
        async with self._database.transaction() as con:
            unit = UnitOfWork(con, self._group, self._database.producer, self._database.clock())
            with unit.ambient():
                if self._states is not None:
                    await unit.states(self._states).prefetch([key for job in jobs for key in job.keys])
                for job in jobs:
                    await self._act(unit, job)
            await unit.flush()
        self._said(unit.wakes())

    async def _act(self, unit: UnitOfWork, job: _Job) -> None:
        job.error = None
        unit.begin(job.cause)
        try:
            job.result = await job.action()
            if job.claim is not None:
                unit.add(_ANSWERS, StoredAnswer.of(job.claim, job.result))
        except asyncpg.PostgresError:
            raise
        except Exception as error:
            if isinstance(error, OSError | asyncpg.InterfaceError):
                raise
            unit.undo()
            job.error = error


_ANSWERS = AnswerSink()


def _for_client(error: Exception) -> Exception:
    """What the database's being away means to a client; anything else is told as it is."""
    return error if blames_data(error) else Unavailable("the database is away: try again later")
