"""The table of results that people read: its columns, a row for each essay, then one for each file left out."""

from collections.abc import Callable

from msgspec import Struct

from common_core.enums import COURSE_LANGUAGE, Language, ProcessingStage
from common_core.messages.spellcheck import SpellcheckCorrection
from result_aggregator_service.batch_report import BatchReport
from result_aggregator_service.domain.essays import Essay, LeftOut
from result_aggregator_service.exports.features import KeyFeature, key_features

Cell = str | int | float | None

_LANGUAGES: dict[str, str] = {Language.ENGLISH: "English", Language.SWEDISH: "Swedish"}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Column(Struct, frozen=True):
    """A column: what it says of an essay, and of what was left out; its width is in characters."""

    heading: str
    of_essay: Callable[[Essay], Cell]
    of_left_out: Callable[[LeftOut], Cell] = lambda _: None
    width: int = 14


def columns(report: BatchReport) -> list[Column]:
    """The columns for a course in its language; who wrote what, if it is a class's batch."""
    language = COURSE_LANGUAGE[report.registration.course_code]
    who, address = (_WHO, _ADDRESS) if report.is_of_a_class else ((), ())
    problem = Column("Problem", lambda essay: _problem(essay, language), lambda left: left.reason, width=34)
    return [*who, *_WHAT, problem, *_COUNTED, *map(_feature_column, key_features(language)), *address, *_WHERE]


def _feature_column(feature: KeyFeature) -> Column:
    return Column(feature.heading, lambda essay: _tidy(essay.features.get(feature.name)))


def _tidy(value: float | None) -> Cell:
    """Two decimals say enough; counts are whole numbers."""
    if value is None:
        return None
    return int(value) if value.is_integer() else round(value, 2)


def _status(essay: Essay) -> str:
    if essay.failures:
        return "failed"
    if not essay.stages:
        return "waiting"
    done = all(stage is ProcessingStage.COMPLETED for stage in essay.stages.values())
    return "done" if done else "in progress"


def _problem(essay: Essay, expected: Language) -> str | None:
    problems = [failure.reason for failure in essay.failures]
    detected = essay.language_detected
    if detected != expected and detected in _LANGUAGES:
        problems.append(f"It seems to be in {_LANGUAGES[detected]}.")
    return " ".join(problems) or None


def _codes(essay: Essay) -> str | None:
    return ", ".join(failure.code for failure in essay.failures) or None


def in_short(correction: SpellcheckCorrection) -> str:
    """What was written, and what it became."""
    return f"{correction.original} → {correction.replacement}"


def _corrections(essay: Essay) -> str | None:
    return "; ".join(map(in_short, essay.corrections)) or None


_WHO = (Column("Student", lambda e: e.student_name, width=26),)
_ADDRESS = (Column("Student's e-mail", lambda e: e.student.email if e.student else None, width=30),)
_WHAT = (
    Column("File", lambda e: e.slot.file_name, lambda f: f.file_name, width=34),
    Column("Status", _status, lambda _: "not used"),
)
_COUNTED = (
    Column("Problem code", _codes, lambda f: f.code),
    Column("Language", lambda e: e.language_detected, width=10),
    Column("Words", lambda e: e.words, width=10),
    Column("Corrections", lambda e: e.spelling.corrections if e.spelling else None),
    Column("Corrections (per 100 words)", lambda e: e.spelling.corrections_per_100_words if e.spelling else None),
    Column("Learner errors among them", lambda e: e.spelling.learner_corrections if e.spelling else None),
    Column("What was corrected", _corrections, width=50),
)
_WHERE = (
    Column("Essay id", lambda e: e.slot.essay_id, width=38),
    Column("Original text (storage id)", lambda e: e.slot.text_storage_id, width=34),
    Column(
        "Corrected text (storage id)", lambda e: e.spelling.corrected_text_storage_id if e.spelling else None, width=34
    ),
)


def is_dangerous(cell: Cell) -> bool:
    """True for text that a spreadsheet might take for a formula and run."""
    return isinstance(cell, str) and cell.lstrip(" ").startswith(_DANGEROUS)
