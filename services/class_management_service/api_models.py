"""Request and response bodies about classes, students and rosters."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from class_management_service.domain.roster_columns import RosterField
from class_management_service.domain.roster_plan import Outcome
from class_management_service.domain.roster_rows import FaultCode
from class_management_service.domain.school import PLACEHOLDER_DOMAIN
from common_core.enums import CourseCode
from huleedu_service_libs.text import Line

_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
Part = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=_NO_CONTROL)]
LastName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255, pattern=_NO_CONTROL)]
ClassName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_NO_CONTROL)]


def _students_own(address: str) -> str:
    if address.endswith(PLACEHOLDER_DOMAIN):
        raise ValueError(f"addresses that end with {PLACEHOLDER_DOMAIN} are the platform's own")
    return address


_ADDRESS = r"^[^\s@\x00-\x20]+@[^\s@\x00-\x20]+$"
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, max_length=320, pattern=_ADDRESS),
    AfterValidator(_students_own),
]
Version = Annotated[int, Field(gt=0, le=2**62)]


class Body(BaseModel):
    """A request body: what it does not know it ignores, as readers of a wire format do."""

    model_config = ConfigDict(frozen=True)


class ClassRequest(Body):
    """A new class in one course."""

    name: ClassName
    course_codes: list[CourseCode] = Field(min_length=1, max_length=10)


class ClassChange(Body):
    """What is to be otherwise. With the `version` that was read, nobody else's change is overwritten."""

    name: ClassName | None = None
    course_codes: list[CourseCode] | None = Field(default=None, min_length=1, max_length=10)
    version: Version | None = None


class ClassBody(BaseModel):
    """A class, and how many students it has."""

    class_id: str
    name: str
    course_codes: list[CourseCode]
    student_count: int
    created_at: datetime
    updated_at: datetime
    version: int


class PageQuery(BaseModel):
    """Which page, and of what: `search` is part of a name or an address."""

    limit: int = Field(default=50, gt=0, le=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    search: Line | None = None


class StudentQuery(PageQuery):
    """Those of one class only, if it is named."""

    class_id: Line | None = None


class Pagination(BaseModel):
    """Where a page stands among all there are."""

    limit: int
    offset: int
    total: int


class ClassList(BaseModel):
    """Classes by name."""

    classes: list[ClassBody]
    pagination: Pagination


class PersonNameBody(Body):
    """What somebody is called; people with one name have no last name."""

    first_name: Part
    last_name: LastName = ""
    legal_full_name: Part | None = None


class StudentRequest(Body):
    """A new student, in these classes."""

    person_name: PersonNameBody
    email: Email | None = None
    class_ids: list[Line] = Field(default=[], max_length=100)


class StudentChange(Body):
    """What is to be otherwise. With the `version` that was read, nobody else's change is overwritten."""

    person_name: PersonNameBody | None = None
    email: Email | None = None
    add_class_ids: list[Line] = Field(default=[], max_length=100)
    remove_class_ids: list[Line] = Field(default=[], max_length=100)
    version: Version | None = None


class KeptName(BaseModel):
    """What somebody is called."""

    first_name: str
    last_name: str
    legal_full_name: str | None


class StudentBody(BaseModel):
    """A student."""

    student_id: str
    person_name: KeptName
    email: str | None
    class_ids: list[str]
    created_at: datetime
    updated_at: datetime
    version: int


class StudentList(BaseModel):
    """Students by last name."""

    students: list[StudentBody]
    pagination: Pagination


class Removed(BaseModel):
    """It is gone."""

    status: Literal["deleted"] = "deleted"


class ImportQuery(BaseModel):
    """`preview`: only say what would happen. `fingerprint`: that of the preview, if just that is to happen.

    `skip_faulty`: import the other rows although some are faulty.
    """

    preview: bool = False
    skip_faulty: bool = False
    fingerprint: Line | None = None


class ImportedRow(BaseModel):
    """A row and what becomes of it; `was` is what the student is called so far, if it is otherwise."""

    row: int
    outcome: Outcome
    first_name: str
    last_name: str
    email: str | None
    student_id: str | None
    was: str | None


class FaultyRow(BaseModel):
    """A row that cannot be used, and why."""

    row: int
    column: str | None
    code: FaultCode
    reason: str


class ReadAs(BaseModel):
    """How the file was read: `columns` are the headings of what is of use, `ignored_columns` the others."""

    kind: str
    encoding: str | None
    delimiter: str | None
    columns: dict[RosterField, str]
    ignored_columns: list[str]


class ImportCounts(BaseModel):
    """How many rows come to what."""

    new: int
    enrolled: int
    changed: int
    unchanged: int
    faulty: int


class ImportBody(BaseModel):
    """What importing the file does, or in a preview would do."""

    class_id: str
    preview: bool
    fingerprint: str
    read_as: ReadAs
    counts: ImportCounts
    rows: list[ImportedRow]
    faults: list[FaultyRow]


class ExportQuery(BaseModel):
    """What stands between columns; Excel in Swedish wants a semicolon."""

    delimiter: Literal["comma", "semicolon"] = "comma"


class RosterStudent(BaseModel):
    """A student of a class."""

    student_id: str
    first_name: str
    last_name: str
    full_legal_name: str
    email: str | None


class RosterBody(BaseModel):
    """Who is in a class, by last name."""

    class_id: str
    name: str
    course_codes: list[CourseCode]
    students: list[RosterStudent]
