"""What can happen to a batch's associations."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from class_management_service.domain.school import Student
from common_core.message import Message
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1, EssayMatchResult


class MatchesSuggested(msgspec.Struct, frozen=True, kw_only=True):
    """Matching has answered; the class is this teacher's, who has time until then."""

    matches: BatchAuthorMatchesSuggestedV1
    user_id: str
    unknown_id: str
    until: datetime
    correlation_id: str


def naming_nobody(matches: BatchAuthorMatchesSuggestedV1) -> BatchAuthorMatchesSuggestedV1:
    """The answer to a teacher who named another's class: whoever is in it is not theirs to know."""
    reason = "The batch was registered for a class of another teacher."
    results = [
        EssayMatchResult(
            essay_id=each.essay_id,
            text_storage_id=each.text_storage_id,
            filename=each.filename,
            no_match_reason=reason,
            code="CLASS_NOT_FOUND",
        )
        for each in matches.match_results
    ]
    return replace(matches, match_results=results)


class TeacherDecided(msgspec.Struct, frozen=True, kw_only=True):
    """A teacher says who wrote what. `students` are those of the class, by id.

    `choices` are essays with their students (none: nobody of the class). `accept_at_least`: every other open essay is
    of the student suggested first, if matching is as sure as that. `finish`: what is open even then is of nobody.
    `seen` is the version that the teacher has looked at, if known.
    """

    choices: Mapping[str, str | None]
    accept_at_least: float | None = None
    finish: bool = False
    seen: int | None = None
    by: str
    students: Mapping[str, Student]
    correlation_id: str


class ConfirmationOverdue(msgspec.Struct, frozen=True, kw_only=True):
    """Time is up. `students` are those of the class, by id."""

    students: Mapping[str, Student]
    correlation_id: str


class BatchCancelled(msgspec.Struct, frozen=True, kw_only=True):
    """BOS works no longer on the batch, whichever run it was in. `version` is BOS's: the greatest one holds."""

    batch_id: str
    version: int
    correlation_id: str


class BatchResumed(msgspec.Struct, frozen=True, kw_only=True):
    """BOS goes on with the batch; if it was cancelled, the teacher has time until then. `version` is BOS's."""

    batch_id: str
    version: int
    until: datetime
    correlation_id: str


class ConfirmationDue(Message, frozen=True, kw_only=True):
    """A timer: so long the teacher has been waited for."""

    topic: ClassVar[str] = "class_management.confirmation.due"
    producer: ClassVar[str] = "class_management_service"
    stays: ClassVar[bool] = True

    batch_id: str


Answer = MatchesSuggested | TeacherDecided | ConfirmationOverdue
BosSaid = BatchCancelled | BatchResumed
Fact = Answer | BosSaid
