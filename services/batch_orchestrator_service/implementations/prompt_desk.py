"""Where prompts are set."""

from batch_orchestrator_service.domain.asked import PromptSet
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.errors import BatchNotFound, PromptFixed, PromptNotFound
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.protocols import BatchRepositoryProtocol
from common_core.enums import ContentType
from common_core.shared import StorageReferenceMetadata
from huleedu_service_libs.content_client import ContentClientProtocol, ContentMissing


class PromptDesk:
    """Takes a prompt that Content Service keeps, for a batch that can still use it."""

    def __init__(
        self, batches: BatchRepositoryProtocol, decisions: BatchDecisions, contents: ContentClientProtocol
    ) -> None:
        self._batches, self._decisions, self._contents = batches, decisions, contents

    async def check(self, batch: Batch, prompt: StorageReferenceMetadata) -> None:
        """Raises PromptFixed or PromptNotFound, or Unavailable while Content Service is away."""
        _refuse_fixed(batch)
        storage_id = prompt.references[ContentType.STUDENT_PROMPT_TEXT].storage_id
        try:
            await self._contents.fetch(storage_id)
        except ContentMissing:
            raise PromptNotFound(storage_id=storage_id) from None

    async def set(self, batch_id: str, prompt: StorageReferenceMetadata) -> None:
        """Within a unit of work. Raises PromptFixed if the batch has moved on meanwhile."""
        batch = await self._batches.get_for_update(batch_id)
        if batch is None:
            raise BatchNotFound(batch_id=batch_id)
        _refuse_fixed(batch)
        await self._decisions.on(batch_id, PromptSet(batch_id=batch_id, student_prompt_ref=prompt))


def _refuse_fixed(batch: Batch) -> None:
    if not batch.accepts_prompt:
        raise PromptFixed(status=batch.status)
