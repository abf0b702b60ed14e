"""What other services ask about who wrote which essay."""

from collections.abc import Sequence

from class_management_service.association_models import ClassInfo, ClassInfoList, KnownAuthor, KnownAuthors
from class_management_service.errors import AssociationsNotFound, EssayNotFound
from class_management_service.implementations.association_view import decided_students, known_author
from class_management_service.protocols import (
    AssociationRepositoryProtocol,
    ClassRepositoryProtocol,
    StudentRepositoryProtocol,
)


class AuthorDesk:
    """Answers for every batch, whosever it is."""

    def __init__(
        self,
        associations: AssociationRepositoryProtocol,
        students: StudentRepositoryProtocol,
        classes: ClassRepositoryProtocol,
    ) -> None:
        self._associations, self._students, self._classes = associations, students, classes

    async def names(self, batch_id: str) -> KnownAuthors:
        """Raises AssociationsNotFound."""
        batch = (await self._associations.of_batches([batch_id])).get(batch_id)
        if batch is None:
            raise AssociationsNotFound(batch_id=batch_id)
        students = await self._students.named(decided_students(batch))
        decided = [essay_id for essay_id in batch.essays if essay_id not in batch.open]
        return KnownAuthors([known_author(batch, essay_id, students) for essay_id in decided])

    async def of_essay(self, essay_id: str) -> KnownAuthor:
        """Raises EssayNotFound."""
        batch = await self._associations.of_essay(essay_id)
        if batch is None or essay_id not in batch.essays:
            raise EssayNotFound(essay_id=essay_id)
        return known_author(batch, essay_id, await self._students.named(decided_students(batch)))

    async def classes(self, batch_ids: Sequence[str]) -> ClassInfoList:
        """Which class each of these batches is of."""
        batches = await self._associations.of_batches(batch_ids)
        names = await self._classes.named(sorted({batch.class_id for batch in batches.values()}))
        return ClassInfoList(
            {
                batch_id: ClassInfo(class_id=batch.class_id, class_name=names.get(batch.class_id))
                for batch_id, batch in batches.items()
            }
        )
