"""The spellchecker as a whole: its schema, its parts, its HTTP side, and one essay all the way through them."""

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
from spellchecker_service.config import SERVICE_NAME, SpellcheckerSettings
from spellchecker_service.kafka_consumer import SpellcheckerKafkaConsumer
from spellchecker_service.startup_setup import DEFINITION, container
from spellchecker_service.tests.spelling_world import world_on

SCRIPTS = Path(__file__).parent.parent / "alembic"


async def test_the_schema_goes_up_down_and_up_and_is_what_the_models_say(database_dsn: str) -> None:
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.downgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.upgrade(database_dsn, SERVICE_NAME, SCRIPTS)
    await migrations.check(database_dsn, SERVICE_NAME, SCRIPTS)


def content_service(kept: list[bytes]) -> web.Application:
    """One text, health, and a note of what is to be kept."""

    async def text(_: web.Request) -> web.Response:
        return web.Response(body=b"I read teh text.")

    async def keep(request: web.Request) -> web.Response:
        kept.append(await request.read())
        return web.json_response({"storage_id": "f" * 32, "correlation_id": ""}, status=201)

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.add_routes(
        [web.get("/v1/content/text-of-a", text), web.post("/v1/content", keep), web.get("/healthz", healthz)]
    )
    return app


@asynccontextmanager
async def started(platform: Platform, bus: PostgresEventBus) -> AsyncIterator[Service]:
    service = await DEFINITION.start(SpellcheckerSettings(), platform)
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(30):
            yield service
    finally:
        running.cancel()
        await asyncio.wait([running])
        await service.close()


async def test_an_essay_goes_all_the_way_through_the_started_service(database_dsn: str) -> None:
    kept: list[bytes] = []
    async with world_on(database_dsn) as els, TestServer(content_service(kept)) as content:
        addresses = {"content_service": str(content.make_url(""))}
        platform = Platform(bus=els.bus, pool=els.pool, dsn=database_dsn, data_dir=Path(), addresses=addresses)
        async with started(platform, els.bus) as service:
            client = service.app.test_client()

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            async def answered() -> bool:
                return bool(await els.rows())

            await until(ready)
            await els.ask(a=None)
            await until(answered)

            assert await els.rows() == {"a": (1, None)}
            assert kept == [b"I read the text."]
            assert (await (await client.get("/healthz")).get_json()) == {"status": "ok"}
            metrics = await (await client.get("/metrics")).get_data(as_text=True)
            assert 'spell_checker_operations_total{language="en",status="success"} 1.0' in metrics


@pytest.mark.parametrize(("name", "works"), [("language", True), ("none", False)])
async def test_the_engine_is_the_one_that_settings_name(
    database_dsn: str, name: str, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPELLCHECKER_SERVICE_ENGINE", name)
    bus = PostgresEventBus(database_dsn)
    platform = Platform(bus=bus, pool=ProcessPool(1), dsn=database_dsn, data_dir=Path())
    parts = container(SpellcheckerSettings.load(), platform)

    [group, _] = (await parts.get(SpellcheckerKafkaConsumer)).groups()
    await parts.close()

    assert (group.name, bool(group.work)) == ("spellchecker_service", works)
