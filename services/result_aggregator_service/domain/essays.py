"""An essay as a teacher sees it: its file, its newest results, and what went wrong."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from msgspec import Struct

from common_core.enums import PhaseName, ProcessingStage
from common_core.messages.spellcheck import SpellcheckCorrection
from result_aggregator_service.domain.batch import Batch, is_going_on
from result_aggregator_service.domain.reasons import reason
from result_aggregator_service.domain.results import Analysis, Edition, Result, Slot, Spelling, UnusedFile
from result_aggregator_service.domain.students import UNKNOWN, StudentOfEssay

_SWEDISH_ORDER = str.maketrans("åäö", "{|}")  # what comes after z, in the order of the Swedish alphabet


class Failure(Struct, frozen=True):
    """A phase in which an essay failed."""

    phase: PhaseName
    code: str

    @property
    def reason(self) -> str:
        """For people."""
        return reason(self.phase, self.code)


class Essay(Struct, frozen=True, kw_only=True):
    """One essay of a batch; `stages` are by phase, for the phases that the essay has come to.

    `student` is whoever wrote it, as far as anybody has decided that.
    """

    slot: Slot
    student: StudentOfEssay | None = None
    results: dict[PhaseName, Result]
    failures: list[Failure]
    stages: dict[PhaseName, ProcessingStage]

    @property
    def student_name(self) -> str:
        """Who wrote it, if it is an essay of a class."""
        return self.student.name if self.student else UNKNOWN

    @property
    def spelling(self) -> Spelling | None:
        """What spell-checking found."""
        summary = self._summary(PhaseName.SPELLCHECK)
        return summary if isinstance(summary, Spelling) else None

    @property
    def analysis(self) -> Analysis | None:
        """What analysis found."""
        summary = self._summary(PhaseName.NLP)
        return summary if isinstance(summary, Analysis) else None

    def _summary(self, phase: PhaseName) -> Spelling | Analysis | None:
        result = self.results.get(phase)
        return result.summary if result else None

    @property
    def corrections(self) -> list[SpellcheckCorrection]:
        """Every change that spell-checking made."""
        result = self.results.get(PhaseName.SPELLCHECK)
        return result.corrections if result else []

    @property
    def features(self) -> dict[str, float]:
        """Every feature that was measured, by name."""
        result = self.results.get(PhaseName.NLP)
        return result.features if result else {}

    @property
    def words(self) -> int | None:
        """How many words it has, by whoever has counted them."""
        counted = self.features.get("word_count")
        if counted is not None:
            return int(counted)
        return self.spelling.words if self.spelling else None

    @property
    def language_detected(self) -> str | None:
        """The language that it seems to be written in."""
        if self.analysis:
            return self.analysis.language_detected
        return self.spelling.language_detected if self.spelling else None


def put_together(batch: Batch, slot: Slot, results: Iterable[Result], student: StudentOfEssay | None = None) -> Essay:
    """The essay, from what is known of it alone and of its batch. One that has failed is sent into no further phase."""
    by_phase = {result.phase: result for result in results}
    stages: dict[PhaseName, ProcessingStage] = {}
    failures = []
    for phase in PhaseName:
        code = _failure_code(batch, slot.essay_id, phase, by_phase.get(phase))
        if code is not None:
            stages[phase] = ProcessingStage.FAILED
            failures.append(Failure(phase, code))
        elif phase in by_phase:
            stages[phase] = ProcessingStage.COMPLETED
        elif not failures and is_going_on(batch, phase):
            stages[phase] = ProcessingStage.PROCESSING
    return Essay(slot=slot, student=student, results=by_phase, failures=failures, stages=stages)


def _failure_code(batch: Batch, essay_id: str, phase: PhaseName, result: Result | None) -> str | None:
    """The code of the essay's failure in this phase, unless a newer try succeeded. ELS has the last word on a try."""
    told = _newest_failure(batch, essay_id, phase)
    if told is not None and (result is None or told[0] >= result.edition):
        return told[1]
    return result.error_code if result else None


def _newest_failure(batch: Batch, essay_id: str, phase: PhaseName) -> tuple[Edition, str] | None:
    for each in reversed(batch.tries):
        if each.phase is phase and each.outcome is not None and essay_id in each.outcome.failures:
            return each.edition, each.outcome.failures[essay_id]
    return None


class LeftOut(Struct, frozen=True, kw_only=True):
    """What was handed in, or awaited, and became no essay."""

    file_name: str
    code: str
    reason: str
    file_upload_id: str | None = None


def left_out(batch: Batch, unused: Sequence[UnusedFile]) -> list[LeftOut]:
    """Files that could not be used, and slots that stay empty for another reason than one of those files."""
    files = [
        LeftOut(file_name=file.file_name, code=file.code, reason=file.reason, file_upload_id=file.file_key)
        for file in unused
    ]
    named = {file.file_name for file in files}
    slots = [
        LeftOut(file_name=failed.file_name, code=failed.code, reason=failed.reason)
        for failed in batch.slot_failures.values()
        if failed.file_name not in named
    ]
    return sorted([*files, *slots], key=lambda each: (reading_order(each.file_name), each.code))


def reading_order(name: str | None) -> list[tuple[int, int, str]]:
    """Sorts names as people do: case apart, numbers by value, å ä ö after z."""
    text = unicodedata.normalize("NFC", name or "").casefold().translate(_SWEDISH_ORDER)
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", text)
    return [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts]
