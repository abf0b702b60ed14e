"""Where requests for pipelines are worked out and carried out, however they came."""

from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.domain.admission import essay_states, refusal
from batch_orchestrator_service.domain.asked import PipelineResolved, ResolvedPhase
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.run import Run
from batch_orchestrator_service.errors import BatchCancelled, BatchNotFound, PhaseNotAvailable, PipelineRefused
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import BatchConductorClientProtocol, NewId, PipelineQuestion
from common_core.enums import PhaseName
from common_core.messages.pipeline import PromptPayload


class PipelineDesk:
    """Asks BCS what a pipeline comes down to, and whether all of it can be done here."""

    def __init__(
        self,
        conductor: BatchConductorClientProtocol,
        decisions: BatchDecisions,
        settings: BatchOrchestratorSettings,
        new_id: NewId,
    ) -> None:
        self._conductor, self._decisions = conductor, decisions
        self._available, self._new_id = settings.available_phases, new_id

    async def resolve(
        self, batch: Batch, pipeline: str, payload: PromptPayload, correlation_id: str, reason: str | None = None
    ) -> PipelineResolved:
        """The fact that starts the run. Raises a RefusedCommand, or Unavailable while BCS is away."""
        if (refused := refusal(batch)) is not None:
            raise refused
        if pipeline in set(PhaseName) - self._available:  # named after its last phase: no need to work it out
            raise PhaseNotAvailable(phases=pipeline)
        phases = await self._conductor.resolve(_question(batch, pipeline, payload, correlation_id))
        self._refuse_unavailable(phases)
        return PipelineResolved(
            batch_id=batch.batch_id,
            run_id=self._new_id(),
            as_of=batch.version,
            asked_by=batch.registration.user_id,
            reason=reason,
            requested_pipeline=pipeline,
            phases=phases,
            correlation_id=correlation_id,
            student_prompt_ref=payload.cms_prompt_ref,
            assignment_id=payload.assignment_id,
        )

    async def start(self, resolved: PipelineResolved) -> Run | None:
        """Start the run, within a unit of work; None: it begins once it is confirmed who wrote the essays.

        Raises a RefusedCommand if the batch has moved on meanwhile.
        """
        batch = await self._decisions.on(resolved.batch_id, resolved)
        if batch is None:
            raise BatchNotFound(batch_id=resolved.batch_id)
        if batch.runs and batch.runs[-1].run_id == resolved.run_id:
            return batch.runs[-1]
        if batch.next_run == resolved:
            return None
        raise refusal(batch) or (BatchCancelled() if batch.cancelled else PipelineRefused())

    def _refuse_unavailable(self, phases: tuple[ResolvedPhase, ...]) -> None:
        missing = [phase.name for phase in phases if not phase.reuse and phase.name not in self._available]
        if missing:
            raise PhaseNotAvailable(phases=", ".join(missing))


def _question(batch: Batch, pipeline: str, payload: PromptPayload, correlation_id: str) -> PipelineQuestion:
    source = _prompt_source(batch, payload)
    return PipelineQuestion(
        batch_id=batch.batch_id,
        requested_pipeline=pipeline,
        correlation_id=correlation_id,
        prompt_attached=source != "none",
        prompt_source=source,
        assignment_id=payload.assignment_id or batch.assignment_id,
        completed_phases=tuple(batch.done),
        essay_states=essay_states(batch),
    )


def _prompt_source(batch: Batch, payload: PromptPayload) -> str:
    """Where the prompt comes from, in BCS's words: the request goes before the batch."""
    if payload.assignment_id or (batch.assignment_id and payload.cms_prompt_ref is None and batch.prompt is None):
        return "canonical"
    if payload.cms_prompt_ref is not None:
        return "cms"
    return "context" if batch.prompt is not None else "none"
