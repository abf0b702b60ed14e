"""What goes over the wire is what the samples show, and what older peers say is understood."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from common_core.message import Envelope, Message, Value, envelope_of
from common_core.messages.batch import BatchEssaysRegistered, BatchPipelineCompletedV1
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.topics import (
    MESSAGES,
    OLDER_SPELLINGS,
    PRODUCER_ALIASES,
    faults_of,
    may_say,
    producers,
    spellings,
)

HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
OLDER_PAYLOADS: dict[str, dict[str, Any]] = json.loads((HERE / "payloads_of_older_peers.json").read_text("utf-8"))
BY_TOPIC = {topic: message for message in MESSAGES for topic in spellings(message)}
OWNED = [message for message in MESSAGES if message.producer != "*"]


def sample(message: type[Message]) -> Any:
    """What is committed for this message, as JSON."""
    return json.loads((SAMPLES / f"{message.topic}.json").read_text("utf-8"))


def read(message: type[Message], envelope: Any) -> Envelope[Any]:
    """As a consumer that routes by topic reads it."""
    return msgspec.json.decode(json.dumps(envelope), type=envelope_of(message))


def written(said: msgspec.Struct) -> Any:
    """As it goes over the wire."""
    return json.loads(msgspec.json.encode(said))


def structs(value: Any) -> Iterator[type[msgspec.Struct]]:
    """Every type of struct that a message is made of."""
    if isinstance(value, msgspec.Struct):
        yield type(value)
        for field in value.__struct_fields__:
            yield from structs(getattr(value, field))
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from structs(part)


def values(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """The parts of messages that the contracts define."""
    for part in kind.__subclasses__():
        if part.__module__.startswith("common_core."):
            yield part
            yield from values(part)


def holds(richer: Any, poorer: Any) -> bool:
    """Whether all that the one says stands in the other, which may have fields that are newer."""
    match richer, poorer:
        case dict(), dict():
            return all(name in richer and holds(richer[name], value) for name, value in poorer.items())
        case list(), list():
            return len(richer) == len(poorer) and all(map(holds, richer, poorer))
        case _:
            return bool(richer == poorer)


def test_there_is_a_sample_of_each_message_and_no_other() -> None:
    assert {path.stem for path in SAMPLES.iterdir()} == {message.topic for message in MESSAGES}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.topic)
def test_a_sample_is_written_as_it_was_read(message: type[Message]) -> None:
    shown = sample(message)

    assert written(read(message, shown)) == shown
    assert shown["event_type"] == message.topic
    assert may_say(message, shown["source_service"])


def test_the_samples_show_every_part_of_every_message() -> None:
    shown = {kind for message in MESSAGES for kind in structs(read(message, sample(message)).data)}

    assert shown == {*MESSAGES, *values(Value)}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.topic)
def test_what_is_left_out_is_written_out(message: type[Message]) -> None:
    shown = sample(message)
    fields = msgspec.structs.fields(message)
    least = {field.encode_name: shown["data"][field.encode_name] for field in fields if field.required}

    data = written(read(message, shown | {"data": least}))["data"]

    assert list(data) == [field.encode_name for field in fields]
    assert all(data[field.encode_name] is None for field in fields if field.default is None)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.topic)
def test_unknown_fields_are_ignored(message: type[Message]) -> None:
    shown = sample(message)
    richer = shown | {"from_the_future": 1, "data": shown["data"] | {"from_the_future": {"a": [1]}}}

    assert written(read(message, richer)) == shown


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.topic)
def test_each_required_field_is_asked_for(message: type[Message]) -> None:
    shown = sample(message)
    for field in msgspec.structs.fields(message):
        if field.required:
            poorer = {name: value for name, value in shown["data"].items() if name != field.encode_name}
            with pytest.raises(msgspec.ValidationError, match=f"`{field.encode_name}`"):
                read(message, shown | {"data": poorer})


def test_a_time_is_written_in_utc_with_z_and_microseconds() -> None:
    moment = datetime(2026, 1, 1, 10, 0, 0, 123456, tzinfo=UTC)

    assert msgspec.json.encode(moment) == b'"2026-01-01T10:00:00.123456Z"'


@pytest.mark.parametrize("spelling", ["2026-01-01T12:00:00.123456+02:00", "2026-01-01T10:00:00.123456+00:00"])
def test_a_time_is_read_in_any_zone(spelling: str) -> None:
    envelope = read(BatchEssaysRegistered, sample(BatchEssaysRegistered) | {"event_timestamp": spelling})

    assert envelope.event_timestamp == datetime(2026, 1, 1, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("topic", OLDER_PAYLOADS)
def test_a_payload_of_an_older_peer_is_read_whole(topic: str) -> None:
    message = BY_TOPIC[topic]
    payload = OLDER_PAYLOADS[topic]
    data = written(read(message, sample(message) | {"data": payload}))["data"]

    assert holds(data, payload)
    added = [field for field in msgspec.structs.fields(message) if field.encode_name not in payload]
    assert not any(field.required for field in added)


@pytest.mark.parametrize("poorer", [{"a": [{"b": 2}]}, {"a": [{}, {}]}, {"c": 1}, {"a": 1}])
def test_what_was_lost_or_changed_in_reading_is_seen(poorer: Any) -> None:
    assert holds({"a": [{"b": 1}]}, {"a": [{}]})
    assert not holds({"a": [{"b": 1}]}, poorer)


def test_each_topic_is_of_one_message_in_all_spellings() -> None:
    assert len(BY_TOPIC) == len(MESSAGES) + sum(map(len, OLDER_SPELLINGS.values()))
    assert OLDER_SPELLINGS.keys() <= set(MESSAGES)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("huleedu.els.batch.phase.outcome.v1", "huleedu.els.batch_phase.outcome.v1"),
        ("huleedu.els.spellcheck.initiate.command.v1", "huleedu.batch.spellcheck.initiate.command.v1"),
        ("huleedu.batch.nlp.initiate.command.v2", "huleedu.batch.nlp.initiate.command.v1"),
    ],
)
def test_the_older_spelling_of_a_topic_carries_the_same_message(older: str, newer: str) -> None:
    assert BY_TOPIC[older] is BY_TOPIC[newer]
    assert BY_TOPIC[newer].topic == newer


OUTCOME, COMMAND = "huleedu.els.batch_phase.outcome.v1", "huleedu.batch.nlp.initiate.command.v1"


def test_a_topic_may_be_published_under_its_older_spelling_or_a_name_of_its_own() -> None:
    assert list(faults_of({COMMAND: "huleedu.batch.nlp.initiate.command.v2", OUTCOME: "outcomes"})) == []


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ({"huleedu.essay.sung.v1": "sung"}, "huleedu.essay.sung.v1 is not a topic of HuleEdu"),
        ({"huleedu.els.batch.phase.outcome.v1": OUTCOME}, "outcome.v1 is not a topic of HuleEdu"),
        ({OUTCOME: ""}, "'' cannot be the name of a topic"),
        ({OUTCOME: ".."}, "'..' cannot be the name of a topic"),
        ({OUTCOME: "phase outcomes"}, "'phase outcomes' cannot be the name of a topic"),
        ({OUTCOME: "o" * 246}, "cannot be the name of a topic"),
        ({OUTCOME: COMMAND}, f"{COMMAND} is taken: it is what {COMMAND} is called."),
        ({OUTCOME: "huleedu.batch.nlp.initiate.command.v2"}, f"command.v2 is taken: it is what {COMMAND} is called."),
        ({OUTCOME: "one", COMMAND: "one"}, f"one is taken: it is what {OUTCOME} is called."),
    ],
)
def test_a_spelling_that_would_not_be_understood_is_refused(names: dict[str, str], fault: str) -> None:
    [found] = faults_of(names)

    assert fault in found


@pytest.mark.parametrize("message", OWNED, ids=lambda message: message.topic)
def test_a_message_is_its_producers_under_any_of_their_names_and_nobody_elses(message: type[Message]) -> None:
    names = {alias for alias, name in PRODUCER_ALIASES.items() if name in producers(message)} | {*producers(message)}
    others = {*PRODUCER_ALIASES, *PRODUCER_ALIASES.values(), "somebody"} - names

    assert all(may_say(message, name) for name in names)
    assert not any(may_say(message, other) for other in others)


def test_a_notification_goes_with_its_batch_or_else_with_its_teacher() -> None:
    said = read(TeacherNotificationRequestedV1, sample(TeacherNotificationRequestedV1)).data

    assert said.key == said.batch_id
    assert msgspec.structs.replace(said, batch_id=None).key == said.teacher_id


@pytest.mark.parametrize("spelling", ["batch-service", "batch-orchestrator-service", "batch_orchestrator_service"])
def test_bos_is_known_by_its_three_names(spelling: str) -> None:
    assert may_say(BatchEssaysRegistered, spelling)


def test_the_odd_envelopes_of_older_peers_are_read() -> None:
    odd = sample(BatchPipelineCompletedV1) | {
        "event_type": "batch.pipeline.completed",
        "event_id": "00000000-0000-0000-0000-000000000000",
        "source_service": "batch-orchestrator-service",
    }
    bare = {name: value for name, value in odd.items() if name not in ("schema_version", "data_schema_uri", "metadata")}

    assert written(read(BatchPipelineCompletedV1, odd)) == odd
    assert written(read(BatchPipelineCompletedV1, bare)) == odd | {"metadata": None}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_described_on_one_line(message: type[Message]) -> None:
    """Further lines would be indented in the documents of some Pythons and not in those of others."""
    assert message.__doc__
    assert "\n" not in message.__doc__
