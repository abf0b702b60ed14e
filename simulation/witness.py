"""Hears all that is said and done, and objects at once to what must never be."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from batch_orchestrator_service.domain.asked import CancelAsked, PipelineResolved, ResumeAsked, RetryAsked
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact

from common_core.enums import BatchStatus, PhaseName
from common_core.message import Message
from common_core.messages import batch as of_batch
from common_core.messages import content, control, nlp, pipeline, results, spellcheck
from simulation.legal import LEGAL, label
from simulation.services.orchestrator import OFFERED
from simulation.services.parts import ELS
from simulation.still import VirtualClock
from simulation.stores import WatchedBatches
from simulation.violation import Violation

Attempt = tuple[str, PhaseName, str | None, int | None]
Run = tuple[str, str | None]


class Witness:
    """What has been said so far, as far as it matters to what may still be said."""

    def __init__(self, clock: VirtualClock) -> None:
        self.batches = WatchedBatches(self, clock)
        self.ended_runs: dict[Run, of_batch.BatchPipelineCompletedV1] = {}
        self.uploads: dict[str, str] = {}
        self.answered: set[str] = set()
        self.usable: dict[str, str] = {}
        self.registered: set[str] = set()
        self.announced: set[Run] = set()
        self.commanded: dict[Attempt, frozenset[str]] = {}
        self.cancelled_runs: set[Run] = set()
        self.placed: set[str] = set()
        self._once: set[tuple[object, ...]] = set()
        self._cancelled: defaultdict[str, set[Run]] = defaultdict(set)
        self._holds: dict[str, tuple[int, bool]] = {}

    # -- what is heard ------------------------------------------------------------------------------------------------

    def heard(self, group: str, message: Message) -> None:
        """A group is about to handle this."""
        if isinstance(message, control.BatchRunCancelledV1):
            self._cancelled[group.partition(".")[0]].add((message.batch_id, message.run_id))
        if group == ELS and isinstance(
            message, control.BatchPausedV1 | control.BatchResumedV1 | control.BatchRunCancelledV1
        ):
            hold = (message.version, isinstance(message, control.BatchPausedV1))
            self._holds[message.batch_id] = max(hold, self._holds.get(message.batch_id, hold))

    # -- what is decided ----------------------------------------------------------------------------------------------

    def changed(self, before: Batch | None, fact: Fact, after: Batch) -> None:
        """BOS has decided on a fact."""
        if before is None:
            return
        old, new = label(before), label(after)
        if old != new and (old, new) not in LEGAL:
            raise Violation("I3", after.batch_id, f"{old} became {new} by {type(fact).__name__}")
        if (
            before.has_ended
            and after.status is not before.status
            and not isinstance(fact, PipelineResolved | RetryAsked)
        ):
            raise Violation("I3", after.batch_id, f"{before.status} has ended, and became {after.status} by {fact}")
        if isinstance(fact, pipeline.ELSBatchPhaseOutcomeV1) and not _is_awaited(before, fact):
            raise Violation(
                "I11", after.batch_id, f"an answer to attempt {fact.attempt} of run {fact.run_id} is heeded"
            )
        if before.paused and not after.paused and not isinstance(fact, ResumeAsked | CancelAsked):
            raise Violation("I3", after.batch_id, f"paused, and resumed by {type(fact).__name__}")

    # -- what is said -------------------------------------------------------------------------------------------------

    def said(self, messages: Iterable[Message]) -> None:
        """This is being committed."""
        for message in messages:
            check = _CHECKS.get(type(message))
            if check is not None:
                check(self, message)

    def once(self, invariant: str, batch_id: str, *what: object) -> None:
        """Raises Violation if the same has been said before."""
        if (batch_id, *what) in self._once:
            raise Violation(invariant, batch_id, f"said twice: {' '.join(map(str, what))}")
        self._once.add((batch_id, *what))

    def on_registered(self, said: of_batch.BatchEssaysRegistered) -> None:
        """I1."""
        self.once("I1", said.entity_id, "registered")
        self.registered.add(said.entity_id)

    def on_content(self, said: content.EssayContentProvisionedV1 | content.EssayValidationFailedV1) -> None:
        """I4: each file is answered once."""
        self.once("I4", said.entity_id, "answer to file", said.file_upload_id)
        self.answered.add(said.file_upload_id)
        if isinstance(said, content.EssayContentProvisionedV1):
            self.usable[said.file_upload_id] = said.entity_id

    def on_added(self, said: content.BatchFileAddedV1) -> None:
        """A file was accepted."""
        self.uploads[said.file_upload_id] = said.batch_id

    def on_slot(self, said: content.EssaySlotAssignedV1) -> None:
        """I4: a slot has one file, a file one place."""
        self.once("I4", said.batch_id, "slot", said.essay_id)
        self._place(said)

    def _place(self, said: content.EssaySlotAssignedV1 | content.ExcessContentProvisionedV1) -> None:
        self.once("I4", said.batch_id, "place of file", said.file_upload_id)
        self.placed.add(said.file_upload_id or "")

    def on_excess(self, said: content.ExcessContentProvisionedV1) -> None:
        """I4."""
        self._place(said)

    def on_intake_ended(self, said: Any) -> None:
        """I4: how the intake ended is said once."""
        self.once("I4", said.batch_id, type(said).__name__)

    def on_command(self, said: pipeline.PhaseCommand) -> None:
        """I5, I12."""
        batch = self.batches.batches[said.entity_id]
        attempt = (said.entity_id, said.phase, said.run_id, said.attempt)
        self.once("I4", said.entity_id, "command", *attempt[1:])
        if (said.entity_id, said.run_id) in self.cancelled_runs:
            raise Violation("I12", said.entity_id, f"{said.phase} of run {said.run_id} begins after that is cancelled")
        run = next(run for run in batch.runs if run.run_id == said.run_id)
        for name in OFFERED.phases[said.phase].depends_on:
            needed = run.phase(name)
            if needed is None or not needed.has_ended:
                raise Violation("I5", said.entity_id, f"{said.phase} begins before {name} has ended")
        self.commanded[attempt] = frozenset(ref.essay_id for ref in said.essays_to_process)

    def _refuse_cancelled(self, who: str, batch_id: str, run_id: str | None) -> None:
        if (batch_id, run_id) in self._cancelled[who]:
            raise Violation("I12", batch_id, f"{who} goes on with run {run_id}, which it knows is cancelled")

    def on_cancelled(self, said: control.BatchRunCancelledV1) -> None:
        """I12: from now on nothing is commanded for it."""
        self.once("I12", said.batch_id, "cancelled", said.run_id or said.version)
        self.cancelled_runs.add((said.batch_id, said.run_id))

    def on_spellcheck_request(self, said: spellcheck.EssayLifecycleSpellcheckRequestV1) -> None:
        """I4, I12."""
        self._asked(PhaseName.SPELLCHECK, said.parent_id, said.run_id, said.attempt, said.entity_id)

    def on_nlp_request(self, said: nlp.BatchNlpProcessingRequestedV2) -> None:
        """I4, I12."""
        for ref in said.essays_to_process:
            self._asked(PhaseName.NLP, said.batch_id, said.run_id, said.attempt, ref.essay_id)

    def _asked(self, phase: PhaseName, batch_id: str, run_id: str | None, attempt: int | None, essay_id: str) -> None:
        self.once("I4", batch_id, "request", phase, run_id, attempt, essay_id)
        self._refuse_cancelled(ELS, batch_id, run_id)
        if self._holds.get(batch_id, (0, False))[1]:
            raise Violation("I12", batch_id, f"essay {essay_id} is sent into {phase} while its batch is paused")
        if essay_id not in self.commanded.get((batch_id, phase, run_id, attempt), ()):
            raise Violation("I4", batch_id, f"essay {essay_id} is sent into {phase}, which nobody has asked for")

    def on_spellchecked(self, said: spellcheck.SpellcheckPhaseCompletedV1) -> None:
        """I12."""
        self._refuse_cancelled("spellchecker_service", said.batch_id, said.run_id)

    def on_analysed(self, said: nlp.EssayNlpCompletedV1) -> None:
        """I4, I12."""
        self.once("I4", said.parent_id, "analysis", said.run_id, said.attempt, said.essay_id)
        self._refuse_cancelled("nlp_service", said.parent_id, said.run_id)

    def on_outcome(self, said: pipeline.ELSBatchPhaseOutcomeV1) -> None:
        """I4, I6: each essay of the attempt has come through or failed, and that is said once."""
        self.once("I4", said.batch_id, "outcome", said.phase_name, said.run_id, said.attempt)
        sent = self.commanded.get((said.batch_id, said.phase_name, said.run_id, said.attempt), frozenset())
        done = [ref.essay_id for ref in said.processed_essays] + said.failed_essay_ids
        if len(done) != len(sent) or set(done) != sent:
            raise Violation(
                "I6", said.batch_id, f"{said.phase_name}: of {len(sent)} essays {len(done)} are answered for"
            )

    def on_run_ended(self, said: of_batch.BatchPipelineCompletedV1) -> None:
        """I4: once for each run."""
        self.once("I4", said.batch_id, "end of run", said.run_id)
        self.ended_runs[said.batch_id, said.run_id] = said

    def on_results(self, said: results.BatchResultsReadyV1) -> None:
        """I4: once for each run, with BOS's counts."""
        self.once("I4", said.batch_id, "results of run", said.run_id)
        self.announced.add((said.batch_id, said.run_id))
        ended = self.ended_runs.get((said.batch_id, said.run_id))
        if ended is None or (ended.successful_essay_count, ended.final_status) != (said.completed_essays, said.status):
            raise Violation("I6", said.batch_id, f"results of run {said.run_id} with other counts than BOS's")


def _is_awaited(batch: Batch, outcome: pipeline.ELSBatchPhaseOutcomeV1) -> bool:
    """This attempt is waited for, or was when its run was cancelled."""
    phases = [run.phase(outcome.phase_name) for run in batch.runs if run.run_id == outcome.run_id]
    return any(phase and phase.wait and phase.attempt == outcome.attempt for phase in phases)


_CHECKS: dict[type[Message], Callable[[Witness, Any], None]] = {
    of_batch.BatchEssaysRegistered: Witness.on_registered,
    of_batch.BatchContentProvisioningCompletedV1: Witness.on_intake_ended,
    of_batch.BatchValidationErrorsV1: Witness.on_intake_ended,
    of_batch.BatchEssaysReady: Witness.on_intake_ended,
    of_batch.BatchPipelineCompletedV1: Witness.on_run_ended,
    content.BatchFileAddedV1: Witness.on_added,
    content.EssayContentProvisionedV1: Witness.on_content,
    content.EssayValidationFailedV1: Witness.on_content,
    content.EssaySlotAssignedV1: Witness.on_slot,
    content.ExcessContentProvisionedV1: Witness.on_excess,
    control.BatchRunCancelledV1: Witness.on_cancelled,
    pipeline.BatchServiceSpellcheckInitiateCommandDataV1: Witness.on_command,
    pipeline.BatchServiceNLPInitiateCommandDataV1: Witness.on_command,
    pipeline.ELSBatchPhaseOutcomeV1: Witness.on_outcome,
    spellcheck.EssayLifecycleSpellcheckRequestV1: Witness.on_spellcheck_request,
    spellcheck.SpellcheckPhaseCompletedV1: Witness.on_spellchecked,
    nlp.BatchNlpProcessingRequestedV2: Witness.on_nlp_request,
    nlp.EssayNlpCompletedV1: Witness.on_analysed,
    results.BatchResultsReadyV1: Witness.on_results,
}

NEVER = frozenset(
    {
        BatchStatus.AWAITING_STUDENT_VALIDATION,
        BatchStatus.STUDENT_VALIDATION_COMPLETED,
        BatchStatus.VALIDATION_TIMEOUT_PROCESSED,
    }
)
"""Where a batch without a class is never seen (I9)."""
