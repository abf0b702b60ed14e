"""Slow work: items done outside any transaction, their results and messages committed together with their removal."""

import asyncio
import itertools
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from common_core.message import Envelope, envelope_of
from huleedu_service_libs.correlation import correlated
from huleedu_service_libs.runtime.blame import Fenced, blames_data, pause, reason
from huleedu_service_libs.runtime.database import Database, alive
from huleedu_service_libs.runtime.routing import Group, WorkRoute
from huleedu_service_libs.runtime.telemetry import Telemetry
from huleedu_service_libs.runtime.unit_of_work import Cause, UnitOfWork, cause_of, current_unit

MAX_TIMEOUTS = 3  # attempts in a row that may run out of time before the item is given up
MAX_LOST = 20  # an item that so many workers in a row did not survive is taken to have killed them
TROUBLE_SECONDS = 60.0  # after which something that had to wait is no longer news

# No wait is as long as a minute: one that seems to be was written before the clock was set back.
DUE = "(not_before <= now() or not_before > now() + interval '1 minute')"
# `attempt` is the fence and only grows. `lost` counts the workers in a row that took the item and were not heard of
# again; an attempt that ran out of time counts as several of them.
CLAIM = f"""with picked as materialized (
    select id from runtime.work w
    where grp = $1 and {DUE} and id <> all($3::bigint[])
      and (owner = $2 or owner is null or not {alive("w")})
    order by place, id limit $4 for update skip locked)
  update runtime.work w set owner = $2, attempt = attempt + 1, lost = lost + 1 from picked p where w.id = p.id
  returning w.id, w.topic, w.payload, w.attempt, w.lost"""
_FINISH = "delete from runtime.work where id = $1 and attempt = $2"
_POSTPONE = """update runtime.work set owner = null, lost = $4, not_before = now() + $3::interval
  where id = $1 and attempt = $2"""
_BURY = "insert into runtime.dead_letter(grp, topic, key, reason, raw) values ($1, $2, $3, $4, $5)"


class WorkersLost(Exception):
    """Worker after worker did not survive this item."""


class OutOfTime(TimeoutError):
    """One attempt took longer than its route allows."""


class Item(msgspec.Struct):
    """A work item in hand; route and envelope are None until it has been read."""

    id: int
    topic: str
    payload: bytes
    attempt: int
    lost: int
    route: WorkRoute | None = None
    envelope: Envelope[Any] | None = None

    @property
    def key(self) -> str:
        """What its message is about; nothing if it is no message."""
        return "" if self.envelope is None else self.envelope.data.key

    @property
    def cause(self) -> Cause:
        """Why it is done."""
        return Cause("") if self.envelope is None else cause_of(self.envelope)

    @property
    def lost_with_time(self) -> int:
        """How many lost workers it counts once this attempt, too, has run out of time."""
        return self.lost + MAX_LOST // MAX_TIMEOUTS


class Worker:
    """Does one group's work items, a few at a time."""

    def __init__(
        self, database: Database, group: Group, owner: str, said: Callable[[set[str]], None], telemetry: Telemetry
    ) -> None:
        self._database, self._group, self._owner, self._said = database, group, owner, said
        self._telemetry = telemetry
        self._routes = {
            route.message.topic: (route, msgspec.json.Decoder(envelope_of(route.message)).decode)
            for route in group.work
        }
        self._hands: dict[int, asyncio.Task[None]] = {}
        self._trouble, self._trouble_until = "", -math.inf
        self._tries = 0
        self.wake = asyncio.Event()

    @property
    def trouble(self) -> str | None:
        """What the last item to wait waits for, until one succeeds or it is no longer news."""
        return self._trouble if asyncio.get_running_loop().time() < self._trouble_until else None

    async def run(self) -> None:
        """Until cancelled; what is in hand is then dropped and done again by whoever comes next."""
        try:
            while True:
                self.wake.clear()
                await self._take_more()
                await self.wake.wait()
        finally:
            for task in self._hands.values():
                task.cancel()

    async def _take_more(self) -> None:
        free = self._group.max_jobs - len(self._hands)
        try:
            rows = await self._claim(free) if free > 0 else []
        except Exception as error:
            self._tries += 1
            self._waits(error, self._tries)
            await asyncio.sleep(pause(self._tries))
            self.wake.set()
            return
        self._tries = 0
        for row in rows:
            item = Item(*row)
            self._hands[item.id] = task = asyncio.create_task(self._do(item))
            task.add_done_callback(partial(self._put_down, item.id))

    async def _claim(self, count: int) -> list[Any]:
        return await self._database.pool.fetch(CLAIM, self._group.name, self._owner, list(self._hands), count)

    def _put_down(self, item_id: int, _: asyncio.Task[None]) -> None:
        self._hands.pop(item_id, None)
        self.wake.set()

    def _waits(self, error: Exception, tries: int) -> None:
        self._trouble = reason(error)
        self._trouble_until = asyncio.get_running_loop().time() + TROUBLE_SECONDS
        self._telemetry.waited(self._group, error, tries)

    async def _do(self, item: Item) -> None:
        with suppress(Fenced):
            try:
                await self._carry_out(item)
            except Fenced:
                raise
            except Exception as error:
                await self._give_up(item, error)

    async def _carry_out(self, item: Item) -> None:
        """Perform once, then hand in as often as it takes: paid work must not be repeated for a lost connection."""
        route, message = self._read(item)
        if item.lost > MAX_LOST:
            raise WorkersLost(f"{MAX_LOST} workers in a row did not survive this")
        with correlated(item.cause.correlation_id):
            result = await _performed(route, message)
        await self._insist(partial(self._hand_in, item, partial(route.conclude, message, result)))
        self._trouble_until = -math.inf
        self._telemetry.worked(self._group, item.topic)

    def _read(self, item: Item) -> tuple[WorkRoute, Any]:
        item.route, decode = self._routes[item.topic]
        item.envelope = decode(item.payload)
        return item.route, item.envelope.data

    async def _hand_in(self, item: Item, conclude: Callable[[], Awaitable[None]]) -> None:
        """The item goes, its result and messages come, in one transaction."""
        async with self._database.transaction() as con:
            if await con.execute(_FINISH, item.id, item.attempt) != "DELETE 1":
                raise Fenced
            unit = UnitOfWork(con, self._group.name, self._database.producer, self._database.clock())
            with unit.ambient():
                unit.begin(item.cause, undoable=False)
                await conclude()
            await unit.flush()
        self._said(unit.wakes())

    async def _insist(self, action: Callable[[], Awaitable[Any]]) -> None:
        """Do it until it is done or refused."""
        for tries in itertools.count(1):
            try:
                await action()
            except Exception as error:
                if blames_data(error) or isinstance(error, Fenced):
                    raise
                self._waits(error, tries)
                await asyncio.sleep(pause(tries))
            else:
                return

    async def _give_up(self, item: Item, error: Exception) -> None:
        """Put back what can be done later; abandon, and bury, what cannot be done at all."""
        out_of_time = isinstance(error, OutOfTime)
        if blames_data(error) or (out_of_time and item.lost_with_time > MAX_LOST):
            await self._bury(item, error)
            return
        self._waits(error, item.attempt)
        wait, lost = timedelta(seconds=pause(item.attempt)), item.lost_with_time if out_of_time else 0
        await self._insist(partial(self._database.pool.execute, _POSTPONE, item.id, item.attempt, wait, lost))

    async def _bury(self, item: Item, error: Exception) -> None:
        """Answer for it and set it aside; if the answer fails, do without: it must not come back."""
        try:
            await self._insist(partial(self._hand_in, item, partial(self._abandon, item, error)))
        except Fenced:
            raise
        except Exception as unanswered:
            error = unanswered
            await self._insist(partial(self._hand_in, item, partial(self._write_letter, item, error)))
        self._telemetry.set_aside(self._group, item.topic, item.key, error)

    async def _abandon(self, item: Item, error: Exception) -> None:
        if item.envelope is not None and item.route is not None and item.route.abandon is not None:
            await item.route.abandon(item.envelope.data, error)
        await self._write_letter(item, error)

    async def _write_letter(self, item: Item, error: Exception) -> None:
        letter = (self._group.name, item.topic, item.key, reason(error), item.payload)
        await current_unit().connection.execute(_BURY, *letter)


async def _performed(route: WorkRoute, message: Any) -> Any:
    """Its result. Raises OutOfTime: any other TimeoutError is of something that it needs."""
    try:
        async with asyncio.timeout(route.time_limit) as limit:
            return await route.perform(message)
    except TimeoutError as error:
        if limit.expired():
            raise OutOfTime(f"not done within {route.time_limit:g} s") from error
        raise
