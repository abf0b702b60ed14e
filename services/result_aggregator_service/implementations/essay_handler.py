"""What comes essay by essay, and so in runs: slots, files that became no essay, results."""

from collections.abc import Sequence

from common_core.message import Envelope
from common_core.messages.classes import EssayStudentAssociationUpdatedV1
from common_core.messages.content import EssaySlotAssignedV1, EssayValidationFailedV1, ExcessContentProvisionedV1
from common_core.messages.nlp import EssayNlpCompletedV1
from common_core.messages.spellcheck import SpellcheckResultV1
from result_aggregator_service.domain.results import (
    analysis_of,
    excess_file_of,
    failed_file_of,
    slot_of,
    spelling_of,
)
from result_aggregator_service.domain.students import student_of
from result_aggregator_service.protocols import ResultRepositoryProtocol


class EssayHandler:
    """One statement a run."""

    def __init__(self, repository: ResultRepositoryProtocol) -> None:
        self._repository = repository

    async def slots_assigned(self, run: Sequence[Envelope[EssaySlotAssignedV1]]) -> None:
        """Essays have got their texts."""
        await self._repository.fill([slot_of(envelope.data) for envelope in run])

    async def students_named(self, run: Sequence[Envelope[EssayStudentAssociationUpdatedV1]]) -> None:
        """It was decided, or corrected, who wrote essays."""
        await self._repository.name([student_of(envelope.data) for envelope in run])

    async def validations_failed(self, run: Sequence[Envelope[EssayValidationFailedV1]]) -> None:
        """Files cannot be used."""
        await self._repository.set_aside([failed_file_of(envelope.data) for envelope in run])

    async def excess_provisioned(self, run: Sequence[Envelope[ExcessContentProvisionedV1]]) -> None:
        """Files have found no free slot."""
        await self._repository.set_aside([excess_file_of(envelope.data) for envelope in run])

    async def spellchecked(self, run: Sequence[Envelope[SpellcheckResultV1]]) -> None:
        """Essays have been spell-checked."""
        await self._repository.record([spelling_of(envelope.data) for envelope in run])

    async def analysed(self, run: Sequence[Envelope[EssayNlpCompletedV1]]) -> None:
        """Essays have been analysed."""
        await self._repository.record([analysis_of(envelope.data) for envelope in run])
