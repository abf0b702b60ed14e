"""Files of a class come in, before or after their batch is registered: place them, and say when all are in."""

from collections.abc import Sequence

from common_core.message import Envelope
from common_core.messages.batch import BatchContentDeadlinePassedV1, BatchEssaysRegistered
from common_core.messages.content import EssayContentProvisionedV1, EssayValidationFailedV1
from essay_lifecycle_service.domain.intake import (
    IntakeStep,
    ending_messages,
    placing_messages,
    registration_of,
    upload_of,
)
from essay_lifecycle_service.protocols import IntakeRepositoryProtocol, Outbox
from huleedu_service_libs.runtime import Cause


class IntakeHandler:
    """Takes in registrations, files, failed files and deadlines."""

    def __init__(self, intakes: IntakeRepositoryProtocol, outbox: Outbox) -> None:
        self._intakes, self._outbox = intakes, outbox

    async def register(self, registered: Sequence[Envelope[BatchEssaysRegistered]]) -> None:
        """New batches: files that were early take their slots."""
        batches = [registration_of(each.data, each.correlation_id, each.metadata) for each in registered]
        self._say(await self._intakes.register(batches, self._outbox().now))

    async def receive(
        self, files: Sequence[Envelope[EssayContentProvisionedV1]] | Sequence[Envelope[EssayValidationFailedV1]]
    ) -> None:
        """Files that became texts, or that could not."""
        uploads = [upload_of(each.data) for each in files]
        self._say(await self._intakes.receive(uploads, self._outbox().now))

    async def close(self, passed: Sequence[Envelope[BatchContentDeadlinePassedV1]]) -> None:
        """The time for files is over: go on with what there is."""
        batch_ids = list(dict.fromkeys(each.data.batch_id for each in passed))
        self._say(await self._intakes.close(batch_ids, self._outbox().now))

    def _say(self, step: IntakeStep) -> None:
        outbox = self._outbox()
        for placed in step.placed:
            outbox.say(*placing_messages(placed, outbox.now), cause=Cause(placed.upload.correlation_id))
        for ended in step.ended:
            batch = ended.registration
            outbox.say(*ending_messages(ended, outbox.now), cause=Cause(batch.correlation_id, batch.metadata))
