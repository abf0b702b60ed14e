"""An operator who pauses, resumes and cancels everything of one teacher at once, and at the end resumes what waits."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from chaos.client import BOS, Client, Refused

BETWEEN = (2.0, 6.0)  # seconds between two operations
WAIT = (0.5, 3.0)  # seconds from a pause to the resumption
CANCELS = 0.3  # how many of all operations
PER_SECOND = 50.0


class Operator(Client):
    """Somebody who may ask for what concerns many batches, and names nobody as the one who asks."""

    async def operate(self, enough: asyncio.Event, owners: Sequence[str]) -> None:
        """On one owner after another, until it is `enough`."""
        while not enough.is_set():
            await asyncio.sleep(self.chance.uniform(*BETWEEN))
            owner = self.chance.choice(owners)
            if self.chance.random() < CANCELS:
                await self._ask("cancel", owner)
            else:
                await self._ask("pause", owner)
                await asyncio.sleep(self.chance.uniform(*WAIT))
                await self._ask("resume", owner)

    async def wake(self, batches: Sequence[str]) -> bool:
        """Resume those that somebody has paused and nobody has resumed; False if there were none."""
        paused = [each for each in batches if await self._is_paused(each)]
        for batch_id in paused:
            with suppress(Refused):
                await self.post("resume", BOS, f"/v1/batches/{batch_id}/resume", {}, batch_id)
        return bool(paused)

    async def _is_paused(self, batch_id: str) -> bool:
        status = await self.look(BOS, f"/v1/batches/{batch_id}/status", batch_id)
        return status["paused"] is not None

    async def _ask(self, action: str, owner: str) -> None:
        body: dict[str, Any] = {"action": action, "user_id": owner, "reason": "an exercise", "per_second": PER_SECOND}
        await self.post("operation", BOS, "/v1/operations", body)
