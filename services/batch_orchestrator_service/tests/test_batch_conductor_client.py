"""Asking BCS over real HTTP: what it is asked, what is made of its answers, and what happens while it is away."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.errors import PipelineIncompatible, PipelineRefused, PipelineUnresolved
from batch_orchestrator_service.implementations.batch_conductor_client_impl import BatchConductorClientImpl
from batch_orchestrator_service.protocols import PipelineQuestion
from batch_orchestrator_service.tests.conductor import Conductor
from batch_orchestrator_service.tests.said import BATCH, CORRELATION, NLP, SPELLCHECK, phase
from huleedu_service_libs.circuit_breaker import CircuitOpen
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.metrics import ServiceMetrics


def question(pipeline: str = "nlp") -> PipelineQuestion:
    """For a batch whose spelling is done."""
    return PipelineQuestion(
        batch_id=BATCH,
        requested_pipeline=pipeline,
        correlation_id=CORRELATION,
        prompt_attached=True,
        prompt_source="context",
        assignment_id=None,
        completed_phases=(SPELLCHECK,),
        essay_states={SPELLCHECK: {"succeeded": 2, "failed": 1, "left": 0}},
    )


@pytest.fixture
async def client(conductor: Conductor) -> AsyncIterator[BatchConductorClientImpl]:
    """Asks the conductor, twice if need be; after three failures in a row it leaves it alone."""
    settings = BatchOrchestratorSettings.load(
        environment="testing", http_client_attempts=2, http_client_timeout=0.2, circuit_breaker_failure_threshold=3
    )
    async with PeerClient("batch_conductor_service", conductor.url, settings, ServiceMetrics("bos")) as peer:
        yield BatchConductorClientImpl(peer)


async def test_it_is_told_all_that_it_decides_on(client: BatchConductorClientImpl, conductor: Conductor) -> None:
    phases = await client.resolve(question())

    assert phases == (phase(SPELLCHECK, reuse=True), phase(NLP, SPELLCHECK))
    assert conductor.asked == [
        {
            "batch_id": BATCH,
            "requested_pipeline": "nlp",
            "correlation_id": CORRELATION,
            "batch_metadata": {"prompt_attached": True, "prompt_source": "context", "assignment_id": None},
            "completed_phases": ["spellcheck"],
            "essay_states": {"spellcheck": {"succeeded": 2, "failed": 1, "left": 0}},
        }
    ]


async def test_an_older_bcs_names_the_phases_only_and_they_run_one_after_another(
    client: BatchConductorClientImpl, conductor: Conductor
) -> None:
    conductor.answers = web.json_response({"batch_id": BATCH, "final_pipeline": ["spellcheck", "nlp"]})

    assert await client.resolve(question()) == (phase(SPELLCHECK), phase(NLP, SPELLCHECK))


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ({"code": "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED", "detail": "because"}, PipelineUnresolved),
        ({"code": "BCS_PIPELINE_COMPATIBILITY_FAILED", "detail": "because"}, PipelineIncompatible),
        ({"error": "because"}, PipelineRefused),
    ],
)
async def test_its_refusal_is_told_with_its_reason(
    client: BatchConductorClientImpl, conductor: Conductor, answer: Any, refusal: type[PipelineRefused]
) -> None:
    conductor.answers = web.json_response(answer, status=422)

    with pytest.raises(refusal, match="because"):
        await client.resolve(question())


@pytest.mark.parametrize("answer", ['{"final_pipeline": ["horoscope"]}', '{"phases": []}', "[]", "<html>"])
async def test_an_answer_that_makes_no_sense_starts_nothing(
    client: BatchConductorClientImpl, conductor: Conductor, answer: str
) -> None:
    conductor.answers = web.Response(text=answer)

    with pytest.raises(PipelineRefused, match="not understood"):
        await client.resolve(question())


async def test_it_is_asked_again_while_it_is_away_and_then_left_alone(
    client: BatchConductorClientImpl, conductor: Conductor
) -> None:
    conductor.away = True
    with pytest.raises(Unavailable):
        await client.resolve(question())
    assert len(conductor.asked) == 2

    with pytest.raises(Unavailable):
        await client.resolve(question())
    with pytest.raises(CircuitOpen):
        await client.resolve(question())
    assert len(conductor.asked) == 3


async def test_an_answer_that_does_not_come_in_time_counts_as_away(
    client: BatchConductorClientImpl, conductor: Conductor
) -> None:
    conductor.silent = True

    with pytest.raises(Unavailable):
        await client.resolve(question())


async def test_its_own_trouble_is_nobody_s_refusal(client: BatchConductorClientImpl, conductor: Conductor) -> None:
    conductor.answers = web.json_response({"error": "a bug"}, status=500)

    with pytest.raises(Unavailable):
        await client.resolve(question())
