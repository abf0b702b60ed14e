"""The NLP service as a whole: its schema, its parts, its HTTP side, and one essay all the way through them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from huleedu_service_libs import migrations
from huleedu_service_libs.process_pool import ProcessPool
from huleedu_service_libs.runtime import PostgresEventBus
from huleedu_service_libs.service import Platform, Service
from huleedu_service_libs.testing import until
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.implementations.language_engine import LanguageAnalysisEngine
from nlp_service.implementations.no_engine import NoAnalysisEngine
from nlp_service.kafka_consumer import NlpKafkaConsumer
from nlp_service.messages import AnalyseEssays
from nlp_service.protocols import AnalysisEngineProtocol
from nlp_service.startup_setup import DEFINITION, container
from nlp_service.tests.nlp_world import world_on

SCRIPTS = Path(__file__).parent.parent / "alembic"


async def test_the_schema_goes_up_down_and_up_and_is_what_the_models_say(database_dsn: str) -> None:
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.downgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.check(database_dsn, SERVICE_NAME, SCRIPTS)


def content_service() -> web.Application:
    """One text, and health."""

    async def text(_: web.Request) -> web.Response:
        return web.Response(body=b"I have a dog. She is brown and very quick.")

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.add_routes([web.get("/v1/content/text-of-a", text), web.get("/healthz", healthz)])
    return app


@asynccontextmanager
async def started(dsn: str, bus: PostgresEventBus, pool: ProcessPool, content: str) -> AsyncIterator[Service]:
    platform = Platform(bus=bus, pool=pool, dsn=dsn, data_dir=Path(), addresses={"content_service": content})
    service = await DEFINITION.start(NlpSettings(), platform)
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(30):
            yield service
    finally:
        running.cancel()
        await asyncio.wait([running])
        await service.close()


async def test_an_essay_goes_all_the_way_through_the_started_service(database_dsn: str) -> None:
    async with (
        world_on(database_dsn) as els,
        TestServer(content_service()) as content,
        ProcessPool(1) as pool,
        started(database_dsn, els.bus, pool, str(content.make_url(""))) as service,
    ):
        client = service.app.test_client()

        async def ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        async def answered() -> bool:
            return bool(await els.rows())

        await until(ready)
        await els.ask(els.essays(a=None))
        await until(answered)

        assert await els.rows() == {("a", 1): None}
        assert (await (await client.get("/healthz")).get_json()) == {"status": "ok"}
        metrics = await (await client.get("/metrics")).get_data(as_text=True)
        assert 'nlp_operations_total{operation_type="essay_analysis",status="success"} 1.0' in metrics


@pytest.mark.parametrize(("name", "engine"), [("language", LanguageAnalysisEngine), ("none", NoAnalysisEngine)])
async def test_the_engine_is_the_one_that_settings_name(
    database_dsn: str, name: str, engine: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NLP_SERVICE_ENGINE", name)
    bus = PostgresEventBus(database_dsn)
    platform = Platform(bus=bus, pool=ProcessPool(1), dsn=database_dsn, data_dir=Path())
    parts = container(NlpSettings.load(), platform)

    assert type(await parts.get(AnalysisEngineProtocol)) is engine
    [group, *_] = (await parts.get(NlpKafkaConsumer)).groups()
    await parts.close()

    assert (group.name, [route.message for route in group.work]) == ("nlp_service", [AnalyseEssays])
