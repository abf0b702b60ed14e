"""Request and response bodies about who wrote which essay."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, RootModel, model_validator

from class_management_service.api_models import Body, Version
from common_core.enums import AssociationValidationMethod, MatchOutcome, StudentAssociationStatus
from huleedu_service_libs.text import Line

AssociationsState = Literal["confirmed", "waiting", "cancelled"]
Confidence = Annotated[float, Field(ge=0, le=1)]


class AssociationChoice(Body):
    """This student wrote this essay; without one, or where that is not `confirmed`, nobody of the class did."""

    essay_id: Line
    student_id: Line | None = None
    confirmed: bool = True


class ConfirmationRequest(Body):
    """Who wrote what. Essays that are not named stay as they are, unless one of the next two says otherwise.

    `accept_suggestions`: each other open essay is of the student suggested first, if matching is `at_least` as sure.
    `finish`: what is open even then was written by nobody of the class. With the `version` that was read, nothing that
    somebody else has decided meanwhile is overwritten; one that has not been yet is refused.
    """

    associations: list[AssociationChoice] = Field(default=[], max_length=5000)
    accept_suggestions: bool = False
    at_least: Confidence = 0.0
    finish: bool = False
    version: Version | None = None
    user_id: Line | None = Field(default=None, description="must be who asks")

    @model_validator(mode="after")
    def _names_an_essay_once(self) -> Self:
        if len({choice.essay_id for choice in self.associations}) < len(self.associations):
            raise ValueError("associations must name each essay once")
        return self


class ConfirmationResponse(BaseModel):
    """It is decided; of `waiting` essays nobody has said yet who wrote them."""

    status: AssociationsState
    batch_id: str
    associations_confirmed: int
    associations_rejected: int
    waiting: int
    version: int


class SuggestionBody(BaseModel):
    """A student who may have written the essay, and why matching thinks so."""

    student_id: str
    student_name: str
    student_email: str | None
    confidence_score: float
    match_reasons: list[str]
    reason_codes: list[str]


class DecidedStudent(BaseModel):
    """Who wrote the essay. Of a student who is gone only the id is known."""

    student_id: str
    first_name: str | None
    last_name: str | None
    email: str | None


class AssociationBody(BaseModel):
    """An essay, what is suggested and what has been decided; the first suggestion stands beside the list of all.

    `outcome` says what matching makes of it, and unless that is `matched`, `code` and one of the reasons say why.
    """

    essay_id: str
    filename: str
    status: StudentAssociationStatus
    suggested_student_id: str | None
    suggested_student_name: str | None
    confidence_score: float | None
    match_reasons: list[str]
    suggestions: list[SuggestionBody]
    outcome: MatchOutcome | None
    code: str | None
    no_match_reason: str | None
    review_reason: str | None
    student: DecidedStudent | None
    validation_method: AssociationValidationMethod | None
    validated_by: str | None
    validated_at: datetime | None
    created_at: datetime


class AssociationList(BaseModel):
    """All essays of a batch. `confirm_by`: then what is open is decided without the teacher, unless it is cancelled."""

    batch_id: str
    class_id: str
    status: AssociationsState
    waiting: int
    confirm_by: datetime | None
    version: int
    associations: list[AssociationBody]


class AuthorName(BaseModel):
    """What the student is called now."""

    first_name: str
    last_name: str
    legal_full_name: str


class KnownAuthor(BaseModel):
    """Who wrote an essay, for other services. `student_id` is null if it was nobody of the class."""

    essay_id: str
    student_id: str | None
    student_person_name: AuthorName | None


class KnownAuthors(RootModel[list[KnownAuthor]]):
    """The essays of a batch on which somebody has decided."""


class ClassInfo(BaseModel):
    """A batch's class; a class that is gone has no name."""

    class_id: str
    class_name: str | None


class ClassInfoQuery(BaseModel):
    """About a hundred batches, with commas between their ids."""

    batch_ids: Annotated[Line, Field(max_length=4_000)]


class ClassInfoList(RootModel[dict[str, ClassInfo]]):
    """By batch, those that matching has answered for."""
