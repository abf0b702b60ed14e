"""The committed JSON schemas are the messages' own, and no message breaks its promise within a version."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from tests.reference.compatibility import breaks
from tests.reference.files import REGENERATE, SCHEMAS, commit, committed, text
from tests.reference.releases import AlreadyReleased, last_release, release
from tests.reference.schemas import BreakingChange, broken_promises, current, promised, schema, write

OLD = schema(ELSBatchPhaseOutcomeV1)
OUTCOME, METRICS, PHASE = "ELSBatchPhaseOutcomeV1", "SpellcheckMetricsV1", "PhaseName"


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The schema of phase outcomes, its definitions changed."""
    new = deepcopy(OLD)
    change(new["$defs"])
    return new


def test_the_committed_schemas_are_current() -> None:
    shown = {path.stem: path.read_text("utf-8") for path in SCHEMAS.glob("*.json")}

    assert shown == {topic: text(document) for topic, document in current().items()}, REGENERATE


def test_no_message_breaks_what_the_last_release_promised() -> None:
    assert broken_promises(promised()) == []


def test_schemas_are_not_written_over_a_broken_promise(tmp_path: Path) -> None:
    shown = changed(lambda defs: defs[OUTCOME]["properties"].update(mood={"type": "string"}))
    commit(tmp_path / "promises" / f"{ELSBatchPhaseOutcomeV1.topic}.json", shown)
    commit(tmp_path / "promises" / "huleedu.essay.sung.v1.json", OLD)

    with pytest.raises(BreakingChange) as broken:
        write(tmp_path / "schemas", tmp_path / "promises")

    assert str(broken.value).splitlines() == [
        f"{ELSBatchPhaseOutcomeV1.topic}.data.mood: the field is gone",
        "huleedu.essay.sung.v1: the message is gone",
    ]
    assert not (tmp_path / "schemas").exists()


def test_what_no_release_has_promised_may_go_again(tmp_path: Path) -> None:
    commit(tmp_path / "schemas" / "huleedu.essay.sung.v1.json", OLD)

    write(tmp_path / "schemas", promised())

    assert {path.stem: committed(path) for path in (tmp_path / "schemas").iterdir()} == current()


def test_what_has_been_released_stays_as_it_is() -> None:
    with pytest.raises(AlreadyReleased):
        release(last_release().name)


def test_the_last_release_is_the_one_with_the_greatest_number(tmp_path: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.2.11"):
        (tmp_path / version).mkdir()

    assert last_release(tmp_path).name == "0.10.0"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda defs: defs[OUTCOME]["properties"].pop("run_id"), [".data.run_id: the field is gone"]),
        (
            lambda defs: defs[METRICS]["properties"].pop("word_count"),
            [
                ".data.processed_essays[].spellcheck_metrics: may no longer be SpellcheckMetricsV1",
                ".data.processed_essays[].spellcheck_metrics: may now be SpellcheckMetricsV1",
            ],
        ),
        (
            lambda defs: defs[OUTCOME]["properties"].update(run=defs[OUTCOME]["properties"].pop("run_id")),
            [".data.run_id: the field is gone"],
        ),
        (
            lambda defs: (
                defs[OUTCOME]["properties"].update(school={"type": "string"}),
                defs[OUTCOME]["required"].append("school"),
            ),
            [".data.school: the field must now be said"],
        ),
        (
            lambda defs: defs[OUTCOME]["required"].append("run_id"),
            [".data.run_id: the field must now be said"],
        ),
        (
            lambda defs: defs[OUTCOME]["required"].remove("batch_id"),
            [".data.batch_id: the field may now be missing"],
        ),
        (
            lambda defs: defs[OUTCOME]["properties"].update(run_id={"type": "string"}),
            [
                ".data.run_id: may no longer be null",
                ".data.run_id: may no longer be string",
                ".data.run_id: type was None, is string",
            ],
        ),
        (
            lambda defs: defs[OUTCOME]["properties"]["attempt"]["anyOf"].pop(0),
            [".data.attempt: may no longer be integer"],
        ),
        (
            lambda defs: defs[OUTCOME]["properties"]["run_id"]["anyOf"].append({"type": "integer"}),
            [".data.run_id: may now be integer"],
        ),
        (
            lambda defs: defs[OUTCOME]["properties"]["batch_id"].update(format="uuid"),
            [".data.batch_id: format was None, is uuid"],
        ),
        (
            lambda defs: defs[OUTCOME]["properties"]["failed_essay_ids"]["items"].update(type="integer"),
            [".data.failed_essay_ids[]: type was string, is integer"],
        ),
        (
            lambda defs: defs[OUTCOME]["properties"]["error_codes"].update(additionalProperties={"type": "integer"}),
            [".data.error_codes{}: type was string, is integer"],
        ),
        (lambda defs: defs[PHASE]["enum"].remove("nlp"), [".data.phase_name: the value nlp is gone"]),
        (
            lambda defs: defs[OUTCOME]["properties"].update(phase_name={"type": "string"}),
            [
                ".data.phase_name: became a vocabulary, or is one no longer",
                ".data.phase_name: type was None, is string",
            ],
        ),
    ],
    ids=[
        "a field removed",
        "a field of a part removed",
        "a field renamed",
        "a new required field",
        "a field becomes required",
        "a field becomes optional",
        "null no longer",
        "one type of two no longer",
        "a type more",
        "a narrower format",
        "another type in a list",
        "another type in a mapping",
        "a value removed",
        "a vocabulary dropped",
    ],
)
def test_a_breaking_change_is_told(change: Callable[[dict[str, Any]], Any], told: list[str]) -> None:
    assert breaks(OLD, changed(change)) == told


@pytest.mark.parametrize(
    "change",
    [
        lambda defs: None,
        lambda defs: defs[OUTCOME]["properties"].update(school={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        lambda defs: defs[PHASE]["enum"].append("peer_review"),
        lambda defs: defs[OUTCOME].update(description="In other words."),
        lambda defs: defs[OUTCOME]["properties"]["run_id"]["anyOf"].reverse(),
    ],
    ids=["nothing", "a field more", "a value more", "other words", "another order"],
)
def test_a_change_that_breaks_nothing_is_let_through(change: Callable[[dict[str, Any]], Any]) -> None:
    assert breaks(OLD, changed(change)) == []
