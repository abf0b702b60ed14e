"""One of several processes that read for the same groups. Whatever takes effect is written down, to be counted."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterable, Sequence
from typing import ClassVar

from common_core.message import Envelope, Message
from huleedu_service_libs.runtime import (
    Database,
    Group,
    Later,
    PostgresEventBus,
    Prepared,
    Work,
    cause_of,
    current_unit,
    on_prepared,
    on_run,
    work,
)

COUNTER, HEARER = "counter", "hearer"
POISON = 97  # each message with a multiple of this is refused by its handler
SLOWEST = 0.02  # seconds that reading, handling and working may take


class Numbered(Message, frozen=True, kw_only=True):
    """Something about a batch, with a number to tell it by."""

    producer: ClassVar[str] = "*"
    batch_id: str
    number: int


class Counted(Numbered, frozen=True, kw_only=True):
    """What the test says."""

    topic: ClassVar[str] = "chaos.counted"


class Echoed(Numbered, frozen=True, kw_only=True):
    """What is said of each."""

    topic: ClassVar[str] = "chaos.echoed"


class Chore(Numbered, frozen=True, kw_only=True):
    """Slow work, for some."""

    topic: ClassVar[str] = "chaos.chore"


class Rang(Numbered, frozen=True, kw_only=True):
    """A timer, for some."""

    topic: ClassVar[str] = "chaos.rang"


async def dawdle() -> None:
    """Take some time, so that a kill or a stop hits this place too."""
    await asyncio.sleep(random.uniform(0, SLOWEST))


async def note(kind: str, messages: Iterable[Numbered]) -> None:
    """Write down that these took effect."""
    keys, numbers = zip(*((message.batch_id, message.number) for message in messages), strict=True)
    await current_unit().connection.execute(
        "insert into effect(kind, key, number) select $1, * from unnest($2::text[], $3::int[])", kind, keys, numbers
    )
    await dawdle()


async def prepare(envelope: Envelope[Counted]) -> None:
    await dawdle()
    if envelope.data.number == STOP_AT:
        os.kill(os.getpid(), signal.SIGSTOP)


async def count(run: Sequence[Prepared[Counted, None]]) -> None:
    if any(each.envelope.data.number % POISON == 0 for each in run):
        raise ValueError("poison")
    await note("counted", (each.envelope.data for each in run))
    unit = current_unit()
    for each in run:
        batch_id, number, cause = each.envelope.data.batch_id, each.envelope.data.number, cause_of(each.envelope)
        unit.say(Echoed(batch_id=batch_id, number=number), cause=cause)
        if number % 5 == 0:
            unit.say(Work(Chore(batch_id=batch_id, number=number)), cause=cause)
        if number % 7 == 0:
            unit.say(Later(Rang(batch_id=batch_id, number=number), f"{batch_id} {number}", unit.now), cause=cause)


async def hear(run: Sequence[Envelope[Echoed]]) -> None:
    await note("heard", (envelope.data for envelope in run))


async def ring(run: Sequence[Envelope[Rang]]) -> None:
    await note("rang", (envelope.data for envelope in run))


async def perform(_: Chore) -> None:
    await dawdle()


async def conclude(chore: Chore, _: None) -> None:
    await note("worked", [chore])


GROUPS = (
    Group(
        name=COUNTER,
        routes=(on_prepared(Counted, prepare, count), on_run(Rang, ring)),
        work=(work(Chore, perform, conclude),),
    ),
    Group(name=HEARER, routes=(on_run(Echoed, hear),)),
)


async def contend(dsn: str) -> None:
    """Read, until killed."""
    database = await Database.connect(dsn, "chaos")
    bus = PostgresEventBus(dsn)
    bus.subscribe(database, GROUPS)
    print(bus.owner, flush=True)
    await bus.run()


if __name__ == "__main__":
    from tests.chaos.broken import BREAKAGES

    address, breakage, stop_at = sys.argv[1:]
    STOP_AT = int(stop_at)
    if breakage:
        BREAKAGES[breakage]()
    asyncio.run(contend(address))
