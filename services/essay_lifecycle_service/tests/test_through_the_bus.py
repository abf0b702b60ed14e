"""The whole service on the real event bus: from a batch's registration to its phases' outcomes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from common_core.enums import BatchStatus, PhaseName
from common_core.message import Message
from common_core.messages.batch import BatchContentProvisioningCompletedV1, BatchEssaysReady
from common_core.messages.content import EssaySlotAssignedV1
from common_core.messages.nlp import BatchNlpProcessingRequestedV2
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1, SpellcheckPhaseCompletedV1
from common_core.shared import EssayProcessingInputRefV1
from essay_lifecycle_service.config import Settings
from essay_lifecycle_service.startup_setup import DEFINITION
from essay_lifecycle_service.tests import said
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.runtime import Cause, Database, Group, PostgresEventBus, UnitOfWork, on
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import NoPool

ESSAYS = ("ada", "bo", "cy")


class School:
    """Everybody around the service: says what others say, and hears what it says."""

    def __init__(self, dsn: str, bus: PostgresEventBus) -> None:
        self._dsn, self._bus = dsn, bus
        self._heard: asyncio.Queue[Message] = asyncio.Queue()

    async def listen(self, *messages: type[Message]) -> None:
        """Hear all of these."""
        self._database = await Database.connect(self._dsn, "listener")
        routes = tuple(on(message, self._heard.put) for message in messages)
        self._bus.subscribe(self._database, [Group(name="listener", routes=routes)])

    async def say(self, *messages: Message) -> None:
        """Say these in one transaction, each as its own producer does."""
        async with self._database.transaction() as con:
            units = {message.producer: UnitOfWork(con, "school", message.producer, said.AT) for message in messages}
            for message in messages:
                units[message.producer].say(message, cause=Cause("request"))
            for unit in units.values():
                await unit.flush()
        self._bus.said({message.topic for message in messages})

    async def hears(self, count: int = 1) -> Sequence[Any]:
        """The next so many messages."""
        async with asyncio.timeout(20):
            return [await self._heard.get() for _ in range(count)]

    async def close(self) -> None:
        """Hang up."""
        await self._database.close()


@pytest.fixture
async def stage(service_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[School, ServiceApp]]:
    bus = PostgresEventBus(service_dsn)
    school = School(service_dsn, bus)
    await school.listen(
        EssaySlotAssignedV1,
        BatchContentProvisioningCompletedV1,
        BatchEssaysReady,
        EssayLifecycleSpellcheckRequestV1,
        BatchNlpProcessingRequestedV2,
        ELSBatchPhaseOutcomeV1,
    )
    settings = Settings.load(port=0)
    service = await DEFINITION.start(settings, Platform(bus=bus, pool=NoPool(), dsn=service_dsn, data_dir=tmp_path))
    running = asyncio.create_task(bus.run())
    assert isinstance(service.app, ServiceApp)
    yield school, service.app
    running.cancel()
    await asyncio.wait([running])
    await service.close()
    await school.close()


def answer(request: EssayLifecycleSpellcheckRequestV1, *, error: str | None = None) -> SpellcheckPhaseCompletedV1:
    return SpellcheckPhaseCompletedV1(
        entity_id=request.entity_id,
        batch_id=request.parent_id,
        correlation_id="request",
        status="failed" if error else "completed",
        corrected_text_storage_id=None if error else f"corrected-{request.text_storage_id}",
        error_code=error,
        processing_duration_ms=3,
        timestamp=said.AT,
        spellcheck_metrics=None if error else said.METRICS,
        run_id=request.run_id,
        attempt=request.attempt,
    )


async def test_a_batch_goes_from_registration_through_two_phases(stage: tuple[School, ServiceApp]) -> None:
    school, app = stage
    await school.say(said.registered("9b", ESSAYS), *(said.provisioned("9b", essay) for essay in ESSAYS))
    *assigned, completed, ready = await school.hears(5)
    assert {slot.essay_id for slot in assigned} == {said.id_of(essay) for essay in ESSAYS}
    assert completed.provisioned_count == 3
    assert ready.ready_essays == completed.essays_for_processing

    await school.say(said.spellcheck("9b", ESSAYS))
    first, *others = await school.hears(3)
    await school.say(answer(first, error="TEXT_UNREADABLE"), *map(answer, others))
    [spelled] = await school.hears()
    assert spelled.phase_status == BatchStatus.COMPLETED_WITH_FAILURES
    assert spelled.failed_essay_ids == [first.entity_id]
    assert spelled.error_codes == {first.entity_id: "TEXT_UNREADABLE"}
    assert spelled.processed_essays == [
        EssayProcessingInputRefV1(
            essay_id=request.entity_id,
            text_storage_id=f"corrected-{request.text_storage_id}",
            spellcheck_metrics=said.METRICS,
        )
        for request in others
    ]

    await school.say(said.analyse("9b", spelled.processed_essays))
    [request] = await school.hears()
    assert request.essays_to_process == spelled.processed_essays
    await school.say(said.analysed("9b", ESSAYS[1:2]))
    await school.say(said.analysed("9b", ESSAYS[2:]))
    [analysed] = await school.hears()
    assert (analysed.phase_name, analysed.phase_status) == (PhaseName.NLP, BatchStatus.COMPLETED_SUCCESSFULLY)
    assert analysed.processed_essays == spelled.processed_essays

    response = await app.test_client().get(f"/v1/batches/{said.id_of('9b')}/status")
    assert await response.get_json() == {
        "batch_id": said.id_of("9b"),
        "total_essays": 3,
        "status_breakdown": {"spellcheck_failed": 1, "nlp_success": 2},
        "completion_percentage": 100.0,
    }
