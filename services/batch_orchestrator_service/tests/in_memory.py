"""The service's parts in memory: no database, no bus, no BCS."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from dishka import Provider, Scope, make_async_container, provide
from dishka import from_context as given

from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.di import BatchProvider
from batch_orchestrator_service.domain.asked import ResolvedPhase
from batch_orchestrator_service.errors import PipelineUnresolved
from batch_orchestrator_service.implementations.batch_repository_impl import MockBatchRepositoryImpl
from batch_orchestrator_service.implementations.operations_impl import MockOperationsImpl
from batch_orchestrator_service.protocols import (
    BatchConductorClientProtocol,
    BatchEventPublisherProtocol,
    BatchRepositoryProtocol,
    Clock,
    Look,
    OperationsProtocol,
    PipelineQuestion,
)
from batch_orchestrator_service.tests.conductor import OFFERED
from batch_orchestrator_service.tests.others import Watch
from common_core.enums import PhaseName
from huleedu_service_libs.content_client import ContentClientProtocol, InMemoryContentClient
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.effects import Effect
from huleedu_service_libs.runtime.transactions import Transactions
from huleedu_service_libs.runtime.unit_of_work import Cause

T = TypeVar("T")


class KeptEffects:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []

    def publish(self, *effects: Effect, cause: Cause | None = None) -> None:
        """Keep these."""
        self.effects += effects


class Immediately:
    """Transactions that only act."""

    async def run(self, action: Callable[[], Awaitable[T]], cause: Cause, keys: Sequence[str] = ()) -> T:
        """Act."""
        return await action()


class FakeConductor:
    """Resolves a few pipelines, or is away; `meanwhile` happens while it is asked."""

    def __init__(self) -> None:
        self.asked: list[PipelineQuestion] = []
        self.away = False
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def resolve(self, question: PipelineQuestion) -> tuple[ResolvedPhase, ...]:
        """As BCS does."""
        self.asked.append(question)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.away:
            raise Unavailable("BCS is away", retry_after=7)
        phases = OFFERED.get(question.requested_pipeline)
        if phases is None:
            raise PipelineUnresolved
        return tuple(
            ResolvedPhase(
                name=PhaseName(name),
                depends_on=tuple(map(PhaseName, needed)),
                reuse=name in question.completed_phases,
            )
            for name, needed in phases.items()
        )


class InMemory:
    """All parts, at hand for tests."""

    def __init__(self, **settings: Any) -> None:
        self.publisher, self.conductor, self.watch = KeptEffects(), FakeConductor(), Watch()
        self.look = LookAt(self.watch)
        self.batches, self.contents = MockBatchRepositoryImpl(self.watch), InMemoryContentClient()
        self.settings = BatchOrchestratorSettings.load(environment="testing", max_essays_per_batch=10, **settings)
        context = {BatchOrchestratorSettings: self.settings, InMemory: self}
        self.container = make_async_container(InMemoryProvider(), BatchProvider(), context=context)


class LookAt:
    """What a process shows: the time of the test, and `troubled` if something is wrong."""

    def __init__(self, watch: Watch) -> None:
        self.now = watch
        self.troubled: str | None = None

    def trouble(self) -> str | None:
        """What is wrong."""
        return self.troubled


class InMemoryProvider(Provider):
    """In place of what reaches beyond the process."""

    scope = Scope.APP
    world = given(InMemory)

    @provide
    def batches(self, world: InMemory) -> BatchRepositoryProtocol:
        return world.batches

    @provide
    def publisher(self, world: InMemory) -> BatchEventPublisherProtocol:
        return world.publisher

    @provide
    def conductor(self, world: InMemory) -> BatchConductorClientProtocol:
        return world.conductor

    @provide
    def contents(self, world: InMemory) -> ContentClientProtocol:
        return world.contents

    @provide
    def transactions(self) -> Transactions:
        return Immediately()

    @provide
    def clock(self, world: InMemory) -> Clock:
        return world.watch

    @provide
    def look(self, world: InMemory) -> Look:
        return world.look

    @provide
    def operations(self) -> OperationsProtocol:
        return MockOperationsImpl()
