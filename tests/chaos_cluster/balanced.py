"""Books in which everything is as it should be: one teacher's batch of two essays, taken through spelling and NLP."""

import msgspec
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    CORRELATION,
    NLP,
    RUN,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    outcome,
    provisioned,
    registered,
)

from chaos.books import Books, Gathered, KeptBatch, Letter, PhaseCounts, Said, Shown, Taken, Upload
from chaos.diary import Entry, Planted, Struck
from chaos.lives import commands
from common_core.messages.batch import BatchEssaysRegistered
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1, PhaseCommand
from common_core.messages.spellcheck import SpellcheckPhaseCompletedV1

TEACHER, KEY = registered().user_id, "key of the registration"
REGISTERED, OUTCOME = BatchEssaysRegistered.topic, ELSBatchPhaseOutcomeV1.topic
ANSWER = SpellcheckPhaseCompletedV1.topic
FACTS: tuple[Fact, ...] = (
    registered("ab"),
    provisioned("ab"),
    SPELLING_THEN_ANALYSIS,
    outcome(SPELLCHECK, "ab"),
    outcome(NLP, "ab"),
)
MARK = "poison-1"


def kept(*facts: Fact) -> KeptBatch:
    """The batch that these facts make, as BOS keeps it."""
    batch: Batch | None = None
    for fact in facts:
        batch, _ = decide(batch, fact, AT)
    assert batch is not None
    timeline = [(seq, AT, fact) for seq, fact in enumerate(facts, 1)]
    return KeptBatch(batch=batch, status=batch.status, version=batch.version, timeline=timeline)


def commanded(kept_batch: KeptBatch) -> tuple[Said, ...]:
    """What BOS commanded in the life of this batch, from offset 10 on."""
    return tuple(
        Said(10 + place, each.topic, BATCH, f"command {place}", (_effect(each),), run_id=str(each.run_id))
        for place, each in enumerate(commands(kept_batch))
    )


def _effect(command: PhaseCommand) -> tuple[str, ...]:
    return command.topic, BATCH, str(command.run_id), str(command.attempt)


def facts_shown(kept_batch: KeptBatch) -> tuple[Shown, ...]:
    """What BOS's log has of its timeline for streams."""
    return tuple(Shown(50 + seq, TEACHER, BATCH, "fact", f"fact {seq}", seq) for seq, _, _ in kept_batch.timeline)


def answers(essays: str, *, run: str = RUN, attempt: int = 1) -> tuple[Said, ...]:
    """The spellchecker is done with these."""
    return tuple(
        Said(30, ANSWER, BATCH, f"answer {run} {essay}", ((ANSWER, BATCH, run, essay, str(attempt)),))
        for essay in essays
    )


def entry(what: str, began: float, **more: object) -> Entry:
    """Something that the teacher was told."""
    told = {"who": TEACHER, "what": what, "began": began, "ended": began + 1, "batch_id": BATCH} | more
    return msgspec.convert(told, Entry)


def counts(name: str, succeeded: int = 2, failed: int = 0, *, run: str = RUN, attempt: int = 1) -> PhaseCounts:
    """A phase that has ended, of both essays unless less is said."""
    return PhaseCounts(
        batch_id=BATCH,
        run_id=run,
        phase=name,
        attempt=attempt,
        total=succeeded + failed,
        waiting=0,
        succeeded=succeeded,
        failed=failed,
        ended=True,
        rows_succeeded=succeeded,
        rows_failed=failed,
    )


REGISTRATION = entry("register", 1, status=202, key=KEY, answer=f'{{"batch_id": "{BATCH}"}}')
ENTRIES = (
    REGISTRATION,
    entry("register", 2, status=202, key=KEY, answer=REGISTRATION.answer),
    entry("upload", 3, status=202, key="of the upload", sent={"files": ["a.txt", "b.txt"]}, answer="{}"),
    entry("request", 5, status=202, key=CORRELATION, answer="{}"),
    entry("results", 6, status=404),
    entry("peek", 7, status=404),
    entry("saw", 4, sent={"status": "ready_for_pipeline_execution", "runs": 0}),
    entry("saw", 8, sent={"status": "completed_successfully", "runs": 1}),
    entry("finished", 9, sent={"essays": 2, "pipelines": ["nlp"]}),
)
DRAINED = Struck(number=1, kind="drain-service", target="file_service.1", began=3, ended=5, drained_in=2.0, exit_code=0)
SAID = (
    Said(1, REGISTERED, BATCH, "event 1", ((REGISTERED, BATCH),)),
    Said(7, OUTCOME, BATCH, "event 2", ((OUTCOME, BATCH, RUN, "spellcheck", "1"),)),
    Said(9, OUTCOME, BATCH, "event 3", ((OUTCOME, BATCH, RUN, "nlp", "1"),)),
)
FURTHER = (*commanded(kept(*FACTS)), *answers("ab"))
TAKEN = (
    Taken(1, "essay_lifecycle_service", REGISTERED, BATCH, "event 1"),
    Taken(2, "batch_orchestrator_service", OUTCOME, BATCH, "event 2"),
    Taken(3, "batch_orchestrator_service", OUTCOME, BATCH, "event 3"),
)
BALANCED = Books(
    entries=ENTRIES,
    struck=(DRAINED,),
    planted=(Planted(mark=MARK, topic=OUTCOME, groups=("batch_orchestrator_service",)),),
    batches={BATCH: kept(*FACTS)},
    phases=(counts("spellcheck"), counts("nlp")),
    gathered={BATCH: Gathered(status="completed_successfully", results={"spellcheck": 2, "nlp": 2})},
    uploads=(Upload(BATCH, "a.txt", "provisioned"), Upload(BATCH, "b.txt", "provisioned")),
    said=(*SAID, *FURTHER),
    taken=TAKEN,
    shown=facts_shown(kept(*FACTS)),
    readers={REGISTERED: ["essay_lifecycle_service"], OUTCOME: ["batch_orchestrator_service"]},
    letters=(Letter("batch_orchestrator_service", OUTCOME, "ValueError", f"{MARK} and more".encode()),),
    carried={"event 1": 1, "event 2": 3, "event 3": 1} | {each.event_id: 1 for each in FURTHER},
    in_dlq=((f"{OUTCOME}.dlq", f"{MARK} and more".encode()),),
    behind={"relay": 0},
)
