"""File Service as a whole: its schema, its parts, its peers, and one real file all the way through them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from common_core.enums import FileValidationErrorCode as Code
from file_service.config import SERVICE_NAME, FileSettings
from file_service.domain.batches import BatchStanding
from file_service.domain.notifications import Tally
from file_service.domain.uploads import Failed, FileUpload, Outcome, Provisioned, Received
from file_service.extraction.extractor import Extractor
from file_service.implementations.batch_standings_http_impl import HttpBatchStandings
from file_service.implementations.batch_standings_impl import InMemoryBatchStandings
from file_service.implementations.file_upload_repository_impl import InMemoryFileUploadRepository
from file_service.implementations.file_upload_repository_postgres_impl import PostgreSQLFileUploadRepository
from file_service.kafka_consumer import FileKafkaConsumer
from file_service.messages import ReadFile
from file_service.protocols import BatchStandingsProtocol, FileUploadRepositoryProtocol, TextReaderProtocol
from file_service.startup_setup import DEFINITION, container
from file_service.tests.extraction_documents import runs, word
from file_service.tests.file_world import hand_in
from huleedu_service_libs import migrations
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.process_pool import ProcessPool
from huleedu_service_libs.runtime import Cause, Database, GroupCommit, PostgresEventBus
from huleedu_service_libs.service import Platform, Service
from huleedu_service_libs.testing import until

SCRIPTS = Path(__file__).parent.parent / "alembic"
AT = datetime(2026, 1, 1, tzinfo=UTC)
TEXT_OF_DOCUMENT = "My summer job was at a bakery, where I had to rise at four every morning."
STATE = {
    "batch_id": "b",
    "user_id": "teacher-1",
    "pipeline_state": {
        "batch_id": "b",
        "requested_pipelines": ["spellcheck", "nlp"],
        "spellcheck": {"status": "completed_successfully", "essay_counts": {"total": 1}},
        "nlp": None,
        "last_updated": "2026-01-01T00:00:00Z",
    },
}


async def test_the_schema_goes_up_down_and_up_and_is_what_the_models_say(database_dsn: str) -> None:
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.downgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.check(database_dsn, SERVICE_NAME, SCRIPTS)


def upload(number: int, batch_id: str = "b", outcome: Outcome | None = None) -> FileUpload:
    return FileUpload(
        file_upload_id=f"u{number}",
        batch_id=batch_id,
        user_id="teacher-1",
        file=Received(file_name="Åsa.txt", size_bytes=3_000_000_000, md5="0" * 32),
        raw_storage_id=None if outcome else "r",
        accepted_at=AT,
        outcome=outcome,
    )


TEXT = Provisioned(text_storage_id="t", document_author=None, first_lines=("Åsa", "My summer"))
FAILURE = Failed(code=Code.EMPTY_CONTENT, message="The file is empty.")


@pytest.mark.parametrize("kind", [PostgreSQLFileUploadRepository, InMemoryFileUploadRepository])
async def test_uploads_are_kept_with_what_becomes_of_them(database_dsn: str, kind: Any) -> None:
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    database = await Database.connect(database_dsn, SERVICE_NAME)
    commit = GroupCommit(database, SERVICE_NAME, lambda _: None)
    uploads: FileUploadRepositoryProtocol = kind(database) if kind is PostgreSQLFileUploadRepository else kind()
    refused, waiting, read, broken = upload(1, outcome=FAILURE), upload(2), upload(3), upload(4)

    async def add() -> None:
        uploads.add(read, waiting, refused, broken, upload(5, batch_id="another"))

    async def conclude() -> None:
        await uploads.conclude(upload(3, outcome=TEXT))
        await uploads.conclude(upload(4, outcome=FAILURE))

    await commit.run(add, Cause("c"))
    assert await uploads.of_batch("b") == [refused, waiting, read, broken]
    await commit.run(conclude, Cause("c"))
    outcomes = [each.outcome for each in await uploads.of_batch("b")]

    async def tally() -> Tally:
        return await uploads.tally("b")

    counted = await commit.run(tally, Cause("c"))
    await database.close()

    assert outcomes == [FAILURE, None, TEXT, FAILURE]
    assert counted == Tally(files=4, unread=1, failures={"EMPTY_CONTENT": 2})


class Neighbours:
    """BOS and Content Service, small."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.state, self.status = json.dumps(STATE), 200

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/internal/v1/batches/{batch_id}/pipeline-state", self._state),
                web.post("/v1/content", self._keep),
                web.get("/v1/content/{storage_id}", self._fetch),
                web.get("/healthz", self._healthz),
            ]
        )
        return app

    async def _state(self, request: web.Request) -> web.Response:
        return web.Response(text=self.state, status=self.status if request.match_info["batch_id"] == "b" else 404)

    async def _keep(self, request: web.Request) -> web.Response:
        content = await request.read()
        storage_id = sha256(content).hexdigest()[:32]
        self.contents[storage_id] = content
        return web.json_response({"storage_id": storage_id, "correlation_id": ""}, status=201)

    async def _fetch(self, request: web.Request) -> web.Response:
        return web.Response(body=self.contents[request.match_info["storage_id"]])

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})


@asynccontextmanager
async def bos_answering(state: str = json.dumps(STATE), status: int = 200) -> AsyncIterator[HttpBatchStandings]:
    neighbours = Neighbours()
    neighbours.state, neighbours.status = state, status
    settings = FileSettings(http_client_attempts=1)
    async with (
        TestServer(neighbours.app()) as server,
        PeerClient("batch_orchestrator_service", str(server.make_url("")), settings, ServiceMetrics("test")) as peer,
    ):
        yield HttpBatchStandings(peer)


@asynccontextmanager
async def batches_in_memory() -> AsyncIterator[InMemoryBatchStandings]:
    yield InMemoryBatchStandings(b=BatchStanding(user_id="teacher-1", phases={"spellcheck": "completed_successfully"}))


@pytest.mark.parametrize("batches", [bos_answering, batches_in_memory])
async def test_bos_knows_whose_a_batch_is_and_how_far_its_phases_are(batches: Any) -> None:
    async with batches() as standings:
        known: BatchStandingsProtocol = standings
        batch = await known.find("b")

        assert batch == BatchStanding(user_id="teacher-1", phases={"spellcheck": "completed_successfully"})
        assert await known.find("unknown") is None
        assert await known.find("../b?x=1#y") is None


async def test_bos_may_say_that_a_batch_is_closed() -> None:
    async with bos_answering(json.dumps({**STATE, "locked": True, "lock_reason": "too late"})) as batches:
        batch = await batches.find("b")

        assert batch is not None
        assert batch.lock_reason == "too late"


@pytest.mark.parametrize("status", [500, 503, 200])
async def test_an_answer_that_says_nothing_is_as_good_as_none(status: int) -> None:
    async with bos_answering("<h1>Oops</h1>", status) as batches:
        with pytest.raises(Unavailable):
            await batches.find("b")


@asynccontextmanager
async def the_service(dsn: str, neighbours: str) -> AsyncIterator[Service]:
    bus = PostgresEventBus(dsn)
    addresses = {"content_service": neighbours, "batch_orchestrator_service": neighbours}
    platform = Platform(bus=bus, pool=ProcessPool(1), dsn=dsn, data_dir=Path(), addresses=addresses)
    service = await DEFINITION.start(FileSettings(extraction_processes=1), platform)
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(60):
            yield service
    finally:
        running.cancel()
        await asyncio.wait([running])
        await service.close()


async def test_a_real_document_goes_all_the_way_through_the_started_service(database_dsn: str) -> None:
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    neighbours = Neighbours()
    neighbours.state = json.dumps({**STATE, "pipeline_state": {}})
    async with (
        TestServer(neighbours.app()) as server,
        the_service(database_dsn, str(server.make_url(""))) as service,
    ):
        client = service.app.test_client()

        async def ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        async def read() -> bool:
            [file] = (await (await client.get("/v1/files/batch/b/state")).get_json())["files"]
            return bool(file["status"] == "provisioned")

        await until(ready)
        assert (await hand_in(client, ("elin.docx", word(runs(TEXT_OF_DOCUMENT))))).status_code == 202
        await until(read)

        assert TEXT_OF_DOCUMENT.encode() in neighbours.contents.values()
        metrics = await (await client.get("/metrics")).get_data(as_text=True)
        assert 'files_uploaded_total{file_type="docx",validation_status="provisioned"} 1.0' in metrics
        paths = (await (await client.get("/openapi.json")).get_json())["paths"]
        assert "multipart/form-data" in paths["/v1/files/batch"]["post"]["requestBody"]["content"]


async def test_the_parts_are_those_that_work_outside_tests(database_dsn: str) -> None:
    platform = Platform(bus=PostgresEventBus(database_dsn), pool=ProcessPool(1), dsn=database_dsn, data_dir=Path())
    parts = container(FileSettings(extraction_processes=3), platform)

    kinds = [
        type(await parts.get(port))
        for port in (BatchStandingsProtocol, FileUploadRepositoryProtocol, TextReaderProtocol)
    ]
    [group] = (await parts.get(FileKafkaConsumer)).groups()
    await parts.close()

    assert kinds == [HttpBatchStandings, PostgreSQLFileUploadRepository, Extractor]
    assert (group.name, [route.message for route in group.work], group.max_jobs) == ("file_service", [ReadFile], 6)
