"""What every event bus does on its database: heartbeat and ownership, wake-ups, timers, replays, work items."""

import asyncio
import contextlib
import math
import uuid
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import asyncpg
import structlog

from common_core.message import Message
from huleedu_service_libs.runtime.blame import pause, reason
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import MEMBER_SECONDS, Database, alive, session
from huleedu_service_libs.runtime.delivery import Decoders, Source
from huleedu_service_libs.runtime.effects import Work
from huleedu_service_libs.runtime.event_bus import SILENT
from huleedu_service_libs.runtime.housekeeping import CHUNK, GroupBacklog, backlogs, sweep
from huleedu_service_libs.runtime.reader import Reader
from huleedu_service_libs.runtime.routing import Group, Route, on
from huleedu_service_libs.runtime.settler import BRAKE, Settler
from huleedu_service_libs.runtime.sources import SKIP_SECONDS, ReplaySource, TimerSource
from huleedu_service_libs.runtime.telemetry import Telemetry
from huleedu_service_libs.runtime.unit_of_work import current_unit
from huleedu_service_libs.runtime.worker import DUE, Worker

BEAT_SECONDS = 0.5  # between heartbeats
SAFETY_SECONDS = 0.2  # after which a lost wake-up is noticed
SWEEP_SECONDS = 60.0  # between two clean-ups
DEBOUNCE_SECONDS = 0.005  # between two notices of one process to the others
CHANNEL = "huleedu_log"

_HEARTBEAT = """with gone as (
    delete from runtime.member where expires_at < now() - interval '1 minute' and owner <> $1),
  beat as (insert into runtime.member(owner, expires_at) values ($1, now() + $2)
           on conflict (owner) do update set expires_at = excluded.expires_at)
  select count(*) filter (where owner <> $1) as peers, coalesce(bool_or(owner = $1), false) as known
  from runtime.member where expires_at > now()"""
_KNOW = "insert into runtime.cursor(grp, at) select unnest($1::text[]), $2::bigint on conflict do nothing"
_USE = "update runtime.installation set bus = coalesce(bus, $1) returning bus"
_CLAIM = """with seen as materialized (
    select grp, epoch from runtime.cursor c where grp = any($2::text[]) and owner is distinct from $1 {}),
  free as materialized (
    select c.grp from runtime.cursor c join seen on c.grp = seen.grp {} order by c.grp for update of c {})
  update runtime.cursor c set owner = $1, epoch = epoch + 1, seen_at = now() from free where c.grp = free.grp
  returning c.grp"""
# The epoch is compared with the row as it is once locked: who claimed it meanwhile is alive, though not yet seen to be.
_CLAIM_FREE = _CLAIM.format(f"and not {alive('c')}", "and c.epoch = seen.epoch", "skip locked")
# Waits for polls that are just being committed: a busy group would otherwise be skipped, and never taken over.
_TAKE_OVER = _CLAIM.format("", "", "")
_LEAVE = """with m as (delete from runtime.member where owner = $1),
    w as (update runtime.work set owner = null, lost = greatest(lost - 1, 0) where owner = $1)
  update runtime.cursor set owner = null where owner = $1"""
_WATCH = f"""select (select next from runtime.head) as head,
  array(select distinct grp from runtime.timer where fire_at <= $1) as timers,
  array(select distinct grp from runtime.work w
        where {DUE} and (owner is null or not {alive("w")})) as work,
  array(select distinct grp from runtime.dead_letter where wanted) as replays"""

_logger = structlog.get_logger("huleedu_service_libs.runtime")


class WrongBus(Exception):
    """This database's events travel another way."""


class GroupRunner:
    """Everything that runs for one group in this process."""

    def __init__(self, bus: "DatabaseEventBus", database: Database, group: Group, telemetry: Telemetry) -> None:
        decoders = Decoders(group.routes)
        of_letters = Decoders((*group.routes, *_put_back(group)), trusted=database.producer)
        self.group, self.telemetry, self.topics = group, telemetry, list(decoders)
        self.source = bus.source(database, group, self.topics)

        def reading(source: Source, decoders: Decoders, brake: float = BRAKE) -> Reader:
            settler = Settler(database, group, source, bus.said, telemetry, brake)
            return Reader(group, source, settler, decoders, telemetry)

        self.reader = reading(self.source, decoders)
        self.timers = reading(TimerSource(database, group.name, bus.owner), decoders)
        # No brake: what fails again is buried already.
        self.replays = reading(bus.replay_source(database, group), of_letters, brake=math.inf)
        self.worker = Worker(database, group, bus.owner, bus.said, telemetry) if group.work else None

    @property
    def trouble(self) -> str | None:
        """What keeps the group from going on, if anything."""
        parts = {"": self.reader, "timers: ": self.timers, "replays: ": self.replays, "work: ": self.worker}
        troubles = [f"{name}{part.trouble}" for name, part in parts.items() if part is not None and part.trouble]
        return "; ".join(troubles) or None

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Run the readers and the worker."""
        for part in (self.reader, self.timers, self.replays, self.worker):
            if part is not None:
                tasks.create_task(part.run(), name=f"{self.group.name}:{type(part).__name__}")


def _put_back(group: Group) -> list[Route]:
    """A dead letter that nobody reads for was a work item, and becomes one again."""

    async def work_again(message: Message) -> None:
        current_unit().say(Work(message))

    read = {route.message for route in group.routes}
    return [on(route.message, work_again) for route in group.work if route.message not in read]


class DatabaseEventBus(ABC):
    """A bus over one database. `name` is how settings call it; a database stays with the bus that it began with."""

    name: ClassVar[str]
    measure_seconds: ClassVar[float] = 5.0  # between two looks at how far behind groups are
    starts_at: ClassVar[int | None]  # where in the log a new group begins to read; None if it does not read there

    def __init__(self, dsn: str, *, take_over: bool, keep: timedelta, clock: Callable[[], datetime]) -> None:
        """`keep`: how long the log is kept after every group has passed it, for streams that resume."""
        self.owner, self._keep = uuid.uuid4().hex, keep
        self._dsn, self._take_over, self._clock = dsn, take_over, clock
        self._runners: dict[str, GroupRunner] = {}
        self._wakes: dict[str, list[asyncio.Event]] = defaultdict(list)
        self._watching: list[asyncio.Event] = []
        self._unsaid: set[str] = set()
        self._stir, self._joined = asyncio.Event(), asyncio.Event()
        self._peers = 0
        self._beat_soon = False
        self._head, self._moved_at = -1, math.inf
        self.beaten_at = -math.inf

    @abstractmethod
    def source(self, database: Database, group: Group, topics: Sequence[str]) -> Source:
        """Where this group's messages come from."""

    def replay_source(self, database: Database, group: Group) -> Source:
        """Where this group's dead letters come from once they are asked for again."""
        return ReplaySource(database, group.name, self.owner)

    @abstractmethod
    def _wake_on_topics(self, runner: GroupRunner) -> None:
        """Have the readers that what is said on these topics concerns woken."""

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        tasks.create_task(self._link(), name="link")
        tasks.create_task(self._read(tasks), name="read")

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        """Nobody reads before the database has agreed to this bus."""
        await self._joined.wait()
        for runner in self._runners.values():
            runner.start(tasks)

    async def _close(self) -> None:
        """Let go of what the readers hold outside the database."""
        await asyncio.gather(*(runner.source.close() for runner in self._runners.values()))

    def _groups(self) -> list[str]:
        return list(self._runners)

    def subscribe(self, database: Database, groups: Iterable[Group], telemetry: Telemetry = SILENT) -> None:
        """Have this process read for these too. Before `run`."""
        for group in groups:
            runner = self._runners[group.name] = GroupRunner(self, database, group, telemetry)
            self._wake_on_topics(runner)
            if runner.worker is not None:
                self._wakes[f"work:{group.name}"].append(runner.worker.wake)

    def watch(self, topics: Iterable[str], wake: asyncio.Event) -> None:
        """See `EventBus.watch`."""
        self._watching.append(wake)
        for topic in topics:
            self._wakes[topic].append(wake)

    def trouble(self, group: str) -> str | None:
        """See `EventBus.trouble`."""
        if asyncio.get_running_loop().time() - self.beaten_at > MEMBER_SECONDS:
            return "no link to the database"
        return self._runners[group].trouble

    def said(self, topics: Iterable[str]) -> None:
        """Wake whoever reads these: here at once, in other processes soon."""
        told = set(topics)
        self._wake(told)
        if told and self._peers:
            self._unsaid |= told
            self._stir.set()

    def _wake(self, topics: Iterable[str]) -> None:
        for topic in topics:
            for wake in self._wakes.get(topic, ()):
                wake.set()

    async def run(self) -> None:
        """Until cancelled; then hand everything back so that others go on at once."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._start(tasks)
        finally:
            await asyncio.shield(self._leave())

    async def _leave(self) -> None:
        with contextlib.suppress(Exception):  # whatever it holds outside, others shall go on here at once
            await self._close()
        with contextlib.suppress(Exception):
            con = await asyncpg.connect(self._dsn, timeout=2, command_timeout=2)
            try:
                await con.execute(_LEAVE, self.owner)
                await con.execute("select pg_notify($1, $2)", CHANNEL, f"{self.owner} member")
            finally:
                await con.close(timeout=1)

    async def _link(self) -> None:
        """The one connection for heartbeat, notices and the safety poll; none of it needs to survive a crash."""
        tries = 0
        while True:
            con: Connection | None = None
            try:
                con = await asyncpg.connect(
                    self._dsn,
                    timeout=5,
                    command_timeout=MEMBER_SECONDS,
                    server_settings=session("runtime", synchronous_commit="off"),
                )
                await self._join(con)
                self._joined.set()
                await con.add_listener(CHANNEL, self._hear)
                tries, self._head = 0, -1
                await self._tend(con)
            except WrongBus:
                raise
            except Exception as error:
                tries += 1
                _logger.warning("link to the database lost", reason=reason(error), tries=tries)
                await asyncio.sleep(pause(tries))
            finally:
                if con is not None:
                    con.terminate()

    async def _join(self, con: Connection) -> None:
        """Make this database's groups known. Raises WrongBus."""
        used = await con.fetchval(_USE, self.name)
        if used != self.name:
            raise WrongBus(f"This database was begun with EVENT_BUS={used}; what it holds would not reach {self.name}.")
        await con.execute(_KNOW, list(self._runners), self.starts_at)

    def _hear(self, _con: Any, _pid: int, _channel: str, payload: object) -> None:
        owner, *topics = str(payload).split(" ")
        if owner != self.owner:
            self._wake(topics)
            if "member" in topics:
                self._beat_soon = True
                self._stir.set()

    async def _tend(self, con: Connection) -> None:
        now = asyncio.get_running_loop().time
        beat = watch = measure = sweeping = 0.0
        while True:
            self._stir.clear()
            await self._tell(con)
            told = now()
            if self._beat_soon or now() >= beat:
                self._beat_soon, beat = False, now() + BEAT_SECONDS
                await self._beat(con)
            if now() >= watch:
                watch = now() + SAFETY_SECONDS
                await self._watch(con)
            if now() >= measure:
                measure = now() + self.measure_seconds
                await self._measure(con)
            if now() >= sweeping:
                swept = await self._sweep(con)
                sweeping = now() + (SWEEP_SECONDS if swept < CHUNK else 0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(beat, watch)):
                    await self._stir.wait()
                    await asyncio.sleep(max(0.0, told + DEBOUNCE_SECONDS - now()))

    async def _sweep(self, con: Connection) -> int:
        return await sweep(con, self._keep)

    async def _measure(self, con: Connection) -> None:
        self._measured(await backlogs(con, self._groups()))

    def _measured(self, backlogs: Sequence[GroupBacklog]) -> None:
        for backlog in backlogs:
            runner = self._runners[backlog.group]
            runner.telemetry.behind(runner.group, backlog)

    async def _tell(self, con: Connection) -> None:
        topics, self._unsaid = self._unsaid, set()
        if topics:
            await con.execute("select pg_notify($1, $2)", CHANNEL, " ".join([self.owner, *topics]))

    async def _beat(self, con: Connection) -> None:
        """Stay alive in the others' eyes, and take what nobody alive reads for."""
        row = await con.fetchrow(_HEARTBEAT, self.owner, timedelta(seconds=MEMBER_SECONDS))
        assert row is not None
        self._peers, joins = row["peers"], not row["known"]
        self.beaten_at = asyncio.get_running_loop().time()
        # Whoever was silent for too long joins anew: meanwhile others may have taken this process for gone.
        claim = _TAKE_OVER if self._take_over and joins else _CLAIM_FREE
        for row in await con.fetch(claim, self.owner, self._groups()):
            self._claimed(row["grp"])
        if joins and self._peers:
            await con.execute("select pg_notify($1, $2)", CHANNEL, f"{self.owner} member")

    def _claimed(self, group: str) -> None:
        runner = self._runners[group]
        for part in (runner.reader, runner.timers, runner.replays):
            part.wake.set()

    async def _watch(self, con: Connection) -> None:
        """The safety net under the wake-ups: has the head moved, is a timer due, does work lie about?"""
        row = await con.fetchrow(_WATCH, self._clock())
        assert row is not None
        if self._head_stirs(row["head"]):
            self._log_stirs()
            for wake in self._watching:
                wake.set()
        for name, runner in self._runners.items():
            if name in row["timers"]:
                runner.timers.wake.set()
            if name in row["replays"]:
                runner.replays.wake.set()
            if name in row["work"] and runner.worker is not None:
                runner.worker.wake.set()

    def _log_stirs(self) -> None:
        for runner in self._runners.values():
            runner.reader.wake.set()

    def _head_stirs(self, head: int) -> bool:
        """True when the head has moved, and once more when it has come to rest: for the last skip."""
        clock = asyncio.get_running_loop().time()
        moved, rested = head != self._head, clock - self._moved_at > 2 * SKIP_SECONDS
        if moved or rested:
            self._head, self._moved_at = head, clock if moved else math.inf
        return moved or rested
