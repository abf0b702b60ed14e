"""Slow work: items done outside any transaction, their results and messages committed together with their removal."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from common_core.message import Envelope
from huleedu_service_libs.correlation import correlated
from huleedu_service_libs.runtime.blame import Fenced, blames_data, pause, reason
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.routing import Group, WorkRoute
from huleedu_service_libs.runtime.unit_of_work import Cause, UnitOfWork, cause_of, current_unit

MAX_TIMEOUTS = 3  # attempts that may run out of time before the item is given up
MAX_LOST = 20  # an item that so many workers in a row did not survive is taken to have killed them

_ALIVE = "exists (select from runtime.member m where m.owner = w.owner and m.expires_at > now())"
# `attempt` is the fence and only grows; `lost` counts the workers that took the item and were not heard of again.
_CLAIM = f"""with picked as materialized (
    select id from runtime.work w
    where grp = $1 and not_before <= now() and id <> all($3::bigint[]) and (owner = $2 or owner is null or not {_ALIVE})
    order by id limit $4 for update skip locked)
  update runtime.work w set owner = $2, attempt = attempt + 1, lost = lost + 1 from picked p where w.id = p.id
  returning w.id, w.topic, w.payload, w.attempt, w.lost"""
_FINISH = "delete from runtime.work where id = $1 and attempt = $2"
_POSTPONE = """update runtime.work set owner = null, lost = 0, not_before = now() + $3::interval
  where id = $1 and attempt = $2"""
_BURY = "insert into runtime.dead_letter(grp, topic, key, reason, raw) values ($1, $2, $3, $4, $5)"


class Item(msgspec.Struct, frozen=True):
    """A work item in hand."""

    id: int
    topic: str
    payload: bytes
    attempt: int
    lost: int


class Worker:
    """Does one group's work items, a few at a time."""

    def __init__(self, database: Database, group: Group, owner: str, said: Callable[[set[str]], None]) -> None:
        self._database, self._group, self._owner, self._said = database, group, owner, said
        self._routes = {route.message.topic: route for route in group.work}
        self._decoders = {
            topic: msgspec.json.Decoder(Envelope[route.message]).decode  # type: ignore[name-defined]
            for topic, route in self._routes.items()
        }
        self._hands: dict[int, asyncio.Task[None]] = {}
        self.wake = asyncio.Event()

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
        except Exception:
            await asyncio.sleep(pause(1))
            self.wake.set()
            return
        for row in rows:
            item = Item(*row)
            self._hands[item.id] = task = asyncio.create_task(self._do(item))
            task.add_done_callback(partial(self._put_down, item.id))

    async def _claim(self, count: int) -> list[Any]:
        return await self._database.pool.fetch(_CLAIM, self._group.name, self._owner, list(self._hands), count)

    def _put_down(self, item_id: int, _: asyncio.Task[None]) -> None:
        self._hands.pop(item_id, None)
        self.wake.set()

    async def _do(self, item: Item) -> None:
        """Perform once, then hand in as often as it takes: paid work must not be repeated for a lost connection."""
        route = self._routes[item.topic]
        message: Any = None
        try:
            if item.lost > MAX_LOST:
                raise WorkersLost(f"{MAX_LOST} workers in a row did not survive this")
            envelope = self._decoders[item.topic](item.payload)
            message = envelope.data
            with correlated(envelope.correlation_id):
                async with asyncio.timeout(route.time_limit):
                    result = await route.perform(message)
            await insist(lambda: self._hand_in(item, lambda: route.conclude(message, result), cause_of(envelope)))
        except Fenced:
            return
        except Exception as error:
            await self._give_up(item, route, message, error)

    async def _hand_in(self, item: Item, conclude: Callable[[], Awaitable[None]], cause: Cause) -> None:
        """The item goes, its result and messages come, in one transaction."""
        async with self._database.transaction() as con:
            if await con.execute(_FINISH, item.id, item.attempt) != "DELETE 1":
                raise Fenced
            unit = UnitOfWork(con, self._group.name, self._database.producer, self._database.clock())
            with unit.ambient():
                unit.begin(cause, undoable=False)
                await conclude()
            await unit.flush()
        self._said(unit.wakes())

    async def _give_up(self, item: Item, route: WorkRoute, message: Any, error: Exception) -> None:
        """Put back what can be done later; abandon, and bury, what cannot be done at all."""
        out_of_time = isinstance(error, TimeoutError) and item.attempt >= MAX_TIMEOUTS
        try:
            if blames_data(error) or out_of_time:
                await insist(lambda: self._bury(item, route, message, error))
            else:
                wait = timedelta(seconds=pause(item.attempt))
                await insist(lambda: self._database.pool.execute(_POSTPONE, item.id, item.attempt, wait))
        except Fenced:
            return

    async def _bury(self, item: Item, route: WorkRoute, message: Any, error: Exception) -> None:
        async def conclude() -> None:
            if message is not None and route.abandon is not None:
                await route.abandon(message, error)
            key = "" if message is None else message.key
            await current_unit().connection.execute(
                _BURY, self._group.name, item.topic, key, reason(error), item.payload
            )

        cause = cause_of(self._decoders[item.topic](item.payload)) if message is not None else Cause("")
        await self._hand_in(item, conclude, cause)


class WorkersLost(Exception):
    """Worker after worker did not survive this item."""


async def insist(action: Callable[[], Awaitable[Any]]) -> None:
    """Do it until it is done or refused."""
    for tries in itertools.count():
        try:
            await action()
        except Exception as error:
            if blames_data(error) or isinstance(error, Fenced):
                raise
            await asyncio.sleep(pause(tries))
        else:
            return
