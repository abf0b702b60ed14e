"""The two implementations of the ports, each behind one way to run an action as a unit of work."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.implementations.essay_facts_impl import InMemoryEssayFactsImpl
from essay_lifecycle_service.implementations.essay_facts_postgres_impl import PostgreSQLEssayFactsImpl
from essay_lifecycle_service.implementations.intake_repository_impl import InMemoryIntakeRepositoryImpl
from essay_lifecycle_service.implementations.intake_repository_postgres_impl import PostgreSQLIntakeRepositoryImpl
from essay_lifecycle_service.implementations.matching_repository_impl import InMemoryMatchingRepositoryImpl
from essay_lifecycle_service.implementations.matching_repository_postgres_impl import PostgreSQLMatchingRepositoryImpl
from essay_lifecycle_service.implementations.phase_repository_impl import InMemoryPhaseRepositoryImpl
from essay_lifecycle_service.implementations.phase_repository_postgres_impl import PostgreSQLPhaseRepositoryImpl
from essay_lifecycle_service.implementations.plan_shelf import PlanShelf
from essay_lifecycle_service.protocols import (
    EssayFactsProtocol,
    IntakeRepositoryProtocol,
    MatchingRepositoryProtocol,
    PhaseRepositoryProtocol,
)
from essay_lifecycle_service.tests.said import AT
from huleedu_service_libs.runtime import Cause, Database, Effect, UnitOfWork
from huleedu_service_libs.runtime.connection import Connection

T = TypeVar("T")


@dataclass
class Heard:
    """An outbox that only remembers."""

    now: datetime = AT
    messages: list[Effect] = field(default_factory=list)
    causes: list[Cause | None] = field(default_factory=list)

    def say(self, *effects: Effect, cause: Cause | None = None) -> None:
        """Remember."""
        self.messages += effects
        self.causes += [cause] * len(effects)


class Store(Protocol):
    """One implementation of all ports."""

    intakes: IntakeRepositoryProtocol
    matchings: MatchingRepositoryProtocol
    phases: PhaseRepositoryProtocol
    facts: EssayFactsProtocol

    async def run(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do this in a unit of work of its own."""

    async def discarded(self) -> int:
        """How many answers came after their phase had been closed without them."""


class InMemoryStore:
    """Everything in memory."""

    def __init__(self, policy: Policy, kind: type[InMemoryPhaseRepositoryImpl] = InMemoryPhaseRepositoryImpl) -> None:
        intakes, phases = InMemoryIntakeRepositoryImpl(), kind(policy)
        self.intakes: IntakeRepositoryProtocol = intakes
        self.matchings: MatchingRepositoryProtocol = InMemoryMatchingRepositoryImpl(intakes)
        self.phases: PhaseRepositoryProtocol = phases
        self.facts: EssayFactsProtocol = InMemoryEssayFactsImpl(intakes, phases)
        self._phases = phases

    async def discarded(self) -> int:
        """What the repository keeps apart."""
        return len(self._phases.discarded)

    async def run(self, action: Callable[[], Awaitable[T]]) -> T:
        """Just do it."""
        return await action()


class PostgreSQLStore:
    """Everything on PostgreSQL; with a shelf so small that plans are read again and again."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self.intakes: IntakeRepositoryProtocol = PostgreSQLIntakeRepositoryImpl()
        self.matchings: MatchingRepositoryProtocol = PostgreSQLMatchingRepositoryImpl()
        self.phases: PhaseRepositoryProtocol = PostgreSQLPhaseRepositoryImpl(policy, PlanShelf(max_essays=4))
        self.facts: EssayFactsProtocol = PostgreSQLEssayFactsImpl(database)

    async def discarded(self) -> int:
        """Rows."""
        return int(await self._database.pool.fetchval("select count(*) from discarded_answer"))

    async def run(self, action: Callable[[], Awaitable[T]]) -> T:
        """In one transaction."""
        async with self._database.transaction() as con:
            with unit_on(con):
                return await action()


MakeStore = Callable[[Policy], Store]
"""Makes a store, given its policy."""


@contextmanager
def unit_on(con: Connection) -> Iterator[UnitOfWork]:
    """A running unit of work on this connection."""
    unit = UnitOfWork(con, "essay_lifecycle_service", "essay_lifecycle_service", AT)
    with unit.ambient():
        yield unit
