"""One transaction for all that a poll has taken: effects and receipt together, or in halves, or not at all."""

import time
from collections.abc import Callable, Sequence

import asyncpg

from huleedu_service_libs.runtime.blame import blames_data, reason
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.delivery import Delivery, Source, runs_of
from huleedu_service_libs.runtime.routing import Group, Prepared, Route
from huleedu_service_libs.runtime.telemetry import Telemetry
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork, cause_of

BRAKE = 25  # so many failures in a row, from two keys or more, are a bug and not bad messages


class Braked(Exception):
    """Message after message of several batches fails: the group stops rather than bury them all."""


class Settler:
    """Takes deliveries through one transaction; in halves when the database refuses their data."""

    def __init__(
        self,
        database: Database,
        group: Group,
        source: Source,
        said: Callable[[set[str]], None],
        telemetry: Telemetry,
        brake: float = BRAKE,
    ) -> None:
        self._database, self._group, self._source = database, group, source
        self._said, self._telemetry, self._most_failures = said, telemetry, brake
        self._failed_keys: list[str] = []

    async def settle(self, deliveries: Sequence[Delivery]) -> None:
        """All in one transaction; if their data is refused, each half by itself, until one message stands alone."""
        broken = [delivery.error for delivery in deliveries]
        try:
            await self._effect(deliveries)
        except Exception as error:
            if not blames_data(error) or isinstance(error, Braked) or (len(deliveries) == 1 and deliveries[0].error):
                raise
            for delivery, before in zip(deliveries, broken, strict=True):
                delivery.error = before  # what a rule said of a state that is rolled back is void
            if len(deliveries) == 1:
                deliveries[0].error = error
                await self._effect(deliveries)
                return
            half = len(deliveries) // 2
            await self.settle(deliveries[:half])
            await self.settle(deliveries[half:])

    async def _effect(self, deliveries: Sequence[Delivery]) -> None:
        started = time.perf_counter()
        with self._telemetry.polling(self._group, deliveries):
            unit = await self._transact(deliveries)
        self._source.settled(deliveries)
        self._said(unit.wakes())
        self._telemetry.settled(self._group, deliveries, time.perf_counter() - started)

    async def _transact(self, deliveries: Sequence[Delivery]) -> UnitOfWork:
        async with self._database.transaction() as con:
            unit = UnitOfWork(con, self._group.name, self._database.producer, self._database.clock())
            admitted = await self._source.admit(con, deliveries)
            with unit.ambient():
                await self._handle_all(unit, admitted)
            receipt = await self._source.acknowledge(con, deliveries)
            if failed := [d for d in admitted if d.error]:
                await self._source.bury(unit, failed)
            failed_keys = self._brake(admitted)
            await unit.flush(receipt)
        self._failed_keys = failed_keys
        _mark_the_others_known(deliveries, admitted)
        return unit

    async def _handle_all(self, unit: UnitOfWork, deliveries: Sequence[Delivery]) -> None:
        if self._group.states is not None:
            keys = [d.envelope.data.key for d in deliveries if _needs_state(d) and d.envelope]
            await unit.states(self._group.states).prefetch(keys)
        for route, run in runs_of(deliveries):
            if route.in_runs:
                await self._handle_run(unit, route, run)
            else:
                for delivery in run:
                    await self._handle_one(unit, route, delivery)

    async def _handle_one(self, unit: UnitOfWork, route: Route, delivery: Delivery) -> None:
        assert delivery.envelope is not None
        unit.begin(cause_of(delivery.envelope))
        try:
            with self._telemetry.handling(self._group, delivery.envelope):
                await route.handle(delivery.envelope.data)
        except Exception as error:
            if isinstance(error, asyncpg.PostgresError) or not blames_data(error):
                raise
            unit.undo()
            delivery.error = error

    async def _handle_run(self, unit: UnitOfWork, route: Route, run: Sequence[Delivery]) -> None:
        first = run[0].envelope
        assert first is not None
        unit.begin(cause_of(first), undoable=False)
        if route.prepare is None:
            await route.handle([d.envelope for d in run])
        else:
            await route.handle([Prepared(d.envelope, d.result) for d in run if d.envelope is not None])

    def _brake(self, deliveries: Sequence[Delivery]) -> list[str]:
        """The keys of the failures in a row up to here. Raises Braked when they are too many to be bad luck."""
        failed = self._failed_keys
        for delivery in deliveries:
            failed = [*failed, delivery.key] if delivery.error else []
            if len(failed) >= self._most_failures and len(set(failed)) > 1:
                raise Braked(f"{len(failed)} messages in a row failed, at last with {reason(delivery.error)}")
        return failed


def _mark_the_others_known(deliveries: Sequence[Delivery], admitted: Sequence[Delivery]) -> None:
    if len(admitted) < len(deliveries):
        new = set(map(id, admitted))
        for delivery in deliveries:
            delivery.known = id(delivery) not in new


def _needs_state(delivery: Delivery) -> bool:
    return delivery.error is None and delivery.route is not None and delivery.route.with_states
