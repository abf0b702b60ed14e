"""Who wrote the essays of a batch: what matching suggests, and what has been decided."""

from datetime import datetime

import msgspec

from common_core.enums import AssociationValidationMethod, CourseCode, MatchOutcome


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A student who may have written an essay, how sure matching is (0 to 1), and why, in sentences."""

    student_id: str
    student_name: str
    student_email: str | None = None
    confidence: float
    reasons: tuple[str, ...] = ()
    reason_codes: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who wrote it, as somebody has decided. No student: nobody of the class.

    `confidence` is how sure matching was of that student, `version` that of the batch which the decision made.
    """

    student_id: str | None
    method: AssociationValidationMethod
    by: str
    at: datetime
    confidence: float = 0.0
    version: int


class EssayMatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An essay: likeliest student first, or why there is none, or why somebody must look.

    `outcome` and `code` are matching's words for it.
    """

    file_name: str
    suggestions: tuple[Suggestion, ...] = ()
    outcome: MatchOutcome | None = None
    code: str | None = None
    no_match_reason: str | None = None
    review_reason: str | None = None
    decision: Decision | None = None

    def confidence_in(self, student_id: str | None) -> float:
        """How sure matching is of this student; 0 of one that it did not think of."""
        return next((each.confidence for each in self.suggestions if each.student_id == student_id), 0.0)


class HeardEarly(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="heard"):
    """A batch of which BOS has said something before matching answered: that it is cancelled, or goes on.

    `heard` is the version that BOS gave that.
    """

    batch_id: str
    heard: int
    changed_at: datetime
    cancelled_at: datetime | None = None
    version: int = 1


class Associations(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="answered"):
    """A batch's essays by id. `user_id` is whose class it is, `until` when time is up.

    `unknown_id` is the student who stands for an unknown one when time was up; `attempt` is matching's. The teacher has
    been waited for since `waiting_since`, unless the batch is cancelled: whether it is, BOS last said in its version
    `heard`.
    """

    batch_id: str
    class_id: str
    course_code: CourseCode
    user_id: str
    unknown_id: str
    essays: dict[str, EssayMatch]
    attempt: int = 1
    asked_at: datetime
    waiting_since: datetime
    until: datetime
    changed_at: datetime
    version: int = 1
    heard: int = 0
    cancelled_at: datetime | None = None

    @property
    def open(self) -> dict[str, EssayMatch]:
        """The essays on which nobody has decided."""
        return {essay_id: essay for essay_id, essay in self.essays.items() if essay.decision is None}

    @property
    def is_settled(self) -> bool:
        """Whether every essay is decided on."""
        return not self.open

    @property
    def is_waited_for(self) -> bool:
        """Whether the clock runs: an essay is open, and somebody wants to know."""
        return not self.is_settled and self.cancelled_at is None

    @property
    def authors(self) -> dict[str, str]:
        """Which student wrote which essay, as was decided, where that is known."""
        decided = ((essay_id, essay.decision) for essay_id, essay in self.essays.items())
        authors = ((essay_id, decision.student_id) for essay_id, decision in decided if decision)
        return {essay_id: author for essay_id, author in authors if author is not None and author != self.unknown_id}

    def essays_of(self, student_id: str) -> list[str]:
        """The essays that this student wrote, as was decided."""
        decided = ((essay_id, essay.decision) for essay_id, essay in self.essays.items())
        return [essay_id for essay_id, decision in decided if decision and decision.student_id == student_id]

    def changed_since(self, version: int) -> dict[str, EssayMatch]:
        """The essays that were decided on after the batch had this version."""
        decided = ((essay_id, essay, essay.decision) for essay_id, essay in self.essays.items())
        return {essay_id: essay for essay_id, essay, decision in decided if decision and decision.version > version}


Known = Associations | HeardEarly
"""What can be known of a batch."""
