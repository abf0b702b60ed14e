"""A phase of a batch: its essays are sent within a window, counted in, and its outcome is said once."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from common_core.enums import BatchStatus, CourseCode, PhaseName
from common_core.messages.control import PHASE_TIMED_OUT
from common_core.messages.pipeline import (
    ELSBatchPhaseOutcomeV1,
    ELSBatchPhaseProgressV1,
    PhaseCommand,
)
from common_core.shared import EssayProcessingInputRefV1, SpellcheckMetricsV1, StorageReferenceMetadata

_CANONICAL_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UNNAMED_ERROR = "PROCESSING_ERROR"
"""The code of a failure whose sender gave none."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a phase command asked for; run and attempt tell it from any other command for the same batch and phase."""

    batch_id: str
    phase: PhaseName
    run_id: str
    attempt: int
    names_run: bool = True
    language: str
    student_prompt_ref: StorageReferenceMetadata | None = None
    course_code: CourseCode | None = None
    owner_user_id: str | None = None
    owner: str = ""
    """The teacher on whose turn its essays go; without a name they share one."""
    essays: tuple[EssayProcessingInputRefV1, ...]
    correlation_id: str
    metadata: dict[str, Any] | None = None

    @property
    def address(self) -> "Address":
        """What answers to it name."""
        return Address(self.batch_id, self.run_id, self.attempt)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a phase is, in essays: `waiting` ones have not been sent yet."""

    total: int
    waiting: int
    succeeded: int = 0
    failed: int = 0

    @property
    def in_flight(self) -> int:
        """Sent and not answered."""
        return self.total - self.waiting - self.succeeded - self.failed

    @property
    def is_over(self) -> bool:
        """Every essay has succeeded or failed."""
        return self.succeeded + self.failed >= self.total


class Load(msgspec.Struct, frozen=True):
    """How many essays of a phase are out, and how many wait to be sent, over all batches."""

    in_flight: int = 0
    waiting: int = 0

    def changed(self, in_flight: int, waiting: int) -> "Load":
        """The load after so many more went out and began to wait."""
        return Load(self.in_flight + in_flight, self.waiting + waiting)

    def after(self, releases: "Sequence[Release]") -> "Load":
        """The load after these went out."""
        sent = sum(len(each.essays) for each in releases)
        return self.changed(sent, -sent)


class Hold(msgspec.Struct, frozen=True):
    """A batch is to wait, or to wait no longer. Of all that was ever said of it the greatest version holds."""

    batch_id: str
    version: int
    waits: bool


class Cancellation(msgspec.Struct, frozen=True):
    """Nobody waits for this run any longer, whether its commands have come or not; none is named where none began."""

    batch_id: str
    run_id: str | None


class KnownPhase(msgspec.Struct, frozen=True):
    """What there is already of the batch and phase that a command speaks of."""

    phase_id: int
    run_id: str
    attempt: int
    is_open: bool
    progress: Progress


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of an essay in a phase: without an error code it came through."""

    text_storage_id: str | None = None
    metrics: SpellcheckMetricsV1 | None = None
    error_code: str | None = None


NOT_IN_TIME = Verdict(error_code=PHASE_TIMED_OUT)
"""What becomes of an essay whose phase is closed before it is answered."""


class Address(msgspec.Struct, frozen=True):
    """Which attempt of a phase is meant; without run and attempt it is the open one."""

    batch_id: str
    run_id: str | None = None
    attempt: int | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a specialised service said of one essay."""

    address: Address
    essay_id: str
    verdict: Verdict


class Standing(msgspec.Struct, frozen=True):
    """A phase and how far it is."""

    plan: Plan
    progress: Progress


class EndedPhase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase, and what became of each of its essays."""

    plan: Plan
    verdicts: Mapping[str, Verdict]


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """Essays of a phase whose turn it is."""

    plan: Plan
    essays: Sequence[EssayProcessingInputRefV1]


class PhaseStep(msgspec.Struct, frozen=True, kw_only=True):
    """What has become true of some phases, and is to be said; `unused` answers have changed nothing.

    Those among them that came after their phase had been closed without them are `discarded`: kept apart, once each.
    `load` is what is out and waits after all that; None if it is as before.
    """

    releases: Sequence[Release] = ()
    advanced: Sequence[Standing] = ()
    ended: Sequence[EndedPhase] = ()
    unused: int = 0
    discarded: int = 0
    load: Load | None = None


def plan_of(command: PhaseCommand, event_id: str, correlation_id: str, metadata: dict[str, Any] | None) -> Plan:
    """The plan that a command makes. A command that names no run is a run of its own, under its event's id.

    Raises ValueError when an essay's or the run's id is not a UUID.
    """
    essays = {ref.essay_id: ref for ref in map(_canonical, command.essays_to_process)}
    return Plan(
        batch_id=_uuid(command.entity_id),
        phase=command.phase,
        run_id=_uuid(command.run_id or event_id),
        attempt=command.attempt or 1,
        names_run=command.run_id is not None,
        language=command.language,
        student_prompt_ref=getattr(command, "student_prompt_ref", None),
        course_code=getattr(command, "course_code", None),
        owner_user_id=getattr(command, "owner_user_id", None),
        owner=_owner(command, metadata),
        essays=tuple(essays.values()),
        correlation_id=correlation_id,
        metadata=metadata,
    )


def _owner(command: PhaseCommand, metadata: dict[str, Any] | None) -> str:
    known = command.user_id or (metadata or {}).get("user_id")
    return known if isinstance(known, str) else ""


def _canonical(ref: EssayProcessingInputRefV1) -> EssayProcessingInputRefV1:
    essay_id = _uuid(ref.essay_id)
    return ref if essay_id == ref.essay_id else msgspec.structs.replace(ref, essay_id=essay_id)


def _uuid(text: str) -> str:
    return text if _CANONICAL_UUID.fullmatch(text) else str(UUID(text))


def is_new(plan: Plan, known: Iterable[KnownPhase]) -> bool:
    """False for a command that was taken up before, or that a later attempt of its run has overtaken.

    One that names no run means the open phase, if there is one.
    """
    return not any(
        (phase.is_open and not plan.names_run) or (phase.run_id == plan.run_id and phase.attempt >= plan.attempt)
        for phase in known
    )


def waves(plans: Sequence[Plan]) -> list[list[Plan]]:
    """The plans in rounds that name a batch once each, in order: a batch's later command finds the earlier one."""
    rounds: list[list[Plan]] = []
    seen: Counter[str] = Counter()
    for plan in plans:
        place = seen[plan.batch_id]
        seen[plan.batch_id] += 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(plan)
    return rounds


def release(plan: Plan, sent: int, count: int) -> Release:
    """The next `count` essays of a plan of which `sent` have been sent."""
    return Release(plan=plan, essays=plan.essays[sent : sent + count])


def outcome_status(succeeded: int, failed: int) -> BatchStatus:
    """How a phase ended: critically if no essay came through it, even if none went in."""
    if succeeded == 0:
        return BatchStatus.FAILED_CRITICALLY
    return BatchStatus.COMPLETED_WITH_FAILURES if failed else BatchStatus.COMPLETED_SUCCESSFULLY


def outcome(ended: EndedPhase) -> ELSBatchPhaseOutcomeV1:
    """What is said when a phase has ended: the texts that the next phase reads, and who has failed."""
    plan, verdicts = ended.plan, ended.verdicts
    errors = {essay_id: verdict.error_code for essay_id, verdict in verdicts.items() if verdict.error_code is not None}
    processed = [_output(ref, verdicts[ref.essay_id]) for ref in plan.essays if ref.essay_id not in errors]
    return ELSBatchPhaseOutcomeV1(
        batch_id=plan.batch_id,
        phase_name=plan.phase,
        phase_status=outcome_status(len(processed), len(errors)),
        processed_essays=processed,
        failed_essay_ids=[ref.essay_id for ref in plan.essays if ref.essay_id in errors],
        correlation_id=plan.correlation_id,
        run_id=plan.run_id,
        attempt=plan.attempt,
        error_codes=errors,
    )


def _output(ref: EssayProcessingInputRefV1, verdict: Verdict) -> EssayProcessingInputRefV1:
    """Text flows forward: the phase's own text if it made one, else the one it read."""
    if verdict.text_storage_id is None and verdict.metrics is None:
        return ref
    return EssayProcessingInputRefV1(
        essay_id=ref.essay_id,
        text_storage_id=verdict.text_storage_id or ref.text_storage_id,
        spellcheck_metrics=verdict.metrics or ref.spellcheck_metrics,
    )


def progress_message(standing: Standing) -> ELSBatchPhaseProgressV1:
    """What is said while a phase goes on."""
    plan, progress = standing.plan, standing.progress
    return ELSBatchPhaseProgressV1(
        batch_id=plan.batch_id,
        phase_name=plan.phase,
        run_id=plan.run_id,
        attempt=plan.attempt,
        succeeded=progress.succeeded,
        failed=progress.failed,
        total=progress.total,
    )
