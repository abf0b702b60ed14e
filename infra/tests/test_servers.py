"""Each server on its own: there when `start` returns, back after kill -9 on the same port, gone when we are."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from redis.asyncio import Redis

from huleedu_service_libs.embedded_postgres.cluster import ticks
from infra.errors import PortTaken
from infra.kafka import KafkaBroker, in_ascii
from infra.postgres import PostgresServer
from infra.redis import RedisServer

BIG = bytes(6 * 1024 * 1024)
OWNER = """
import sys
from pathlib import Path
from infra.redis import RedisServer
print(RedisServer(Path(sys.argv[1])).start().port, flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def admin(broker: KafkaBroker) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def say(broker: KafkaBroker, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=broker.address, max_request_size=len(BIG) + 1000, enable_idempotence=True
    ) as producer:
        await producer.send_and_wait(topic, value)


async def first(broker: KafkaBroker, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.address, auto_offset_reset="earliest")
    async with consumer:
        return bytes((await consumer.getone()).value)


async def test_what_kafka_took_outlives_a_kill_of_the_broker(kafka_broker: KafkaBroker) -> None:
    async with admin(kafka_broker) as client:
        await client.create_topics([NewTopic("test.infra.kept", 2, 1)])
    await say(kafka_broker, "test.infra.kept", BIG)
    before = kafka_broker.pid

    kafka_broker.kill()
    killed = kafka_broker.pid
    kafka_broker.start()

    assert before is not None
    assert killed is None
    assert kafka_broker.pid not in (None, before)
    assert await first(kafka_broker, "test.infra.kept") == BIG


async def test_kafka_makes_no_topic_of_a_mistyped_name(kafka_broker: KafkaBroker) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka_broker.address, request_timeout_ms=500) as producer:
        with pytest.raises(KafkaError):
            await producer.partitions_for("test.infra.mistyped")


async def test_what_postgresql_committed_outlives_a_kill(postgres_server: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres_server.dsn)
    await connection.execute("create table essays as select 'Åsa' as writer")
    connection.terminate()

    postgres_server.kill()
    killed = postgres_server.pid
    postgres_server.start()

    assert killed is None
    connection = await asyncpg.connect(postgres_server.dsn)
    try:
        assert await connection.fetchval("select upper(writer) from essays") == "ÅSA"
    finally:
        await connection.close()


async def test_redis_forgets_when_it_is_killed_and_serves_on(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.url) as client:
        await client.set("test:infra", "1")
    redis_server.kill()
    killed = redis_server.pid
    redis_server.start()

    assert killed is None
    async with Redis.from_url(redis_server.url) as client:
        assert await client.get("test:infra") is None


def test_a_server_that_runs_is_not_started_twice(redis_server: RedisServer) -> None:
    before = redis_server.pid

    assert redis_server.start().pid == before


@pytest.mark.parametrize("kind", [KafkaBroker, PostgresServer, RedisServer])
@pytest.mark.usefixtures("kafka_broker", "postgres_server", "redis_server")
def test_a_taken_port_is_named(
    kind: type[KafkaBroker] | type[PostgresServer] | type[RedisServer], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(PortTaken, match=f"127.0.0.1:{port}"):
            kind(tmp_path, port).start()


@pytest.mark.usefixtures("redis_server")
def test_a_server_dies_with_a_process_that_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    port = int(owner.stdout.readline())
    assert serves(port)

    owner.send_signal(signal.SIGKILL)
    owner.communicate()

    assert any(not serves(port) for _ in ticks(30))


def serves(port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_path_in_a_java_properties_file_may_have_swedish_letters() -> None:
    assert in_ascii("/home/åsa/k") == "/home/\\u00e5sa/k"
