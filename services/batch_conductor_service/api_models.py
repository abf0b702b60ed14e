"""Request and response bodies."""

from typing import Annotated

from pydantic import BaseModel, Field

from common_core.enums import PhaseName


class BatchMetadata(BaseModel):
    """What matters about a batch: whether there is a prompt, and from where."""

    prompt_attached: bool = False
    prompt_source: str = "none"
    assignment_id: str | None = None


class EssayState(BaseModel):
    """How a phase went for a batch's essays, and how many it has not been over."""

    succeeded: int = Field(default=0, ge=0)
    failed: int = Field(default=0, ge=0)
    left: int = Field(default=0, ge=0)


class DefinePipelineRequest(BaseModel):
    """What does this pipeline come down to, for a batch that has done so much?"""

    batch_id: Annotated[str, Field(min_length=1, max_length=255)]
    requested_pipeline: Annotated[str, Field(min_length=1, max_length=100)]
    correlation_id: str = ""
    batch_metadata: BatchMetadata | None = None
    completed_phases: list[PhaseName] = []
    essay_states: dict[PhaseName, EssayState] = {}


class PlannedPhaseBody(BaseModel):
    """A phase of the run; with `reuse`, what it gave before is used again."""

    name: PhaseName
    depends_on: list[PhaseName]
    reuse: bool


class DefinePipelineResponse(BaseModel):
    """`final_pipeline` names what is left to do, in order: nothing, if all is done."""

    batch_id: str
    final_pipeline: list[PhaseName]
    analysis_summary: str
    phases: list[PlannedPhaseBody]


class OfferedPhase(BaseModel):
    """A phase of a pipeline that is offered."""

    name: PhaseName
    depends_on: list[PhaseName]
    needs_prompt: bool


class OfferedPipeline(BaseModel):
    """A pipeline that can be asked for."""

    name: str
    phases: list[OfferedPhase]


class PipelinesResponse(BaseModel):
    """All pipelines that can be asked for."""

    pipelines: list[OfferedPipeline]
