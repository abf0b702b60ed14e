"""Which messages this service hears, and who handles them."""

from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
    BatchValidationErrorsV1,
)
from common_core.messages.classes import EssayStudentAssociationUpdatedV1
from common_core.messages.content import EssaySlotAssignedV1, EssayValidationFailedV1, ExcessContentProvisionedV1
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1, BatchWaitGivenUpV1
from common_core.messages.nlp import EssayNlpCompletedV1
from common_core.messages.pipeline import (
    BatchServiceAIFeedbackInitiateCommandDataV1,
    BatchServiceCJAssessmentInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    ELSBatchPhaseOutcomeV1,
)
from common_core.messages.spellcheck import SpellcheckResultV1
from huleedu_service_libs.runtime.routing import Group, on, on_run
from result_aggregator_service.domain.awaiting import ResultsAwaited
from result_aggregator_service.implementations.batch_fact_handler import BatchFactHandler
from result_aggregator_service.implementations.batch_table import BatchTable
from result_aggregator_service.implementations.essay_handler import EssayHandler
from result_aggregator_service.implementations.run_end_handler import RunEndHandler

GROUP = "result_aggregator_service"


class ResultKafkaConsumer:
    """The routing table, bound to this service's handlers."""

    def __init__(
        self, batches: BatchFactHandler, essays: EssayHandler, run_ends: RunEndHandler, table: BatchTable
    ) -> None:
        self._batches, self._essays, self._run_ends, self._table = batches, essays, run_ends, table

    def groups(self) -> list[Group]:
        """One group: results are read where batches are."""
        return [
            Group(
                name=GROUP,
                states=self._table,
                routes=(
                    on(BatchEssaysRegistered, self._batches.handle),
                    on(BatchContentProvisioningCompletedV1, self._batches.handle),
                    on(BatchEssaysReady, self._batches.handle),
                    on(BatchValidationErrorsV1, self._batches.handle),
                    on(BatchServiceSpellcheckInitiateCommandDataV1, self._batches.handle),
                    on(BatchServiceNLPInitiateCommandDataV1, self._batches.handle),
                    on(BatchServiceCJAssessmentInitiateCommandDataV1, self._batches.handle),
                    on(BatchServiceAIFeedbackInitiateCommandDataV1, self._batches.handle),
                    on(ELSBatchPhaseOutcomeV1, self._batches.handle),
                    on(BatchRunCancelledV1, self._batches.handle),
                    on(BatchResumedV1, self._batches.handle),
                    on(BatchWaitGivenUpV1, self._batches.handle),
                    on_run(EssaySlotAssignedV1, self._essays.slots_assigned, idempotent=True),
                    on_run(EssayStudentAssociationUpdatedV1, self._essays.students_named, idempotent=True),
                    on_run(EssayValidationFailedV1, self._essays.validations_failed, idempotent=True),
                    on_run(ExcessContentProvisionedV1, self._essays.excess_provisioned, idempotent=True),
                    on_run(SpellcheckResultV1, self._essays.spellchecked, idempotent=True),
                    on_run(EssayNlpCompletedV1, self._essays.analysed, idempotent=True),
                    on_run(BatchPipelineCompletedV1, self._run_ends.run_ended),
                    on_run(ResultsAwaited, self._run_ends.still_awaited),
                ),
            )
        ]
