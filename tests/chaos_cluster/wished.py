"""Books of a batch that was paused, resumed and cancelled, and of one that was retried; and what may be wrong there."""

from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    CORRELATION,
    NLP,
    RUN,
    SPELLCHECK,
    cancel,
    outcome,
    pause,
    resume,
    retry,
)
from msgspec.structs import replace

from chaos.books import Books, Gathered, KeptBatch, Said, Taken
from chaos.checks.halts import CANCELLED as RUN_CANCELLED
from chaos.checks.halts import ELS, PAUSED, RESUMED
from chaos.diary import Entry
from common_core.messages.pipeline import BatchServiceNLPInitiateCommandDataV1
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1
from tests.chaos_cluster.balanced import (
    FACTS,
    OUTCOME,
    REGISTERED,
    REGISTRATION,
    answers,
    commanded,
    counts,
    entry,
    facts_shown,
    kept,
)

NOW = AT.timestamp()
ANALYSE, REQUEST = BatchServiceNLPInitiateCommandDataV1.topic, EssayLifecycleSpellcheckRequestV1.topic
AGAIN = "run-2"


def wish(what: str, began: float = NOW, **more: object) -> Entry:
    """The teacher wishes for this, at the time of the facts unless more is said."""
    return entry(what, began, **({"status": 202, "key": f"key of the {what}", "answer": "{}"} | more))


def wished(fact: Fact, what: str) -> Fact:
    """What came of it."""
    return replace(fact, correlation_id=f"key of the {what}")


def books(life: KeptBatch, said: tuple[Said, ...], entries: tuple[Entry, ...], **more: object) -> Books:
    """With this batch alone."""
    announced = Said(1, REGISTERED, BATCH, "event 1", ((REGISTERED, BATCH),))
    asked = entry("request", NOW, status=202, key=CORRELATION, answer="{}")
    finished = entry("finished", NOW + 9, sent={"pipelines": ["nlp"]})
    told = (REGISTRATION, asked, *entries, finished)
    begun = Books(
        entries=told, batches={BATCH: life}, said=(announced, *commanded(life), *said), shown=facts_shown(life)
    )
    return replace(begun, **more)


def come_late(run: str = RUN, attempt: int = 1) -> Said:
    """ELS: spelling is over."""
    effect = (OUTCOME, BATCH, run, "spellcheck", str(attempt))
    return Said(7, OUTCOME, BATCH, f"outcome {run}", (effect,), run)


HALTS = (wished(pause(), "pause"), wished(resume(), "resume"), wished(cancel(), "cancel"))
CANCELLED_LIFE = kept(*FACTS[:3], *HALTS, outcome(SPELLCHECK, "ab"))
ORDERS = (
    Said(20, PAUSED, BATCH, "paused", version=4),
    Said(22, RESUMED, BATCH, "resumed", version=5),
    Said(24, RUN_CANCELLED, BATCH, "cancelled", run_id=RUN, version=6),
)
HEARD = (
    Taken(1, ELS, PAUSED, BATCH, "paused", head=100, transaction=1),
    Taken(2, ELS, RESUMED, BATCH, "resumed", head=110, transaction=2),
    Taken(3, ELS, RUN_CANCELLED, BATCH, "cancelled", head=120, transaction=3),
)


def asked_for(offset: int, run: str = RUN, transaction: int = 9) -> Said:
    """ELS sends an essay out."""
    effect = (REQUEST, BATCH, run, "a", "1")
    return Said(offset, REQUEST, BATCH, f"request {offset}", (effect,), run, transaction=transaction)


TOO_LATE = wish("request", key="too late", status=409, answer='{"code": "BATCH_CANCELLED"}')
SENT = (asked_for(90), *answers("ab"), come_late())
CANCELLED = books(
    CANCELLED_LIFE,
    (*ORDERS, *SENT),
    (wish("pause"), wish("resume"), wish("cancel"), wish("cancel"), TOO_LATE),
    phases=(counts("spellcheck"),),
    taken=HEARD,
    gathered={BATCH: Gathered(status="cancelled", results={"spellcheck": 2})},
)
HALF_DONE = (*FACTS[:3], outcome(SPELLCHECK, "a", {"b": "PARSING_ERROR"}), outcome(NLP, "a"))
RETRY = wished(retry(SPELLCHECK, "b", run=AGAIN), "retry")
RETRIED_LIFE = kept(
    *HALF_DONE, RETRY, outcome(SPELLCHECK, "b", run=AGAIN, attempt=2), outcome(NLP, "b", run=AGAIN, attempt=2)
)
RETRY_ANSWER = '{"run_id": "run-2", "essay_ids": ["b"]}'
ATTEMPTS = (
    counts("spellcheck", 1, 1),
    counts("nlp", 1),
    counts("spellcheck", 1, run=AGAIN, attempt=2),
    counts("nlp", 1, run=AGAIN, attempt=2),
)
RETRIED = books(
    RETRIED_LIFE,
    (*answers("ab"), *answers("b", run=AGAIN, attempt=2)),
    (wish("retry", answer=RETRY_ANSWER, sent={"essay_ids": ["b"]}),),
    phases=ATTEMPTS,
    gathered={BATCH: Gathered(status="completed_successfully", results={"spellcheck": 2, "nlp": 2})},
)


def cancelled_but(*said: Said, **more: object) -> Books:
    """The first of the two, with this said besides."""
    return replace(CANCELLED, said=(*CANCELLED.said, *said), **more)


def told(*entries: Entry) -> Books:
    """The first of the two, with this told to the teacher besides."""
    return replace(CANCELLED, entries=(*CANCELLED.entries, *entries))


def lived(base: Books, *facts: Fact) -> Books:
    """As if the batch had lived through this instead, whatever was said."""
    return replace(base, batches={BATCH: kept(*facts)})


FAILED_AGAIN = outcome(SPELLCHECK, (), {"b": "PARSING_ERROR"}, run=AGAIN, attempt=2)
WITHOUT_OUTCOME = replace(CANCELLED, said=[each for each in CANCELLED.said if each.topic != OUTCOME])
MUCH_LATER = NOW + 100

DOCTORED_WISHES: dict[str, list[Books]] = {
    "done_more_than_once": [
        lived(CANCELLED, *FACTS[:3], *HALTS[:2], *HALTS),
        lived(RETRIED, *HALF_DONE, RETRY, FAILED_AGAIN, replace(RETRY, run_id="run-3")),
    ],
    "accepted_and_not_done": [
        lived(CANCELLED, *FACTS[:3], *HALTS[:2]),
        lived(RETRIED, *HALF_DONE),
        told(wish("request", key="another")),
        told(wish("pause", MUCH_LATER, key="another")),
    ],
    "retried_otherwise": [
        lived(RETRIED, *HALF_DONE, replace(RETRY, essay_ids=("a", "b"))),
        lived(RETRIED, *HALF_DONE[:3], outcome(SPELLCHECK, (), {"a": "X", "b": "X"}), replace(RETRY, essay_ids=())),
    ],
    "refused_without_reason": [
        told(wish("request", MUCH_LATER, key="another", status=409, answer='{"code": "BATCH_PAUSED"}')),
        told(wish("pause", key="another", status=409, answer='{"code": "BATCH_NOT_FOUND"}')),
        told(wish("upload", key="another", status=422)),
    ],
    "commanded_otherwise": [
        replace(CANCELLED, said=CANCELLED.said[:1]),
        cancelled_but(Said(12, ANALYSE, BATCH, "command 9", ((ANALYSE, BATCH, RUN, "1"),), RUN)),
    ],
    "commanded_while_halted": [
        cancelled_but(Said(21, ANALYSE, BATCH, "command 9", run_id="another run")),
        cancelled_but(Said(25, ANALYSE, BATCH, "command 9", run_id=RUN)),
    ],
    "sent_while_halted": [
        cancelled_but(asked_for(105, "another run")),
        cancelled_but(asked_for(125)),
    ],
    "late_outcomes_dropped": [
        lived(CANCELLED, *FACTS[:3], *HALTS),
        WITHOUT_OUTCOME,
    ],
    "answers_unaccounted_for": [
        cancelled_but(*answers("c")),
        replace(CANCELLED, phases=(replace(counts("spellcheck"), discarded=1),)),
        replace(CANCELLED, phases=(replace(counts("spellcheck"), timed_out=1),)),
    ],
}
