"""The platform in each way that it runs: the same scripts have to pass on all of them.

`HULEEDU_TEST_REPLICAS=3 python3 dev.py test tests/acceptance` tries more replicas of each service than two.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from huleedu.api import Api
from huleedu.composition import compose
from huleedu.platform import running
from huleedu.services import SERVICES, definitions
from huleedu_service_libs.embedded_postgres import create_database, with_database
from infra.cluster import Cluster, Servers
from infra.kafka import KafkaBroker
from infra.rings import ring

REPLICATED = (
    "batch_orchestrator_service",
    "essay_lifecycle_service",
    "file_service",
    "spellchecker_service",
    "nlp_service",
    "class_management_service",
    "result_aggregator_service",
)
REPLICAS = int(os.environ.get("HULEEDU_TEST_REPLICAS", "2"))
QUICK = {"CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "1"}  # whoever starts before its peers asks them again soon


@dataclass(frozen=True)
class Stage:
    """A platform that is up, as tests see it."""

    addresses: Mapping[str, str]
    databases: Mapping[str, str]  # by service
    data_dir: Path


class Site:
    """Real servers and one cluster on them, started when first asked for and kept, as Kafka's groups are."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request, self._folder = request, folder
        self._cluster: Cluster | None = None

    @property
    def _servers(self) -> Servers:
        """Skips the test where the machine has them not."""
        kafka = self._request.getfixturevalue("kafka_bootstrap")
        redis = self._request.getfixturevalue("redis_url")
        return Servers(self._request.getfixturevalue("postgres_server").dsn, kafka, redis)

    async def cluster(self, replicas: int) -> Cluster:
        """Every service in a process of its own, in so many replicas where more than one makes sense."""
        wanted = dict.fromkeys(REPLICATED, replicas)
        if self._cluster is None:
            self._cluster = Cluster(self._servers, self._folder, replicas=wanted, environment=QUICK)
            await self._cluster.start()
        await self._cluster.scale(wanted)
        return self._cluster

    def close(self) -> None:
        """Nothing is left running."""
        if self._cluster is not None:
            self._cluster.kill()


@asynccontextmanager
async def one_process(site: Site, data_dir: Path, postgres_dsn: str) -> AsyncIterator[Stage]:
    """All in the test's own process and event loop: a breakpoint anywhere stops all of it."""
    dsn = await create_database(postgres_dsn, "acceptance")
    async with running(compose(definitions()), data_dir, dsn) as up:
        yield Stage(up.addresses, up.databases, data_dir)


@asynccontextmanager
async def one_process_on_kafka(site: Site, data_dir: Path, postgres_dsn: str) -> AsyncIterator[Stage]:
    """The same, with a database for each service and Kafka between them: one that no cluster reads from as well."""
    with ring(KafkaBroker(data_dir / "kafka")) as broker, pytest.MonkeyPatch.context() as environment:
        environment.setenv("EVENT_BUS", "kafka")
        environment.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.address)
        for name in SERVICES:
            environment.setenv(f"{name.upper()}_DATABASE_URL", with_database(postgres_dsn, f"acceptance_{name}"))
        async with running(compose(definitions()), data_dir) as up:
            yield Stage(up.addresses, up.databases, data_dir)


@asynccontextmanager
async def processes(site: Site, data_dir: Path, postgres_dsn: str) -> AsyncIterator[Stage]:
    """Every service a process of its own."""
    cluster = await site.cluster(replicas=1)
    yield Stage(cluster.addresses, cluster.databases, cluster.folder / "data")


@asynccontextmanager
async def replicas(site: Site, data_dir: Path, postgres_dsn: str) -> AsyncIterator[Stage]:
    """Some of each, and requests go to them in turn."""
    cluster = await site.cluster(REPLICAS)
    yield Stage(cluster.addresses, cluster.databases, cluster.folder / "data")


Way = Callable[[Site, Path, str], AbstractAsyncContextManager[Stage]]
WAYS: tuple[Way, ...] = (one_process, one_process_on_kafka, processes, replicas)


@pytest.fixture(scope="session")
def any_ports() -> Iterator[None]:
    """Every service on whatever port is free."""
    with pytest.MonkeyPatch.context() as environment:
        for name in SERVICES:
            environment.setenv(f"{name.upper()}_PORT", "0")
        yield


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, lexicons: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Where clusters run."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "data").mkdir()
    (folder / "data" / "lexicons").symlink_to(lexicons)
    made = Site(request, folder)
    yield made
    made.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=WAYS, ids=lambda way: way.__name__)
async def platform(
    request: pytest.FixtureRequest,
    site: Site,
    postgres_dsn: str,
    lexicons: Path,
    any_ports: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """All services, up."""
    data_dir = tmp_path_factory.mktemp("data")
    (data_dir / "lexicons").symlink_to(lexicons)
    async with request.param(site, data_dir, postgres_dsn) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def cluster(site: Site) -> Cluster:
    """Some replicas of each service, on real servers."""
    return await site.cluster(REPLICAS)


@pytest_asyncio.fixture(loop_scope="session")
async def api(platform: Stage) -> AsyncIterator[Api]:
    """A teacher's client."""
    async with Api(platform.addresses) as made:
        yield made
