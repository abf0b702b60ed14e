"""What 0.1.0 wrote into its database is read as it was meant: batches without waits, timers without a `due`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import zstandard

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.domain.wait import Wait
from batch_orchestrator_service.implementations.codec import pack, unpack_batch, unpack_fact
from batch_orchestrator_service.tests.life import said, then, timers
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    CORRELATION,
    SPELLCHECK,
    later,
    outcome,
    pause,
    provisioned,
    resume,
)
from common_core.enums import BatchStatus
from common_core.messages.batch import BatchContentDeadlinePassedV1
from common_core.messages.control import BatchPhaseDeadlinePassedV1

OPEN: dict[str, Any] = {
    "registration": {
        "batch_id": BATCH,
        "essay_ids": ["a", "b", "c"],
        "course_code": "ENG5",
        "user_id": "teacher-1",
        "org_id": "school-1",
        "class_id": None,
        "student_prompt_ref": None,
        "assignment_id": None,
        "cj_default_llm_model": None,
        "cj_default_temperature": None,
        "correlation_id": CORRELATION,
        "content_seconds": 86400,
        "silence_seconds": 3600,
    },
    "registered_at": "2026-09-01T08:00:00Z",
    "changed_at": "2026-09-01T08:00:00Z",
    "version": 1,
    "essays": {"ids": ["a", "b", "c"]},
}
OVERDUE = OPEN | {"version": 2, "ingestion": {"deadline_passed": True}}
RUNNING = OPEN | {
    "version": 3,
    "ingestion": {"closed_at": "2026-09-01T08:00:00Z"},
    "essays": {"ids": ["a", "b", "c"], "originals": ["original-a", "original-b", "original-c"]},
    "runs": [
        {
            "run_id": "run-1",
            "pipeline": "spellcheck",
            "correlation_id": CORRELATION,
            "essays": [0, 1, 2],
            "phases": [
                {
                    "name": "spellcheck",
                    "status": "dispatch_initiated",
                    "sent": [0, 1, 2],
                    "started_at": "2026-09-01T08:00:00Z",
                }
            ],
            "started_at": "2026-09-01T08:00:00Z",
        }
    ],
}
CONTENT_TIMER = "batch_orchestrator.content.deadline.passed"
SILENCE_TIMER = "batch_orchestrator.content.silence.passed"
PHASE_TIMER = "batch_orchestrator.phase.deadline.passed"
CONTENT_DUE, SILENCE_DUE, PHASE_DUE = later(days=1), later(days=1, hours=1), later(minutes=31, seconds=30)


def _kept(value: Mapping[str, Any]) -> bytes:
    return zstandard.compress(msgspec.json.encode(value))


def batch(row: Mapping[str, Any]) -> Batch:
    """As it is read from this row."""
    return unpack_batch(_kept(row))


def timer(topic: str, **more: object) -> Fact:
    """As it is read when it is due."""
    fact: Fact = unpack_fact(topic, _kept({"batch_id": BATCH, **more}))
    return fact


def phase_timer() -> Fact:
    """The time of the running phase is over."""
    return timer(PHASE_TIMER, run_id="run-1", phase_name="spellcheck", attempt=1)


def waits(found: Batch) -> list[Wait | None]:
    """What the batch waits for."""
    return [phase.wait for phase in found.runs[0].phases] if found.runs else [found.ingestion.wait]


@pytest.mark.parametrize(
    ("row", "wait"),
    [
        (OPEN, Wait(AT, CONTENT_DUE)),
        (OVERDUE, Wait(AT, SILENCE_DUE, overdue=True)),
        (RUNNING, Wait(AT, PHASE_DUE)),
    ],
    ids=["open", "overdue", "running"],
)
def test_a_batch_waits_as_long_as_it_did(row: Mapping[str, Any], wait: Wait) -> None:
    assert waits(batch(row)) == [wait]
    assert unpack_batch(pack(batch(row))) == batch(row)


@pytest.mark.parametrize("row", [OPEN, OVERDUE], ids=["open", "overdue"])
def test_a_batch_takes_the_content_that_it_waited_for(row: Mapping[str, Any]) -> None:
    changed, _ = then(batch(row), provisioned())

    assert changed.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION


def test_a_phase_takes_the_answer_that_it_waited_for() -> None:
    changed, _ = then(batch(RUNNING), outcome(SPELLCHECK, "abc"))

    assert changed.status is BatchStatus.COMPLETED_SUCCESSFULLY


def test_the_content_deadline_asks_els_first() -> None:
    changed, effects = then(batch(OPEN), timer(CONTENT_TIMER), CONTENT_DUE)

    assert changed.ingestion.wait.overdue
    assert said(effects, BatchContentDeadlinePassedV1)
    assert list(timers(effects).values()) == [SILENCE_DUE]


def test_els_silence_ends_the_wait_for_content() -> None:
    changed, _ = then(batch(OVERDUE), timer(SILENCE_TIMER), SILENCE_DUE)

    assert changed.status is BatchStatus.CONTENT_INGESTION_FAILED


def test_the_phase_deadline_asks_els_first() -> None:
    changed, effects = then(batch(RUNNING), phase_timer(), PHASE_DUE)

    assert changed.status is BatchStatus.PROCESSING_PIPELINES
    assert said(effects, BatchPhaseDeadlinePassedV1)
    assert timers(effects)


@pytest.mark.parametrize(
    ("row", "fact", "due"),
    [
        (OPEN, timer(CONTENT_TIMER), CONTENT_DUE),
        (OVERDUE, timer(SILENCE_TIMER), SILENCE_DUE),
        (RUNNING, phase_timer(), PHASE_DUE),
    ],
    ids=["open", "overdue", "running"],
)
def test_a_timer_of_the_time_before_a_pause_is_no_longer_meant(
    row: Mapping[str, Any], fact: Fact, due: datetime
) -> None:
    paused, _ = then(batch(row), pause(), later(minutes=1))
    resumed, effects = then(paused, resume(), later(minutes=11))
    unmoved, _ = then(resumed, fact, due)

    assert list(timers(effects).values()) == [due + timedelta(minutes=10)]
    assert unmoved is resumed
