"""Whatever happens to a batch at the same moment in two replicas, it is as if one had come after the other."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from batch_orchestrator_service.config import SERVICE_NAME
from batch_orchestrator_service.domain.facts import Fact, Timer
from batch_orchestrator_service.domain.timers import running
from batch_orchestrator_service.implementations.batch_table import BatchTable
from batch_orchestrator_service.tests.life import after
from batch_orchestrator_service.tests.others import Watch
from batch_orchestrator_service.tests.racing import Replica, Stop, Story, kept, overlapping, told
from batch_orchestrator_service.tests.said import (
    NLP,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    cancel,
    outcome,
    pause,
    phase,
    provisioned,
    registered,
    resolved,
    resume,
    retry,
)
from batch_orchestrator_service.tests.unguarded import Unguarded, Unlocked, Unversioned, without_key
from common_core.enums import BatchStatus
from common_core.messages.batch import BatchPipelineCompletedV1
from common_core.messages.control import BatchPausedV1, BatchRunCancelledV1
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
)
from huleedu_service_libs.runtime.database import Database

SPELL, ANALYSE = BatchServiceSpellcheckInitiateCommandDataV1, BatchServiceNLPInitiateCommandDataV1
REPLICAS = 8


def the_timer(*history: Fact) -> Timer:
    """The one that runs after all this."""
    (timer,) = running(after(*history)).values()
    assert isinstance(timer.message, Timer)
    return timer.message


REGISTERED, FILES = registered("ab"), provisioned("ab")
RUNNING = (REGISTERED, FILES, SPELLING_THEN_ANALYSIS)
ANSWER = outcome(SPELLCHECK, "ab")
CLOSING = (*RUNNING, the_timer(*RUNNING))
WORTH_ANOTHER = (*RUNNING, outcome(SPELLCHECK, "a", {"b": "TIMEOUT"}))
HALF_DONE = (*RUNNING, outcome(SPELLCHECK, "a", {"b": "CONTENT_NOT_FOUND"}), outcome(NLP, "a"))


def stopped(story: Story) -> bool:
    """Cancelled once, and no command after that."""
    (cancelled,) = story.places(BatchRunCancelledV1)
    commands = story.places(SPELL, ANALYSE)
    is_over = story.batch.status is BatchStatus.CANCELLED and not story.timers
    return is_over and all(command < cancelled for command in commands)


def closed(story: Story) -> bool:
    """Cancelled once, and ELS was told once to close what content there is."""
    return story.batch.cancelled is not None and story.times(BatchRunCancelledV1) == 1


def went_on(story: Story) -> bool:
    """What was paused came to its end, each phase commanded once."""
    counts = story.times(BatchPausedV1), story.times(SPELL), story.times(ANALYSE), story.times(BatchPipelineCompletedV1)
    return counts == (1, 1, 1, 1) and story.batch.status is BatchStatus.COMPLETED_SUCCESSFULLY


def one_outcome(story: Story) -> bool:
    """The answer counted, or the deadline: the run goes on with the answer, or with another attempt."""
    run = story.batch.runs[-1]
    return (story.times(ANALYSE) == 1) != any(phase.awaits_retry for phase in run.phases)


def one_run(story: Story) -> bool:
    """Of two that were asked for, one began."""
    return len(story.batch.runs) == 2 and story.times(SPELL) == 2


def once_closed(story: Story) -> bool:
    """Content is in, whether ELS was asked for it or not."""
    return story.batch.status is BatchStatus.READY_FOR_PIPELINE_EXECUTION and not story.timers


class TheTimer(msgspec.Struct, frozen=True):
    """The clock that runs then; for each batch another one, as there is chance in it."""


class Race(msgspec.Struct, frozen=True):
    """What both find, what happens at the same moment, what follows, and what must be true then."""

    before: tuple[Fact, ...]
    one: Fact
    other: Fact | TheTimer
    ends: Callable[[Story], bool]
    afterwards: tuple[Fact, ...] = ()

    def of(self, batch_id: str) -> "Race":
        """The same with another batch."""
        before, (one,) = _of(self.before, batch_id), _of((self.one,), batch_id)
        other = the_timer(*before) if isinstance(self.other, TheTimer) else _of((self.other,), batch_id)[0]
        return Race(before, one, other, self.ends, _of(self.afterwards, batch_id))

    @property
    def both(self) -> tuple[Fact, Fact]:
        """What happens at the same moment, of a batch that is known."""
        assert not isinstance(self.other, TheTimer)
        return self.one, self.other

    @property
    def stories(self) -> list[Story]:
        """One after the other, in both orders."""
        one, other = self.both
        return [told(*self.before, *turn, *self.afterwards) for turn in ((one, other), (other, one))]


def _of(facts: Sequence[Fact], batch_id: str) -> tuple[Fact, ...]:
    return tuple(replace(fact, batch_id=batch_id) for fact in facts)


RACES: Mapping[str, Race] = {
    "cancel and the answer": Race(RUNNING, cancel(), ANSWER, stopped),
    "cancel and the files": Race((REGISTERED,), cancel(), FILES, closed),
    "cancel and the deadline": Race(RUNNING, cancel(), TheTimer(), stopped),
    "cancel and the next attempt": Race(WORTH_ANOTHER, cancel(), TheTimer(), stopped),
    "cancel and resume": Race((*RUNNING, pause(), ANSWER), cancel(), resume(), stopped),
    "two cancels": Race(RUNNING, cancel(), replace(cancel(), asked_by="operator"), stopped),
    "pause and the answer": Race(RUNNING, pause(), ANSWER, went_on, (resume(), outcome(NLP, "ab"))),
    "two pauses": Race(
        RUNNING, pause(), replace(pause(), asked_by="operator"), went_on, (ANSWER, resume(), outcome(NLP, "ab"))
    ),
    "retry and a pipeline": Race(HALF_DONE, retry(SPELLCHECK), resolved(phase(SPELLCHECK), run="run-3"), one_run),
    "two retries": Race(HALF_DONE, retry(SPELLCHECK, "b"), retry(SPELLCHECK, run="run-3"), one_run),
    "the deadline and the answer": Race(RUNNING, ANSWER, TheTimer(), one_outcome),
    "the end of patience and the answer": Race(CLOSING, ANSWER, TheTimer(), one_outcome),
    "the files' deadline and the files": Race((REGISTERED,), FILES, TheTimer(), once_closed),
}


GUARDS = {"lock and version": BatchTable(), "version alone": Unlocked(), "lock alone": Unversioned()}


@pytest.fixture
async def database(service_dsn: str) -> AsyncIterator[Database]:
    """The service's database, at one moment; whoever is held inside a transaction keeps it."""
    patient = {"idle_in_transaction_session_timeout": "0"}
    database = await Database.connect(service_dsn, SERVICE_NAME, size=REPLICAS + 1, clock=Watch(), **patient)
    yield database
    await database.close()


async def lost(database: Database, table: BatchTable) -> set[str]:
    """The races that end badly, or unlike any order, in one or the other interleaving of the two."""
    found = set()
    for number, (name, stop, turned) in enumerate(itertools.product(RACES, Stop, (False, True))):
        race = RACES[name].of(str(UUID(int=number)))
        await Replica(database, table).happens(*race.before)
        first, second = reversed(race.both) if turned else race.both
        await overlapping(database, table, first, second, stop)
        await Replica(database, table).happens(*race.afterwards)
        if not await holds(database, race):
            found.add(name)
    return found


async def lost_in_a_crowd(database: Database, table: BatchTable) -> set[str]:
    """The same where each of the two comes to several replicas at once."""
    found = set()
    for number, (name, drawn) in enumerate(RACES.items()):
        race = drawn.of(str(UUID(int=number)))
        await Replica(database, table).happens(*race.before)
        facts = [*race.both] * (REPLICAS // 2)
        random.Random(number).shuffle(facts)
        await asyncio.gather(*(Replica(database, table).happens(fact) for fact in facts))
        await Replica(database, table).happens(*race.afterwards)
        if not await holds(database, race):
            found.add(name)
    return found


async def holds(database: Database, race: Race) -> bool:
    """What the database tells is one of the two stories, and it ends as it must."""
    story = await kept(database, race.before[0].batch_id)
    return story in race.stories and race.ends(story)


@pytest.mark.parametrize("table", GUARDS.values(), ids=GUARDS)
async def test_it_is_as_if_one_had_come_after_the_other(database: Database, table: BatchTable) -> None:
    assert await lost(database, table) == set()


@pytest.mark.parametrize("table", GUARDS.values(), ids=GUARDS)
async def test_it_is_so_in_a_crowd(database: Database, table: BatchTable) -> None:
    assert await lost_in_a_crowd(database, table) == set()


async def test_without_lock_and_version_every_race_is_lost(database: Database) -> None:
    await without_key(database)

    assert await lost(database, Unguarded()) == RACES.keys()
    assert await lost_in_a_crowd(database, Unguarded())
