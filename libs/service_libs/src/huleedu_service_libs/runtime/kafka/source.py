"""A group's messages from Kafka: taken by a consumer of its group, committed after their effect."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError

from huleedu_service_libs.runtime import dead_letters
from huleedu_service_libs.runtime.blame import Fenced, reason, storable
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.delivery import Delivery
from huleedu_service_libs.runtime.kafka import inbox
from huleedu_service_libs.runtime.kafka.dead_letter_topic import letter_of
from huleedu_service_libs.runtime.kafka.farewells import Farewells
from huleedu_service_libs.runtime.kafka.options import KafkaOptions
from huleedu_service_libs.runtime.kafka.topics import DEAD_LETTER_SUFFIX, Topics
from huleedu_service_libs.runtime.recall import Recall
from huleedu_service_libs.runtime.unit_of_work import UnitOfWork

POLL_MS = 500  # for which a poll waits for the first record
FETCH_WAIT_MS = 500  # for which a broker holds a request back while there is nothing for it
FETCH_BYTES = 2 << 20  # compressed, of which one is in hand and one ahead of it while a group is behind
HANDOVER_SECONDS = 5.0  # in which a poll may come to its end before its partitions go to somebody else
SESSION_MS = 6_000  # without a heartbeat for so long, a consumer counts as gone
COMMIT_SECONDS = 0.25  # between two commits of offsets; what a crash leaves uncommitted the inbox knows
COMMIT_RETRY_SECONDS = 1.0
LEAVE_SECONDS = 3.0  # for which a process that ends waits until its consumers have left

_logger = structlog.get_logger("huleedu_service_libs.runtime")


class Stand(msgspec.Struct, frozen=True, gc=False):
    """A delivery's receipt: its place, and under which assignment of partitions it was read."""

    partition: TopicPartition
    offset: int
    assignment: int

    @property
    def origin(self) -> str:
        """The place in words: topic/partition/offset."""
        return f"{self.partition.topic}/{self.partition.partition}/{self.offset}"


class Handover:
    """Passes on that a consumer's partitions go, until that consumer has been let go itself."""

    def __init__(self, hand_over: Callable[[], Awaitable[None]]) -> None:
        self._hand_over = hand_over
        self.over = False

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """The consumer waits for this before it joins its group again."""
        if not self.over:
            await self._hand_over()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """What follows was read under a new assignment."""


ConsumerRebalanceListener.register(Handover)  # rather than its child: aiokafka has no types


class KafkaSource:
    """One replica's share of a group's partitions. What it took stays in hand until its effect is committed."""

    drained = False

    def __init__(
        self,
        database: Database,
        group: str,
        topics: Sequence[str],
        options: KafkaOptions,
        made: Topics,
        recall: Recall,
        holds_back: Callable[[], bool],
    ) -> None:
        self._database, self._group, self._options = database, group, options
        self._topics = {options.topic_names.get(topic, topic): topic for topic in topics} | {t: t for t in topics}
        self._made, self._recall, self._holds_back = made, recall, holds_back
        self._consumer: Any = None
        self._handover: Handover | None = None
        self._farewells = Farewells()
        self._memory = group  # what Redis knows it by
        self._in_hand: list[tuple[TopicPartition, Any]] = []
        self._in_poll = 0  # how many of them the running poll has
        self._taken: dict[TopicPartition, int] = {}
        self._assignment = 0
        self._free = asyncio.Event()
        self._free.set()
        self._handled: dict[TopicPartition, int] = {}
        self._handled_ids: list[str] = []
        self._to_commit = asyncio.Event()
        self._committing: asyncio.Task[None] | None = None

    async def take(self, limit: int) -> list[Delivery]:
        """What is in hand still, else the next messages, if there are any before long."""
        if not self._topics:
            await asyncio.Event().wait()  # a group of work items alone
        consumer, holds_back = self._consumer or await self._join(), self._holds_back()
        try:
            if holds_back or not self._in_hand:
                await self._poll(consumer, paused=holds_back)
        except Exception:  # whatever is wrong with this consumer, the next one begins anew
            self._leave()
            raise
        self._in_poll = 0 if holds_back else min(limit, len(self._in_hand))
        topics, assignment = self._topics, self._assignment
        return [
            Delivery(topics[at.topic], _key_of(record.key), record.value or b"", Stand(at, record.offset, assignment))
            for at, record in self._in_hand[: self._in_poll]
        ]

    async def _join(self) -> Any:
        epoch = await self._database.pool.fetchval("select epoch::text from runtime.installation")
        self._memory = f"{epoch}:{self._group}"
        spellings = await self._made.ensure_some(list(self._topics))
        await self._made.ensure([spelling + DEAD_LETTER_SUFFIX for spelling in spellings])
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._options.bootstrap_servers,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            fetch_max_bytes=FETCH_BYTES,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 4,
            rebalance_timeout_ms=int(HANDOVER_SECONDS * 2000),
            request_timeout_ms=15_000,
            # Of one batch, all topics' partitions are then with one replica.
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        handover = Handover(self._hand_over)
        consumer.subscribe(spellings, listener=handover)
        try:
            await consumer.start()
        except BaseException:
            handover.over = True
            self._farewells.begin(consumer.stop)
            raise
        self._consumer, self._handover = consumer, handover
        self._committing = asyncio.create_task(self._keep_committing())
        return consumer

    async def _poll(self, consumer: Any, *, paused: bool) -> None:
        """Take all that is fetched: a partition of which a rest is left waits for the others to be fetched first."""
        _refuse_if_dead(consumer)
        if paused:
            consumer.pause(*consumer.assignment())
        elif resumed := consumer.paused():
            consumer.resume(*resumed)
        found = await consumer.getmany(timeout_ms=POLL_MS)
        if found:
            # Topic by topic: the longer a run of one kind of message, the cheaper it is to handle.
            self._in_hand += [(place, record) for place in sorted(found) for record in found[place]]
            self._free.clear()
            self._taken.update({place: records[-1].offset + 1 for place, records in found.items()})

    async def sift(self, deliveries: Sequence[Delivery]) -> None:
        """Ask what replicas remember together."""
        ids = {d.envelope.event_id for d in deliveries if d.envelope is not None and d.repeats_matter}
        if known := await self._recall.known(self._memory, list(ids)):
            for delivery in deliveries:
                delivery.known = delivery.envelope is not None and delivery.envelope.event_id in known

    async def admit(self, con: Connection, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """Ask the inbox, which decides."""
        return await inbox.admit(con, self._group, deliveries)

    async def acknowledge(self, con: Connection, deliveries: Sequence[Delivery]) -> None:
        """The inbox holds the receipts; Fenced if the partitions are no longer ours."""
        if any(d.receipt.assignment != self._assignment for d in deliveries):
            raise Fenced

    async def bury(self, unit: UnitOfWork, deliveries: Sequence[Delivery]) -> None:
        """As rows, and on each topic's own topic of dead letters. They leave the inbox: they may be sent again."""
        await inbox.forget(unit.connection, self._group, deliveries)
        new = await dead_letters.bury(unit.connection, self._group, deliveries)
        for delivery in deliveries:
            if delivery.origin in new:
                topic = delivery.receipt.partition.topic + DEAD_LETTER_SUFFIX
                unit.say_raw(topic, delivery.key, letter_of(self._group, delivery))

    def settled(self, deliveries: Sequence[Delivery]) -> None:
        """Out of hand; their offsets are committed soon."""
        if deliveries[0].receipt.assignment != self._assignment:
            return
        self._handled.update({d.receipt.partition: d.receipt.offset + 1 for d in deliveries})
        new = (d.envelope for d in deliveries if d.repeats_matter and not d.known)
        self._handled_ids += [envelope.event_id for envelope in new if envelope is not None]
        del self._in_hand[: len(deliveries)]
        self._in_poll -= len(deliveries)
        if not self._in_hand:
            self._free.set()
        self._to_commit.set()

    async def _keep_committing(self) -> None:
        while True:
            await self._to_commit.wait()
            self._to_commit.clear()
            try:
                await self._commit()
            except Exception as error:
                _logger.warning("offsets not committed", group=self._group, reason=reason(error))
                await asyncio.sleep(COMMIT_RETRY_SECONDS)
                self._to_commit.set()
            ids, self._handled_ids = self._handled_ids, []
            await self._recall.remember(self._memory, ids)
            await asyncio.sleep(COMMIT_SECONDS)

    async def _commit(self) -> None:
        """Commit how far we have come; what the brokers have not confirmed is committed again."""
        consumer, handled, assignment = self._consumer, dict(self._handled), self._assignment
        if consumer is None or not handled:
            return
        with suppress(IllegalStateError):  # they have gone: whoever has them reads again, and its inbox knows
            await consumer.commit(handled)
        if assignment == self._assignment:
            self._handled = {place: to for place, to in self._handled.items() if handled.get(place) != to}

    async def _hand_over(self) -> None:
        """Let the running poll end, commit, and let go of the rest."""
        del self._in_hand[self._in_poll :]
        if not self._in_hand:
            self._free.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(HANDOVER_SECONDS):
                await self._free.wait()
        with suppress(Exception):  # not committed is read again
            await self._commit()
        self._let_go()

    def _let_go(self) -> None:
        self._assignment += 1
        self._in_hand, self._in_poll, self._handled, self._taken = [], 0, {}, {}
        self._free.set()

    def backlog(self) -> tuple[int, float]:
        """Messages between what was taken and what the brokers have told of, and the age of the oldest, in seconds."""
        if self._consumer is None:
            return 0, 0.0
        ahead = sum(max(0, (self._consumer.highwater(place) or 0) - taken) for place, taken in self._taken.items())
        age = time.time() - self._in_hand[0][1].timestamp / 1000 if self._in_hand else 0.0
        return ahead + len(self._in_hand), max(0.0, age)

    def _leave(self) -> None:
        """Leave the group, and commit before: whoever takes over reads on from there."""
        consumer, handled = self._consumer, self._handled
        if consumer is None or self._handover is None or self._committing is None:
            return
        self._handover.over = True
        self._committing.cancel()
        self._consumer = None
        self._let_go()
        self._farewells.begin(partial(_commit_and_stop, consumer, handled))

    async def close(self) -> None:
        """Leave the group at once; waits at most `LEAVE_SECONDS`."""
        self._leave()
        await self._farewells.finish(LEAVE_SECONDS)


@lru_cache(maxsize=10_000)
def _key_of(raw: bytes | None) -> str:
    return "" if raw is None else storable(raw.decode("utf-8", "replace"))


def _refuse_if_dead(consumer: Any) -> None:
    """Raises what has ended the task that fetches.

    aiokafka does not tell: such a consumer stays a member of its group, and never gets a message again. uvloop ends it
    with a RuntimeError when a connection is written to right after it was cut, where aiokafka expects an OSError.
    """
    fetching: asyncio.Task[None] = consumer._fetcher.error_future
    if fetching.done():
        fetching.result()


async def _commit_and_stop(consumer: Any, handled: dict[TopicPartition, int]) -> None:
    with suppress(Exception):  # not committed is read again
        async with asyncio.timeout(LEAVE_SECONDS / 2):
            if handled:
                await consumer.commit(handled)
    try:
        await consumer.stop()
    finally:  # which a fetcher that has died cuts short
        await consumer._client.close()
