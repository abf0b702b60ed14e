"""A batch described by what it has lived through."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.tests.said import AT
from common_core.message import Message
from common_core.messages.pipeline import PhaseCommand
from huleedu_service_libs.runtime.effects import Effect, Later

M = TypeVar("M", bound=Message)


def after(*history: Fact, at: datetime = AT) -> Batch:
    """The batch that all this has happened to."""
    batch: Batch | None = None
    for fact in history:
        batch, _ = decide(batch, fact, at)
    assert batch is not None
    return batch


def then(batch: Batch, fact: Fact, at: datetime = AT) -> tuple[Batch, tuple[Effect, ...]]:
    """What becomes of the batch, and what that calls for."""
    changed, effects = decide(batch, fact, at)
    assert changed is not None
    return changed, effects


def said(effects: Sequence[Effect], kind: type[M]) -> list[M]:
    """The messages of this kind among the effects."""
    return [effect for effect in effects if isinstance(effect, kind)]


def timers(effects: Sequence[Effect]) -> dict[Message, datetime]:
    """What is to happen later, and when."""
    return {effect.message: effect.at for effect in effects if isinstance(effect, Later)}


def commanded(effects: Sequence[Effect]) -> dict[str, list[str]]:
    """For each phase that was commanded: the texts it was given."""
    return {
        command.phase: [ref.text_storage_id for ref in command.essays_to_process]
        for command in said(effects, PhaseCommand)
    }
