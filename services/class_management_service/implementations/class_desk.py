"""What teachers can do with their classes."""

from collections.abc import Sequence

from msgspec.structs import replace

from class_management_service.api_models import (
    ClassBody,
    ClassChange,
    ClassList,
    ClassRequest,
    PageQuery,
    Pagination,
    Removed,
)
from class_management_service.domain import announcements, notifications
from class_management_service.domain.names import tidy
from class_management_service.domain.school import SchoolClass
from class_management_service.errors import ClassChanged, ClassNotFound, MultipleCourses
from class_management_service.implementations.asker import Asker
from class_management_service.protocols import ClassRepositoryProtocol, ListedClass, NewId, PageFilter
from common_core.enums import CourseCode
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import current_unit


class ClassDesk:
    """Makes, shows, changes and removes classes; another's class does not exist for whoever asks."""

    def __init__(self, classes: ClassRepositoryProtocol, transactions: Transactions, new_id: NewId) -> None:
        self._classes, self._transactions, self._new_id = classes, transactions, new_id

    async def create(self, wanted: ClassRequest, asker: Asker) -> ClassBody:
        """Durable when it returns. Raises MultipleCourses."""
        course, class_id = _one(wanted.course_codes), self._new_id()

        async def create() -> ClassBody:
            unit = current_unit()
            made = SchoolClass(
                class_id=class_id,
                user_id=asker.user_id,
                org_id=asker.org_id,
                name=tidy(wanted.name),
                course_code=course,
                created_at=unit.now,
                updated_at=unit.now,
            )
            await self._classes.add(made)
            unit.say(
                announcements.class_created(made, asker.correlation_id),
                notifications.class_created(made, asker.correlation_id),
            )
            return class_body(ListedClass(made, 0))

        return await self._transactions.run(create, asker.cause)

    async def show(self, class_id: str, user_id: str) -> ClassBody:
        """Raises ClassNotFound."""
        return class_body(owned_class(await self._classes.get(class_id), class_id, user_id))

    async def list(self, query: PageQuery, user_id: str) -> ClassList:
        """One page."""
        wanted = PageFilter(user_id=user_id, search=query.search, limit=query.limit, offset=query.offset)
        found, total = await self._classes.list(wanted)
        return ClassList(
            classes=[class_body(each) for each in found],
            pagination=Pagination(limit=query.limit, offset=query.offset, total=total),
        )

    async def change(self, class_id: str, wanted: ClassChange, asker: Asker) -> ClassBody:
        """Raises ClassNotFound, MultipleCourses, or ClassChanged if somebody was quicker."""
        course = None if wanted.course_codes is None else _one(wanted.course_codes)

        async def change() -> ClassBody:
            unit = current_unit()
            found = owned_class(await self._classes.held(class_id), class_id, asker.user_id)
            _refuse_outdated(found.school_class, wanted.version)
            before = found.school_class
            now = replace(before, name=tidy(wanted.name or before.name), course_code=course or before.course_code)
            if now == before:
                return class_body(found)
            now = replace(now, version=before.version + 1, updated_at=unit.now)
            await self._classes.change(now)
            unit.say(announcements.class_updated(before, now, asker.correlation_id))
            return class_body(ListedClass(now, found.students))

        return await self._transactions.run(change, asker.cause)

    async def remove(self, class_id: str, asker: Asker) -> Removed:
        """Its students stay. Raises ClassNotFound."""

        async def remove() -> Removed:
            unit = current_unit()
            found = owned_class(await self._classes.held(class_id), class_id, asker.user_id)
            await self._classes.remove(class_id)
            unit.say(announcements.class_deleted(found.school_class, asker.correlation_id, unit.now))
            return Removed()

        return await self._transactions.run(remove, asker.cause)


def owned_class(found: ListedClass | None, class_id: str, user_id: str) -> ListedClass:
    """The class if it is this teacher's. Raises ClassNotFound: nobody learns of another's class."""
    if found is None or found.school_class.user_id != user_id:
        raise ClassNotFound(class_id=class_id)
    return found


def class_body(listed: ListedClass) -> ClassBody:
    """The class as it is shown."""
    found = listed.school_class
    return ClassBody(
        class_id=found.class_id,
        name=found.name,
        course_codes=[found.course_code],
        student_count=listed.students,
        created_at=found.created_at,
        updated_at=found.updated_at,
        version=found.version,
    )


def _one(courses: Sequence[CourseCode]) -> CourseCode:
    if len(set(courses)) > 1:
        raise MultipleCourses
    return courses[0]


def _refuse_outdated(found: SchoolClass, version: int | None) -> None:
    if version not in (None, found.version):
        raise ClassChanged(name=found.name, course_code=found.course_code, version=found.version)
