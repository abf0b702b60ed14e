"""What replicas remember together of what they have handled: saves the inbox work, decides nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from huleedu_service_libs.circuit_breaker import CircuitBreaker, CircuitState
from huleedu_service_libs.errors import Unavailable

_MARK_BYTES = 16  # of an event id's digest: few enough to keep millions, too many for two ids to meet
_YES = ord("1")

# One argument with all marks and one string as the answer: packing and parsing a thousand of each cost Python five
# times as much.
_KNOWN = f"""local answer = {{}}
for at = 1, #ARGV[1], {_MARK_BYTES} do
  local mark = string.sub(ARGV[1], at, at + {_MARK_BYTES - 1})
  local found = redis.call('SISMEMBER', KEYS[1], mark) + redis.call('SISMEMBER', KEYS[2], mark)
  answer[#answer + 1] = found > 0 and '1' or '0'
end
return table.concat(answer)"""
_REMEMBER = f"""for at = 1, #ARGV[1], {_MARK_BYTES} do
  redis.call('SADD', KEYS[1], string.sub(ARGV[1], at, at + {_MARK_BYTES - 1}))
end
return redis.call('EXPIRE', KEYS[1], ARGV[2])"""

_logger = structlog.get_logger("huleedu_service_libs.runtime")


class Recall(Protocol):
    """Knows some of the events that a group has handled; may forget any of them at any time, never invents one.

    `group` must name the epoch of its database as well: a restore undoes what had been handled, and begins a new one.
    Nothing here raises but `check`, nor takes long: whoever is asked and cannot tell knows nothing.
    """

    @property
    def trouble(self) -> str | None:
        """What kept the last attempt from remembering, if anything."""

    async def known(self, group: str, event_ids: Sequence[str]) -> frozenset[str]:
        """Those that some replica has surely handled. Ask before the transaction, outside it."""

    async def remember(self, group: str, event_ids: Sequence[str]) -> None:
        """These have been handled, and that has been committed."""

    async def check(self) -> None:
        """Try now. Raises Unavailable with what is wrong."""

    async def close(self) -> None:
        """Give the connections back."""


class InMemoryRecall:
    """What the replicas of one process remember; for tests, all of it for ever."""

    trouble: str | None = None

    def __init__(self) -> None:
        self._handled: set[tuple[str, str]] = set()

    async def known(self, group: str, event_ids: Sequence[str]) -> frozenset[str]:
        """See `Recall`."""
        return frozenset(event_id for event_id in event_ids if (group, event_id) in self._handled)

    async def remember(self, group: str, event_ids: Sequence[str]) -> None:
        """See `Recall`."""
        self._handled.update((group, event_id) for event_id in event_ids)

    async def check(self) -> None:
        """It is always there."""

    async def close(self) -> None:
        """There is nothing to give back."""


class NoRecall(InMemoryRecall):
    """Remembers nothing."""

    async def remember(self, group: str, event_ids: Sequence[str]) -> None:
        """Forgotten at once."""


NO_RECALL = NoRecall()


class RedisRecall:
    """Shared by all replicas through Redis, for one to two slots of time: twice as long as a replay is likely.

    A failed attempt costs at most `time_limit` seconds; after three in a row Redis is left alone for `rest` seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        slot: timedelta = timedelta(minutes=10),
        time_limit: float = 0.1,
        rest: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises ValueError for a `url` that is none."""
        self._redis = Redis.from_url(
            url, socket_connect_timeout=time_limit, socket_timeout=time_limit, retry=Retry(NoBackoff(), 0)
        )
        self._slot_seconds, self._time_limit, self._clock = slot.total_seconds(), time_limit, clock
        self._breaker = CircuitBreaker(
            failure_threshold=3, recovery_timeout=rest, success_threshold=1, on_change=self._changed
        )
        self.trouble: str | None = None

    async def known(self, group: str, event_ids: Sequence[str]) -> frozenset[str]:
        """See `Recall`."""
        if not event_ids:
            return frozenset()
        keys = self._key(group, 0), self._key(group, -1)
        answer = await self._tried(lambda: self._redis.eval(_KNOWN, 2, *keys, _marks(event_ids))) or b""
        return frozenset(event_id for event_id, mark in zip(event_ids, answer, strict=False) if mark == _YES)

    async def remember(self, group: str, event_ids: Sequence[str]) -> None:
        """See `Recall`."""
        if event_ids:
            key, seconds = self._key(group, 0), str(int(2 * self._slot_seconds) + 1)
            await self._tried(lambda: self._redis.eval(_REMEMBER, 1, key, _marks(event_ids), seconds))

    async def check(self) -> None:
        """See `Recall`. Tries even while Redis is left alone: nobody waits for this answer."""
        await self._limited(self._redis.ping())

    async def close(self) -> None:
        """See `Recall`."""
        await self._redis.aclose()

    def _key(self, group: str, ago: int) -> str:
        return f"huleedu:inbox:{group}:{int(self._clock() / self._slot_seconds) + ago}"

    async def _tried(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """The answer, or None."""
        try:
            with self._breaker.call():
                return await self._limited(ask())
        except Unavailable:
            return None

    async def _limited(self, asked: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self._time_limit):
                answer = await asked
        except (
            RedisError,
            OSError,
            TimeoutError,
            RuntimeError,
        ) as error:  # uvloop's for a connection that is just lost
            self.trouble = f"Redis is away: {error or type(error).__name__}"
            raise Unavailable(self.trouble) from error
        self.trouble = None
        return answer

    def _changed(self, state: CircuitState) -> None:
        if state is CircuitState.OPEN:
            _logger.warning("redis is left alone for a while", reason=self.trouble)
        elif state is CircuitState.CLOSED:
            _logger.info("redis is back")


def _marks(event_ids: Sequence[str]) -> bytes:
    return b"".join([blake2b(event_id.encode(), digest_size=_MARK_BYTES).digest() for event_id in event_ids])
