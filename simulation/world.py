"""One run: of everything that can happen next, chance takes one thing, until nothing is left to happen."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from simulation.bus import Bus, Reader
from simulation.handling import Desk
from simulation.plan import Plan
from simulation.services.essays import essay_lifecycle, results
from simulation.services.orchestrator import orchestrator
from simulation.services.parts import Contents, Surroundings
from simulation.services.workers import files, nlp, spellchecker
from simulation.still import CountedIds, VirtualClock, standing_still
from simulation.story import Story
from simulation.teacher import School, Teacher
from simulation.trouble import Trouble
from simulation.violation import Violation
from simulation.witness import Witness
from simulation.workers import ChancyPool, Rate

MOST_STEPS = 30_000
_TICK = timedelta(milliseconds=150)
_ASKS = 0.1
"""How often a teacher asks for something while there is work under way; while there is none she nearly always does."""
_AFTERMATH = 150
"""Steps at most that things go on going wrong after the last teacher has asked for the last thing."""


class World:
    """A school, its teachers, and the whole platform. Made by `opened`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chance, self.clock, self.new_id = Random(plan.seed), VirtualClock(), CountedIds()
        self.bus, self.story, self.witness = Bus(), Story(), Witness(self.clock)
        failing = Rate()
        self.trouble = Trouble(plan.faults, self.chance, self.clock, failing)
        self._pool = ChancyPool(self.chance, failing)
        self.desk = Desk(self.bus, self.clock, self.chance, self.trouble, self.witness, self.story)
        self.steps = 0

    async def open(self) -> None:
        """Have all services read, and the teachers come."""
        contents = Contents(self.trouble.is_away)
        around = Surroundings(self.bus, self.clock, self.trouble.is_away, contents, self._pool, self.new_id, self.desk)
        bos = await orchestrator(around, self.witness.batches)
        await essay_lifecycle(around)
        await spellchecker(around)
        await nlp(around)
        self.results = await results(around)
        intake = await files(around, bos.batches)
        loses = partial(self.trouble.strikes, "crash", 0.1)
        school = School(self.chance, self.clock, self.desk, self.story, bos, intake, self.trouble.is_away, loses)
        self.teachers = [Teacher(school, number) for number in range(self.plan.classes)]

    async def live(self) -> None:
        """Trouble, then calm until all is at rest, then what teachers can still do, until that is at rest as well."""
        with standing_still(self.new_id):
            await self.open()
            await self._go_wrong()
            self.trouble.calm()
            for reader in self.bus.readers.values():
                reader.hurry(self.clock.now)
            await self._come_to_rest()
            for wish in (Teacher.go_on, Teacher.finish):
                for teacher in self.teachers:
                    await wish(teacher)
                await self._come_to_rest()

    async def _go_wrong(self) -> None:
        aftermath = self.chance.randrange(_AFTERMATH)
        while aftermath:
            self.trouble.strike(self.bus.readers.values(), self._tell)
            busy = [teacher for teacher in self.teachers if teacher.left]
            if busy and self.chance.random() < (_ASKS if self._moves() else 1 - _ASKS):
                await self.chance.choice(busy).act()
            elif not await self._step() and not busy:
                return
            aftermath -= not busy

    async def _come_to_rest(self) -> None:
        while await self._step():
            pass

    def _tell(self, service: str, what: str) -> None:
        self.story.happened(self.clock.now, service, what)

    async def _step(self) -> bool:
        """One thing that can happen now, or the wait for it. False if nothing ever will."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Violation("I2", "", f"not at rest after {MOST_STEPS} steps")
        if moves := self._moves():
            self.clock.forward(self.chance.randrange(1, 6) * _TICK)
            await self.chance.choice(moves)()
            return True
        return self._wait()

    def _moves(self) -> list[Callable[[], Any]]:
        readers = [reader for reader in self.bus.readers.values() if not self.trouble.is_away(reader.service)]
        return [move for reader in readers for move in self._moves_of(reader)]

    def _moves_of(self, reader: Reader) -> Iterator[Callable[[], Any]]:
        if channels := reader.ready(self.clock.now):
            yield partial(self.desk.poll, reader, channels)
        if items := reader.to_do(self.clock.now):
            yield partial(self.desk.work, reader, items)
        if reader.due(self.clock.now):
            yield partial(self.desk.fire, reader)
        if repeated := reader.to_repeat(self.clock.now):
            yield partial(self.desk.repeat, reader, repeated)

    def _wait(self) -> bool:
        changes = [reader.next_change(self.clock.now) for reader in self.bus.readers.values()]
        times = [at for at in (*changes, self.trouble.next_return) if at is not None]
        if times:
            self.clock.now = min(times)
        return bool(times)
