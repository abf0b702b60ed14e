"""What is known of single essays and files: slots, results of phases, and what could not be used."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from common_core.enums import EssayStatus, PhaseName
from common_core.messages.content import EssaySlotAssignedV1, EssayValidationFailedV1, ExcessContentProvisionedV1
from common_core.messages.nlp import EssayNlpCompletedV1, NlpMetrics
from common_core.messages.spellcheck import SpellcheckCorrection, SpellcheckResultV1

NO_RUN = "00000000-0000-0000-0000-000000000000"
"""The run of peers that name none: older than every run with a name."""

NO_SLOT = "NO_AVAILABLE_SLOT"
"""The code of a file beyond the number of essays that the batch was registered for."""

_FAILED_WITHOUT_CODE = "SPELLCHECK_FAILED"


class Edition(Struct, frozen=True, order=True):
    """Which try a result belongs to. Run ids are UUIDs of version 7, so that the greater is the newer."""

    run_id: str
    attempt: int


def edition_of(run_id: str | None, attempt: int | None) -> Edition:
    """The edition that a message names."""
    return Edition(run_id or NO_RUN, attempt or 0)


class Slot(Struct, frozen=True, kw_only=True):
    """An essay and the file it came in; the file is unknown while only results have come."""

    batch_id: str
    essay_id: str
    file_upload_id: str | None = None
    file_name: str | None = None
    text_storage_id: str | None = None
    assigned_at: datetime | None = None


class UnusedFile(Struct, frozen=True, kw_only=True):
    """A file that became no essay; `file_key` is its upload, or its text where the upload is not named."""

    batch_id: str
    file_key: str
    file_name: str
    code: str
    reason: str
    at: datetime


class Spelling(Struct, frozen=True, array_like=True):
    """What spell-checking found in an essay. Stored as an array: new fields go to the end, with a default."""

    words: int
    corrections: int
    learner_corrections: int
    corrections_per_100_words: float
    corrected_text_storage_id: str | None
    language_detected: str | None
    processor_version: str


class Analysis(Struct, frozen=True, array_like=True):
    """What analysis found in an essay. Stored as an array: new fields go to the end, with a default."""

    language_detected: str


class Result(Struct, frozen=True, kw_only=True):
    """One phase's answer for one essay: a summary, or the code of its failure.

    `corrections` and `features` are the bulky part: empty where they were not asked for.
    """

    batch_id: str
    essay_id: str
    phase: PhaseName
    edition: Edition
    at: datetime
    error_code: str | None = None
    summary: Spelling | Analysis | None = None
    corrections: list[SpellcheckCorrection] = []
    features: dict[str, float] = {}

    @property
    def age(self) -> tuple[Edition, datetime]:
        """What decides between two answers for the same essay and phase: the greater is the newer."""
        return self.edition, self.at


def newest(results: Iterable[Result]) -> list[Result]:
    """One result per batch, essay and phase: that of the newest try."""
    kept: dict[tuple[str, str, PhaseName], Result] = {}
    for result in results:
        key = (result.batch_id, result.essay_id, result.phase)
        known = kept.get(key)
        if known is None or result.age > known.age:
            kept[key] = result
    return list(kept.values())


def latest_slots(slots: Iterable[Slot]) -> list[Slot]:
    """One slot per essay: the one assigned last."""
    kept: dict[tuple[str, str], Slot] = {}
    for slot in slots:
        known = kept.get((slot.batch_id, slot.essay_id))
        if known is None or slot_age(slot) > slot_age(known):
            kept[slot.batch_id, slot.essay_id] = slot
    return list(kept.values())


def slot_age(slot: Slot) -> tuple[float, str]:
    """What decides between two files for the same essay: the greater is the newer."""
    return (slot.assigned_at.timestamp() if slot.assigned_at else 0.0, slot.file_upload_id or "")


def slot_of(message: EssaySlotAssignedV1) -> Slot:
    """The slot that ELS has filled."""
    return Slot(
        batch_id=message.batch_id,
        essay_id=message.essay_id,
        file_upload_id=message.file_upload_id,
        file_name=message.original_file_name,
        text_storage_id=message.text_storage_id,
        assigned_at=message.timestamp,
    )


def failed_file_of(message: EssayValidationFailedV1) -> UnusedFile:
    """A file that could not be read or is no essay."""
    return UnusedFile(
        batch_id=message.entity_id,
        file_key=message.file_upload_id,
        file_name=message.original_file_name,
        code=message.validation_error_code,
        reason=message.validation_error_detail.message,
        at=message.timestamp,
    )


def excess_file_of(message: ExcessContentProvisionedV1) -> UnusedFile:
    """A file beyond the number of essays that the batch was registered for."""
    return UnusedFile(
        batch_id=message.batch_id,
        file_key=message.file_upload_id or message.text_storage_id,
        file_name=message.original_file_name,
        code=NO_SLOT,
        reason="The batch was registered for fewer essays.",
        at=message.timestamp,
    )


def spelling_of(message: SpellcheckResultV1) -> Result:
    """The spellchecker's answer for one essay."""
    failed = message.error_code is not None or message.status is EssayStatus.SPELLCHECK_FAILED
    return Result(
        batch_id=message.batch_id,
        essay_id=message.entity_id,
        phase=PhaseName.SPELLCHECK,
        edition=edition_of(message.run_id, message.attempt),
        at=message.timestamp,
        error_code=(message.error_code or _FAILED_WITHOUT_CODE) if failed else None,
        summary=None if failed else _spelling(message),
        corrections=[] if failed else message.corrections,
    )


def _spelling(message: SpellcheckResultV1) -> Spelling:
    metrics = message.correction_metrics
    return Spelling(
        metrics.word_count,
        message.corrections_made,
        metrics.l2_dictionary_corrections,
        metrics.correction_density,
        message.corrected_text_storage_id,
        message.language_detected,
        message.processor_version,
    )


def analysis_of(message: EssayNlpCompletedV1) -> Result:
    """The NLP service's answer for one essay; it answers so only where it succeeded."""
    return Result(
        batch_id=message.parent_id,
        essay_id=message.essay_id,
        phase=PhaseName.NLP,
        edition=edition_of(message.run_id, message.attempt),
        at=message.timestamp,
        summary=Analysis(message.nlp_metrics.language_detected),
        features=_features(message.nlp_metrics, message.processing_metadata.get("feature_outputs")),
    )


def _features(metrics: NlpMetrics, outputs: object) -> dict[str, float]:
    """The features by name; older peers send none, and then the three that the metrics always hold."""
    features = {
        "word_count": float(metrics.word_count),
        "sentence_count": float(metrics.sentence_count),
        "sentence_length_mean": metrics.avg_sentence_length,
    }
    if isinstance(outputs, dict):
        features |= {str(name): float(value) for name, value in outputs.items() if isinstance(value, int | float)}
    return features
