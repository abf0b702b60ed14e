"""The service layer, with its parts in memory: what happens between one thing and the next."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from batch_orchestrator_service.api_models import BatchRegistrationRequestV1, PipelineRequest
from batch_orchestrator_service.errors import ClassManagementNotAvailable, RunActive, StudentsNotConfirmed
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.implementations.pipeline_desk import PipelineDesk
from batch_orchestrator_service.implementations.pipeline_request_handler import PipelineRequestHandler
from batch_orchestrator_service.implementations.students_handler import StudentsHandler
from batch_orchestrator_service.protocols import BatchProcessingServiceProtocol
from batch_orchestrator_service.tests.in_memory import InMemory
from batch_orchestrator_service.tests.said import (
    AT,
    CLASS,
    CORRELATION,
    SPELLCHECK,
    cancel,
    confirmed,
    phase,
    provisioned,
    ready,
    resolved,
)
from common_core.enums import ClassType, CourseCode, NotificationPriority
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1, MatchingSummary
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.pipeline import ClientBatchPipelineRequestV1, PhaseCommand, PipelineDeniedV1
from huleedu_service_libs.runtime.effects import Work


@pytest.fixture
async def world() -> AsyncIterator[InMemory]:
    """The parts."""
    world = InMemory()
    yield world
    await world.container.close()


@pytest.fixture
async def batch_id(world: InMemory) -> str:
    """A batch of one that is ready."""
    service = await world.container.get(BatchProcessingServiceProtocol)
    request = BatchRegistrationRequestV1(expected_essay_count=1, course_code=CourseCode.ENG5, user_id="teacher-1")
    batch_id: str = (await service.register_new_batch(request, CORRELATION)).batch_id
    batch = await world.batches.get(batch_id)
    assert batch is not None
    await (await world.container.get(BatchDecisions)).on(batch_id, provisioned(batch.essays.ids, batch_id=batch_id))
    return batch_id


@pytest.fixture
async def overtaken(world: InMemory, batch_id: str) -> str:
    """While BCS is asked, somebody else starts a run; its id."""
    decisions = await world.container.get(BatchDecisions)
    quicker = resolved(phase(SPELLCHECK), run="the quicker run", batch_id=batch_id)
    world.conductor.meanwhile = lambda: decisions.on(batch_id, quicker)
    return quicker.run_id


@pytest.fixture
async def handler(world: InMemory) -> PipelineRequestHandler:
    """What handles requests that come as messages."""
    desk = await world.container.get(PipelineDesk)
    return PipelineRequestHandler(world.batches, world.publisher, desk, world.watch)


def request(batch_id: str) -> ClientBatchPipelineRequestV1:
    """The owner asks for spelling, by a message."""
    return ClientBatchPipelineRequestV1(
        batch_id=batch_id,
        requested_pipeline="spellcheck",
        client_correlation_id=CORRELATION,
        user_id="teacher-1",
    )


def commanded_runs(world: InMemory) -> list[str | None]:
    """The runs of the commands that were sent."""
    return [effect.run_id for effect in world.publisher.effects if isinstance(effect, PhaseCommand)]


async def test_a_request_that_is_overtaken_is_refused_with_the_run_that_was_quicker(
    world: InMemory, batch_id: str, overtaken: str
) -> None:
    service = await world.container.get(BatchProcessingServiceProtocol)

    with pytest.raises(RunActive, match=overtaken):
        await service.request_pipeline(batch_id, PipelineRequest(requested_pipeline="spellcheck"), None, CORRELATION)
    assert commanded_runs(world) == [overtaken]


CLASS_REQUEST = BatchRegistrationRequestV1(
    expected_essay_count=2, course_code=CourseCode.ENG5, user_id="teacher-1", class_id=CLASS
)


async def test_a_class_is_taken_only_where_somebody_finds_its_students() -> None:
    world = InMemory(available_phases=frozenset({SPELLCHECK}))
    service = await world.container.get(BatchProcessingServiceProtocol)

    with pytest.raises(ClassManagementNotAvailable):
        await service.register_new_batch(CLASS_REQUEST, CORRELATION)
    assert world.publisher.effects == []
    await world.container.close()


async def test_a_classs_batch_refuses_pipelines_until_its_students_are_known(world: InMemory) -> None:
    service = await world.container.get(BatchProcessingServiceProtocol)
    decisions = await world.container.get(BatchDecisions)
    students = StudentsHandler(decisions)
    batch_id = (await service.register_new_batch(CLASS_REQUEST, CORRELATION)).batch_id
    batch = await world.batches.get(batch_id)
    assert batch is not None
    await decisions.on(batch_id, provisioned(batch.essays.ids, batch_id=batch_id))

    asked = PipelineRequest(requested_pipeline="spellcheck")
    with pytest.raises(StudentsNotConfirmed):
        await service.request_pipeline(batch_id, asked, None, CORRELATION)

    await students.suggested(matches(batch_id, matched=1, total=2))
    await students.confirmed(replace(confirmed(), batch_id=batch_id))
    await decisions.on(batch_id, ready(batch.essays.ids, batch_id, ClassType.REGULAR))
    await service.request_pipeline(batch_id, asked, None, CORRELATION)
    assert len(commanded_runs(world)) == 1
    facts = (await service.timeline(batch_id, None, 0, 10)).facts
    assert {"batch_id": batch_id, "matched": 1, "unmatched": 1} in [fact.data for fact in facts]


async def test_a_pipeline_after_a_cancellation_is_accepted_and_begins_once_its_students_are_known(
    world: InMemory,
) -> None:
    service = await world.container.get(BatchProcessingServiceProtocol)
    decisions = await world.container.get(BatchDecisions)
    batch_id = (await service.register_new_batch(CLASS_REQUEST, CORRELATION)).batch_id
    batch = await world.batches.get(batch_id)
    assert batch is not None
    for fact in (provisioned(batch.essays.ids, batch_id=batch_id), replace(cancel(), batch_id=batch_id)):
        await decisions.on(batch_id, fact)

    asked = PipelineRequest(requested_pipeline="spellcheck")
    answer = await service.request_pipeline(batch_id, asked, None, CORRELATION)
    assert answer.message == "Pipeline spellcheck begins once it is confirmed who wrote the essays."
    assert [phase.name for phase in answer.phases] == [SPELLCHECK]
    assert commanded_runs(world) == []

    for named in (replace(confirmed(), batch_id=batch_id), ready(batch.essays.ids, batch_id, ClassType.REGULAR)):
        await decisions.on(batch_id, named)
    assert commanded_runs(world) == [answer.run_id]


def matches(batch_id: str, *, matched: int, total: int) -> BatchAuthorMatchesSuggestedV1:
    """Matching: for so many somebody is suggested."""
    return BatchAuthorMatchesSuggestedV1(
        entity_id=batch_id,
        timestamp=AT,
        batch_id=batch_id,
        class_id=CLASS,
        course_code=CourseCode.ENG5,
        match_results=[],
        processing_summary=MatchingSummary(
            total_essays=total, processed=total, matched=matched, unmatched=total - matched, failed=0
        ),
    )


async def test_a_message_that_asks_for_a_pipeline_is_slow_work(
    world: InMemory, handler: PipelineRequestHandler
) -> None:
    await handler.handle(request("b"))

    assert world.publisher.effects == [Work(request("b"))]


async def test_work_that_is_overtaken_is_denied(
    world: InMemory, batch_id: str, overtaken: str, handler: PipelineRequestHandler
) -> None:
    await handler.conclude(request(batch_id), await handler.perform(request(batch_id)))

    (denied,) = [effect for effect in world.publisher.effects if isinstance(effect, PipelineDeniedV1)]
    assert denied.denial_code == "PIPELINE_ALREADY_ACTIVE"
    assert commanded_runs(world) == [overtaken]


async def test_whoever_asked_in_a_message_is_told_of_the_denial(
    world: InMemory, batch_id: str, overtaken: str, handler: PipelineRequestHandler
) -> None:
    await handler.conclude(request(batch_id), await handler.perform(request(batch_id)))

    told = world.publisher.effects[-1]
    assert isinstance(told, TeacherNotificationRequestedV1)
    assert (told.notification_type, told.priority) == ("pipeline_denied_refused", NotificationPriority.IMMEDIATE)
    assert (told.teacher_id, told.batch_id, told.correlation_id) == ("teacher-1", batch_id, CORRELATION)
    assert told.payload["denial_code"] == "PIPELINE_ALREADY_ACTIVE"
    assert overtaken in told.payload["message"]


async def test_work_that_cannot_be_done_is_denied_too(world: InMemory, handler: PipelineRequestHandler) -> None:
    await handler.abandon(request("b"), ValueError("a bug"))

    (denied,) = [effect for effect in world.publisher.effects if isinstance(effect, PipelineDeniedV1)]
    assert (denied.denial_code, denied.batch_id) == ("INTERNAL_ERROR", "b")
