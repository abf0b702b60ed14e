"""What teachers can do about who wrote which essay: look, and decide on one, many or all."""

from functools import partial

from class_management_service.association_models import AssociationList, ConfirmationRequest, ConfirmationResponse
from class_management_service.domain.associations import Associations, Known
from class_management_service.domain.choices import objection
from class_management_service.domain.decide import decide
from class_management_service.domain.facts import TeacherDecided
from class_management_service.errors import AssociationsNotFound
from class_management_service.implementations.asker import Asker
from class_management_service.implementations.association_view import (
    confirmation_body,
    decided_students,
    list_body,
)
from class_management_service.implementations.objections import refusal
from class_management_service.protocols import AssociationRepositoryProtocol, StudentRepositoryProtocol
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import current_unit


class AssociationDesk:
    """As many statements for a class of 500 as for one of five; another's batch does not exist for whoever asks."""

    def __init__(
        self,
        associations: AssociationRepositoryProtocol,
        students: StudentRepositoryProtocol,
        transactions: Transactions,
    ) -> None:
        self._associations, self._students, self._transactions = associations, students, transactions

    async def show(self, batch_id: str, user_id: str) -> AssociationList:
        """Raises AssociationsNotFound."""
        batch = _owned((await self._associations.of_batches([batch_id])).get(batch_id), batch_id, user_id)
        return list_body(batch, await self._students.named(decided_students(batch)))

    async def confirm(self, batch_id: str, wanted: ConfirmationRequest, asker: Asker) -> ConfirmationResponse:
        """Durable and said when it returns. Raises a RefusedCommand, or a Problem that names what has changed."""
        action = partial(self._in_transaction, batch_id, wanted, asker)
        return await self._transactions.run(action, asker.cause, keys=[batch_id])

    async def _in_transaction(self, batch_id: str, wanted: ConfirmationRequest, asker: Asker) -> ConfirmationResponse:
        unit = current_unit()
        before = _owned(await self._associations.held(batch_id), batch_id, asker.user_id)
        roster = await self._students.held_roster(before.class_id)
        students = {each.student_id: each for each in roster if each.user_id == before.user_id}
        fact = TeacherDecided(
            choices={each.essay_id: each.student_id if each.confirmed else None for each in wanted.associations},
            accept_at_least=wanted.at_least if wanted.accept_suggestions else None,
            finish=wanted.finish,
            seen=wanted.version,
            by=asker.user_id,
            students=students,
            correlation_id=asker.correlation_id,
        )
        if (found := objection(before, fact)) is not None:
            raise refusal(found, fact)
        after, effects = decide(before, fact, unit.now)
        if not isinstance(after, Associations) or after is before:
            return confirmation_body(before)
        await self._associations.save(after)
        unit.say(*effects)
        return confirmation_body(after)


def _owned(batch: Known | None, batch_id: str, user_id: str) -> Associations:
    if not isinstance(batch, Associations) or batch.user_id != user_id:
        raise AssociationsNotFound(batch_id=batch_id)
    return batch
