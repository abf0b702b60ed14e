"""Carries the plan of faults out, brings back whoever has died, and writes down what it did."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from msgspec.structs import replace

from chaos.diary import Diary, Struck
from chaos.plan import Fault
from chaos.points import armed_by
from chaos.world import Killable, World
from infra.errors import DidNotStart

DRAIN_LIMIT = 15.0  # seconds after which a process that was asked to stop is killed
POINT_LIMIT = 12.0  # seconds after which an armed point that nobody has passed is given up
RECOVERY_LIMIT = 20.0  # seconds for which the next fault waits
GLANCE = 0.05
SLOW_BYTES_PER_SECOND = 20_000
CUT_SHARES = (1.0, 1.0, 0.5)


class Trouble:
    """Strikes one thing after another."""

    def __init__(self, world: World, points: Path, diary: Diary, over: Callable[[Struck], asyncio.Task[Any]]) -> None:
        """`over` is told of each fault when it is over; what it answers ends with the recovery."""
        self._world, self._points, self._diary, self._over = world, points, diary, over
        self._in_hand: set[str] = set()
        self._starting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._starting.set_result(None)
        self.kills = 0
        self.exits: list[str] = []

    async def carry_out(self, faults: Sequence[Fault], seconds: float) -> None:
        """One after another, each when it is due, or as soon as the one before it lets it; until the time is over."""
        start = time.time()
        for fault in faults:
            await asyncio.sleep(max(0.0, start + fault.at - time.time()))
            if time.time() + fault.lasts > start + seconds:
                return
            struck = await self._carry_out_one(fault)
            self._diary.write(struck)
            if not struck.missed:
                recovering = self._over(struck)
                await self._starting
                if fault.patient:
                    await asyncio.wait([recovering], timeout=RECOVERY_LIMIT)

    async def keep_alive(self) -> None:
        """Start again whatever ends by itself, as a supervisor does; until cancelled."""
        while True:
            for process in self._world.processes:
                if process not in self._in_hand and self._world.pid(process) is None:
                    self.exits.append(f"{process} ended with {self._world.exit_code(process)}")
                    self._world.spawn(process)
            await asyncio.sleep(GLANCE)

    async def _carry_out_one(self, fault: Fault) -> Struck:
        verb, _, _ = fault.kind.partition("-")
        if fault.kind == "point-service":
            return await self._at_a_point(fault)
        if fault.kind == "drain-service":
            return await self._drain(fault)
        if fault.target in self._world.servers:
            strikes = {"kill": self._kill_server, "pause": self._pause_server}
            return await strikes.get(verb, self._disturb_line)(fault)
        return await (self._kill(fault) if verb == "kill" else self._pause(fault))

    async def _kill(self, fault: Fault) -> Struck:
        process, began = fault.target, time.time()
        with self._holding(process):
            if not self._signal(process, signal.SIGKILL):
                return _missed(fault, began, "was down")
            self.kills += 1
            await self._until_gone(process)
            await asyncio.sleep(fault.lasts)
            return self._started_again(fault, process, began)

    async def _pause(self, fault: Fault) -> Struck:
        process, began = fault.target, time.time()
        with self._holding(process):
            if not self._signal(process, signal.SIGSTOP):
                return _missed(fault, began, "was down")
            await asyncio.sleep(fault.lasts)
            self._signal(process, signal.SIGCONT)
        return _struck(fault, began)

    async def _drain(self, fault: Fault) -> Struck:
        process, began = fault.target, time.time()
        with self._holding(process):
            if not await self._answers(process) or not self._signal(process, signal.SIGTERM):
                return _missed(fault, began, "was not up")
            drained = await self._until_gone(process, DRAIN_LIMIT)
            took, code = time.time() - began, self._world.exit_code(process)
            if not drained:
                self._signal(process, signal.SIGKILL)
                await self._until_gone(process)
            await asyncio.sleep(fault.lasts)
            struck = self._started_again(fault, process, began)
        return replace(struck, drained_in=took if drained else None, exit_code=code)

    async def _at_a_point(self, fault: Fault) -> Struck:
        """Arm the point; whichever replica passes it the wanted time kills itself."""
        began = time.time()
        service, _, _ = fault.target.partition(".")
        replicas = [name for name in self._world.processes if name.startswith(f"{service}.")]
        with self._holding(*replicas):
            armed = armed_by(self._points, service, fault.point)
            armed.write_text(str(fault.passage))
            died = await self._first_dead(replicas)
            armed.unlink(missing_ok=True)
            if died is None:
                return _missed(fault, began, f"nobody passed {fault.point}")
            self.kills += 1
            await asyncio.sleep(fault.lasts)
            return self._started_again(fault, died, began, f"at {fault.point}, passage {fault.passage}")

    async def _first_dead(self, replicas: Sequence[str]) -> str | None:
        until = time.time() + POINT_LIMIT
        while time.time() < until:
            if dead := [name for name in replicas if self._world.pid(name) is None]:
                return dead[0]
            await asyncio.sleep(GLANCE)
        return None

    async def _kill_server(self, fault: Fault) -> Struck:
        server, began = self._world.servers[fault.target], time.time()
        await asyncio.to_thread(server.kill)
        self.kills += 1
        await asyncio.sleep(fault.lasts)
        self._starting = asyncio.create_task(self._start_server(server))
        return _struck(fault, began)

    async def _start_server(self, server: Killable) -> None:
        """As often as it takes, within reason: a machine may be too busy to start one in time."""
        for last in (False, False, True):
            try:
                await asyncio.to_thread(server.start)
                return
            except DidNotStart as problem:
                if last:
                    raise
                self.exits.append(f"a server did not start: {problem}"[:200])

    async def _pause_server(self, fault: Fault) -> Struck:
        pid, began = self._world.servers[fault.target].pid, time.time()
        assert pid is not None
        family = [pid, *_children(pid)]
        for one in family:
            _send(one, signal.SIGSTOP)
        await asyncio.sleep(fault.lasts)
        for one in family:
            _send(one, signal.SIGCONT)
        return _struck(fault, began)

    async def _disturb_line(self, fault: Fault) -> Struck:
        line, began, chance = self._world.lines[fault.target], time.time(), random.Random(fault.chance)
        verb, note = fault.kind.partition("-")[0], ""
        if verb == "cut":
            note = f"{line.cut(chance.choice(CUT_SHARES), chance)} sockets"
        elif verb == "hole":
            line.swallow()
        else:
            line.slow(SLOW_BYTES_PER_SECOND)
        await asyncio.sleep(fault.lasts)
        line.mend()
        return _struck(fault, began, note)

    def _started_again(self, fault: Fault, process: str, began: float, note: str = "") -> Struck:
        struck = _struck(fault, began, note or process)
        self._world.spawn(process)
        return struck

    def _holding(self, *processes: str) -> "_Holding":
        return _Holding(self._in_hand, processes)

    async def _answers(self, process: str) -> bool:
        """Only who is up can drain."""
        limit = aiohttp.ClientTimeout(total=2)
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with (
                aiohttp.ClientSession(timeout=limit) as asking,
                asking.get(self._world.url(process) + "/healthz"),
            ):
                return True
        return False

    def _signal(self, process: str, sign: signal.Signals) -> bool:
        pid = self._world.pid(process)
        return pid is not None and _send(pid, sign)

    async def _until_gone(self, process: str, limit: float = DRAIN_LIMIT) -> bool:
        until = time.time() + limit
        while self._world.pid(process) is not None:
            if time.time() > until:
                return False
            await asyncio.sleep(GLANCE)
        return True


class _Holding:
    """While a fault has these in hand, nobody else starts them again."""

    def __init__(self, in_hand: set[str], processes: Sequence[str]) -> None:
        self._in_hand, self._processes = in_hand, processes

    def __enter__(self) -> None:
        self._in_hand.update(self._processes)

    def __exit__(self, *_: object) -> None:
        self._in_hand.difference_update(self._processes)


def _struck(fault: Fault, began: float, note: str = "") -> Struck:
    return Struck(number=fault.number, kind=fault.kind, target=fault.target, began=began, ended=time.time(), note=note)


def _missed(fault: Fault, began: float, why: str) -> Struck:
    return replace(_struck(fault, began, why), missed=True)


def _send(pid: int, sign: signal.Signals) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, sign)
        return True
    return False


def _children(pid: int) -> list[int]:
    """PostgreSQL's backends: stopping the postmaster alone would stop nobody's work."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
