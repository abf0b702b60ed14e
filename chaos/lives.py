"""What batches have lived through, fact by fact, as BOS's rules have it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.domain.facts import Fact

from chaos.books import KeptBatch
from common_core.messages.pipeline import PhaseCommand
from huleedu_service_libs.runtime.effects import Effect

COMMIT = timedelta(seconds=20)
"""A fact is dated by the beginning of its transaction; so long after that at most, everybody can see it."""


class Moment(msgspec.Struct, frozen=True):
    """A fact, when it came, what it made of the batch, and what that called for."""

    at: datetime
    fact: Fact
    before: Batch | None
    after: Batch | None
    effects: Sequence[Effect]

    @property
    def commands(self) -> list[PhaseCommand]:
        """The phase commands among the effects."""
        return [effect for effect in self.effects if isinstance(effect, PhaseCommand)]


def life(kept: KeptBatch) -> Iterator[Moment]:
    """From the first fact of the timeline to the last."""
    batch: Batch | None = None
    for _, at, fact in kept.timeline:
        before = batch
        batch, effects = decide(before, fact, at)
        yield Moment(at, fact, before, batch, effects)


def commands(kept: KeptBatch) -> list[PhaseCommand]:
    """Everything that was commanded, in order."""
    return [command for moment in life(kept) for command in moment.commands]


def states_between(kept: KeptBatch, began: float, ended: float) -> list[Batch]:
    """What somebody may have seen of the batch who looked in this time (Unix seconds)."""
    first, last = (datetime.fromtimestamp(at, UTC) for at in (began, ended))
    moments = list(life(kept))
    until = [moment.at + COMMIT for moment in moments[1:]] + [last]
    return [
        moment.after
        for moment, end in zip(moments, until, strict=True)
        if moment.after is not None and moment.at <= last and end >= first
    ]
