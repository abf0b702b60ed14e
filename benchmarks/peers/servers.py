"""The servers that all share: PostgreSQL as HuleEdu runs it, and a Redis that survives kill -9."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stage import Server, server
from infra.redis import RedisServer


class DurableRedis(RedisServer):
    """Appends every write to a file, as a queue must; synced each second, the usual choice and quicker than always."""

    def _command(self) -> list[str]:
        return [*super()._command(), "--appendonly", "yes", "--appendfsync", "everysec"]


@dataclass(frozen=True)
class Servers:
    """Where they are, and the process to charge Redis's CPU to."""

    postgres: Server
    redis_url: str
    redis_pid: int


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """Both, in folders that go with them."""
    with tempfile.TemporaryDirectory(prefix="huleedu-bench-") as folder:
        redis = DurableRedis(Path(folder))
        await asyncio.to_thread(redis.start)
        try:
            async with server() as postgres:
                assert redis.pid is not None
                yield Servers(postgres, redis.url, redis.pid)
        finally:
            await asyncio.to_thread(redis.stop)
