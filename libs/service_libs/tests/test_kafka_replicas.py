"""Replicas come, go and hang while a group is busy, queues fill up, brokers go away: nothing is lost, nothing twice."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
import pytest
import structlog
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.fetch import FetchRequest

from chaos.replacing import replace
from huleedu_service_libs.runtime import Database, Group, KafkaEventBus, Work, current_unit, on, on_run, work
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database_event_bus import WrongBus
from huleedu_service_libs.runtime.delivery import Delivery, Source
from huleedu_service_libs.runtime.kafka import kafka_event_bus, source
from huleedu_service_libs.runtime.kafka.client_log import take_over_client_log
from huleedu_service_libs.runtime.kafka.source import KafkaSource
from infra.kafka import KafkaBroker
from infra.ports import quiet_port
from libs.service_libs.tests.bus_world import (
    COUNTER,
    TALLY,
    KafkaWorld,
    PostgresWorld,
    Said,
    count,
    said,
    until,
    written,
)

BATCHES = [f"b{number}" for number in range(12)]
HEARTBEATS_S = 1.0  # in which every member of a group notices that it is to be shared anew
OUTAGE_PATIENCE_S = 120  # a broker may take its time to start


class Teller:
    """Says the next number to each batch, again and again."""

    def __init__(self, world: KafkaWorld) -> None:
        self._world = world
        self.last = 0

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Within, and to the end of what it is just saying."""
        enough = asyncio.Event()
        saying = asyncio.create_task(self._say_until(enough))
        try:
            yield
        finally:
            enough.set()
            await saying

    async def _say_until(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            self.last += 1
            await self._world.say(*(said(self.last, batch_id=batch_id)[0] for batch_id in BATCHES))
            await asyncio.sleep(0.01)  # at the pace of clients, not of a flood

    async def all_counted_once_and_in_order(self) -> bool:
        """Whether each batch's tally is exactly what it was told. Raises AssertionError once it can no longer be."""
        told = list(range(1, self.last + 1))
        tallies = [await self._world.tally(batch_id) for batch_id in BATCHES]
        for tally in tallies:
            assert tally == told[: len(tally)]
        return all(len(tally) == len(told) for tally in tallies)


async def test_replicas_join_and_leave_a_busy_group_and_nothing_is_lost_or_repeated(kafka_world: KafkaWorld) -> None:
    teller = Teller(kafka_world)
    async with kafka_world.reading(COUNTER):
        async with teller.going_on():
            await kafka_world.until_tally(BATCHES[0], 3)
            for _ in range(2):
                async with kafka_world.beside().reading(COUNTER):
                    await until(partial(shared, kafka_world))
                    await kafka_world.until_tally(BATCHES[0], teller.last + 3)
        await until(teller.all_counted_once_and_in_order)


async def test_a_group_that_its_brake_has_stopped_leaves_its_partitions_to_other_replicas(
    kafka_world: KafkaWorld,
) -> None:
    async def broken(_: Said) -> None:
        raise KeyError("a bug")

    await kafka_world.say(*(said(1, batch_id=f"b{number}")[0] for number in range(50)))
    async with kafka_world.reading(Group(name="counter", routes=(on(Said, broken),))):
        await kafka_world.until_trouble("counter", "in a row")
        await until(partial(left, kafka_world))


async def left(world: KafkaWorld) -> bool:
    """Whether the group has no members any more."""
    [answer] = await world.broker.admin.describe_consumer_groups([world.named("counter")])
    return bool(answer.groups[0][2] == "Empty")


async def shared(world: KafkaWorld) -> bool:
    """Whether two replicas share the group's partitions."""
    return await members(world) == 2


async def test_a_poll_that_is_running_when_partitions_go_ends_and_is_committed_before_they_go(
    kafka_world: KafkaWorld,
) -> None:
    started, go_on, heard = asyncio.Event(), asyncio.Event(), list[int]()

    async def slow(run: Sequence[object]) -> None:
        heard.append(len(run))
        started.set()
        await wait_in_transaction(go_on)

    group = Group(name="counter", routes=(on_run(Said, slow),))
    await kafka_world.say(*said(*range(10)))
    async with kafka_world.reading(group):
        await started.wait()
        async with kafka_world.beside().reading(group):
            await until(partial(rebalancing, kafka_world))
            await asyncio.sleep(HEARTBEATS_S)
            assert await rebalancing(kafka_world)  # it waits for the poll
            go_on.set()
            await kafka_world.at_rest("counter")

    assert heard == [10]


async def test_what_is_in_hand_but_not_in_a_poll_is_let_go_when_partitions_go(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "HANDOVER_SECONDS", 60)  # longer than a test may last
    started, going, go_on, handed_over = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    hand_over = KafkaSource._hand_over

    async def tell_of_it(self: KafkaSource) -> None:
        if self._in_hand:  # who joins hands over, too, before it has anything
            going.set()
        await hand_over(self)

    async def slow(message: Said) -> None:
        started.set()
        await wait_in_transaction(go_on if message.number == 1 else handed_over)
        await count(message)

    monkeypatch.setattr(KafkaSource, "_hand_over", tell_of_it)
    one_at_a_time = Group(name="counter", routes=(on(Said, slow),), states=TALLY, max_messages=1)
    await kafka_world.say(*said(*range(1, 11)))
    async with kafka_world.reading(one_at_a_time):
        await started.wait()
        async with kafka_world.beside().reading(COUNTER):
            await going.wait()
            go_on.set()
            await until(partial(shared, kafka_world))
            handed_over.set()
            await kafka_world.at_rest("counter")

    assert await kafka_world.tally("b") == list(range(1, 11))


async def wait_in_transaction(event: asyncio.Event) -> None:
    """Wait, and let the database hear something, which would otherwise end the transaction."""
    while not event.is_set():
        await current_unit().connection.execute("select pg_sleep(0.05)")


async def rebalancing(world: KafkaWorld) -> bool:
    """Whether the group waits for its members to hand over."""
    [group] = await world.broker.admin.describe_consumer_groups([world.named("counter")])
    return bool(group.groups[0][2] == "PreparingRebalance")


async def test_a_poll_that_outlasts_the_hand_over_is_void_and_somebody_does_it_over(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "HANDOVER_SECONDS", 0.2)

    await hand_over_too_late(kafka_world)

    assert await kafka_world.tally("b") == [1, 2, 3]


async def test_without_the_fence_the_late_poll_would_count(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "HANDOVER_SECONDS", 0.2)

    await hand_over_too_late(kafka_world.beside(Unfenced))

    assert await kafka_world.tally("b") == [101, 2, 3]


async def hand_over_too_late(world: KafkaWorld) -> None:
    """A replica hangs in a poll, that counts a hundred more at first, until partitions have been assigned anew."""
    started, go_on = asyncio.Event(), asyncio.Event()

    async def hang(message: Said) -> None:
        await count(message if go_on.is_set() else said(message.number + 100)[0])
        started.set()
        await wait_in_transaction(go_on)

    await world.say(*said(1, 2, 3))
    async with world.reading(Group(name="counter", routes=(on(Said, hang),), states=TALLY)):
        await started.wait()
        async with world.beside().reading(COUNTER):
            await until(partial(shared, world))
            go_on.set()
            await world.at_rest("counter")


class Unfenced(KafkaEventBus):
    """A bus that does not ask whether its partitions are still its own."""

    def source(self, database: Database, group: Group, topics: Sequence[str]) -> Source:
        source = super().source(database, group, topics)
        replace(source, "acknowledge", acknowledge)
        return source


async def acknowledge(con: Connection, deliveries: Sequence[Delivery]) -> None:
    """As if all were well."""


async def test_a_broker_that_goes_and_comes_back_is_waited_for(
    kafka_world: KafkaWorld, kafka_broker: KafkaBroker
) -> None:
    teller = Teller(kafka_world)
    patience = kafka_world.reading(COUNTER, seconds=OUTAGE_PATIENCE_S)
    async with patience, kafka_world.beside().reading(COUNTER, seconds=OUTAGE_PATIENCE_S):
        async with teller.going_on():
            await kafka_world.until_tally(BATCHES[0], 5)
            await asyncio.to_thread(kafka_broker.kill)
            await kafka_world.until_trouble("counter", "Kafka is away")
            await asyncio.to_thread(kafka_broker.start)
        await until(teller.all_counted_once_and_in_order)
        await kafka_world.until_well("counter")


async def test_a_consumer_that_has_silently_stopped_fetching_is_replaced(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As uvloop's error does it, when a connection is cut in the wrong moment: aiokafka does not expect that one."""
    send, cut = AIOKafkaConnection.send, asyncio.Event()

    def cut_once(connection: AIOKafkaConnection, request: object, **more: bool) -> Any:
        if isinstance(request, FetchRequest) and not cut.is_set():
            cut.set()
            raise RuntimeError("unable to perform operation on a transport that is closed")
        return send(connection, request, **more)

    async with kafka_world.reading(COUNTER):
        await kafka_world.say(*said(1))
        await kafka_world.until_tally("b", 1)
        monkeypatch.setattr(AIOKafkaConnection, "send", cut_once)
        await cut.wait()
        await kafka_world.say(*said(2, 3))
        await kafka_world.until_tally("b", 3)

    assert await kafka_world.tally("b") == [1, 2, 3]


async def test_a_replica_that_starts_before_its_broker_begins_when_it_is_there(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_event_bus, "LOOK_SECONDS", 0.1)
    port = quiet_port()
    world = kafka_world.beside(bootstrap_servers=f"127.0.0.1:{port}")
    async with world.reading(COUNTER):
        await world.until_trouble("counter", "Kafka")
        async with forwarding(port, kafka_world.options.bootstrap_servers):
            await world.until_well("counter")
            await world.say(*said(1, 2, 3))
            await world.until_tally("b", 3)

    assert await world.tally("b") == [1, 2, 3]


@asynccontextmanager
async def forwarding(port: int, address: str) -> AsyncIterator[None]:
    """A way in to the broker; clients are told its own address and go on from there."""
    host, to = address.split(":")

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while some := await source.read(65536):
            sink.write(some)
            await sink.drain()
        sink.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(host, int(to))
        await asyncio.gather(copy(reader, forth), copy(back, writer))

    server = await asyncio.start_server(forward, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def test_a_group_with_nothing_to_do_is_well_and_says_so(
    kafka_world: KafkaWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_event_bus, "LOOK_SECONDS", 0.1)
    async with kafka_world.reading(COUNTER):
        await kafka_world.until_well("counter")
        for _ in range(50):
            await asyncio.sleep(0.02)
            assert kafka_world.trouble("counter") is None


async def test_a_group_holds_back_while_too_much_waits_to_be_sent_and_goes_on_afterwards(
    kafka_world: KafkaWorld,
) -> None:
    world = kafka_world.beside(relay_lag_limit=5)
    async with world.reading(COUNTER):
        await world.say(*said(1))
        await world.at_rest("counter")
        await world.until_sent()
        async with world.relay_held():
            await world.say(*said(*range(2, 12)))
            await world.until_trouble("counter", "messages wait to be sent")
            await asyncio.sleep(source.POLL_MS / 1000)  # a poll that has begun may still find something
            await world.broker.put(world.spelt(Said.topic), written(said(12, batch_id="foreign")[0]))
            assert await stays_a_member_and_reads_nothing(world)
            assert await world.tally("foreign") == []
        await world.until_tally("foreign", 1)
        await world.until_tally("b", 11)
        await world.until_well("counter")

    assert await world.tally("b") == list(range(1, 12))


async def stays_a_member_and_reads_nothing(world: KafkaWorld) -> bool:
    """Whether the group, for a moment, has a member and something it does not read."""
    for _ in range(10):
        await asyncio.sleep(0.1)
        if await world.broker.has_read(world.named("counter"), [world.spelt(Said.topic)]):
            return False
    return await members(world) == 1


async def members(world: KafkaWorld) -> int:
    """How many share the group's partitions; none while they change."""
    [answer] = await world.broker.admin.describe_consumer_groups([world.named("counter")])
    _, _, state, _, _, members, *_ = answer.groups[0]
    return len(members) if state == "Stable" else 0


async def test_a_group_holds_back_while_too_much_work_waits_and_goes_on_afterwards(kafka_world: KafkaWorld) -> None:
    world, go_on, done = kafka_world.beside(work_limit=5), asyncio.Event(), list[int]()

    async def order(message: Said) -> None:
        current_unit().say(Work(message))

    async def perform(message: Said) -> int:
        await go_on.wait()
        return message.number

    async def conclude(message: Said, result: int) -> None:
        done.append(result)

    group = Group(name="counter", routes=(on(Said, order),), work=(work(Said, perform, conclude),))
    async with world.reading(group):
        await world.say(*said(*range(10)))
        await world.until_trouble("counter", "holds back: 10 work items wait")
        await asyncio.sleep(source.POLL_MS / 1000)  # a poll that has begun may still find something
        await world.say(*said(10))
        assert await stays_a_member_and_reads_nothing(world)
        go_on.set()
        await world.at_rest("counter")
        await world.until_sql("select not exists (select from runtime.work)")
        await world.until_well("counter")

    assert sorted(done) == list(range(11))


@pytest.mark.parametrize("first", ["postgres", "kafka"])
async def test_a_database_stays_with_the_bus_that_it_began_with(
    postgres_world: PostgresWorld, kafka_world: KafkaWorld, first: str
) -> None:
    began, other = (postgres_world, kafka_world) if first == "postgres" else (kafka_world, postgres_world)
    async with began.reading(COUNTER):
        await began.until_sql("select bus is not null from runtime.installation")

    with pytest.raises(ExceptionGroup) as refused:
        await other.bus.run()

    assert refused.group_contains(WrongBus, match=f"This database was begun with EVENT_BUS={first}")


async def test_nobody_reads_before_the_database_has_agreed_to_the_bus(kafka_world: KafkaWorld) -> None:
    await kafka_world.made(Said)
    await kafka_world.broker.put(kafka_world.spelt(Said.topic), written(said(1)[0]))
    con = await asyncpg.connect(kafka_world.database.dsn)
    async with con.transaction():
        await con.execute("select from runtime.installation for update")
        async with kafka_world.reading(COUNTER):
            await kafka_world.until_sql(_WAITS_FOR_A_LOCK)
            assert await members(kafka_world) == 0
            await con.execute("update runtime.installation set bus = 'postgres'")
    await con.close()

    assert await kafka_world.tally("b") == []


_WAITS_FOR_A_LOCK = """select exists (select from pg_stat_activity
  where wait_event_type = 'Lock' and datname = current_database())"""


def test_the_client_complains_now_and_then_and_never_of_an_error() -> None:
    client = logging.getLogger("aiokafka.anything")
    take_over_client_log()
    take_over_client_log()

    with structlog.testing.capture_logs() as lines:
        for number in range(100):
            client.error("request %d failed in this test", number)
        client.info("all is well")

    assert lines == [
        {"event": "kafka client", "log_level": "warning", "reason": "request 0 failed in this test", "exc_info": None}
    ]
