"""A group's poll: read what is there, prepare it, have it settled, and wait for more."""

import asyncio
import time
from collections.abc import Sequence

from huleedu_service_libs.correlation import correlated
from huleedu_service_libs.runtime.blame import Fenced, blames_data, pause, reason
from huleedu_service_libs.runtime.delivery import Decoders, Delivery, Source
from huleedu_service_libs.runtime.routing import Group
from huleedu_service_libs.runtime.settler import Braked, Settler
from huleedu_service_libs.runtime.telemetry import Telemetry


class Preparer:
    """Does what messages need before their transaction, within the group's time budget."""

    def __init__(self, group: Group) -> None:
        self._budget, self._most = group.prepare_seconds, group.max_messages
        self._heavy = any(route.prepare for route in group.routes)
        self.limit = 32 if self._heavy else self._most

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """Prepare all at once; a failure stays with its message."""
        heavy = [d for d in deliveries if d.error is None and not d.known and d.route and d.route.prepare]
        if not heavy:
            return
        started = time.perf_counter()
        await asyncio.gather(*map(self._prepare_one, heavy))
        self._adapt(len(heavy), time.perf_counter() - started)

    async def _prepare_one(self, delivery: Delivery) -> None:
        assert delivery.route is not None
        assert delivery.route.prepare is not None
        assert delivery.envelope is not None
        try:
            with correlated(delivery.envelope.correlation_id):
                delivery.result = await delivery.route.prepare(delivery.envelope)
        except Exception as error:
            delivery.error = error

    def _adapt(self, count: int, seconds: float) -> None:
        affordable = int(count * self._budget / max(seconds, 1e-6))
        self.limit = max(1, min(self._most, affordable, 2 * self.limit))


class Reader:
    """Keeps a group going: poll, wait for a wake-up, poll again."""

    def __init__(
        self, group: Group, source: Source, settler: Settler, decoders: Decoders, telemetry: Telemetry
    ) -> None:
        self.group, self._source, self._settler, self._decoders = group, source, settler, decoders
        self._telemetry = telemetry
        self._preparer = Preparer(group)
        self._tries = 0
        self.wake = asyncio.Event()
        self.trouble: str | None = None

    async def run(self) -> None:
        """Until cancelled, or until the brake goes on."""
        while True:
            self.wake.clear()
            try:
                await self.poll()
            except Fenced:
                continue
            except Braked as error:
                self.trouble = reason(error)
                await self._source.close()  # other replicas may do better
                return
            except Exception as error:
                await self._wait_out(error)
                continue
            self._tries, self.trouble = 0, None
            if self._source.drained:
                await self.wake.wait()

    async def _wait_out(self, error: Exception) -> None:
        self._tries += 1
        self.trouble = reason(error)
        self._telemetry.waited(self.group, error, self._tries)
        await asyncio.sleep(pause(self._tries))

    async def poll(self) -> None:
        """Read, prepare, settle."""
        deliveries = await self._source.take(self._preparer.limit)
        for delivery in deliveries:
            if delivery.error is None:
                self._decoders.decode(delivery)
        await self._source.sift(deliveries)
        await self._preparer.prepare(deliveries)
        able, waiting = _until_unavailable(deliveries)
        if able:
            await self._settler.settle(able)
        if waiting:
            raise waiting


def _until_unavailable(deliveries: list[Delivery]) -> tuple[list[Delivery], Exception | None]:
    """What comes before the first message that has to wait, and what it waits for."""
    for index, delivery in enumerate(deliveries):
        if delivery.error is not None and not blames_data(delivery.error):
            return deliveries[:index], delivery.error
    return deliveries, None
