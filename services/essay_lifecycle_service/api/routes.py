"""What can be asked about essays over HTTP."""

from uuid import UUID

from dishka import FromDishka
from quart import Blueprint
from quart_dishka import inject
from quart_schema import validate_response

from essay_lifecycle_service.api_models import BatchStatusAnswer, EssayStatusAnswer, EssayTimelineAnswer
from essay_lifecycle_service.domain import essay_status as rules
from essay_lifecycle_service.errors import BatchNotFound, EssayNotFound
from essay_lifecycle_service.protocols import EssayFactsProtocol
from huleedu_service_libs.problems import refuses

blueprint = Blueprint("essays", __name__, url_prefix="/v1")


@blueprint.get("/essays/<uuid:essay_id>/status")
@validate_response(EssayStatusAnswer)
@refuses(EssayNotFound)
@inject
async def essay_status(essay_id: UUID, facts: FromDishka[EssayFactsProtocol]) -> EssayStatusAnswer:
    """Where this essay stands, and how it got there."""
    essay = await _essay(essay_id, facts)
    timeline = rules.timeline(essay)
    times = sorted(timeline.values())
    return EssayStatusAnswer(
        essay_id=essay.essay_id,
        current_status=rules.status(essay),
        batch_id=essay.batch_id,
        processing_progress=rules.processed(essay),
        timeline=timeline,
        storage_references=rules.references(essay),
        student_id=essay.student.student_id if essay.student else None,
        association_method=essay.student.method if essay.student else None,
        created_at=times[0],
        updated_at=times[-1],
    )


@blueprint.get("/essays/<uuid:essay_id>/timeline")
@validate_response(EssayTimelineAnswer)
@refuses(EssayNotFound)
@inject
async def essay_timeline(essay_id: UUID, facts: FromDishka[EssayFactsProtocol]) -> EssayTimelineAnswer:
    """When this essay entered each status."""
    essay = await _essay(essay_id, facts)
    return EssayTimelineAnswer(essay_id=essay.essay_id, timeline=rules.timeline(essay))


@blueprint.get("/batches/<uuid:batch_id>/status")
@validate_response(BatchStatusAnswer)
@refuses(BatchNotFound)
@inject
async def batch_status(batch_id: UUID, facts: FromDishka[EssayFactsProtocol]) -> BatchStatusAnswer:
    """How many of the batch's essays have which status."""
    batch = await facts.of_batch(str(batch_id))
    if batch is None:
        raise BatchNotFound(batch_id=batch_id)
    return BatchStatusAnswer(
        batch_id=batch.batch_id,
        total_essays=len(batch.essays),
        status_breakdown=rules.breakdown(batch),
        completion_percentage=rules.completion_percentage(batch),
    )


async def _essay(essay_id: UUID, facts: EssayFactsProtocol) -> rules.EssayFacts:
    essay = await facts.of_essay(str(essay_id))
    if essay is None:
        raise EssayNotFound(essay_id=essay_id)
    return essay
