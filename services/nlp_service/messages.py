"""What the NLP service says to itself, and how it tells one question from another."""

from typing import ClassVar, NamedTuple

from common_core.message import Message
from common_core.messages.matching import BatchStudentMatchingRequestedV1
from common_core.messages.nlp import BatchNlpProcessingRequestedV2
from common_core.shared import EssayProcessingInputRefV1
from nlp_service.config import SERVICE_NAME


class AnalyseEssays(Message, frozen=True, kw_only=True):
    """A piece of a request: a few of its essays."""

    topic: ClassVar[str] = "nlp_service.analyse.essays"
    producer: ClassVar[str] = SERVICE_NAME
    stays: ClassVar[bool] = True

    batch_id: str
    language: str
    essays: list[EssayProcessingInputRefV1]
    run_id: str | None = None
    attempt: int | None = None


class MatchStudents(Message, frozen=True, kw_only=True):
    """A request to match a batch's essays to a class: one piece, since each essay depends on the others."""

    topic: ClassVar[str] = "nlp_service.match.students"
    producer: ClassVar[str] = SERVICE_NAME
    stays: ClassVar[bool] = True

    batch_id: str
    request: BatchStudentMatchingRequestedV1


Request = BatchNlpProcessingRequestedV2 | AnalyseEssays


class Question(NamedTuple):
    """One essay in one attempt of one run: asked once or more often, it has one answer."""

    batch_id: str
    run_id: str
    attempt: int
    essay_id: str


def question(request: Request, essay: EssayProcessingInputRefV1) -> Question:
    """What the request asks about this essay; peers without runs have one run and one attempt."""
    return Question(request.batch_id, request.run_id or "", request.attempt or 0, essay.essay_id)
