"""Request and response bodies."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from common_core.enums import (
    BatchStatus,
    ContentType,
    CourseCode,
    PhaseName,
)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
StorageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Body(BaseModel):
    """A request body: what it does not know it ignores, as readers of a wire format do."""

    model_config = ConfigDict(frozen=True)


class StorageReferenceBody(Body):
    """Where Content Service keeps something."""

    storage_id: StorageId
    path: str = ""


class PromptRefBody(Body):
    """The prompt the students were given, as `student_prompt_text`."""

    references: dict[ContentType, StorageReferenceBody]

    @model_validator(mode="after")
    def _holds_a_prompt(self) -> Self:
        if ContentType.STUDENT_PROMPT_TEXT not in self.references:
            raise ValueError("references must hold student_prompt_text")
        return self


class BatchRegistrationRequestV1(Body):
    """A new batch. `essay_ids` are only counted: BOS makes its own."""

    expected_essay_count: int = Field(gt=0, strict=True)
    essay_ids: list[Name] | None = Field(default=None, min_length=1)
    course_code: CourseCode
    student_prompt_ref: PromptRefBody | None = None
    user_id: Name
    org_id: Name | None = None
    class_id: Name | None = None
    cj_default_llm_model: Name | None = None
    cj_default_temperature: float | None = Field(default=None, ge=0, le=2)
    assignment_id: Annotated[Name, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if self.essay_ids is not None and len(self.essay_ids) != self.expected_essay_count:
            raise ValueError("essay_ids must hold as many ids as expected_essay_count says")
        return self


class BatchRegistrationResponse(BaseModel):
    """The new batch."""

    batch_id: str
    correlation_id: str
    status: Literal["registered"] = "registered"


class PromptPayloadBody(Body):
    """The prompt for one run: an assignment's, or a stored one."""

    assignment_id: Annotated[Name, Field(max_length=100)] | None = None
    cms_prompt_ref: PromptRefBody | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if (self.assignment_id is None) == (self.cms_prompt_ref is None):
            raise ValueError("give either assignment_id or cms_prompt_ref")
        return self


class PipelineRequest(Body):
    """Run this pipeline over the batch."""

    batch_id: Name | None = Field(default=None, description="must equal the one in the address")
    requested_pipeline: Annotated[Name, Field(max_length=100)]
    is_retry: bool = False
    retry_reason: Reason | None = Field(default=None, description="kept in the timeline")
    prompt_payload: PromptPayloadBody | None = None


class PlannedPhase(BaseModel):
    """A phase of a run; with `reuse` an earlier run's results stand for it."""

    name: PhaseName
    depends_on: list[PhaseName]
    reuse: bool


class PipelineRequestResponse(BaseModel):
    """The run has been started."""

    status: Literal["accepted"] = "accepted"
    message: str
    batch_id: str
    correlation_id: str
    run_id: str
    phases: list[PlannedPhase]


class PromptRequest(Body):
    """The batch's prompt."""

    student_prompt_ref: PromptRefBody


class PromptResponse(BaseModel):
    """The prompt is set."""

    status: Literal["success"] = "success"
    batch_id: str
    student_prompt_ref: PromptRefBody


class WishRequest(Body):
    """Why this is asked for; it is kept in the timeline."""

    reason: Reason | None = None


class RetryRequest(WishRequest):
    """Which essays to try again: those that failed in the phase, or all of them if none is named."""

    essay_ids: list[Name] | None = Field(default=None, min_length=1, max_length=5000)


class ControlResponse(BaseModel):
    """It is done."""

    status: Literal["accepted"] = "accepted"
    message: str
    batch_id: str
    correlation_id: str
    batch_status: BatchStatus
    paused: bool


class RetryResponse(BaseModel):
    """A further run tries these essays again."""

    status: Literal["accepted"] = "accepted"
    message: str
    batch_id: str
    correlation_id: str
    phase: PhaseName
    run_id: str
    essay_ids: list[str]


class TimelineQuery(BaseModel):
    """From after this fact on."""

    after: int = Field(default=0, ge=0, le=2**62)
    limit: int = Field(default=100, gt=0, le=1000)


class TimelineFact(BaseModel):
    """A fact that changed the batch; `kind` is its message's topic, `data` the message.

    `who` is the user that asked, or the service that said it; null where nobody said who he was. `why` is the reason
    given, or for what happened by itself what it comes down to.
    """

    seq: int
    at: datetime
    kind: str
    who: str | None
    why: str | None
    data: dict[str, Any]


class TimelineResponse(BaseModel):
    """Facts in order; without a `next_after` these are the last."""

    batch_id: str
    facts: list[TimelineFact]
    next_after: int | None
