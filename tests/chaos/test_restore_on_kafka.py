"""Services on Kafka, a database each, restored from a backup: with Kafka as it was, or with an empty one."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from huleedu.api import Api
from huleedu.backup import backup
from huleedu.restore import restore
from huleedu_service_libs.embedded_postgres import drop_database, with_database
from infra.cluster import NO_ENGINES, Cluster, Servers
from infra.kafka import KafkaBroker
from infra.rings import ring
from tests.chaos.test_restore import EPOCH, UNFINISHED, busy, column
from tests.chaos.victim import BATCHES, ESSAYS, ended

CONSOLE = Console(quiet=True)
SETTINGS = {"KAFKA_TOPIC_PARTITIONS": "2", **NO_ENGINES}
SUCCESSFUL = "select count(*) from batch_orchestrator_service.batches where status = 'completed_successfully'"
COUNTED = "select count(*) from essay_lifecycle_service.essay_result"
BALANCED = "select bool_and(succeeded = total and failed = 0) from essay_lifecycle_service.phase"
TOLD = "select count(*) from result_aggregator_service.essay_result"
BOS, ELS, RAS = "batch_orchestrator_service", "essay_lifecycle_service", "result_aggregator_service"
MISSING = "select in_flight + waiting > 0 from essay_lifecycle_service.fan_out where phase = 'nlp'"
LETTERS = "select count(*) from runtime.dead_letter"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    """One of our own: nobody else has moved its groups, and it may lose what it has."""
    with ring(KafkaBroker(tmp_path / "kafka")) as own:
        yield own


def lose_everything(broker: KafkaBroker, folder: Path) -> None:
    """An empty one, at the same address."""
    broker.stop()
    shutil.rmtree(folder)
    broker.start()


def tell(monkeypatch: pytest.MonkeyPatch, databases: Mapping[str, str], broker: KafkaBroker) -> None:
    """Have commands find the same databases and Kafka as the services do."""
    monkeypatch.setenv("EVENT_BUS", "kafka")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.address)
    for service, dsn in databases.items():
        monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", dsn)


async def count(dsn: str, query: str) -> object:
    """The one value that the database answers."""
    (value,) = await column(dsn, query)
    return value


async def become(dsn: str, query: str, wanted: object) -> None:
    """Wait until the database answers this."""
    while await count(dsn, query) != wanted:
        await asyncio.sleep(0.2)


async def life_to_be_undone(cluster: Cluster, essays: list[Path], file: Path) -> list[str]:
    """Batches that are backed up while their analysis is missing, and that come to their end afterwards."""
    (analysis,) = cluster.replicas["nlp_service"]
    analysis.kill()
    async with Api(cluster.addresses) as api, asyncio.timeout(120):
        batch_ids = await busy(api, essays)
        await become(cluster.databases[ELS], MISSING, True)
        await backup(CONSOLE, cluster.folder / "data", file)
        cluster.spawn(analysis)
        await ended(api, batch_ids)
    return batch_ids


async def another_life(cluster: Cluster, batch_ids: list[str], file: Path) -> None:
    """What was backed up, in databases that are made anew, comes to its end and adds up."""
    databases, epochs = cluster.databases, [await count(dsn, EPOCH) for dsn in cluster.databases.values()]
    for dsn in databases.values():
        await drop_database(with_database(dsn, "postgres"), dsn.rpartition("/")[2])
    bos, els, ras = (databases[service] for service in (BOS, ELS, RAS))

    await restore(CONSOLE, cluster.folder / "data", file)

    assert await column(els, UNFINISHED) > [0]
    assert not set(epochs) & {await count(dsn, EPOCH) for dsn in databases.values()}
    async with cluster, Api(cluster.addresses) as api, asyncio.timeout(150):
        await ended(api, batch_ids)
        # of what was undone Kafka may tell BOS the end before ELS comes to it
        await become(ras, TOLD, BATCHES * ESSAYS * 2)
        await become(els, UNFINISHED, 0)
    assert await count(bos, SUCCESSFUL) == BATCHES
    assert await count(els, COUNTED) == BATCHES * ESSAYS * 2
    assert await count(els, BALANCED) is True
    assert await count(ras, TOLD) == BATCHES * ESSAYS * 2
    assert {await count(dsn, LETTERS) for dsn in databases.values()} == {0}


async def test_batches_in_flight_go_on_from_a_backup_without_loss_or_repeat_whether_or_not_kafka_is_kept(
    postgres_dsn: str,
    redis_url: str,
    broker: KafkaBroker,
    tmp_path: Path,
    essays: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cluster(folder: str) -> Cluster:
        servers = Servers(postgres_dsn, broker.address, redis_url)
        return Cluster(servers, tmp_path / folder, name="restored", environment=SETTINGS)

    file = tmp_path / "backup.tar"
    async with cluster("undone") as undone:
        tell(monkeypatch, undone.databases, broker)
        batch_ids = await life_to_be_undone(undone, essays, file)

    await another_life(cluster("kafka kept"), batch_ids, file)

    lose_everything(broker, tmp_path / "kafka")
    await another_life(cluster("kafka lost"), batch_ids, file)
