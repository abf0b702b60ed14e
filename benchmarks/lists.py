"""`lists`: how long a page of `GET /v1/batches` takes among a million batches, whatever narrows it, at any depth."""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

import asyncpg
import msgspec
from batch_orchestrator_service.config import SERVICE_NAME as BOS
from batch_orchestrator_service.domain.batch import UNENDED
from batch_orchestrator_service.implementations.batch_list_table import is_quicker_by_change, statement
from batch_orchestrator_service.protocols import BatchFilter

from benchmarks.lists_data import A_CLASS, BIG_CLASS, LARGE, SMALL, YEARS, fill, id_at
from benchmarks.measure import percentile
from benchmarks.stage import Stage, server, stage
from common_core.enums import BatchStatus

TOKEN = "sesame"
DONE, FAILED = BatchStatus.COMPLETED_SUCCESSFULLY, BatchStatus.FAILED_CRITICALLY
HOUR, MONTH, YEAR = timedelta(hours=1), timedelta(days=30), timedelta(days=365)


Con: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Size(msgspec.Struct, frozen=True):
    """How many batches there are, and how often each page is asked for."""

    batches: int
    requests: int


FULL, SHORT = Size(batches=1_000_000, requests=200), Size(batches=2_000, requests=5)


class Narrowed(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; `since` so long ago."""

    owner: str | None = None
    class_id: str | None = None
    status: tuple[BatchStatus, ...] = ()
    since: timedelta | None = None
    stuck: bool = False

    def address(self, cursor: str | None) -> str:
        """Of a page."""
        asked = {"owner": self.owner, "class_id": self.class_id, "since": self._since(), "cursor": cursor}
        given = [(name, value) for name, value in asked.items() if value is not None]
        more = [("status", status.value) for status in self.status] + [("stuck", "true")] * self.stuck
        return f"/v1/batches?{urlencode([*given, *more])}"

    def filter(self, limit: int) -> BatchFilter:
        """The same, as the repository has it."""
        now = datetime.now(UTC)
        return BatchFilter(
            user_id=self.owner,
            class_id=self.class_id,
            statuses=tuple(s for s in self.status or BatchStatus if s in UNENDED or not self.stuck),
            since=None if self.since is None else now - self.since,
            unmoved_since=now - HOUR if self.stuck else None,
            limit=limit,
        )

    def words(self) -> str:
        """For the table."""
        named = [name for name in (self.owner and f"owner={self.owner}", self.class_id) if name]
        since = [] if self.since is None else [f"since {self.since // HOUR} h ago"]
        return " ".join([*named, *self.status, *since, *["stuck"] * self.stuck]) or "all"

    def _since(self) -> str | None:
        return None if self.since is None else (datetime.now(UTC) - self.since).isoformat()


ASKED = (
    Narrowed(),
    Narrowed(status=(DONE,)),
    Narrowed(status=(FAILED,)),
    Narrowed(status=tuple(UNENDED)),
    Narrowed(since=HOUR),
    Narrowed(since=MONTH),
    Narrowed(since=YEAR),
    Narrowed(status=(DONE,), since=HOUR),
    Narrowed(status=(FAILED,), since=HOUR),
    Narrowed(status=(FAILED,), since=YEAR),
    Narrowed(stuck=True),
    Narrowed(owner=LARGE),
    Narrowed(owner=LARGE, status=(FAILED,)),
    Narrowed(owner=LARGE, since=HOUR),
    Narrowed(owner=LARGE, status=(FAILED, DONE), since=MONTH),
    Narrowed(owner=LARGE, stuck=True),
    Narrowed(owner=SMALL),
    Narrowed(owner=SMALL, status=(FAILED,), since=YEAR),
    Narrowed(class_id=BIG_CLASS),
    Narrowed(class_id=BIG_CLASS, status=(FAILED,), since=MONTH),
    Narrowed(class_id=A_CLASS),
    Narrowed(owner=LARGE, class_id=BIG_CLASS, status=(DONE,), since=YEAR),
    Narrowed(owner=SMALL, class_id=BIG_CLASS),
    Narrowed(owner=LARGE, class_id=A_CLASS, stuck=True),
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A way of asking, how many fit, and the milliseconds of first pages and of pages from anywhere in three years."""

    asked: str
    fit: int
    first_p50_ms: float
    first_p99_ms: float
    deep_p50_ms: float
    deep_p99_ms: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All ways; and what PostgreSQL does for each."""

    batches: int
    table_mb: int
    indexes_mb: int
    fill_s: float
    rows: Sequence[Row]
    plans: Mapping[str, str]


async def lists(size: Size) -> Figures:
    """Fill a database, and ask."""
    chosen = {BOS: {"operator_token": TOKEN}}
    async with server() as on, stage(on, "lists", [BOS], chosen) as made:
        con = await asyncpg.connect(made.dsn, server_settings={"search_path": BOS})
        began = time.perf_counter()
        await fill(con, size.batches)
        filled = time.perf_counter() - began
        rows = [await _asked(made, con, narrowed, size.requests) for narrowed in ASKED]
        plans = {narrowed.words(): await _plan(con, narrowed) for narrowed in ASKED}
        table, indexes = [await con.fetchval(f"select pg_{part}_size('batches')") for part in ("table", "indexes")]
        await con.close()
    return Figures(
        batches=size.batches,
        table_mb=table // 2**20,
        indexes_mb=indexes // 2**20,
        fill_s=filled,
        rows=rows,
        plans=plans,
    )


async def _asked(made: Stage, con: Con, narrowed: Narrowed, requests: int) -> Row:
    chance = random.Random(requests)
    now = datetime.now(UTC)
    cursors = [id_at(now - chance.random() * YEARS) for _ in range(requests)]
    first = [await _milliseconds(made, narrowed.address(None)) for _ in range(requests)]
    deep = [await _milliseconds(made, narrowed.address(cursor)) for cursor in cursors]
    return Row(
        asked=narrowed.words(),
        fit=len(await con.fetch(*await _statement(con, narrowed.filter(limit=10**7)))),
        first_p50_ms=percentile(first, 0.5),
        first_p99_ms=percentile(first, 0.99),
        deep_p50_ms=percentile(deep, 0.5),
        deep_p99_ms=percentile(deep, 0.99),
    )


async def _milliseconds(made: Stage, address: str) -> float:
    """From the request to the whole answer, in this process."""
    began = time.perf_counter()
    answer = await made.apps[BOS].test_client().get(address, headers={"Authorization": f"Bearer {TOKEN}"})
    await answer.get_data()
    assert answer.status_code == 200
    return (time.perf_counter() - began) * 1000


async def _plan(con: Con, narrowed: Narrowed) -> str:
    query, *values = await _statement(con, narrowed.filter(limit=51))
    lines = await con.fetch(f"explain (analyze, buffers, costs off) {query}", *values)
    return "\n".join(line[0] for line in lines)


async def _statement(con: Con, wanted: BatchFilter) -> list[Any]:
    query, values = statement(wanted, by_change=await is_quicker_by_change(con, wanted))
    return [query, *values]


def run(size: Size) -> Figures:
    """On the fast event loop, as the platform runs."""
    import uvloop

    return uvloop.run(lists(size))
