"""What clients can count on: keys, owners, bad requests."""

import asyncio
import json
import uuid
from pathlib import Path

import aiohttp
import asyncpg
import pytest
import zstandard

from common_core.enums import CourseCode
from huleedu.api import Api
from huleedu.job import follow
from tests.acceptance.conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

REGISTRATION = {"expected_essay_count": 2, "course_code": "ENG5", "user_id": "anna"}


@pytest.fixture
def bos(platform: Stage) -> str:
    """BOS's base URL."""
    return platform.addresses["batch_orchestrator_service"]


async def post(url: str, body: object, **headers: str) -> tuple[int, dict[str, object], str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as response:
        return response.status, await response.json(content_type=None), response.content_type


async def test_one_idempotency_key_gives_one_batch_and_one_answer_even_at_the_same_moment(platform: Stage) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    urls = [f"{platform.addresses['batch_orchestrator_service']}/v1/batches/register" for _ in range(6)]
    answers = await asyncio.gather(*(post(url, REGISTRATION, **key) for url in urls))

    assert {status for status, *_ in answers} == {202}
    assert len({str(body["batch_id"]) for _, body, _ in answers}) == 1

    status, problem, _ = await post(urls[0], {**REGISTRATION, "expected_essay_count": 3}, **key)
    assert (status, problem["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_another_teachers_batch_does_not_exist(bos: str) -> None:
    _, body, _ = await post(f"{bos}/v1/batches/register", REGISTRATION)
    async with aiohttp.ClientSession(headers={"X-User-ID": "bo"}) as session:
        for path in ("status", "timeline"):
            async with session.get(f"{bos}/v1/batches/{body['batch_id']}/{path}") as response:
                assert response.status == 404


async def test_every_mistake_in_a_registration_is_named_at_once(bos: str) -> None:
    status, problem, kind = await post(f"{bos}/v1/batches/register", {"expected_essay_count": 0, "course_code": "X"})

    assert (status, kind) == (400, "application/problem+json")
    assert len(problem["errors"]) == 3  # type: ignore[arg-type]  # a list, in this body


async def test_a_pipeline_asked_for_too_early_is_refused_with_what_is_missing(bos: str) -> None:
    _, body, _ = await post(f"{bos}/v1/batches/register", REGISTRATION)
    url = f"{bos}/v1/batches/{body['batch_id']}/pipelines"

    status, problem, _ = await post(url, {"requested_pipeline": "nlp"})

    assert status == 409
    assert problem["code"]


async def test_a_requests_correlation_id_is_on_everything_that_follows_from_it(
    platform: Stage, api: Api, tmp_path: Path
) -> None:
    bos = platform.addresses["batch_orchestrator_service"]
    (tmp_path / "essay.txt").write_text("A short essay that is long enough to be taken for one, by anybody at all.")
    batch_id = await api.register(1, CourseCode.ENG5)
    await api.upload(batch_id, [tmp_path / "essay.txt"])
    while (await api.status(batch_id))["client_status"] != "ready":
        await asyncio.sleep(0.05)

    before = await said(platform, batch_id)
    asked = str(uuid.uuid4())
    url = f"{bos}/v1/batches/{batch_id}/pipelines"
    _, answer, _ = await post(url, {"requested_pipeline": "nlp"}, **{"X-Correlation-ID": asked})
    await follow(api, batch_id, lambda _: None)

    assert answer["correlation_id"] == asked
    since = [each for each in await said(platform, batch_id) if each not in before]
    assert "huleedu.batch.pipeline.completed.v1" in {topic for topic, _ in since}
    assert {json.loads(raw)["correlation_id"] for _, raw in since} == {asked}


async def said(platform: Stage, batch_id: str) -> list[tuple[str, bytes]]:
    """All that any service has said of the batch, and its topic."""
    found: list[tuple[str, bytes]] = []
    for dsn in set(platform.databases.values()):
        con = await asyncpg.connect(dsn)
        rows = await con.fetch("select topic, payload from runtime.log where key = $1", batch_id)
        await con.close()
        found += [(row["topic"], raw) for row in rows for raw in zstandard.decompress(row["payload"]).split(b"\n")]
    return found


async def test_every_service_says_that_it_lives_and_is_ready_and_what_it_measures(platform: Stage) -> None:
    async with aiohttp.ClientSession() as session:
        for name, address in platform.addresses.items():
            async with session.get(f"{address}/healthz") as response:
                assert await response.json() == {"status": "ok"}, name
            async with session.get(f"{address}/readyz") as response:
                assert response.status == 200, (name, await response.text())
            async with session.get(f"{address}/metrics") as response:
                assert "http_requests_total" in await response.text(), name
