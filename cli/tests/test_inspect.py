"""What `huleedu status` says of a batch."""

from huleedu.inspect import described


def test_a_batch_is_told_with_its_phases_what_it_waits_for_and_what_comes_then() -> None:
    phase = {"phase": "spellcheck", "status": "completed_successfully", "succeeded": 2, "failed": 0, "total": 2}
    wait = {"what": "teacher_confirmation", "phase": None, "until": "2026-11-25T08:00:00Z"}
    status = {
        "batch_id": "9b",
        "status": "awaiting_student_validation",
        "progress": {"phases": [phase]},
        "waiting_for": [wait],
        "next_run": {"run_id": "r", "requested_pipeline": "nlp"},
    }

    assert list(described(status)) == [
        "9b: awaiting_student_validation",
        "  spelling       completed_successfully, 2 done, 0 failed of 2",
        "  waits for teacher_confirmation, until 2026-11-25T08:00:00Z",
        "  then analysis begins, as was asked for",
    ]
