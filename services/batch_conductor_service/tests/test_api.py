"""BCS over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from batch_conductor_service.config import BatchConductorSettings
from batch_conductor_service.domain.pipelines import WrongDefinition
from batch_conductor_service.startup_setup import DEFINITION
from huleedu_service_libs.service import Platform, Service
from huleedu_service_libs.testing import NoPool

DEFINE = "/internal/v1/pipelines/define"


class NoBus:
    """BCS reads and says nothing."""

    def subscribe(self, *_: Any) -> None:
        raise AssertionError("nothing is read or said here")

    def said(self, _: Any) -> None:
        raise AssertionError("nothing is read or said here")

    def watch(self, *_: Any) -> None:
        raise AssertionError("nothing is read or said here")

    def trouble(self, _: str) -> str | None:
        raise AssertionError("nothing is read or said here")

    async def run(self) -> None:
        raise AssertionError("nothing is read or said here")


async def started(folder: Path, **settings: Any) -> Service:
    """The service; it has no use for what surrounds it."""
    platform = Platform(bus=NoBus(), pool=NoPool(), dsn="", data_dir=folder)
    return await DEFINITION.start(BatchConductorSettings.load(environment="testing", **settings), platform)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """Asks the service."""
    service = await started(tmp_path)
    yield service.app.test_client()
    await service.close()


def question(pipeline: str, **more: Any) -> dict[str, Any]:
    """What an older BOS asks, and more."""
    return {"batch_id": "b", "requested_pipeline": pipeline, "correlation_id": "c", **more}


async def test_a_pipeline_is_resolved(client: Client) -> None:
    answer = await client.post(DEFINE, json=question("nlp", completed_phases=["spellcheck"]))

    assert answer.status_code == 200
    assert await answer.get_json() == {
        "batch_id": "b",
        "final_pipeline": ["nlp"],
        "analysis_summary": "1 to do: nlp; done already: spellcheck",
        "phases": [
            {"name": "spellcheck", "depends_on": [], "reuse": True},
            {"name": "nlp", "depends_on": ["spellcheck"], "reuse": False},
        ],
    }


async def test_requests_at_the_same_time_do_not_mix(client: Client) -> None:
    answers = await asyncio.gather(
        client.post(DEFINE, json=question("nlp", completed_phases=["spellcheck", "nlp"])),
        client.post(DEFINE, json=question("nlp")),
    )

    assert [(await answer.get_json())["final_pipeline"] for answer in answers] == [[], ["spellcheck", "nlp"]]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (question("horoscope"), 422, "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED"),
        (question("ai_feedback"), 422, "BCS_PIPELINE_COMPATIBILITY_FAILED"),
        (question("nlp", completed_phases=["horoscope"]), 400, "VALIDATION_ERROR"),
        ({}, 400, "VALIDATION_ERROR"),
    ],
)
async def test_a_refusal_has_a_stable_code(client: Client, asked: Any, status: int, code: str) -> None:
    answer = await client.post(DEFINE, json=asked)

    assert (answer.status_code, (await answer.get_json())["code"]) == (status, code)


async def test_the_pipelines_are_listed(client: Client) -> None:
    offered = (await (await client.get("/internal/v1/pipelines")).get_json())["pipelines"]

    assert [each["name"] for each in offered] == ["spellcheck", "nlp", "cj_assessment", "ai_feedback", "comprehensive"]
    assert offered[2]["phases"][1] == {"name": "cj_assessment", "depends_on": ["spellcheck"], "needs_prompt": True}


async def test_a_school_offers_its_own_pipelines(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("phases: {nlp: {}}\npipelines: {quick look: [nlp]}", encoding="utf-8")
    service = await started(tmp_path, pipelines_file=file)

    answer = await service.app.test_client().post(DEFINE, json=question("quick look"))
    assert (await answer.get_json())["final_pipeline"] == ["nlp"]
    await service.close()


async def test_it_does_not_start_with_pipelines_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(WrongDefinition):
        await started(tmp_path, pipelines_file=tmp_path / "nowhere.yaml")
