"""A class's essays get their students: matching is asked once, and what is decided is taken up."""

from collections.abc import Sequence

from common_core.message import Envelope
from common_core.messages.matching import (
    BatchServiceStudentMatchingInitiateCommandDataV1,
    StudentAssociationsConfirmedV1,
)
from essay_lifecycle_service.domain.intake import ready_messages
from essay_lifecycle_service.domain.matching import confirmation_of, matching_request
from essay_lifecycle_service.protocols import MatchingRepositoryProtocol, Outbox
from huleedu_service_libs.runtime import Cause, cause_of


class MatchingHandler:
    """Takes commands to match, and confirmations."""

    def __init__(self, matchings: MatchingRepositoryProtocol, outbox: Outbox) -> None:
        self._matchings, self._outbox = matchings, outbox

    async def start(self, commands: Sequence[Envelope[BatchServiceStudentMatchingInitiateCommandDataV1]]) -> None:
        """Ask matching, once for each batch."""
        outbox, first = self._outbox(), {each.data.entity_id: each for each in reversed(commands)}
        new = await self._matchings.ask(list(first), outbox.now)
        for batch_id, notes in new.items():
            command = first[batch_id]
            outbox.say(matching_request(command.data, notes, outbox.now), cause=cause_of(command))

    async def confirm(self, confirmed: Sequence[Envelope[StudentAssociationsConfirmedV1]]) -> None:
        """Keep who wrote what. The first time, say that the essays are ready, if their intake has ended."""
        outbox = self._outbox()
        for ready in await self._matchings.confirm([confirmation_of(each.data) for each in confirmed], outbox.now):
            batch = ready.registration
            outbox.say(*ready_messages(ready, outbox.now), cause=Cause(batch.correlation_id, batch.metadata))
