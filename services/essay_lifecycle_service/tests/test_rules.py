"""The pure rules by themselves."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_core.enums import BatchStatus, EssayStatus, PhaseName
from common_core.shared import EssayProcessingInputRefV1
from essay_lifecycle_service.domain.essay_status import (
    BatchFacts,
    EssayFacts,
    FileFact,
    PhaseFact,
    breakdown,
    completion_percentage,
    processed,
    status,
    timeline,
)
from essay_lifecycle_service.domain.intake import is_over, take_slots
from essay_lifecycle_service.domain.phases import (
    EndedPhase,
    Verdict,
    outcome,
    outcome_status,
    plan_of,
    waves,
)
from essay_lifecycle_service.tests.said import AT, METRICS, id_of, spellcheck

COUNTS = st.integers(0, 50)


@given(succeeded=COUNTS, failed=COUNTS)
def test_the_counts_say_how_a_phase_ended(succeeded: int, failed: int) -> None:
    ended = outcome_status(succeeded, failed)

    assert (ended == BatchStatus.FAILED_CRITICALLY) == (succeeded == 0)
    assert (ended == BatchStatus.COMPLETED_SUCCESSFULLY) == (succeeded > 0 and failed == 0)


@given(free=st.lists(st.uuids().map(str), unique=True), files=st.lists(st.integers(), unique=True))
def test_files_take_the_free_slots_in_order(free: list[str], files: list[int]) -> None:
    taken = take_slots(free, files)

    assert [file for file, _ in taken] == files
    assert [slot for _, slot in taken if slot is not None] == free[: len(files)]


@given(slots=COUNTS, taken=COUNTS, deadline_passed=st.booleans())
def test_an_intake_is_over_when_full_or_late(slots: int, taken: int, deadline_passed: bool) -> None:
    assert is_over(slots, taken, deadline_passed) == (deadline_passed or taken >= slots)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9))))
def test_waves_name_a_batch_once_each_and_keep_its_order(commands: list[tuple[str, int]]) -> None:
    plans = [plan_of(spellcheck(b, [], attempt=n), id_of("event"), "request", None) for b, n in commands]

    rounds = waves(plans)

    assert all(len({plan.batch_id for plan in wave}) == len(wave) for wave in rounds)
    for batch in map(id_of, "abc"):
        in_waves = [plan for wave in rounds for plan in wave if plan.batch_id == batch]
        assert in_waves == [plan for plan in plans if plan.batch_id == batch]


def test_an_id_is_one_however_it_is_written() -> None:
    command = spellcheck("9b", ["ada"])
    shouted = EssayProcessingInputRefV1(essay_id=id_of("ada").upper(), text_storage_id="t")

    plan = plan_of(
        type(command)(
            entity_id=id_of("9b").upper(),
            timestamp=AT,
            essays_to_process=[shouted, *command.essays_to_process],
            language="en",
        ),
        id_of("event"),
        "request",
        None,
    )

    assert (plan.batch_id, [ref.essay_id for ref in plan.essays]) == (id_of("9b"), [id_of("ada")])


def test_metrics_of_an_earlier_phase_are_passed_on() -> None:
    plan = plan_of(spellcheck("9b", ["ada"]), id_of("event"), "request", None)
    [ref] = outcome(EndedPhase(plan=plan, verdicts={id_of("ada"): Verdict(metrics=METRICS)})).processed_essays

    assert (ref.text_storage_id, ref.spellcheck_metrics) == ("text-ada", METRICS)


FILE = FileFact(placed_at=AT, raw_storage_id="raw", text_storage_id="text")
SPELLED = PhaseFact(phase=PhaseName.SPELLCHECK, opened_at=AT, answered_at=AT)
ESSAY = EssayFacts(essay_id="e", batch_id="b", registered_at=AT)


WAITING = PhaseFact(phase=PhaseName.NLP, opened_at=AT)
FAILED = PhaseFact(phase=PhaseName.NLP, opened_at=AT, answered_at=AT, error_code="E")


@pytest.mark.parametrize(
    ("ended", "file", "phases", "expected"),
    [
        (None, None, [], EssayStatus.UPLOADED),
        (AT, None, [], EssayStatus.CONTENT_INGESTION_FAILED),
        (AT, FILE, [], EssayStatus.READY_FOR_PROCESSING),
        (AT, FILE, [SPELLED], EssayStatus.SPELLCHECKED_SUCCESS),
        (AT, FILE, [SPELLED, WAITING], EssayStatus.AWAITING_NLP),
        (AT, FILE, [SPELLED, FAILED], EssayStatus.NLP_FAILED),
    ],
)
def test_an_essays_status_follows_from_the_last_fact(
    ended: datetime | None, file: FileFact | None, phases: list[PhaseFact], expected: EssayStatus
) -> None:
    essay = EssayFacts(essay_id="e", batch_id="b", intake_ended_at=ended, file=file, phases=phases)

    assert status(essay) == expected


def test_a_timeline_is_in_the_order_of_time() -> None:
    late = AT + timedelta(hours=1)
    facts = EssayFacts(
        essay_id="e",
        batch_id="b",
        registered_at=late,
        file=FILE,
        phases=[PhaseFact(phase=PhaseName.NLP, opened_at=late + timedelta(hours=1))],
    )

    assert list(timeline(facts)) == ["ready_for_processing", "uploaded", "awaiting_nlp"]
    assert processed(facts) == {"nlp": False}


def test_completion_counts_those_that_nothing_more_is_expected_of() -> None:
    unusable = EssayFacts(
        essay_id="f", batch_id="b", file=FileFact(placed_at=AT, raw_storage_id="raw", text_storage_id=None)
    )
    spelled = EssayFacts(essay_id="g", batch_id="b", file=FILE, phases=[SPELLED])
    batch = BatchFacts(batch_id="b", essays=[ESSAY, unusable, spelled])

    assert completion_percentage(batch) == 66.7
    assert sum(breakdown(batch).values()) == 3
    assert completion_percentage(BatchFacts(batch_id="b", essays=[])) == 0.0
