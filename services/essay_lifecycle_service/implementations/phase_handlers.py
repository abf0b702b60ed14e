"""Phases: a command sends a batch's essays out, answers are counted in, and the last one brings the outcome."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from common_core.enums import PhaseName
from common_core.message import Envelope, Message
from common_core.messages.pipeline import PhaseCommand
from essay_lifecycle_service.domain.notifications import notifications
from essay_lifecycle_service.domain.phases import Address, Answer, PhaseStep, Plan, outcome, plan_of, progress_message
from essay_lifecycle_service.domain.requests import REQUESTS, refusals
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from essay_lifecycle_service.protocols import Outbox, PhaseRepositoryProtocol
from huleedu_service_libs.runtime import Cause

A = TypeVar("A", bound=Message)
C = TypeVar("C", bound=PhaseCommand)


class PhaseHandler:
    """One phase's commands and answers."""

    def __init__(
        self, phase: PhaseName, phases: PhaseRepositoryProtocol, outbox: Outbox, metrics: EssayLifecycleMetrics
    ) -> None:
        self._phase, self._phases, self._outbox, self._metrics = phase, phases, outbox, metrics

    async def start(self, commands: Sequence[Envelope[C]]) -> None:
        """Send out what there is room for."""
        await self.follow(await self._phases.open(self._phase, _plans(commands), self._outbox().now))

    async def close(self, passed: Sequence[Address]) -> None:
        """The time of these is over: go on with what there is."""
        await self.follow(await self._phases.close(self._phase, passed, self._outbox().now))

    async def follow(self, step: PhaseStep) -> None:
        """Say what has become true, and send out whose turn it is."""
        if step.load is not None:
            self._metrics.essays_in_flight.labels(self._phase).set(step.load.in_flight)
            self._metrics.essays_waiting.labels(self._phase).set(step.load.waiting)
        if self._phase in REQUESTS:
            self._say(step)
        else:
            await self._refuse(step)

    async def _refuse(self, step: PhaseStep) -> None:
        """No service works on this phase: all essays fail at once, so that nobody waits for them."""
        while True:
            self._say_ended(step)
            answers = [answer for release in step.releases for answer in refusals(release)]
            if not answers:
                return
            step = await self._phases.record(self._phase, answers, self._outbox().now)

    def count_in(self, read: Callable[[A], Iterator[Answer]]) -> Callable[[Sequence[Envelope[A]]], Awaitable[None]]:
        """The handler of answers that `read` understands."""

        async def handle(envelopes: Sequence[Envelope[A]]) -> None:
            answers = [answer for envelope in envelopes for answer in read(envelope.data)]
            if answers:
                await self.follow(await self._phases.record(self._phase, answers, self._outbox().now))

        return handle

    def _say(self, step: PhaseStep) -> None:
        outbox, request = self._outbox(), REQUESTS[self._phase]
        for release in step.releases:
            outbox.say(*request(release, outbox.now), cause=_cause(release.plan))
        for standing in step.advanced:
            outbox.say(progress_message(standing), cause=_cause(standing.plan))
        self._say_ended(step)
        self._metrics.unused_answers.labels(self._phase).inc(step.unused)
        self._metrics.discarded_answers.labels(self._phase).inc(step.discarded)

    def _say_ended(self, step: PhaseStep) -> None:
        outbox = self._outbox()
        for ended in step.ended:
            said = outcome(ended)
            told = notifications(said, ended.plan.owner, outbox.now)
            outbox.say(said, *told, cause=_cause(ended.plan))
            self._metrics.phases_ended.labels(self._phase, said.phase_status).inc()


def _plans(commands: Sequence[Envelope[C]]) -> list[Plan]:
    return [plan_of(each.data, each.event_id, each.correlation_id, each.metadata) for each in commands]


def _cause(plan: Plan) -> Cause:
    return Cause(plan.correlation_id, plan.metadata)
