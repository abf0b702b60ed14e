"""What other services ask about pipelines, as thin routes."""

from dishka import FromDishka
from quart import Blueprint, Response
from quart_dishka import inject
from quart_schema import document_response, validate_request

from batch_conductor_service.api_models import (
    DefinePipelineRequest,
    DefinePipelineResponse,
    OfferedPhase,
    OfferedPipeline,
    PipelinesResponse,
    PlannedPhaseBody,
)
from batch_conductor_service.domain.pipelines import Catalogue, Pipeline
from batch_conductor_service.domain.resolution import (
    Done,
    PlannedPhase,
    PromptMissing,
    UnknownPipeline,
    resolve,
    summary,
)
from huleedu_service_libs.idempotency import NEEDLESS, uses_key
from huleedu_service_libs.problems import refuses

pipeline_blueprint = Blueprint("pipelines", __name__)


@pipeline_blueprint.post("/internal/v1/pipelines/define")
@uses_key(NEEDLESS)
@validate_request(DefinePipelineRequest)
@document_response(DefinePipelineResponse)
@refuses(UnknownPipeline, PromptMissing)
@inject
async def define_pipeline(data: DefinePipelineRequest, offered: FromDishka[Catalogue]) -> Response:
    """Resolve a pipeline for a batch; nothing is kept."""
    return _answer(definition(offered, data))


@pipeline_blueprint.get("/internal/v1/pipelines")
@document_response(PipelinesResponse)
@inject
async def list_pipelines(offered: FromDishka[Catalogue]) -> Response:
    """Which pipelines there are."""
    return _answer(PipelinesResponse(pipelines=[_offer(offered, each) for each in offered.pipelines.values()]))


def definition(offered: Catalogue, asked: DefinePipelineRequest) -> DefinePipelineResponse:
    """What the request comes down to. Raises UnknownPipeline or PromptMissing."""
    done = Done(frozenset(asked.completed_phases), {name: state.left for name, state in asked.essay_states.items()})
    prompt_attached = asked.batch_metadata is not None and asked.batch_metadata.prompt_attached
    planned = resolve(offered, asked.requested_pipeline, prompt_attached=prompt_attached, done=done)
    return _definition(asked.batch_id, planned)


def _definition(batch_id: str, planned: tuple[PlannedPhase, ...]) -> DefinePipelineResponse:
    return DefinePipelineResponse(
        batch_id=batch_id,
        final_pipeline=[phase.name for phase in planned if not phase.reuse],
        analysis_summary=summary(planned),
        phases=[
            PlannedPhaseBody(name=phase.name, depends_on=list(phase.depends_on), reuse=phase.reuse) for phase in planned
        ],
    )


def _offer(offered: Catalogue, pipeline: Pipeline) -> OfferedPipeline:
    definitions = [(name, offered.phases[name]) for name in pipeline.phases]
    return OfferedPipeline(
        name=pipeline.name,
        phases=[
            OfferedPhase(name=name, depends_on=sorted(phase.depends_on), needs_prompt=phase.needs_prompt)
            for name, phase in definitions
        ],
    )


def _answer(body: DefinePipelineResponse | PipelinesResponse) -> Response:
    return Response(body.model_dump_json(), content_type="application/json")
