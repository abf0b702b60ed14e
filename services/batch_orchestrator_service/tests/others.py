"""The other services, as BOS meets them on the event bus."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from batch_orchestrator_service.tests.said import AT, CORRELATION
from common_core.message import Envelope, Message
from common_core.messages.batch import (
    BatchContentDeadlinePassedV1,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
from common_core.messages.control import (
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
)
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    PipelineDeniedV1,
)
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.event_bus import EventBus
from huleedu_service_libs.runtime.routing import Group, on_run
from huleedu_service_libs.runtime.transactions import GroupCommit
from huleedu_service_libs.runtime.unit_of_work import Cause, current_unit

M = TypeVar("M", bound=Message)

HEARD: tuple[type[Message], ...] = (
    BatchEssaysRegistered,
    BatchContentDeadlinePassedV1,
    BatchPipelineCompletedV1,
    BatchPausedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
    BatchPhaseDeadlinePassedV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    PipelineDeniedV1,
)


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = AT

    def __call__(self) -> datetime:
        """What it shows."""
        return self.time

    def forward(self, **time: float) -> None:
        """Let time pass."""
        self.time += timedelta(**time)


class Others:
    """Say messages, and hear what BOS says, message class by message class."""

    def __init__(self, dsn: str, bus: EventBus) -> None:
        self._dsn, self._bus = dsn, bus
        self._heard: defaultdict[type[Message], asyncio.Queue[Envelope[Any]]] = defaultdict(asyncio.Queue)

    async def listen(self) -> None:
        """Before the bus runs."""
        self._els = await Database.connect(self._dsn, "essay_lifecycle_service", clock=lambda: datetime.now(UTC))
        routes = tuple(on_run(kind, self._hear) for kind in HEARD)
        self._bus.subscribe(self._els, [Group(name="listener", routes=routes)])

    async def close(self) -> None:
        """Give the connections back."""
        await self._els.close()

    async def _hear(self, envelopes: Sequence[Envelope[Any]]) -> None:
        for envelope in envelopes:
            self._heard[type(envelope.data)].put_nowait(envelope)

    async def say(self, *messages: Message) -> None:
        """Commit these to the log, as ELS would."""

        async def action() -> None:
            current_unit().say(*messages)

        await GroupCommit(self._els, "listener", self._bus.said).run(action, Cause(CORRELATION))

    async def envelope(self, kind: type[M]) -> Envelope[M]:
        """The next message of this kind that BOS says, in its envelope."""
        return cast(Envelope[M], await self._heard[kind].get())

    async def hear(self, kind: type[M]) -> M:
        """The next message of this kind that BOS says."""
        return (await self.envelope(kind)).data

    def unheard(self, kind: type[Message]) -> int:
        """How many of this kind were said and not asked for yet."""
        return self._heard[kind].qsize()
