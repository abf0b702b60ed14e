"""Makes a registration out of what a client asked for, or refuses."""

from batch_orchestrator_service.api_models import BatchRegistrationRequestV1, PromptRefBody
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.domain.asked import BatchRegistered
from batch_orchestrator_service.errors import ClassManagementNotAvailable, TooManyEssays
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import NewId
from common_core.enums import PhaseName
from common_core.shared import StorageReference, StorageReferenceMetadata


class Registrar:
    """Gives batches and essays their ids, and batches their deadlines."""

    def __init__(self, decisions: BatchDecisions, settings: BatchOrchestratorSettings, new_id: NewId) -> None:
        self._decisions, self._settings, self._new_id = decisions, settings, new_id

    async def register(self, registration: BatchRegistered) -> None:
        """Make it a batch, within a unit of work."""
        await self._decisions.on(registration.batch_id, registration)

    def registration(self, request: BatchRegistrationRequestV1, correlation_id: str) -> BatchRegistered:
        """The fact to decide on. Raises a RefusedCommand for what is not possible here."""
        if request.class_id is not None and PhaseName.STUDENT_MATCHING not in self._settings.available_phases:
            raise ClassManagementNotAvailable
        if request.expected_essay_count > self._settings.max_essays_per_batch:
            raise TooManyEssays(most=self._settings.max_essays_per_batch)
        prompt = request.student_prompt_ref
        return BatchRegistered(
            batch_id=self._new_id(),
            essay_ids=tuple(self._new_id() for _ in range(request.expected_essay_count)),
            course_code=request.course_code,
            user_id=request.user_id,
            org_id=request.org_id,
            class_id=request.class_id,
            student_prompt_ref=None if prompt is None else storage_reference(prompt),
            assignment_id=request.assignment_id,
            cj_default_llm_model=request.cj_default_llm_model,
            cj_default_temperature=request.cj_default_temperature,
            correlation_id=correlation_id,
            content_seconds=self._settings.content_deadline_seconds,
            silence_seconds=self._settings.content_silence_seconds,
            validation_seconds=self._settings.student_validation_seconds,
        )


def storage_reference(body: PromptRefBody) -> StorageReferenceMetadata:
    """The prompt's reference as messages carry it."""
    references = {
        kind: StorageReference(storage_id=reference.storage_id, path=reference.path)
        for kind, reference in body.references.items()
    }
    return StorageReferenceMetadata(references=references)
