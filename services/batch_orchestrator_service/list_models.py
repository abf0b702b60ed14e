"""What a list of batches can be asked, and what it answers."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, StringConstraints

from batch_orchestrator_service.api_models import Name
from common_core.enums import BatchClientStatus, BatchStatus, CourseCode

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_YEARS_10 = 10 * 366 * 86_400


def _as_written(moment: object) -> object:
    """Numbers and looser spellings are refused: what somebody meant by them is anybody's guess."""
    if isinstance(moment, str) and not _RFC_3339.fullmatch(moment):
        raise ValueError("must be a moment as RFC 3339 writes it, with its offset, such as 2026-09-01T08:00:00Z")
    return moment


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the years that there are") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_as_written), AfterValidator(_in_utc)]
Cursor = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class BatchListQuery(BaseModel):
    """Which batches, newest first."""

    status: list[BatchStatus | BatchClientStatus] | None = Field(
        default=None, description="a batch's or a client's word; may be given several times, for any of them"
    )
    class_id: Name | None = None
    owner: Name | None = Field(
        default=None, description="a user: operators may ask for any, or for all by naming none; others have their own"
    )
    since: Moment | None = Field(
        default=None, description="only those that have changed then or later (their updated_at), as RFC 3339 writes it"
    )
    stuck: bool = Field(default=False, description="only those that have neither ended nor moved for stuck_after")
    stuck_after: float = Field(default=3600, gt=0, le=_YEARS_10, allow_inf_nan=False, description="seconds")
    limit: int = Field(default=50, gt=0, le=100, description="the most that a page holds")
    cursor: Cursor | None = Field(default=None, description="the next_cursor of the page before")


class StuckBody(BaseModel):
    """Since when the batch has not moved, why, and what would move it."""

    since: datetime
    reason: str
    remedy: str


class BatchSummary(BaseModel):
    """One batch in a list; `stuck` where that was asked for."""

    batch_id: str
    status: BatchStatus
    client_status: BatchClientStatus
    course_code: CourseCode
    expected_essay_count: int
    user_id: str
    class_id: str | None
    created_at: datetime
    updated_at: datetime
    stuck: StuckBody | None = None


class BatchListResponse(BaseModel):
    """One page; without a `next_cursor` it is the last.

    Pages follow each other without gap or repeat, whatever is registered meanwhile.
    """

    batches: list[BatchSummary]
    next_cursor: str | None
