"""A group reads by topic, in every spelling, whatever an envelope calls itself."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from common_core.message import Envelope, Message
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from huleedu_service_libs.runtime.delivery import Decoders, Delivery, WrongProducer
from huleedu_service_libs.runtime.routing import on, on_run

OUTCOME: dict[str, Any] = {
    "batch_id": "6b0f8e0e-5f0c-4a53-9d3c-2f3a1c7d9e10",
    "phase_name": "spellcheck",
    "phase_status": "completed_successfully",
    "processed_essays": [],
    "failed_essay_ids": [],
    "correlation_id": "9c2d7f54-3e1a-4b6c-8d5e-7f8091a2b3c4",
}
SPELLINGS = ["huleedu.els.batch_phase.outcome.v1", "huleedu.els.batch.phase.outcome.v1"]


class Reminder(Message, frozen=True, kw_only=True):
    """What a service says to itself."""

    topic: ClassVar[str] = "test.reminder"
    stays: ClassVar[bool] = True
    batch_id: str


async def forget(reminder: Reminder) -> None:
    """Nothing is handled here."""


async def never(run: Sequence[Envelope[ELSBatchPhaseOutcomeV1]]) -> None:
    """Nothing is handled here."""


def delivered(topic: str, **said: Any) -> Delivery:
    """One record as the group's poll reads it; all that an envelope has to have, and `said`."""
    envelope = {
        "event_id": "00000000-0000-0000-0000-000000000000",
        "event_type": topic,
        "event_timestamp": "2026-01-01T10:00:00.123456Z",
        "source_service": "essay_lifecycle_service",
        "correlation_id": OUTCOME["correlation_id"],
        "data": OUTCOME,
    }
    delivery = Delivery(topic, OUTCOME["batch_id"], json.dumps(envelope | said).encode(), receipt=None)
    Decoders([on_run(ELSBatchPhaseOutcomeV1, never)]).decode(delivery)
    return delivery


def message(delivery: Delivery) -> Message | None:
    """What was read, if it may be handled."""
    return delivery.envelope.data if delivery.envelope is not None and delivery.error is None else None


@pytest.mark.parametrize("topic", SPELLINGS)
@pytest.mark.parametrize("event_type", [*SPELLINGS, "els.batch.phase.outcome", "anything"])
def test_the_topic_decides_and_not_the_event_type(topic: str, event_type: str) -> None:
    assert isinstance(message(delivered(topic, event_type=event_type)), ELSBatchPhaseOutcomeV1)


def test_a_group_reads_every_spelling_of_its_topics() -> None:
    assert list(Decoders([on_run(ELSBatchPhaseOutcomeV1, never)])) == SPELLINGS


def test_what_a_service_says_to_itself_is_not_read_from_outside() -> None:
    assert list(Decoders([on(Reminder, forget), on_run(ELSBatchPhaseOutcomeV1, never)])) == SPELLINGS


def test_a_producer_is_known_by_its_older_name() -> None:
    assert message(delivered(SPELLINGS[0], source_service="essay-lifecycle-service")) is not None


@pytest.mark.parametrize("stranger", ["batch_orchestrator_service", "batch-service", "somebody", ""])
def test_what_another_producer_says_is_kept_out(stranger: str) -> None:
    delivery = delivered(SPELLINGS[0], source_service=stranger)

    assert message(delivery) is None
    assert isinstance(delivery.error, WrongProducer)


def test_what_cannot_be_read_is_kept_out_with_the_reason() -> None:
    delivery = delivered(SPELLINGS[0], data=OUTCOME | {"phase_name": "dancing"})

    assert message(delivery) is None
    assert "dancing" in str(delivery.error)
