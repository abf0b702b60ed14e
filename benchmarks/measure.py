"""Readings taken around a run: time, CPU of this process and of servers, commits and WAL of all of PostgreSQL."""

import os
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg


@dataclass(frozen=True)
class Reading:
    """The counters at one moment; differences are what counts."""

    at: float
    own_cpu: float
    server_cpu: float
    commits: int
    wal: int


@dataclass(frozen=True)
class Cost:
    """What lay between two readings: seconds of time and CPU, commits, bytes of WAL."""

    seconds: float
    own_cpu: float
    server_cpu: float
    commits: int
    wal: int

    @property
    def cpu(self) -> float:
        """Seconds of CPU, ours and the servers'."""
        return self.own_cpu + self.server_cpu


async def read(
    con: "asyncpg.Connection[asyncpg.Record]", server_pids: Sequence[int], service_pids: Sequence[int] = ()
) -> Reading:
    """The counters now; `con` is to PostgreSQL. Services in processes of their own count as ours."""
    await con.execute("select pg_stat_force_next_flush()")
    commits = await con.fetchval("select sum(xact_commit)::bigint from pg_stat_database")
    wal = await con.fetchval("select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
    return Reading(time.perf_counter(), _own_cpu() + _cpu(service_pids), _cpu(server_pids), commits, wal)


def between(before: Reading, after: Reading) -> Cost:
    """What happened from one reading to the other."""
    return Cost(
        after.at - before.at,
        after.own_cpu - before.own_cpu,
        after.server_cpu - before.server_cpu,
        after.commits - before.commits,
        after.wal - before.wal,
    )


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def tree_cpu(root: int) -> float:
    """CPU seconds of a process and all its living and ended descendants; 0 where there is no /proc."""
    ticks = os.sysconf("SC_CLK_TCK")
    return sum(_ticks(pid) for pid in _tree(root)) / ticks


def forget_peak() -> None:
    """Begin `peak_memory_mb` anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb() -> float:
    """The most memory that this process has held since `forget_peak`, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def _cpu(pids: Sequence[int]) -> float:
    return sum(map(tree_cpu, pids))


def _own_cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _tree(root: int) -> list[int]:
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        children = Path(f"/proc/{pid}/task/{pid}/children")
        if children.exists():
            queue += [int(child) for child in children.read_text().split()]
    return found


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return sum(int(field) for field in fields[11:15])
