"""Hears what matching suggests, when a teacher has been waited for long enough, and whether anybody waits at all."""

from collections.abc import Sequence
from datetime import timedelta

from class_management_service.config import ClassManagementSettings
from class_management_service.domain.associations import Associations, Known
from class_management_service.domain.decide import decide
from class_management_service.domain.facts import (
    BatchCancelled,
    BatchResumed,
    ConfirmationDue,
    ConfirmationOverdue,
    Fact,
    MatchesSuggested,
    naming_nobody,
)
from class_management_service.implementations.placeholders import unknown_id, unknown_student
from class_management_service.protocols import (
    AssociationRepositoryProtocol,
    ClassRepositoryProtocol,
    StudentRepositoryProtocol,
)
from common_core.message import Envelope
from common_core.messages.control import BatchResumedV1, BatchRunCancelledV1
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1
from huleedu_service_libs.runtime.unit_of_work import Cause, cause_of, current_unit

Suggested = Sequence[Envelope[BatchAuthorMatchesSuggestedV1]]
Cancelled = Sequence[Envelope[BatchRunCancelledV1]]
Resumed = Sequence[Envelope[BatchResumedV1]]
Due = Sequence[Envelope[ConfirmationDue]]


class MatchesHandler:
    """Many batches at once, in as many statements as for one."""

    def __init__(
        self,
        associations: AssociationRepositoryProtocol,
        classes: ClassRepositoryProtocol,
        students: StudentRepositoryProtocol,
        settings: ClassManagementSettings,
    ) -> None:
        self._associations, self._classes, self._students = associations, classes, students
        self._patience = timedelta(seconds=settings.confirmation_seconds)

    async def suggested(self, envelopes: Suggested) -> None:
        """Keep the suggestions, and wait for the teacher whose batch it is; nobody of another's class is named."""
        await self._associations.hold([envelope.data.batch_id for envelope in envelopes])
        owners = await self._classes.owners([envelope.data.class_id for envelope in envelopes])
        for envelope in envelopes:
            owner, asker = owners.get(envelope.data.class_id), (envelope.metadata or {}).get("user_id")
            is_another = owner is not None and asker not in (None, owner)
            fact = MatchesSuggested(
                matches=naming_nobody(envelope.data) if is_another else envelope.data,
                user_id=asker or owner or "",
                unknown_id=unknown_id(envelope.data.class_id),
                until=current_unit().now + self._patience,
                correlation_id=envelope.correlation_id,
            )
            await self._decide(envelope.data.batch_id, fact, cause_of(envelope))

    async def overdue(self, envelopes: Due) -> None:
        """Decide what nobody has decided."""
        await self._associations.hold([envelope.data.batch_id for envelope in envelopes])
        known = [await self._associations.held(each.data.batch_id) for each in envelopes]
        waiting = [batch for batch in known if isinstance(batch, Associations)]
        rosters = await self._students.held_rosters(sorted({batch.class_id for batch in waiting}))
        causes = {envelope.data.batch_id: cause_of(envelope) for envelope in envelopes}
        decided = []
        for batch in waiting:
            cause = causes[batch.batch_id]
            fact = ConfirmationOverdue(students=rosters[batch.class_id], correlation_id=cause.correlation_id)
            decided.append(await self._decide(batch.batch_id, fact, cause))
        answered = [batch for batch in decided if isinstance(batch, Associations)]
        unknown = {batch.unknown_id: batch for batch in answered if batch.essays_of(batch.unknown_id)}
        await self._students.add_placeholders([unknown_student(each, current_unit().now) for each in unknown.values()])

    async def cancelled(self, envelopes: Cancelled) -> None:
        """Wait no longer, nor begin to."""
        await self._associations.hold([envelope.data.batch_id for envelope in envelopes])
        for envelope in envelopes:
            said, correlation_id = envelope.data, envelope.correlation_id
            fact = BatchCancelled(batch_id=said.batch_id, version=said.version, correlation_id=correlation_id)
            await self._decide(said.batch_id, fact, cause_of(envelope))

    async def resumed(self, envelopes: Resumed) -> None:
        """Wait once more, if that was over."""
        await self._associations.hold([envelope.data.batch_id for envelope in envelopes])
        for envelope in envelopes:
            fact = BatchResumed(
                batch_id=envelope.data.batch_id,
                version=envelope.data.version,
                until=current_unit().now + self._patience,
                correlation_id=envelope.correlation_id,
            )
            await self._decide(fact.batch_id, fact, cause_of(envelope))

    async def _decide(self, batch_id: str, fact: Fact, cause: Cause) -> Known | None:
        unit = current_unit()
        before = await self._associations.held(batch_id)
        after, effects = decide(before, fact, unit.now)
        if after is not None and after is not before:
            await self._associations.save(after)
            unit.say(*effects, cause=cause)
        return after
