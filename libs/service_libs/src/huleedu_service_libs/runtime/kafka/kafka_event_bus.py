"""The event bus of many machines: consumer groups read from Kafka, and what a database's log says is sent there."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from aiokafka.admin import AIOKafkaAdminClient

from huleedu_service_libs.runtime.blame import reason
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import Database, now
from huleedu_service_libs.runtime.database_event_bus import DatabaseEventBus, GroupRunner
from huleedu_service_libs.runtime.delivery import Source
from huleedu_service_libs.runtime.housekeeping import GroupBacklog
from huleedu_service_libs.runtime.kafka import inbox
from huleedu_service_libs.runtime.kafka.client_log import take_over_client_log
from huleedu_service_libs.runtime.kafka.options import KafkaOptions
from huleedu_service_libs.runtime.kafka.relay import RELAY, Relay
from huleedu_service_libs.runtime.kafka.replays import InboxReplaySource
from huleedu_service_libs.runtime.kafka.source import KafkaSource
from huleedu_service_libs.runtime.kafka.topics import Topics
from huleedu_service_libs.runtime.recall import NO_RECALL, Recall
from huleedu_service_libs.runtime.routing import Group

LOOK_SECONDS = 2.0  # between two looks whether the brokers answer
_KNOW_RELAY = "insert into runtime.cursor(grp, at) values ('relay', 0) on conflict do nothing"


class KafkaEventBus(DatabaseEventBus):
    """Any number of replicas share a group's partitions. Timers, letters and the relay have one owner at a time."""

    name = "kafka"
    starts_at = None
    measure_seconds = 1.0

    def __init__(
        self,
        dsn: str,
        options: KafkaOptions,
        *,
        recall: Recall = NO_RECALL,
        keep: timedelta = timedelta(days=1),
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`keep`: how long the log is kept after it has been sent, to be sent again after a restore."""
        super().__init__(dsn, take_over=False, keep=keep, clock=clock)
        take_over_client_log()
        self._options, self._recall = options, recall
        self._topics = Topics(options)
        self._relay = Relay(dsn, self.owner, options, self._topics)
        self._sources: dict[str, KafkaSource] = {}
        self._held_back: dict[str, str] = {}
        self._brokers_away: str | None = None

    def source(self, database: Database, group: Group, topics: Sequence[str]) -> Source:
        """This replica's share of the group's partitions."""
        source = self._sources[group.name] = KafkaSource(
            database,
            group.name,
            topics,
            self._options,
            self._topics,
            self._recall,
            lambda: group.name in self._held_back,
        )
        return source

    def replay_source(self, database: Database, group: Group) -> Source:
        """Letters that pass the inbox, as what Kafka delivers does."""
        return InboxReplaySource(database, group.name, self.owner)

    def trouble(self, group: str) -> str | None:
        """See `EventBus.trouble`."""
        relay = self._relay.trouble and f"relay: {self._relay.trouble}"
        return super().trouble(group) or self._brokers_away or relay or self._held_back.get(group)

    def _groups(self) -> list[str]:
        return [*super()._groups(), RELAY]

    async def _join(self, con: Connection) -> None:
        await super()._join(con)
        await con.execute(_KNOW_RELAY)

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        super()._start(tasks)
        tasks.create_task(self._relay.run(), name="relay")
        tasks.create_task(self._watch_brokers(), name="brokers")

    def _claimed(self, group: str) -> None:
        if group == RELAY:
            self._relay.wake.set()
        else:
            super()._claimed(group)

    def _wake_on_topics(self, runner: GroupRunner) -> None:
        """Kafka wakes them."""

    def _wake(self, topics: Iterable[str]) -> None:
        super()._wake(topics)
        if any(not topic.startswith("work:") for topic in topics):
            self._relay.wake.set()

    def _log_stirs(self) -> None:
        self._relay.wake.set()

    def _measured(self, backlogs: Sequence[GroupBacklog]) -> None:
        """Hold groups back that would only make a queue longer that is too long already."""
        relay = next(each for each in backlogs if each.group == RELAY)
        groups = [self._with_lag(each) for each in backlogs if each.group != RELAY]
        self._held_back = {each.group: why for each in groups if (why := self._why_hold_back(each, relay.lag))}
        super()._measured(groups)
        for runner in list(self._runners.values())[:1]:  # the relay is the process's: one service tells of it
            runner.telemetry.behind(Group(name=RELAY, routes=()), relay)

    def _why_hold_back(self, backlog: GroupBacklog, unsent: int) -> str | None:
        if unsent > self._options.relay_lag_limit:
            return f"holds back: {unsent} messages wait to be sent"
        if backlog.work_waiting > self._options.work_limit:
            return f"holds back: {backlog.work_waiting} work items wait"
        return None

    def _with_lag(self, backlog: GroupBacklog) -> GroupBacklog:
        lag, oldest = self._sources[backlog.group].backlog()
        return msgspec.structs.replace(backlog, lag=lag, oldest_seconds=oldest)

    async def _sweep(self, con: Connection) -> int:
        forgotten = await inbox.sweep(con, timedelta(hours=2 * self._options.retention_hours))
        return max(forgotten, await super()._sweep(con))

    async def _watch_brokers(self) -> None:
        """A consumer whose brokers are gone just hears nothing: somebody has to ask."""
        while True:
            admin = AIOKafkaAdminClient(
                bootstrap_servers=self._options.bootstrap_servers, request_timeout_ms=int(LOOK_SECONDS * 1000)
            )
            try:
                await self._look_at_brokers(admin)
            except Exception as error:
                self._brokers_away = f"Kafka is away: {reason(error)}"
            finally:
                with suppress(Exception):
                    await admin.close()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_at_brokers(self, admin: Any) -> None:
        """Ask again and again, until there is no answer. Raises KafkaError or TimeoutError then."""
        async with asyncio.timeout(2 * LOOK_SECONDS):
            await admin.start()
        while True:
            async with asyncio.timeout(2 * LOOK_SECONDS):
                await admin.describe_cluster()
            self._brokers_away = None
            await asyncio.sleep(LOOK_SECONDS)

    async def _close(self) -> None:
        await asyncio.gather(self._relay.close(), super()._close())
        await self._recall.close()
