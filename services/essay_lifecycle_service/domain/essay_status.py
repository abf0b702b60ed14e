"""Where an essay stands, told from the facts that are kept about it, in whatever order they came."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from common_core.enums import ContentType, EssayStatus, PhaseName
from essay_lifecycle_service.domain.matching import StudentOfEssay

_WORDS: dict[PhaseName, tuple[EssayStatus, EssayStatus, EssayStatus]] = {
    PhaseName.SPELLCHECK: (
        EssayStatus.AWAITING_SPELLCHECK,
        EssayStatus.SPELLCHECKED_SUCCESS,
        EssayStatus.SPELLCHECK_FAILED,
    ),
    PhaseName.NLP: (EssayStatus.AWAITING_NLP, EssayStatus.NLP_SUCCESS, EssayStatus.NLP_FAILED),
    PhaseName.CJ_ASSESSMENT: (
        EssayStatus.AWAITING_CJ_ASSESSMENT,
        EssayStatus.CJ_ASSESSMENT_SUCCESS,
        EssayStatus.CJ_ASSESSMENT_FAILED,
    ),
    PhaseName.AI_FEEDBACK: (
        EssayStatus.AWAITING_AI_FEEDBACK,
        EssayStatus.AI_FEEDBACK_SUCCESS,
        EssayStatus.AI_FEEDBACK_FAILED,
    ),
}
"""For each phase: waiting for it, through it, failed in it."""

_UNDER_WAY = {waiting for waiting, _, _ in _WORDS.values()} | {EssayStatus.UPLOADED, EssayStatus.READY_FOR_PROCESSING}


class PhaseFact(msgspec.Struct, frozen=True, kw_only=True):
    """An essay was sent into a phase, and what became of it."""

    phase: PhaseName
    opened_at: datetime
    answered_at: datetime | None = None
    text_storage_id: str | None = None
    error_code: str | None = None

    @property
    def status(self) -> EssayStatus:
        """What the essay's status is if nothing came after this."""
        waiting, succeeded, failed = _WORDS[self.phase]
        if self.answered_at is None:
            return waiting
        return succeeded if self.error_code is None else failed


class FileFact(msgspec.Struct, frozen=True, kw_only=True):
    """The file that fills an essay's slot."""

    placed_at: datetime
    raw_storage_id: str
    text_storage_id: str | None

    @property
    def status(self) -> EssayStatus:
        """What the essay's status is before any phase."""
        usable = self.text_storage_id is not None
        return EssayStatus.READY_FOR_PROCESSING if usable else EssayStatus.CONTENT_INGESTION_FAILED


class EssayFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of an essay; `phases` in the order in which they were opened, superseded ones left out."""

    essay_id: str
    batch_id: str
    registered_at: datetime | None = None
    intake_ended_at: datetime | None = None
    file: FileFact | None = None
    student: StudentOfEssay | None = None
    phases: Sequence[PhaseFact] = ()


class BatchFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All essays of a batch."""

    batch_id: str
    essays: Sequence[EssayFacts]


def status(essay: EssayFacts) -> EssayStatus:
    """Its last phase decides; before any, its file; without a file, whether one can still come."""
    if essay.phases:
        return essay.phases[-1].status
    if essay.file is not None:
        return essay.file.status
    return EssayStatus.UPLOADED if essay.intake_ended_at is None else EssayStatus.CONTENT_INGESTION_FAILED


def timeline(essay: EssayFacts) -> dict[str, datetime]:
    """When it entered each status it has had, in order; the last time where it was there more than once."""
    return dict(sorted(_entered(essay), key=lambda entry: entry[1]))


def _entered(essay: EssayFacts) -> Iterable[tuple[str, datetime]]:
    if essay.registered_at is not None:
        yield EssayStatus.UPLOADED, essay.registered_at
    if essay.file is not None:
        yield essay.file.status, essay.file.placed_at
    elif essay.intake_ended_at is not None:
        yield EssayStatus.CONTENT_INGESTION_FAILED, essay.intake_ended_at
    for fact in essay.phases:
        yield _WORDS[fact.phase][0], fact.opened_at
        if fact.answered_at is not None:
            yield fact.status, fact.answered_at


def processed(essay: EssayFacts) -> dict[str, bool]:
    """For each phase it was sent into: whether it has come through it."""
    return {fact.phase: fact.answered_at is not None and fact.error_code is None for fact in essay.phases}


def references(essay: EssayFacts) -> dict[ContentType, str]:
    """Where its texts are kept."""
    found = {}
    if essay.file is not None:
        found[ContentType.RAW_UPLOAD_BLOB] = essay.file.raw_storage_id
        if essay.file.text_storage_id is not None:
            found[ContentType.ORIGINAL_ESSAY] = essay.file.text_storage_id
    for fact in essay.phases:
        if fact.phase == PhaseName.SPELLCHECK and fact.text_storage_id is not None:
            found[ContentType.CORRECTED_TEXT] = fact.text_storage_id
    return found


def breakdown(batch: BatchFacts) -> dict[EssayStatus, int]:
    """How many essays have each status."""
    return dict(Counter(map(status, batch.essays)))


def completion_percentage(batch: BatchFacts) -> float:
    """The share of essays that nothing more is expected of: answered in the last phase they went into, or unusable."""
    if not batch.essays:
        return 0.0
    done = sum(status(essay) not in _UNDER_WAY for essay in batch.essays)
    return round(100 * done / len(batch.essays), 1)
